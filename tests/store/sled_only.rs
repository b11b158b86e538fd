//! What only a store on a disk can promise: durability before the ack, sealing, finality of erasing, repair.

use super::{Disk, append, header, log, plain, record};
use faxun::store::sled::{DurableStep, Fdatasync, MasterError, OpenError, SledStore};
use faxun::store::*;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Far longer than any sync takes.
const SYNC_WAIT: Duration = Duration::from_secs(20);

/// A durable step that announces itself and then waits for its verdict.
struct Gated {
    real: Fdatasync,
    reached: Sender<()>,
    verdict: Receiver<io::Result<()>>,
}

impl DurableStep for Gated {
    fn sync(&mut self) -> io::Result<()> {
        self.reached.send(()).unwrap();
        self.verdict.recv().unwrap()?;
        self.real.sync()
    }
}

/// A store whose syncs are announced on the receiver and wait for the sender.
fn gated(disk: &Disk) -> (SledStore, Receiver<()>, Sender<io::Result<()>>) {
    let (reached, announced) = channel();
    let (decide, verdict) = channel();
    let step = |real| {
        Box::new(Gated {
            real,
            reached,
            verdict,
        }) as Box<dyn DurableStep>
    };
    (
        SledStore::open_with(&disk.options(), step).unwrap(),
        announced,
        decide,
    )
}

/// Waits until a sync was announced; a store that acks without one must not make the test hang.
fn reached(announced: &Receiver<()>) {
    announced
        .recv_timeout(SYNC_WAIT)
        .expect("the durable step is reached");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ack_and_the_readers_wait_for_the_sync() {
    let disk = Disk::new();
    let (store, announced, decide) = gated(&disk);
    let (a, b) = (log("conv/a"), log("conv/b"));
    decide.send(Ok(())).unwrap();
    let at = append(&store, &a, Revision::START, record(1, "durable")).await;
    reached(&announced);

    let new = NewRecord {
        header: Some(header(2)),
        ..record(2, "in flight")
    };
    let second = store.append(&a, at, new);
    let first_of_b = store.append(&b, Revision::START, record(1, "in flight"));
    let mut both = Box::pin(futures_util::future::join(second, first_of_b));
    assert!(futures_util::poll!(&mut both).is_pending());
    // The records are in sled and flushed now; only the sync is missing.
    tokio::task::block_in_place(|| reached(&announced));
    for _ in 0..1000 {
        assert!(
            futures_util::poll!(&mut both).is_pending(),
            "acked before the sync"
        );
        tokio::task::yield_now().await;
    }
    assert_eq!(store.last(&a).await.unwrap().unwrap().1, at);
    assert_eq!(
        plain(&store.after(&a, 0, 9).await.unwrap()),
        [(1, 1, "durable".into())]
    );
    assert_eq!(
        plain(&store.before(&a, 9, 1).await.unwrap()),
        [(1, 1, "durable".into())]
    );
    assert_eq!(store.last(&b).await.unwrap(), None);
    assert_eq!(
        store.logs("", None, 9).await.unwrap(),
        std::slice::from_ref(&a)
    );
    assert!(store.open().await.unwrap().is_empty());

    decide.send(Ok(())).unwrap();
    // When both did not make it into the round, there is a second one.
    decide.send(Ok(())).unwrap();
    let (second, first_of_b) = both.await;
    assert!(matches!(second.unwrap(), Appended::Done(_)));
    assert!(matches!(first_of_b.unwrap(), Appended::Done(_)));
    assert_eq!(store.last(&a).await.unwrap().unwrap().0.turn, 2);
    assert_eq!(store.open().await.unwrap(), [(a, header(2))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_waits_for_the_sync() {
    let disk = Disk::new();
    let (store, announced, decide) = gated(&disk);
    let a = log("conv/a");
    decide.send(Ok(())).unwrap();
    append(&store, &a, Revision::START, record(1, "x")).await;
    reached(&announced);
    let mut erase = Box::pin(store.erase(&a));
    assert!(futures_util::poll!(&mut erase).is_pending());
    tokio::task::block_in_place(|| reached(&announced));
    assert!(futures_util::poll!(&mut erase).is_pending());
    decide.send(Ok(())).unwrap();
    assert_eq!(erase.await.unwrap(), Erased::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_sync_nothing_is_taken_and_nothing_acked_is_lost() {
    for code in [rustix::io::Errno::NOSPC, rustix::io::Errno::IO] {
        let disk = Disk::new();
        let (store, _announced, decide) = gated(&disk);
        let a = log("conv/a");
        decide.send(Ok(())).unwrap();
        let at = append(&store, &a, Revision::START, record(1, "acked")).await;
        decide.send(Err(code.into())).unwrap();
        let lost = store.append(&a, at, record(2, "unknown")).await;
        assert!(matches!(lost, Err(StoreError::Unknown(_))), "{lost:?}");
        assert!(matches!(store.health(), Health::Failed(_)));
        assert_eq!(
            plain(&store.after(&a, 0, 9).await.unwrap()),
            [(1, 1, "acked".into())]
        );
        let next = store.append(&a, at, record(2, "not taken")).await;
        assert!(matches!(next, Err(StoreError::Unavailable(_))), "{next:?}");
        let erased = store.erase(&a).await;
        assert!(
            matches!(erased, Err(StoreError::Unavailable(_))),
            "{erased:?}"
        );
        assert!(
            store.close().await.is_err(),
            "closing must not claim that all is on disk"
        );
        drop(store);

        let store = disk.open();
        let records = plain(&store.after(&a, 0, 9).await.unwrap());
        assert_eq!(records[0], (1, 1, "acked".into()));
        // The record of unknown fate may be there, the one not taken may not.
        assert!(records[1..].iter().all(|r| *r == (2, 2, "unknown".into())));
        assert_eq!(store.health(), Health::Ok);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_writing_fails_the_store_and_not_the_process() {
    struct Panics;
    impl DurableStep for Panics {
        fn sync(&mut self) -> io::Result<()> {
            panic!("made by the test")
        }
    }
    let disk = Disk::new();
    let store = SledStore::open_with(&disk.options(), |_| Box::new(Panics)).unwrap();
    let a = log("conv/a");
    let lost = store.append(&a, Revision::START, record(1, "x")).await;
    assert!(matches!(lost, Err(StoreError::Unknown(_))), "{lost:?}");
    let next = store.append(&a, Revision::START, record(1, "x")).await;
    assert!(matches!(next, Err(StoreError::Unavailable(_))), "{next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_space_runs_short_appends_wait_and_erasing_works() {
    let disk = Disk::new();
    let a = log("conv/a");
    let at = append(&disk.open(), &a, Revision::START, record(1, "x")).await;
    let mut options = disk.options();
    options.disk_reserve_bytes = u64::MAX;
    let store = SledStore::open(&options).unwrap();
    let full = store.append(&a, at, record(2, "y")).await;
    assert!(matches!(full, Err(StoreError::Full(_))), "{full:?}");
    assert!(matches!(store.health(), Health::Failed(_)));
    assert_eq!(store.last(&a).await.unwrap().unwrap().1, at);
    assert_eq!(store.erase(&a).await.unwrap(), Erased::Done);
    drop(store);
    let store = disk.open();
    append(
        &store,
        &log("conv/b"),
        Revision::START,
        record(1, "room again"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_after_opening_again() {
    let disk = Disk::new();
    let store = disk.open();
    let [a, b, c] = ["conv/a", "conv/b", "conv/c"].map(log);
    let due = Header {
        next_due_ms: Some(7),
        ..header(1)
    };
    let new = NewRecord {
        header: Some(due.clone()),
        ..record(1, "一")
    };
    let at = append(&store, &a, Revision::START, new).await;
    append(&store, &b, Revision::START, record(1, "x")).await;
    append(&store, &c, Revision::START, record(1, "x")).await;
    store.rotate().await.unwrap();
    store.erase(&b).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = disk.open();
    assert_eq!(store.open().await.unwrap(), [(a.clone(), due)]);
    assert_eq!(store.due(7, 9).await.unwrap(), [(7, a.clone())]);
    assert_eq!(store.last(&b).await, Err(StoreError::Gone));
    assert_eq!(
        store.append(&b, at, record(2, "x")).await.unwrap(),
        Appended::Gone
    );
    assert_eq!(
        store
            .append(&c, Revision::START, record(1, "x"))
            .await
            .unwrap(),
        Appended::Conflict
    );
    assert_eq!(store.last(&a).await.unwrap().unwrap().1, at);
    append(&store, &a, at, record(2, "二")).await;
    assert!(store.open().await.unwrap().is_empty());
}

/// Also: dropping a store that is stuck does not hang.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_does_not_end_shows_in_the_health() {
    let disk = Disk::new();
    let (store, announced, decide) = gated(&disk);
    let a = log("conv/a");
    let mut stuck = Box::pin(store.append(&a, Revision::START, record(1, "x")));
    assert!(futures_util::poll!(&mut stuck).is_pending());
    tokio::task::block_in_place(|| reached(&announced));
    let noticed = async {
        while store.health() == Health::Ok {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SYNC_WAIT, noticed)
        .await
        .expect("the health tells");
    drop(stuck);
    drop(store);
    // The committer outlives the store here; it ends with the process.
    drop(decide);
}

/// Whether any file below a directory holds these bytes.
fn on_disk(dir: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return on_disk(&path, needle);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_nowhere_on_disk() {
    let disk = Disk::new();
    let store = disk.open();
    let secret = "张三的电话是一三八";
    let new = NewRecord {
        header: Some(header(1)),
        ..record(1, secret)
    };
    append(&store, &log("conv/a"), Revision::START, new).await;
    store.close().await.unwrap();
    assert!(
        on_disk(disk.dir.path(), b"conv/a"),
        "the search itself must find something"
    );
    assert!(!on_disk(disk.dir.path(), secret.as_bytes()));
}

/// A copy of the data taken before an erasure is opened with the key file from after it.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_final_after_a_rotation() {
    let disk = Disk::new();
    let store = disk.open();
    append(&store, &log("conv/a"), Revision::START, record(1, "x")).await;
    append(&store, &log("conv/b"), Revision::START, record(1, "y")).await;
    store.close().await.unwrap();
    drop(store);
    let old = disk.dir.path().join("old");
    copy(&disk.options().dir, &old);
    let mut options = disk.options();
    options.dir = old;

    let store = disk.open();
    store.erase(&log("conv/a")).await.unwrap();
    let mut before_rotation = options.clone();
    before_rotation.dir = disk.dir.path().join("old-2");
    copy(&options.dir, &before_rotation.dir);
    let early = SledStore::open(&before_rotation).unwrap();
    assert!(
        early.last(&log("conv/a")).await.unwrap().is_some(),
        "erased, but not final yet"
    );
    drop(early);

    store.rotate().await.unwrap();
    drop(store);
    let wrong = SledStore::open(&options).map(|_| ());
    assert!(
        matches!(wrong, Err(OpenError::WrongMasterKey(_))),
        "{wrong:?}"
    );
    assert!(disk.open().last(&log("conv/b")).await.unwrap().is_some());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_was_cut_short_is_finished_by_the_next() {
    let disk = Disk::new();
    let store = disk.open();
    let [a, b] = ["conv/a", "conv/b"].map(log);
    append(&store, &a, Revision::START, record(1, "x")).await;
    let only_first = std::fs::read_to_string(disk.options().master_key).unwrap();
    store.rotate().await.unwrap();
    append(&store, &b, Revision::START, record(1, "y")).await;
    store.close().await.unwrap();
    drop(store);
    // As if the old generation had not been destroyed yet.
    let path = disk.options().master_key;
    let second = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{only_first}{second}")).unwrap();
    let store = disk.open();
    assert_eq!(
        store.rotate().await.unwrap(),
        Rotated {
            generation: 3,
            keys: 2
        }
    );
    drop(store);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text.lines().filter(|line| !line.starts_with('#')).count(),
        1
    );
    let store = disk.open();
    for id in [a, b] {
        assert!(store.last(&id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_file_is_not_replaced() {
    let disk = Disk::new();
    append(
        &disk.open(),
        &log("conv/a"),
        Revision::START,
        record(1, "x"),
    )
    .await;
    let path = disk.options().master_key;
    let key = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let missing = SledStore::open(&disk.options()).map(|_| ());
    assert!(
        matches!(missing, Err(OpenError::Master(MasterError::Missing(_)))),
        "{missing:?}"
    );
    assert!(!path.exists());

    let other = Disk::new();
    drop(other.open());
    std::fs::copy(other.options().master_key, &path).unwrap();
    let wrong = SledStore::open(&disk.options()).map(|_| ());
    assert!(
        matches!(wrong, Err(OpenError::WrongMasterKey(_))),
        "{wrong:?}"
    );
    std::fs::write(&path, key).unwrap();
    assert!(disk.open().last(&log("conv/a")).await.unwrap().is_some());
}

#[test]
fn two_stores_never_share_a_directory() {
    let disk = Disk::new();
    let first = disk.open();
    let second = SledStore::open(&disk.options()).map(|_| ());
    assert!(matches!(second, Err(OpenError::Locked(_))), "{second:?}");
    drop(first);
    disk.open();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_snapshot_is_removed_before_opening() {
    let disk = Disk::new();
    let a = log("conv/a");
    append(&disk.open(), &a, Revision::START, record(1, "x")).await;
    let left_behind = disk.options().dir.join("snap.FFFFFFFFFFFFFFFF.generating");
    std::fs::write(&left_behind, b"half a snapshot").unwrap();
    let store = disk.open();
    assert!(!left_behind.exists());
    assert_eq!(
        plain(&store.after(&a, 0, 9).await.unwrap()),
        [(1, 1, "x".into())]
    );
}
