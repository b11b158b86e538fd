//! Corrections to the source's labels: regulations and interpretations that it shows as not checked although they
//! were replaced. `kb/law-overrides.yml` is a list of
//!
//! ```yaml
//! - law: 印花税暂行条例        # any name that is known; full or short title
//!   article: 第三条            # left out: the whole law
//!   verdict: repealed          # in_force, unreviewed, repealed, not_yet_in_force
//!   since: 2022-07-01          # first day it holds
//!   source: 印花税法第二十条   # who says so
//! ```
//!
//! A correction speaks of the texts passed before `since`: a newer version imported later is not touched.

use jiff::civil::Date;
use serde::Deserialize;

use super::article::ArticleNo;
use super::version::Article;
use crate::dialogue::nouns::Verdict;

/// What became of the overrides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverrideReport {
    pub applied: usize,
    /// Laws that no loaded statute has.
    pub unmatched: Vec<String>,
}

/// Why overrides were refused; none of them is applied then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// Not the format; the message names line and column.
    #[error("{0}")]
    Format(String),
    #[error("{law}: {message}")]
    Entry { law: String, message: String },
}

/// One correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Override {
    pub law: String,
    /// The whole law where none is named.
    pub article: Option<ArticleNo>,
    pub verdict: Verdict,
    pub since: Date,
}

impl Override {
    pub(super) fn applies(&self, row: &Article, on: Date) -> bool {
        let older = row
            .version_date
            .or(row.effective_date)
            .is_none_or(|passed| passed < self.since);
        on >= self.since && older && self.article.is_none_or(|a| a == row.article)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    law: String,
    #[serde(default)]
    article: Option<String>,
    verdict: Verdict,
    since: String,
    source: String,
}

/// Reads `kb/law-overrides.yml`.
pub(super) fn parse(yaml: &str) -> Result<Vec<Override>, OverrideError> {
    let entries: Vec<Entry> =
        serde_saphyr::from_str(yaml).map_err(|e| OverrideError::Format(e.to_string()))?;
    entries.into_iter().map(entry).collect()
}

fn entry(entry: Entry) -> Result<Override, OverrideError> {
    let refuse = |message: String| OverrideError::Entry {
        law: entry.law.clone(),
        message,
    };
    if entry.source.trim().is_empty() {
        return Err(refuse("source: who says so?".to_owned()));
    }
    if matches!(entry.verdict, Verdict::Absent | Verdict::Unverified) {
        return Err(refuse("verdict: not one that a source can give".to_owned()));
    }
    let since = entry
        .since
        .parse()
        .map_err(|_| refuse(format!("since: `{}` is not a date", entry.since)))?;
    let article = match entry.article.as_deref() {
        None => None,
        Some(number) => Some(ArticleNo::parse(number).map_err(|e| refuse(e.to_string()))?),
    };
    Ok(Override {
        law: entry.law,
        article,
        verdict: entry.verdict,
        since,
    })
}
