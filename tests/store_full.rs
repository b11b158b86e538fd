//! A disk that really runs full: nothing acked is lost, nothing is acked that is not there. Needs the right to mount a
//! small tmpfs; says so and passes where it may not.

use faxun::store::sled::{SledOptions, SledStore};
use faxun::store::*;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const RECORD_BYTES: usize = 20_000;
const WRITERS: usize = 8;
/// Set for the child: the small disk.
const CHILD_DIR: &str = "FAXUN_FULL_TEST_DIR";
/// The child's last words.
const FILLED: &str = "filled";
/// Longer than it takes the store to notice that a write does not end.
const CHILD_WAIT: Duration = Duration::from_secs(20);

/// A tmpfs, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<SmallDisk> {
        let disk = SmallDisk(tempfile::tempdir().unwrap());
        if disk.mount_with(&format!("size={megabytes}m")) {
            return Some(disk);
        }
        println!("SKIPPED: no right to mount a tmpfs here, so no disk was filled");
        None
    }

    fn grow(&self, megabytes: u32) {
        assert!(self.mount_with(&format!("remount,size={megabytes}m")));
    }

    fn mount_with(&self, options: &str) -> bool {
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(self.path());
        mount.output().is_ok_and(|out| out.status.success())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The data on the small disk, the key file beside it.
fn options(disk: &Path, reserve_bytes: u64) -> SledOptions {
    let mut options = SledOptions::new(disk.join("data"), disk.with_extension("key"));
    options.disk_reserve_bytes = reserve_bytes;
    options
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Best effort: the test has told what it had to tell.
        let _ = std::fs::remove_file(self.path().with_extension("key"));
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

fn log(writer: usize) -> LogId {
    LogId::new(&format!("conv/{writer}")).unwrap()
}

fn record(writer: usize, turn: u64) -> NewRecord {
    let body = vec![writer as u8 ^ turn as u8; RECORD_BYTES];
    NewRecord {
        last_seq: turn,
        body,
        header: None,
    }
}

/// Appends to its own log until it fails; says each ack on stdout; the failure.
async fn write_until_full(store: Arc<SledStore>, writer: usize) -> StoreError {
    let mut at = Revision::START;
    for turn in 1.. {
        match store.append(&log(writer), at, record(writer, turn)).await {
            Ok(Appended::Done(next)) => at = next,
            Ok(other) => panic!("{other:?}"),
            Err(error) => return error,
        }
        let mut out = std::io::stdout().lock();
        out.write_all(format!("acked {writer} {turn}\n").as_bytes())
            .unwrap();
        out.flush().unwrap();
    }
    unreachable!()
}

async fn fill(store: &Arc<SledStore>) -> Vec<StoreError> {
    let writers = (0..WRITERS).map(|writer| tokio::spawn(write_until_full(store.clone(), writer)));
    let results = futures_util::future::join_all(writers).await;
    results.into_iter().map(|result| result.unwrap()).collect()
}

/// Not a test by itself: a process that fills the disk and ends, as a server does whose store has failed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the test of a full disk"]
async fn child_fills_the_disk() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let store = Arc::new(SledStore::open(&options(Path::new(&dir), 0)).unwrap());
    let filled = tokio::time::timeout(CHILD_WAIT, fill(&store)).await;
    assert!(
        matches!(store.health(), Health::Failed(_)),
        "a full disk must show in the health"
    );
    if let Ok(errors) = filled {
        let honest =
            |e: &StoreError| matches!(e, StoreError::Unknown(_) | StoreError::Unavailable(_));
        assert!(errors.iter().all(honest), "{errors:?}");
        assert!(
            errors.iter().any(|e| matches!(e, StoreError::Unknown(_))),
            "{errors:?}"
        );
    } else {
        println!("\nthe last writes did not end, and the health says so");
    }
    drop(store);
    println!("\n{FILLED}");
}

/// Fills the disk in a process of its own; the acked turns of each writer.
fn fill_in_child(disk: &Path) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([
        "child_fills_the_disk",
        "--exact",
        "--ignored",
        "--nocapture",
    ]);
    let out = child.env(CHILD_DIR, disk).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(
        text.lines().any(|line| line == FILLED),
        "{text}\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let mut acked = vec![0; WRITERS];
    for line in text.lines() {
        let mut words = line.rsplit(' ');
        let (turn, writer) = (words.next(), words.next());
        if words.next().is_some_and(|word| word.ends_with("acked")) {
            let number = |word: Option<&str>| word.unwrap().parse::<u64>().unwrap();
            acked[number(writer) as usize] = number(turn);
        }
    }
    acked
}

/// Every acked turn is there, at most one more in each log, and each is what was written.
async fn check(store: &SledStore, acked: &[u64]) {
    for (writer, acked) in acked.iter().enumerate() {
        let records = store.after(&log(writer), 0, usize::MAX).await.unwrap();
        let turns = records.len() as u64;
        assert!(
            turns == *acked || turns == acked + 1,
            "log {writer}: {acked} acked, {turns} there"
        );
        for (turn, found) in (1..).zip(records) {
            assert_eq!(found.turn, turn);
            assert_eq!(found.body, record(writer, turn).body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_runs_full_under_the_store() {
    let Some(disk) = SmallDisk::mount(24) else {
        return;
    };
    let acked = fill_in_child(disk.path());
    assert!(acked.iter().sum::<u64>() > 100, "{acked:?}");

    let options = options(disk.path(), 0);
    // On the disk that is still full it opens or says why not, and harms nothing either way.
    match SledStore::open(&options) {
        Ok(store) => check(&store, &acked).await,
        Err(error) => println!("on the full disk: {error}"),
    }
    disk.grow(256);
    let store = SledStore::open(&options).unwrap();
    check(&store, &acked).await;
    let (last, at) = store.last(&log(0)).await.unwrap().unwrap();
    let next = store
        .append(&log(0), at, record(0, last.turn + 1))
        .await
        .unwrap();
    assert!(matches!(next, Appended::Done(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reserve_stops_appends_before_the_disk_is_full() {
    let Some(disk) = SmallDisk::mount(48) else {
        return;
    };
    let options = options(disk.path(), 16 * 1024 * 1024);
    let store = Arc::new(SledStore::open(&options).unwrap());
    let errors = fill(&store).await;
    assert!(
        errors
            .iter()
            .all(|error| matches!(error, StoreError::Full(_))),
        "{errors:?}"
    );
    let mut acked = Vec::new();
    for writer in 0..WRITERS {
        acked.push(store.last(&log(writer)).await.unwrap().unwrap().0.turn);
    }
    assert!(matches!(store.health(), Health::Failed(_)));
    check(&store, &acked).await;
    assert_eq!(store.erase(&log(7)).await.unwrap(), Erased::Done);

    disk.grow(256);
    assert_eq!(store.health(), Health::Ok);
    let (last, at) = store.last(&log(0)).await.unwrap().unwrap();
    let next = store
        .append(&log(0), at, record(0, last.turn + 1))
        .await
        .unwrap();
    assert!(matches!(next, Appended::Done(_)), "{next:?}");
}
