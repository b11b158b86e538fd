//! The directory of statutes: import, versions, reading.

use super::index::{ArticleIndex, IndexError};
use super::input::{FILE_BYTES_MAX, Input};
use crate::kb::source::{Sources, short_hash};
use crate::law::import::{ImportError, ImportReport};
use crate::law::overrides::OverrideError;
use crate::law::version::Laws;
use crate::reading::text::{LexiconError, Normaliser};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Names the version in use.
const CURRENT_FILE: &str = "current";
pub(super) const VERSION_PREFIX: &str = "v-";
pub(super) const STATUTES_FILE: &str = "statutes.jsonl";
pub(super) const REPEALED_FILE: &str = "repealed-names.jsonl";
const OVERRIDES_FILE: &str = "overrides.yml";
const INDEX_DIR: &str = "index";
/// Where corrections and words stand in the sources.
const SOURCE_OVERRIDES: &str = "kb/law-overrides.yml";
const SOURCE_USERDICT: &str = "kb/userdict.txt";
const SOURCE_SYNONYMS: &str = "kb/synonyms.yml";

/// Why statutes cannot be imported or opened.
#[derive(Debug, thiserror::Error)]
pub enum LawsError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("{path}: more than {FILE_BYTES_MAX} bytes")]
    TooLarge { path: PathBuf },
    #[error("{path}: no .md file in it; a law is a Markdown file, see docs/laws.md")]
    NoLaws { path: PathBuf },
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

/// Statutes, read.
pub(super) struct Loaded {
    pub laws: Laws,
    pub version: String,
    statutes: Vec<u8>,
    repealed: Vec<u8>,
    imported: Imported,
}

/// Reads a file of statutes (JSON Lines, gzip or plain, or Markdown) or a directory of Markdown files alone.
pub fn read_laws(path: &Path) -> Result<Laws, LawsError> {
    Ok(read(&[path.to_owned()], None, &Sources::default())?.laws)
}

/// Reads files of statutes, the repealed titles beside them and the sources' corrections. With `base`, the directory
/// of a version, they are added to what it holds.
pub(super) fn read(
    paths: &[PathBuf],
    base: Option<&Path>,
    sources: &Sources,
) -> Result<Loaded, LawsError> {
    let input = Input::of(paths, base)?;
    let overrides = sources.text(SOURCE_OVERRIDES);
    let (statutes, repealed) = (input.statutes(), input.repealed());
    let mut loaded = parse(&statutes, &repealed, overrides, &input)?;
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
    statutes: &[u8],
    repealed: &[u8],
    overrides: &str,
    input: &Input,
) -> Result<Loaded, LawsError> {
    let (mut laws, report) = Laws::from_jsonl(statutes).map_err(|e| input.place(e))?;
    let repealed = laws
        .repealed_names(repealed)
        .map_err(|e| input.repealed_place(e))?;
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

/// Imports files (JSON Lines, gzip or plain, or Markdown; directories of Markdown) into the directory of statutes and
/// makes them the current version; with `add` beside what is there, in place of the same versions of the same laws.
/// `repealed-names.jsonl` beside a file is imported with it. Takes some seconds; nothing changes on an error.
pub fn import(
    paths: &[PathBuf],
    add: bool,
    dir: &Path,
    sources: &Sources,
) -> Result<Imported, LawsError> {
    let base = match current(dir)? {
        Some(name) if add => Some(dir.join(name)),
        _ => None,
    };
    let mut loaded = read(paths, base.as_deref(), sources)?;
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
    let overrides = version.join(OVERRIDES_FILE);
    let yaml = fs::read_to_string(&overrides).map_err(io_error(&overrides))?;
    let input = Input::of(&[], Some(version))?;
    Ok(parse(&input.statutes(), &input.repealed(), &yaml, &input)?.laws)
}

pub(super) fn index_dir(version: &Path) -> PathBuf {
    version.join(INDEX_DIR)
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

pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> LawsError {
    let path = path.to_owned();
    move |source| LawsError::Io { path, source }
}
