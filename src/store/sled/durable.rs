//! The step after which a write survives a loss of power.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What the committer does between sled's flush and the acknowledgement. There is one real way to do it,
/// [`Fdatasync`]; tests wrap that to watch, hold or fail it.
pub trait DurableStep: Send {
    /// Returns when all that sled has written so far is on the disk itself.
    fn sync(&mut self) -> io::Result<()>;
}

/// fdatasync on sled's log file. sled's own flush is `sync_file_range`, which survives kill -9 and not a loss of power.
///
/// sled moves pages above a quarter of a segment into files of their own and does not sync those: new ones are synced
/// here. They are rare, so listing them costs next to nothing.
pub struct Fdatasync {
    db: File,
    blobs_dir: PathBuf,
    synced: HashSet<OsString>,
}

impl Fdatasync {
    /// For the sled database in `dir`, which is open already.
    pub fn open(dir: &Path) -> io::Result<Fdatasync> {
        let blobs_dir = dir.join("blobs");
        let synced = HashSet::new();
        Ok(Fdatasync {
            db: File::open(dir.join("db"))?,
            blobs_dir,
            synced,
        })
    }

    fn sync_new_blobs(&mut self) -> io::Result<()> {
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
            File::open(&self.blobs_dir)?.sync_all()?;
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
