//! The files everything is made of: `intents/` and `kb/`, from a directory or as built into the program.

use rust_embed::Embed;
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;

/// Folders looked at, beside each other.
const FOLDERS: [&str; 2] = ["intents", "kb"];
/// Endings of files that are read; anything else is an editor's business.
const ENDINGS: [&str; 4] = ["yml", "md", "txt", "toml"];
/// Deepest folder below `intents/` and `kb/`.
const DEPTH_MAX: usize = 4;

/// One file; `path` is relative, with slashes: `kb/labour/labour-wages.md`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    pub path: String,
    pub text: String,
}

/// All files, sorted by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources(pub Vec<SourceFile>);

#[derive(Embed)]
#[folder = "intents/"]
#[allow_missing = true]
struct EmbeddedIntents;

#[derive(Embed)]
#[folder = "kb/"]
#[allow_missing = true]
struct EmbeddedKb;

/// Something wrong in a source file. `line` counts from 1; 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub file: String,
    pub line: usize,
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl Problem {
    pub fn new(file: &str, line: usize, message: impl Into<String>) -> Problem {
        Problem {
            file: file.to_owned(),
            line,
            message: message.into(),
        }
    }

    /// What the YAML parser says, `before` lines below the top of the file.
    pub fn yaml(file: &str, before: usize, error: &serde_saphyr::Error) -> Problem {
        let line = error.location().map_or(0, |l| line_of(l) + before);
        Problem::new(file, line, error.without_snippet().to_string())
    }
}

/// Line of a place in YAML, from 1.
pub fn line_of(at: serde_saphyr::Location) -> usize {
    usize::try_from(at.line()).unwrap_or(usize::MAX)
}

impl Sources {
    /// Reads `intents/` and `kb/` below a directory. A folder that is not there is empty.
    pub fn from_dir(dir: &Path) -> io::Result<Sources> {
        let mut files = Vec::new();
        for folder in FOLDERS {
            let path = dir.join(folder);
            if path.is_dir() {
                read_folder(&path, folder, DEPTH_MAX, &mut files)?;
            }
        }
        Ok(sorted(files))
    }

    /// What was built into the program.
    pub fn embedded() -> Sources {
        let mut files = Vec::new();
        let found =
            EmbeddedIntents::iter().map(|name| ("intents", EmbeddedIntents::get(&name), name));
        let found =
            found.chain(EmbeddedKb::iter().map(|name| ("kb", EmbeddedKb::get(&name), name)));
        for (folder, file, name) in found {
            let Some(file) = file.filter(|_| wanted(&name)) else {
                continue;
            };
            files.push(SourceFile {
                path: format!("{folder}/{name}"),
                text: String::from_utf8_lossy(&file.data).into_owned(),
            });
        }
        sorted(files)
    }

    /// The text of one file, empty when it is not there.
    pub fn text(&self, path: &str) -> &str {
        let file = self.0.iter().find(|f| f.path == path);
        file.map_or("", |f| f.text.as_str())
    }

    /// Files of a folder with an ending: `under("kb/", ".md")`.
    pub fn under<'a>(
        &'a self,
        folder: &'a str,
        ending: &'a str,
    ) -> impl Iterator<Item = &'a SourceFile> {
        let wanted = move |f: &&SourceFile| f.path.starts_with(folder) && f.path.ends_with(ending);
        self.0.iter().filter(wanted)
    }

    /// Short hash of all paths and texts: 12 hexadecimal digits.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for file in &self.0 {
            for part in [&file.path, &file.text] {
                hash.update(part.len().to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
        short_hash(hash)
    }
}

/// The first 12 hexadecimal digits of a hash.
pub fn short_hash(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .take(6)
        .map(|b| format!("{b:02x}"))
        .collect()
}

fn sorted(mut files: Vec<SourceFile>) -> Sources {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Sources(files)
}

fn wanted(name: &str) -> bool {
    let hidden = name.rsplit('/').next().is_some_and(|n| n.starts_with('.'));
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    !hidden && ENDINGS.contains(&ending)
}

fn read_folder(
    dir: &Path,
    name: &str,
    depth: usize,
    files: &mut Vec<SourceFile>,
) -> io::Result<()> {
    for item in std::fs::read_dir(dir)? {
        let item = item?;
        let path = item.path();
        let name = format!("{name}/{}", item.file_name().to_string_lossy());
        if path.is_dir() {
            if depth > 0 {
                read_folder(&path, &name, depth - 1, files)?;
            }
        } else if wanted(&name) {
            let bytes = std::fs::read(&path)?;
            // A byte that is no UTF-8 is reported by `check` as the odd character it becomes.
            let text = String::from_utf8_lossy(&bytes).into_owned();
            files.push(SourceFile { path: name, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_and_the_built_in_files_are_the_same() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let dir = Sources::from_dir(here).unwrap();
        assert_eq!(dir, Sources::embedded());
        assert_eq!(dir.hash(), Sources::embedded().hash());
        assert_eq!(dir.hash().len(), 12);
    }

    #[test]
    fn the_hash_knows_where_a_text_ends() {
        let file = |path: &str, text: &str| SourceFile {
            path: path.into(),
            text: text.into(),
        };
        let one = Sources(vec![file("kb/a.md", "bc")]);
        let other = Sources(vec![file("kb/a.mdb", "c")]);
        assert_ne!(one.hash(), other.hash());
    }

    #[test]
    fn nothing_there_is_nothing_read() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Sources::from_dir(dir.path()).unwrap(), Sources::default());
    }
}
