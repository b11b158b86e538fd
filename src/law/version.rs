//! The articles, their versions, and what the data say about one on a given day.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;

use jiff::civil::Date;

use super::article::ArticleNo;
use super::names::LawNames;
use super::overrides::{OverrideError, OverrideReport};
use crate::dialogue::nouns::Verdict;

/// The source's label of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// 现行有效
    InForce,
    /// 未核（2025-04 版本）: in force in `as_of` (first day of that month), not checked since.
    Unreviewed { as_of: Date },
    /// 存疑: one source says repealed, nothing found that repeals it.
    Doubtful,
    /// 尚未施行
    NotYetInForce,
    /// 历史版本
    Historic,
    /// 已废止
    Repealed,
    /// 疑已废止
    SupposedlyRepealed,
}

/// One article in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Full title.
    pub law: Arc<str>,
    /// Title without 中华人民共和国.
    pub law_short: Arc<str>,
    pub article: ArticleNo,
    /// As the source writes it: 第四十七条, 一, 全文.
    pub article_no: Arc<str>,
    /// 法律, 行政法规, 司法解释, …
    pub kind: Arc<str>,
    pub status: Status,
    /// Of an amended law often the date of its first version.
    pub effective_date: Option<Date>,
    /// The day this version was passed.
    pub version_date: Option<Date>,
    /// The first day on which a newer version applies.
    pub superseded_on: Option<Date>,
    /// The article that repeals it, in the source's words.
    pub repealed_by: Option<Arc<str>>,
    /// Paragraphs split by newline.
    pub text: Arc<str>,
    pub source: Arc<str>,
}

/// What an import read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    pub articles: usize,
    pub laws: usize,
    /// Articles by the source's label, most frequent first.
    pub by_status: Vec<(String, usize)>,
}

/// A line that is not a statute article. Nothing is imported then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ImportError {
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// All loaded articles.
#[derive(Debug, Clone, Default)]
pub struct Laws {
    rows: Vec<Article>,
    by_title: HashMap<Arc<str>, usize>,
    names: LawNames,
}

impl Laws {
    /// No statutes: every verdict is [`Verdict::Unverified`].
    pub fn empty() -> Self {
        Laws::default()
    }

    /// Reads JSON Lines, one article a line. Unknown fields, unknown labels and bad dates are refused.
    pub fn from_jsonl(_lines: impl BufRead) -> Result<(Self, ImportReport), ImportError> {
        Ok((Laws::empty(), ImportReport::default()))
    }

    /// Adds titles known to be repealed (JSON Lines of `name`, `repealed_on`, `by`), to tell "repealed" from
    /// "never existed". Returns how many.
    pub fn repealed_names(&mut self, _lines: impl BufRead) -> Result<usize, ImportError> {
        Ok(0)
    }

    /// Applies the corrections of `kb/law-overrides.yml`.
    pub fn apply_overrides(&mut self, _yaml: &str) -> Result<OverrideReport, OverrideError> {
        Ok(OverrideReport::default())
    }

    /// All versions of an article, oldest first; `law` in any form that [`Laws::resolve`] knows.
    pub fn versions(&self, _law: &str, _article: ArticleNo) -> &[Article] {
        &[]
    }

    /// The version in force on a day (verdict InForce or Unreviewed), if the data can tell.
    pub fn in_force(&self, law: &str, article: ArticleNo, on: Date) -> Option<&Article> {
        let versions = self.versions(law, article);
        versions.iter().rev().find(|a| {
            matches!(
                self.verdict_of(a, on),
                Verdict::InForce | Verdict::Unreviewed
            )
        })
    }

    /// What the data say about an article on a day.
    pub fn verdict(&self, _law: &str, _article: ArticleNo, _on: Date) -> Verdict {
        Verdict::Unverified
    }

    /// What the data say about one version on a day, overrides included. To filter rows when indexing.
    pub fn verdict_of(&self, _row: &Article, _on: Date) -> Verdict {
        Verdict::Unverified
    }

    /// The full title an abbreviation, short or full title stands for, with or without 《》.
    pub fn resolve(&self, _name: &str) -> Option<&str> {
        None
    }

    /// All rows, by law and article, oldest version first.
    pub fn iter(&self) -> std::slice::Iter<'_, Article> {
        self.rows.iter()
    }

    /// Rows, all versions counted.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Full titles, each once.
    pub fn law_titles(&self) -> impl Iterator<Item = &str> {
        self.by_title.keys().map(|t| &**t)
    }

    pub fn names(&self) -> &LawNames {
        &self.names
    }
}
