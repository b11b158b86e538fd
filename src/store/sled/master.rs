//! The master key file: the generations of the key that wraps the keys of logs.
//!
//! Lines of `<generation> <base64 of 32 bytes>` after comments, newest last; readable by its owner only. It lies
//! outside the data directory, so that a copy of the data alone tells nothing. Usually one generation is alive; two
//! between the first and the last step of a rotation.

use super::seal::{self, KEY_BYTES, Key, KeyBytes, Unsealable};
use crate::store::LogId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const NOTICE: &str = "# faxun master key. Without this file nobody can read the store, you included: keep a copy in\n\
                      # another safe place, never beside a copy of the data. Replace the copy after each rotation.\n";
/// Only the owner may read or write the file.
const MODE: u32 = 0o600;
/// Larger files are no key files.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Why there is no usable master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    #[error("master key file {0} is missing, but the store has data: bring the file back")]
    Missing(PathBuf),
    #[error("master key file {path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("master key file {0} is readable by others: chmod 600")]
    Exposed(PathBuf),
    #[error("master key file {0} is damaged")]
    Damaged(PathBuf),
    #[error("master key file {0} lies inside the data directory: keep it outside")]
    Inside(PathBuf),
}

/// All living generations of the master key, and the file that holds them.
pub struct MasterKeys {
    path: PathBuf,
    generations: BTreeMap<u32, (KeyBytes, Key)>,
    current: u32,
}

impl MasterKeys {
    /// Reads the file; creates it with generation 1 when there is none and `may_create`.
    pub fn load(path: &Path, may_create: bool) -> Result<MasterKeys, MasterError> {
        let at = |source| MasterError::Io {
            path: path.into(),
            source,
        };
        let meta = match fs::metadata(path) {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound && may_create => {
                return MasterKeys::create(path).map_err(at);
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(MasterError::Missing(path.into()));
            }
            Err(e) => return Err(at(e)),
        };
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(MasterError::Exposed(path.into()));
        }
        if meta.len() > FILE_BYTES_MAX {
            return Err(MasterError::Damaged(path.into()));
        }
        let text = Zeroizing::new(fs::read(path).map_err(at)?);
        MasterKeys::parse(path, &text).ok_or_else(|| MasterError::Damaged(path.into()))
    }

    fn create(path: &Path) -> io::Result<MasterKeys> {
        let mut keys = MasterKeys {
            path: path.into(),
            generations: BTreeMap::new(),
            current: 0,
        };
        if let Some(dir) = parent(path) {
            fs::create_dir_all(dir)?;
        }
        keys.add_generation()?;
        tracing::warn!(path = %path.display(), "created a new master key: keep a copy of this file in another safe place");
        Ok(keys)
    }

    fn parse(path: &Path, text: &[u8]) -> Option<MasterKeys> {
        let mut generations = BTreeMap::new();
        for line in std::str::from_utf8(text).ok()?.lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (generation, base64) = line.split_once(' ')?;
            let decoded = Zeroizing::new(BASE64.decode(base64).ok()?);
            let mut bytes = Zeroizing::new([0; KEY_BYTES]);
            if decoded.len() != KEY_BYTES {
                return None;
            }
            bytes.copy_from_slice(&decoded);
            let key = Key::new(&bytes);
            generations.insert(generation.parse().ok()?, (bytes, key));
        }
        let current = *generations.last_key_value()?.0;
        Some(MasterKeys {
            path: path.into(),
            generations,
            current,
        })
    }

    /// The generation under which keys are wrapped now.
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Wraps a log's key under the current generation.
    pub fn wrap(&self, log: &LogId, key: &KeyBytes) -> Vec<u8> {
        // Proof: `current` is set only to generations that are in the map.
        let (_, master) = &self.generations[&self.current];
        master.wrap(self.current, log, key)
    }

    /// Opens a log's key under the generation it names.
    pub fn unwrap(&self, log: &LogId, wrapped: &[u8]) -> Result<KeyBytes, Unsealable> {
        let generation = seal::generation_of(wrapped)?;
        let (_, master) = self.generations.get(&generation).ok_or(Unsealable)?;
        master.unwrap(log, wrapped)
    }

    /// Adds a generation and makes it current. It is on disk before anything is wrapped under it.
    pub fn add_generation(&mut self) -> io::Result<()> {
        let generation = self.current + 1;
        let bytes = seal::random_key();
        let key = Key::new(&bytes);
        self.generations.insert(generation, (bytes, key));
        if let Err(e) = self.write() {
            self.generations.remove(&generation);
            return Err(e);
        }
        self.current = generation;
        Ok(())
    }

    /// Destroys all generations but the current one, in the file and in memory. The old file's bytes are overwritten
    /// as far as the file system lets us.
    pub fn destroy_old(&mut self) -> io::Result<()> {
        let mut old_file = OpenOptions::new().write(true).open(&self.path)?;
        let old_bytes = old_file.metadata()?.len();
        let current = self.current;
        self.generations
            .retain(|generation, _| *generation == current);
        self.write()?;
        old_file.rewind()?;
        io::copy(&mut io::Read::take(io::repeat(0), old_bytes), &mut old_file)?;
        old_file.sync_all()
    }

    /// Replaces the file: a new one beside it, synced, renamed over it, and the rename synced.
    fn write(&self) -> io::Result<()> {
        let mut text = Zeroizing::new(String::from(NOTICE));
        for (generation, (bytes, _)) in &self.generations {
            let base64 = Zeroizing::new(BASE64.encode(**bytes));
            text.push_str(&format!("{generation} "));
            text.push_str(&base64);
            text.push('\n');
        }
        let mut beside = self.path.clone().into_os_string();
        beside.push(".new");
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(MODE)
            .open(&beside)?;
        file.set_permissions(fs::Permissions::from_mode(MODE))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        match parent(&self.path) {
            Some(dir) => File::open(dir)?.sync_all(),
            None => File::open(".")?.sync_all(),
        }
    }
}

fn parent(path: &Path) -> Option<&Path> {
    path.parent().filter(|dir| !dir.as_os_str().is_empty())
}

/// Refuses a key file inside the data directory.
pub fn check_outside(path: &Path, data: &Path) -> Result<(), MasterError> {
    let at = |source| MasterError::Io {
        path: path.into(),
        source,
    };
    let absolute = std::path::absolute(path).map_err(at)?;
    // The file may not exist yet, its directory neither: the nearest that does decides.
    let real = absolute
        .ancestors()
        .skip(1)
        .find_map(|dir| dir.canonicalize().ok());
    let data = data.canonicalize().map_err(at)?;
    if real.is_some_and(|dir| dir.starts_with(&data)) || absolute.starts_with(&data) {
        return Err(MasterError::Inside(path.into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> LogId {
        LogId::new("conv/a").unwrap()
    }

    #[test]
    fn a_key_file_is_private_and_loads_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/master.key");
        let keys = MasterKeys::load(&path, true).unwrap();
        let key = seal::random_key();
        let wrapped = keys.wrap(&log(), &key);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            MODE
        );
        let again = MasterKeys::load(&path, false).unwrap();
        assert_eq!(*again.unwrap(&log(), &wrapped).unwrap(), *key);
    }

    #[test]
    fn old_generations_open_until_they_are_destroyed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let mut keys = MasterKeys::load(&path, true).unwrap();
        let key = seal::random_key();
        let wrapped = keys.wrap(&log(), &key);
        keys.add_generation().unwrap();
        assert_eq!(keys.current(), 2);
        let between = MasterKeys::load(&path, false).unwrap();
        assert_eq!(between.current(), 2);
        assert_eq!(*between.unwrap(&log(), &wrapped).unwrap(), *key);
        keys.destroy_old().unwrap();
        assert!(keys.unwrap(&log(), &wrapped).is_err());
        let after = MasterKeys::load(&path, false).unwrap();
        assert!(after.unwrap(&log(), &wrapped).is_err());
        assert_eq!(after.current(), 2);
    }

    #[test]
    fn destroying_overwrites_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let mut keys = MasterKeys::load(&path, true).unwrap();
        keys.add_generation().unwrap();
        let old = dir.path().join("old");
        fs::hard_link(&path, &old).unwrap();
        keys.destroy_old().unwrap();
        assert!(fs::read(&old).unwrap().iter().all(|b| *b == 0));
    }

    #[test]
    fn what_is_no_safe_key_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let load = || MasterKeys::load(&path, false).map(|_| ());
        assert!(matches!(load(), Err(MasterError::Missing(_))));
        for damaged in ["", "# only\n", "1 c2hvcnQ=\n", "x AAAA\n", "no key\n"] {
            fs::write(&path, damaged).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(MODE)).unwrap();
            assert!(
                matches!(load(), Err(MasterError::Damaged(_))),
                "{damaged:?}"
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(load(), Err(MasterError::Exposed(_))));
        let data = dir.path();
        assert!(check_outside(&data.join("x/master.key"), data).is_err());
        let other = tempfile::tempdir().unwrap();
        assert!(check_outside(&other.path().join("master.key"), data).is_ok());
    }
}
