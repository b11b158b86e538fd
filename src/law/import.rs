//! Reading statutes and repealed titles from JSON Lines.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, Read};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::article::{ArticleNo, fold};
use super::version::{Article, Shared, Status};

/// Longest line, in bytes. The longest article of the statutes has some 100 KB.
pub const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What an import read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    pub articles: usize,
    pub laws: usize,
    /// Articles by the source's label, most frequent first.
    pub by_status: Vec<(String, usize)>,
}

/// A line that cannot be read. Nothing is loaded then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ImportError {
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// Another name that people use for a law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OtherName {
    pub name: String,
    /// Full title.
    pub law: String,
}

/// A line of the format, see docs/laws.md.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    pub law: Cow<'a, str>,
    #[serde(borrow)]
    pub law_short: Cow<'a, str>,
    #[serde(borrow)]
    pub article_no: Cow<'a, str>,
    pub article_num: Option<u32>,
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    #[serde(borrow)]
    pub status: Cow<'a, str>,
    #[serde(borrow)]
    pub effective_date: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub version_date: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub superseded_on: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub repealed_by: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub text: Cow<'a, str>,
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// Other names of the law; in one of its lines is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RepealedRow {
    name: String,
    repealed_on: String,
    /// The article that says so: required, not kept.
    #[serde(rename = "by")]
    _by: String,
}

/// The law and the version a line belongs to: its title and its `version_date`, as written. `None` for what is no line
/// of the format.
pub fn version_of(line: &[u8]) -> Option<(String, Option<String>)> {
    #[derive(Deserialize)]
    struct Key {
        law: String,
        version_date: Option<String>,
    }
    let key: Key = serde_json::from_slice(line).ok()?;
    Some((key.law, key.version_date))
}

/// All articles and the other names of their laws; `laws` of the report is left to the caller.
pub(super) fn articles(
    lines: impl BufRead,
) -> Result<(Vec<Article>, Vec<OtherName>, ImportReport), ImportError> {
    let mut shared = Shared::default();
    let (mut rows, mut other_names) = (Vec::new(), Vec::new());
    let mut labels: HashMap<String, usize> = HashMap::new();
    each_line(lines, |line| {
        let mut row: Row = serde_json::from_str(line).map_err(|e| e.to_string())?;
        rows.push(article(&row, &mut shared)?);
        other_names.extend(row.names.drain(..).map(|name| OtherName {
            name,
            law: row.law.to_string(),
        }));
        match labels.get_mut(row.status.as_ref()) {
            Some(count) => *count += 1,
            None => {
                labels.insert(row.status.into_owned(), 1);
            }
        }
        Ok(())
    })?;
    let mut by_status: Vec<_> = labels.into_iter().collect();
    by_status.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let report = ImportReport {
        articles: rows.len(),
        laws: 0,
        by_status,
    };
    Ok((rows, other_names, report))
}

/// Titles declared repealed, with the day.
pub(super) fn repealed_names(lines: impl BufRead) -> Result<Vec<(String, Date)>, ImportError> {
    let mut out = Vec::new();
    each_line(lines, |line| {
        let row: RepealedRow = serde_json::from_str(line).map_err(|e| e.to_string())?;
        out.push((row.name, day(&row.repealed_on)?));
        Ok(())
    })?;
    Ok(out)
}

fn each_line(
    mut lines: impl BufRead,
    mut read: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), ImportError> {
    let mut bytes = Vec::new();
    for line in 1.. {
        let mut one = || -> Result<bool, String> {
            bytes.clear();
            let most = LINE_BYTES_MAX as u64 + 1;
            let count = lines.by_ref().take(most).read_until(b'\n', &mut bytes);
            if count.map_err(|e| e.to_string())? == 0 {
                return Ok(false);
            }
            if bytes.len() > LINE_BYTES_MAX {
                return Err(format!("longer than {LINE_BYTES_MAX} bytes"));
            }
            let text = std::str::from_utf8(&bytes)
                .map_err(|e| e.to_string())?
                .trim();
            if !text.is_empty() {
                read(text)?;
            }
            Ok(true)
        };
        match one() {
            Ok(true) => {}
            Ok(false) => break,
            Err(message) => return Err(ImportError { line, message }),
        }
    }
    Ok(())
}

fn article(row: &Row, shared: &mut Shared) -> Result<Article, String> {
    let number = ArticleNo::parse(&row.article_no).map_err(|e| e.to_string())?;
    if number.num != row.article_num.unwrap_or(0) {
        let num = row.article_num.map_or("null".to_owned(), |n| n.to_string());
        return Err(format!(
            "article_num {num} is not that of {}",
            row.article_no
        ));
    }
    if row.law.trim().is_empty() || row.law_short.trim().is_empty() {
        return Err("a law without a title".to_owned());
    }
    let date = |field: &str, value: &Option<Cow<str>>| -> Result<Option<Date>, String> {
        let value = value.as_deref().filter(|v| !v.is_empty());
        value
            .map(|v| day(v).map_err(|e| format!("{field}: {e}")))
            .transpose()
    };
    Ok(Article {
        effective_date: date("effective_date", &row.effective_date)?,
        version_date: date("version_date", &row.version_date)?,
        superseded_on: date("superseded_on", &row.superseded_on)?,
        article: number,
        status: status(&row.status)?,
        law: shared.get(&row.law),
        law_short: shared.get(&row.law_short),
        article_no: shared.get(&row.article_no),
        kind: shared.get(&row.kind),
        repealed_by: row.repealed_by.as_deref().map(|r| shared.get(r)),
        text: row.text.as_ref().into(),
        source: shared.get(&row.source),
    })
}

/// An ISO date; some of the source's are written with full-width digits.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let folded: String = text.chars().map(fold).collect();
    let iso = folded.len() == "2026-11-23".len();
    let parsed = folded.parse().ok().filter(|_| iso);
    parsed.ok_or_else(|| format!("`{text}` is not a date such as 2026-11-23"))
}

/// The source's label. Those with a remark in brackets are known by what stands before it.
pub(super) fn status(label: &str) -> Result<Status, String> {
    let (word, remark) = match label.split_once('（') {
        Some((word, remark)) => (word, Some(remark)),
        None => (label, None),
    };
    match (word, remark) {
        ("现行有效", None) => Ok(Status::InForce),
        ("尚未施行", None) => Ok(Status::NotYetInForce),
        ("历史版本", None) => Ok(Status::Historic),
        ("已废止", None) => Ok(Status::Repealed),
        ("存疑", Some(_)) => Ok(Status::Doubtful),
        ("疑已废止", Some(_)) => Ok(Status::SupposedlyRepealed),
        ("未核", Some(remark)) => remark
            .strip_suffix("版本）")
            .and_then(|month| day(&format!("{}-01", month.trim())).ok())
            .map(|as_of| Status::Unreviewed { as_of })
            .ok_or_else(|| format!("`{label}` names no month such as 2025-04")),
        _ => Err(format!("unknown status `{label}`")),
    }
}
