//! What is imported: files of JSON Lines and of Markdown, directories of the latter, and what is there already, put
//! together into lines.

use super::files::{LawsError, REPEALED_FILE, STATUTES_FILE, io_error};
use crate::law::import::{self, ImportError};
use crate::law::markdown;
use flate2::bufread::MultiGzDecoder;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// First bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Largest file of statutes, unpacked, in bytes.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 30;
/// Deepest folder of Markdown files below the one that is named.
const DEPTH_MAX: usize = 4;
/// Left out of a directory of laws: it tells people what the directory is.
const README: &str = "README.md";

/// The lines of one file.
struct Piece {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// Files in the order in which they take precedence: the later ones replace what the earlier ones say of the same
/// version of the same law.
pub(super) struct Input {
    statutes: Vec<Piece>,
    repealed: Vec<Piece>,
}

impl Input {
    /// Reads all files; `base` is the directory of a version that is there already.
    pub(super) fn of(paths: &[PathBuf], base: Option<&Path>) -> Result<Input, LawsError> {
        let mut input = Input {
            statutes: Vec::new(),
            repealed: Vec::new(),
        };
        if let Some(base) = base {
            input.lines_of(&base.join(STATUTES_FILE))?;
        }
        for path in paths {
            if path.is_dir() {
                let mut files = Vec::new();
                markdown_files(path, DEPTH_MAX, &mut files)?;
                if files.is_empty() {
                    return Err(LawsError::NoLaws { path: path.clone() });
                }
                files.sort();
                for file in &files {
                    input.law_of(file)?;
                }
            } else if is_markdown(path) {
                input.law_of(path)?;
            } else {
                input.lines_of(path)?;
            }
        }
        input.replace(base.is_some());
        Ok(input)
    }

    fn lines_of(&mut self, path: &Path) -> Result<(), LawsError> {
        self.statutes.push(piece(path)?);
        let beside = path.with_file_name(REPEALED_FILE);
        if beside.is_file() {
            self.repealed.push(piece(&beside)?);
        }
        Ok(())
    }

    fn law_of(&mut self, path: &Path) -> Result<(), LawsError> {
        let bytes = unpacked(path)?;
        let line = |source| LawsError::Line {
            path: path.to_owned(),
            source,
        };
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            line(ImportError {
                line: before.iter().filter(|b| **b == b'\n').count() + 1,
                message: "not UTF-8: save the file as UTF-8".to_owned(),
            })
        })?;
        let bytes = markdown::to_jsonl(text).map_err(line)?.into_bytes();
        self.statutes.push(Piece {
            path: path.to_owned(),
            bytes,
        });
        Ok(())
    }

    /// Empties the lines that a later file replaces. Those of the base, which was read before, go altogether: adding
    /// the same files again makes the same statutes.
    fn replace(&mut self, base: bool) {
        let mut later: HashSet<(String, Option<String>)> = HashSet::new();
        for at in (0..self.statutes.len()).rev() {
            let piece = &mut self.statutes[at];
            let own: Vec<_> = lines(&piece.bytes).map(import::version_of).collect();
            if !later.is_empty() {
                let mut kept = Vec::with_capacity(piece.bytes.len());
                for (line, version) in lines(&piece.bytes).zip(&own) {
                    if !version.as_ref().is_some_and(|v| later.contains(v)) {
                        kept.extend_from_slice(line);
                    } else if base && at == 0 {
                        continue;
                    }
                    kept.push(b'\n');
                }
                piece.bytes = kept;
            }
            if at > 0 {
                later.extend(own.into_iter().flatten());
            }
        }
    }

    /// All lines of statutes.
    pub(super) fn statutes(&self) -> Vec<u8> {
        self.statutes
            .iter()
            .flat_map(|p| p.bytes.iter().copied())
            .collect()
    }

    /// All lines of repealed titles, each once.
    pub(super) fn repealed(&self) -> Vec<u8> {
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        for line in self.repealed.iter().flat_map(|p| lines(&p.bytes)) {
            if seen.insert(line) {
                out.extend_from_slice(line);
            }
            out.push(b'\n');
        }
        out
    }

    /// The file and the line in it of an error in [`Self::statutes`].
    pub(super) fn place(&self, error: ImportError) -> LawsError {
        place(&self.statutes, error)
    }

    /// The same for [`Self::repealed`].
    pub(super) fn repealed_place(&self, error: ImportError) -> LawsError {
        place(&self.repealed, error)
    }
}

fn place(pieces: &[Piece], error: ImportError) -> LawsError {
    let ImportError { mut line, message } = error;
    let mut path = Path::new("");
    for piece in pieces {
        path = &piece.path;
        let count = lines(&piece.bytes).count();
        if line <= count {
            break;
        }
        line -= count;
    }
    LawsError::Line {
        path: path.to_owned(),
        source: ImportError { line, message },
    }
}

/// The lines without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    whole
        .split(|b| *b == b'\n')
        .take(if bytes.is_empty() { 0 } else { usize::MAX })
}

fn piece(path: &Path) -> Result<Piece, LawsError> {
    let mut bytes = unpacked(path)?;
    // The next file begins on a line of its own.
    if bytes.last().is_some_and(|b| *b != b'\n') {
        bytes.push(b'\n');
    }
    Ok(Piece {
        path: path.to_owned(),
        bytes,
    })
}

fn is_markdown(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("md"))
}

fn markdown_files(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), LawsError> {
    for item in fs::read_dir(dir).map_err(io_error(dir))? {
        let item = item.map_err(io_error(dir))?;
        let (path, name) = (item.path(), item.file_name());
        let hidden = name.to_string_lossy().starts_with('.');
        if hidden || name.eq_ignore_ascii_case(README) {
            continue;
        }
        if path.is_dir() {
            if depth > 0 {
                markdown_files(&path, depth - 1, found)?;
            }
        } else if is_markdown(&path) {
            found.push(path);
        }
    }
    Ok(())
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
