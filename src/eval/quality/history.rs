//! The figures of earlier runs: one JSON object a line, only ever appended to.

use super::Quality;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// One run. Figures by key: value and number of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub day: String,
    pub knowledge: String,
    pub figures: BTreeMap<String, (f64, usize)>,
}

impl Run {
    pub fn of(quality: &Quality) -> Run {
        let figures = quality.figures.iter();
        Run {
            day: quality.day.clone(),
            knowledge: quality.knowledge.clone(),
            figures: figures.map(|f| (f.key.clone(), (f.value, f.n))).collect(),
        }
    }
}

/// Why the earlier runs cannot be read or added to.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{path}:{line}: not a run written by `faxun eval all` ({source}): mend or remove the line"
    )]
    Line {
        path: PathBuf,
        line: usize,
        source: serde_json::Error,
    },
}

/// The runs of a file, oldest first; none when there is no file yet.
pub fn read(path: &Path) -> Result<Vec<Run>, HistoryError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(io_error(path, source)),
    };
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, l)| !l.trim().is_empty());
    lines
        .map(|(line, text)| {
            serde_json::from_str(text).map_err(|source| HistoryError::Line {
                path: path.to_owned(),
                line,
                source,
            })
        })
        .collect()
}

/// Adds a run as a line of its own.
pub fn append(path: &Path, run: &Run) -> Result<(), HistoryError> {
    let line = serde_json::to_string(run).map_err(|e| io_error(path, e.into()))?;
    let write = || {
        let mut file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path)?;
        file.write_all(format!("{line}\n").as_bytes())
    };
    write().map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: io::Error) -> HistoryError {
    HistoryError::Io {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(value: f64) -> Run {
        Run {
            day: "2026-11-25".into(),
            knowledge: "abc".into(),
            figures: [("probes.hit@1".to_owned(), (value, 12))].into(),
        }
    }

    #[test]
    fn runs_are_added_and_never_lost() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("history.jsonl");
        assert_eq!(read(&file).unwrap(), []);
        append(&file, &run(0.4)).unwrap();
        append(&file, &run(0.5)).unwrap();
        assert_eq!(read(&file).unwrap(), [run(0.4), run(0.5)]);
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}half a li")).unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert!(error.contains("history.jsonl:3"), "{error}");
    }
}
