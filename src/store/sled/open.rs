//! Opening the store: the lock, the repair, sled itself, the master key, the indexes.

use super::durable::Fdatasync;
use super::inner::{Inner, Space};
use super::layout;
use super::master::{self, MasterError, MasterKeys};
use crate::store::index::Index;
use sled::Db;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Default of [`SledOptions::cache_bytes`].
pub const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Default of [`SledOptions::disk_reserve_bytes`].
pub const DISK_RESERVE_BYTES: u64 = 64 * 1024 * 1024;
/// sled's unit of allocation. A page above a quarter of it becomes a file of its own, which is slow: this leaves room for
/// pages of 16 records of 32 KiB. Fixed for the life of a database.
const SEGMENT_BYTES: usize = 1024 * 1024;
/// How often sled cleans half-empty segments. Durability does not depend on it.
const CLEANING_INTERVAL_MS: u64 = 500;
/// A database that was closed in this process a moment ago may still be locked by sled's own threads.
const LOCK_WAIT: Duration = Duration::from_secs(5);
const LOCK_RETRY: Duration = Duration::from_millis(10);
const LOCK_FILE: &str = "lock";

/// How to open the store.
#[derive(Debug, Clone)]
pub struct SledOptions {
    /// The store's own directory, created with mode 0700 when absent.
    pub dir: PathBuf,
    /// The master key file, outside `dir`; created when both it and the data are new.
    pub master_key: PathBuf,
    /// Memory for sled's page cache, in bytes.
    pub cache_bytes: u64,
    /// Appends answer [`crate::store::StoreError::Full`] when less than this is free, in bytes; 0: never.
    pub disk_reserve_bytes: u64,
}

impl SledOptions {
    /// The defaults for a directory and a key file.
    pub fn new(dir: impl Into<PathBuf>, master_key: impl Into<PathBuf>) -> SledOptions {
        SledOptions {
            dir: dir.into(),
            master_key: master_key.into(),
            cache_bytes: CACHE_BYTES,
            disk_reserve_bytes: DISK_RESERVE_BYTES,
        }
    }
}

/// Why the store did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the data directory {0} is in use by another process")]
    Locked(PathBuf),
    #[error("data directory {dir}: {source}")]
    Io { dir: PathBuf, source: io::Error },
    #[error("data directory {dir}: {reason}")]
    Damaged { dir: PathBuf, reason: String },
    #[error(transparent)]
    Master(#[from] MasterError),
    #[error("master key file {0} is not the one this store was written with")]
    WrongMasterKey(PathBuf),
}

/// Opens everything but the committer.
pub(super) fn open(options: &SledOptions) -> Result<(Inner, Fdatasync), OpenError> {
    let dir = &options.dir;
    let at = |source| OpenError::Io {
        dir: dir.clone(),
        source,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(at)?;
    master::check_outside(&options.master_key, dir)?;
    let lock = lock(dir)?;
    remove_unfinished_snapshots(dir).map_err(at)?;
    let tree = open_sled(options)?;
    // sled syncs files, not the entries of its directory.
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at)?;

    let damaged = |e: sled::Error| OpenError::Damaged {
        dir: dir.clone(),
        reason: e.to_string(),
    };
    let first_key = tree
        .scan_prefix([layout::KEY])
        .next()
        .transpose()
        .map_err(damaged)?;
    let master = MasterKeys::load(&options.master_key, first_key.is_none())?;
    if let Some((row, wrapped)) = first_key {
        let opens =
            layout::log_of_row(&row).is_some_and(|log| master.unwrap(&log, &wrapped).is_ok());
        if !opens {
            return Err(OpenError::WrongMasterKey(options.master_key.clone()));
        }
    }
    let index = load_index(dir, &tree)?;
    let durable = Fdatasync::open(dir).map_err(at)?;
    let space = Space {
        dir: dir.clone(),
        reserve_bytes: options.disk_reserve_bytes,
    };
    Ok((Inner::new(tree, space, master, index, lock), durable))
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let at = |source| OpenError::Io {
        dir: dir.into(),
        source,
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let file = options.open(dir.join(LOCK_FILE)).map_err(at)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(dir.into())),
        Err(TryLockError::Error(e)) => Err(at(e)),
    }
}

/// A kill while sled opens can leave a half-written `snap.*.generating`, which sled then takes for its newest
/// snapshot and calls corrupt. Without it nothing is lost: sled reads its log from the snapshot before.
fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(b"snap.") && name.ends_with(b".generating") {
            tracing::warn!("removing a snapshot that was never finished");
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn open_sled(options: &SledOptions) -> Result<Db, OpenError> {
    let config = sled::Config::new()
        .path(&options.dir)
        .cache_capacity(options.cache_bytes)
        .segment_size(SEGMENT_BYTES)
        .flush_every_ms(Some(CLEANING_INTERVAL_MS));
    let deadline = Instant::now() + LOCK_WAIT;
    loop {
        match config.open() {
            Ok(tree) => return Ok(tree),
            // The directory's own lock is ours, so only threads of this process can still hold sled's.
            Err(sled::Error::Io(e)) if e.to_string().contains("could not acquire lock") => {
                if Instant::now() > deadline {
                    return Err(OpenError::Locked(options.dir.clone()));
                }
                std::thread::sleep(LOCK_RETRY);
            }
            Err(sled::Error::Io(source)) => {
                return Err(OpenError::Io {
                    dir: options.dir.clone(),
                    source,
                });
            }
            Err(e) => {
                let reason = e.to_string();
                return Err(OpenError::Damaged {
                    dir: options.dir.clone(),
                    reason,
                });
            }
        }
    }
}

fn load_index(dir: &Path, tree: &Db) -> Result<Index, OpenError> {
    let damaged = |reason: String| OpenError::Damaged {
        dir: dir.into(),
        reason,
    };
    let mut index = Index::default();
    for row in tree.scan_prefix([layout::HEADER]) {
        let (key, value) = row.map_err(|e| damaged(e.to_string()))?;
        let log = layout::log_of_row(&key);
        let log = log.ok_or_else(|| damaged("a header's row has no log id".into()))?;
        let header = serde_json::from_slice(&value);
        let header = header.map_err(|e| damaged(format!("header of {log}: {e}")))?;
        index.set(&log, Some(header));
    }
    Ok(index)
}
