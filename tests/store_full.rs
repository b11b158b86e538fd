//! A disk that really runs full: nothing acked is lost, nothing is acked that is not there. Needs the right to mount a
//! small tmpfs; says so and passes where it may not.

use faxun::store::sled::{SledOptions, SledStore};
use faxun::store::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const RECORD_BYTES: usize = 20_000;
const WRITERS: usize = 8;

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

    fn options(&self, reserve_bytes: u64) -> (SledOptions, PathBuf) {
        let keys = std::env::temp_dir().join(format!(
            "{}.key",
            self.path().file_name().unwrap().to_string_lossy()
        ));
        let mut options = SledOptions::new(self.path().join("data"), &keys);
        options.disk_reserve_bytes = reserve_bytes;
        (options, keys)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
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

/// Appends to its own log until it fails; the number of acked turns and the failure.
async fn write_until_full(store: Arc<SledStore>, writer: usize) -> (u64, StoreError) {
    let mut at = Revision::START;
    for turn in 1.. {
        match store.append(&log(writer), at, record(writer, turn)).await {
            Ok(Appended::Done(next)) => at = next,
            Ok(other) => panic!("{other:?}"),
            Err(error) => return (turn - 1, error),
        }
    }
    unreachable!()
}

async fn fill(store: &Arc<SledStore>) -> Vec<(u64, StoreError)> {
    let writers = (0..WRITERS).map(|writer| tokio::spawn(write_until_full(store.clone(), writer)));
    let results = futures_util::future::join_all(writers).await;
    results.into_iter().map(|result| result.unwrap()).collect()
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
    let (options, keys) = disk.options(0);
    let store = Arc::new(SledStore::open(&options).unwrap());
    let results = fill(&store).await;
    for (_, error) in &results {
        let honest = matches!(error, StoreError::Unknown(_) | StoreError::Unavailable(_));
        assert!(honest, "{error:?}");
    }
    assert!(
        results
            .iter()
            .any(|(_, error)| matches!(error, StoreError::Unknown(_)))
    );
    assert!(matches!(store.health(), Health::Failed(_)));
    let acked: Vec<u64> = results.iter().map(|(acked, _)| *acked).collect();
    assert!(acked.iter().sum::<u64>() > 100, "{acked:?}");
    drop(store);

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
    std::fs::remove_file(keys).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reserve_stops_appends_before_the_disk_is_full() {
    let Some(disk) = SmallDisk::mount(48) else {
        return;
    };
    let (options, keys) = disk.options(16 * 1024 * 1024);
    let store = Arc::new(SledStore::open(&options).unwrap());
    let results = fill(&store).await;
    let acked: Vec<u64> = results.iter().map(|(acked, _)| *acked).collect();
    assert!(
        results
            .iter()
            .all(|(_, error)| matches!(error, StoreError::Full(_))),
        "{results:?}"
    );
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
    std::fs::remove_file(keys).unwrap();
}
