//! The step after which a write survives a loss of power.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What the committer does between sled's flush and the acknowledgement. There is one real way to do it,
/// [`Fdatasync`]; tests wrap that to watch, hold or fail it.
pub trait DurableStep: Send {
    /// Returns when all that sled has written so far is on the disk itself.
    fn sync(&mut self) -> io::Result<()>;
}

/// fdatasync on sled's log file. sled's own flush is `sync_file_range`, which survives kill -9 and not a loss of power.
///
/// sled moves pages above a quarter of a segment into files of their own and does not sync those: new ones are synced
/// here. They are rare, so their directory is listed only when its time of change says so.
pub struct Fdatasync {
    db: File,
    blobs_dir: PathBuf,
    blobs: File,
    /// The directory's time of change when it was last listed, if that was long enough ago to be told from a later one.
    settled: Option<SystemTime>,
    synced: HashSet<OsString>,
}

/// A directory listed less than this after its last change is listed again: time stamps are as coarse as a kernel tick.
const SETTLE: Duration = Duration::from_secs(1);

impl Fdatasync {
    /// For the sled database in `dir`, which is open already.
    pub fn open(dir: &Path) -> io::Result<Fdatasync> {
        let blobs_dir = dir.join("blobs");
        Ok(Fdatasync {
            db: File::open(dir.join("db"))?,
            blobs: File::open(&blobs_dir)?,
            blobs_dir,
            settled: None,
            synced: HashSet::new(),
        })
    }

    fn sync_new_blobs(&mut self) -> io::Result<()> {
        let changed = self.blobs.metadata()?.modified()?;
        if self.settled == Some(changed) {
            return Ok(());
        }
        let is_settled = SystemTime::now()
            .duration_since(changed)
            .is_ok_and(|age| age > SETTLE);
        self.settled = is_settled.then_some(changed);
        let mut present = HashSet::new();
        let mut is_new = false;
        for entry in fs::read_dir(&self.blobs_dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if !self.synced.contains(&name) {
                is_new = true;
                match File::open(entry.path()) {
                    Ok(file) => file.sync_data()?,
                    // sled removed it again, as it does with pages that were rewritten.
                    Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                    Err(e) => return Err(e),
                }
            }
            present.insert(name);
        }
        self.synced = present;
        if is_new {
            self.blobs.sync_all()?;
        }
        Ok(())
    }
}

impl DurableStep for Fdatasync {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_new_blobs()?;
        self.db.sync_data()
    }
}
