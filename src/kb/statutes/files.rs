//! The directory of statutes: import, versions, reading.

use super::index::{ArticleIndex, IndexError};
use crate::kb::source::{Sources, short_hash};
use crate::law::import::{ImportError, ImportReport};
use crate::law::overrides::OverrideError;
use crate::law::version::Laws;
use crate::reading::text::{LexiconError, Normaliser};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Names the version in use.
const CURRENT_FILE: &str = "current";
pub(super) const VERSION_PREFIX: &str = "v-";
const STATUTES_FILE: &str = "statutes.jsonl";
const REPEALED_FILE: &str = "repealed-names.jsonl";
const OVERRIDES_FILE: &str = "overrides.yml";
const INDEX_DIR: &str = "index";
/// Where corrections and words stand in the sources.
const SOURCE_OVERRIDES: &str = "kb/law-overrides.yml";
const SOURCE_USERDICT: &str = "kb/userdict.txt";
const SOURCE_SYNONYMS: &str = "kb/synonyms.yml";
/// First bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Largest file of statutes, unpacked, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// Why statutes cannot be imported or opened.
#[derive(Debug, thiserror::Error)]
pub enum LawsError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: more than {FILE_BYTES_MAX} bytes")]
    TooLarge { path: PathBuf },
    #[error("{path}, {source}")]
    Line { path: PathBuf, source: ImportError },
    #[error("{SOURCE_OVERRIDES}: {0}")]
    Overrides(#[from] OverrideError),
    #[error(transparent)]
    Words(#[from] LexiconError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error("{path}: names no version of the statutes")]
    Current { path: PathBuf },
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub report: ImportReport,
    pub version: String,
    /// Titles declared repealed, from `repealed-names.jsonl` beside the file.
    pub repealed: usize,
    pub corrected: usize,
    /// Laws with a correction that are not among the statutes.
    pub unmatched: Vec<String>,
    /// The same statutes were there already; nothing was done.
    pub unchanged: bool,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.report;
        writeln!(
            f,
            "{} articles of {} laws, version {}",
            report.articles, report.laws, self.version
        )?;
        for (status, count) in &report.by_status {
            writeln!(f, "  {count:>6}  {status}")?;
        }
        write!(
            f,
            "{} repealed titles, {} corrections",
            self.repealed, self.corrected
        )?;
        if !self.unmatched.is_empty() {
            write!(
                f,
                "\nno such law for a correction: {}",
                self.unmatched.join("、")
            )?;
        }
        if self.unchanged {
            write!(f, "\nnothing has changed since the last import")?;
        }
        Ok(())
    }
}

/// A file of statutes, read.
pub(super) struct Loaded {
    pub laws: Laws,
    pub version: String,
    statutes: Vec<u8>,
    repealed: Vec<u8>,
    imported: Imported,
}

/// Reads a file of statutes (JSON Lines, gzip or plain) alone.
pub fn read_laws(file: &Path) -> Result<Laws, LawsError> {
    Ok(read(file, &Sources::default())?.laws)
}

/// Reads a file of statutes, the repealed titles beside it and the sources' corrections.
pub(super) fn read(file: &Path, sources: &Sources) -> Result<Loaded, LawsError> {
    let statutes = unpacked(file)?;
    let beside = file.with_file_name(REPEALED_FILE);
    let repealed = if beside.is_file() {
        unpacked(&beside)?
    } else {
        Vec::new()
    };
    let overrides = sources.text(SOURCE_OVERRIDES);
    let mut loaded = parse((file, &statutes), (&beside, &repealed), overrides)?;
    let mut hash = Sha256::new();
    let words = [SOURCE_USERDICT, SOURCE_SYNONYMS].map(|f| sources.text(f).as_bytes());
    for part in [
        &statutes[..],
        &repealed,
        overrides.as_bytes(),
        words[0],
        words[1],
    ] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    loaded.version = short_hash(hash);
    loaded.imported.version.clone_from(&loaded.version);
    loaded.statutes = statutes;
    loaded.repealed = repealed;
    Ok(loaded)
}

fn parse(
    (file, statutes): (&Path, &[u8]),
    (beside, repealed): (&Path, &[u8]),
    overrides: &str,
) -> Result<Loaded, LawsError> {
    let line = |path: &Path| {
        let path = path.to_owned();
        move |source| LawsError::Line { path, source }
    };
    let (mut laws, report) = Laws::from_jsonl(statutes).map_err(line(file))?;
    let repealed = laws.repealed_names(repealed).map_err(line(beside))?;
    let corrections = match overrides.trim() {
        "" => Default::default(),
        yaml => laws.apply_overrides(yaml)?,
    };
    Ok(Loaded {
        laws,
        version: String::new(),
        statutes: Vec::new(),
        repealed: Vec::new(),
        imported: Imported {
            report,
            version: String::new(),
            repealed,
            corrected: corrections.applied,
            unmatched: corrections.unmatched,
            unchanged: false,
        },
    })
}

/// Words and synonyms of the sources, as the search will use them.
pub(super) fn normaliser(sources: &Sources) -> Result<Normaliser, LawsError> {
    let userdict = sources.text(SOURCE_USERDICT);
    Ok(Normaliser::new(userdict, sources.text(SOURCE_SYNONYMS))?)
}

/// Imports a file (JSON Lines, gzip or plain) into the directory of statutes and makes it the current version.
/// `repealed-names.jsonl` beside the file is imported with it. Takes some seconds; nothing changes on an error.
pub fn import(file: &Path, dir: &Path, sources: &Sources) -> Result<Imported, LawsError> {
    let mut loaded = read(file, sources)?;
    let name = format!("{VERSION_PREFIX}{}", loaded.version);
    let target = dir.join(&name);
    if current(dir)?.is_some_and(|c| c == name) && target.is_dir() {
        loaded.imported.unchanged = true;
        return Ok(loaded.imported);
    }
    // Left by an import that was interrupted.
    if target.exists() {
        fs::remove_dir_all(&target).map_err(io_error(&target))?;
    }
    let index = index_dir(&target);
    fs::create_dir_all(&index).map_err(io_error(&index))?;
    ArticleIndex::create(&index, &loaded.laws, &normaliser(sources)?)?;
    write(&target.join(STATUTES_FILE), &loaded.statutes)?;
    write(&target.join(REPEALED_FILE), &loaded.repealed)?;
    write(
        &target.join(OVERRIDES_FILE),
        sources.text(SOURCE_OVERRIDES).as_bytes(),
    )?;
    for made in [&index, &target, dir] {
        sync_dir(made)?;
    }
    let current = dir.join(CURRENT_FILE);
    let new = dir.join(format!("{CURRENT_FILE}.new"));
    write(&new, name.as_bytes())?;
    fs::rename(&new, &current).map_err(io_error(&current))?;
    sync_dir(dir)?;
    remove_others(dir, &name)?;
    Ok(loaded.imported)
}

/// The version in use; `None` when nothing was imported.
pub(super) fn current(dir: &Path) -> Result<Option<String>, LawsError> {
    let path = dir.join(CURRENT_FILE);
    let name = match fs::read_to_string(&path) {
        Ok(name) => name,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(&path)(error)),
    };
    let plain = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit());
    match name.strip_prefix(VERSION_PREFIX).filter(|rest| plain(rest)) {
        Some(_) => Ok(Some(name)),
        None => Err(LawsError::Current { path }),
    }
}

/// The articles of a version, with its repealed titles and corrections.
pub(super) fn laws_of(version: &Path) -> Result<Laws, LawsError> {
    let [statutes, beside, overrides] =
        [STATUTES_FILE, REPEALED_FILE, OVERRIDES_FILE].map(|f| version.join(f));
    let yaml = fs::read_to_string(&overrides).map_err(io_error(&overrides))?;
    let (articles, repealed) = (unpacked(&statutes)?, unpacked(&beside)?);
    Ok(parse((&statutes, &articles), (&beside, &repealed), &yaml)?.laws)
}

pub(super) fn index_dir(version: &Path) -> PathBuf {
    version.join(INDEX_DIR)
}

/// The bytes of a file, unpacked if it is gzip.
fn unpacked(path: &Path) -> Result<Vec<u8>, LawsError> {
    let mut file = BufReader::new(File::open(path).map_err(io_error(path))?);
    let packed = file
        .fill_buf()
        .map_err(io_error(path))?
        .starts_with(&GZIP_MAGIC);
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX + 1;
    let read = if packed {
        MultiGzDecoder::new(file)
            .take(limit)
            .read_to_end(&mut bytes)
    } else {
        file.take(limit).read_to_end(&mut bytes)
    };
    read.map_err(io_error(path))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(LawsError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), LawsError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(io_error(path))
}

fn sync_dir(dir: &Path) -> Result<(), LawsError> {
    let sync = || File::open(dir)?.sync_all();
    sync().map_err(io_error(dir))
}

/// Removes older versions; a server that has one open keeps it until it closes it.
fn remove_others(dir: &Path, keep: &str) -> Result<(), LawsError> {
    for item in fs::read_dir(dir).map_err(io_error(dir))? {
        let item = item.map_err(io_error(dir))?;
        let name = item.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(VERSION_PREFIX) && name != keep {
            fs::remove_dir_all(item.path()).map_err(io_error(&item.path()))?;
        }
    }
    Ok(())
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> LawsError {
    let path = path.to_owned();
    move |source| LawsError::Io { path, source }
}
