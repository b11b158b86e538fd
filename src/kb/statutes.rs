//! Statutes: imported once into a directory of their own, searched when no entry answers.
//!
//! A directory of statutes holds versions (`v-<hash>/`: the articles, the corrections and the index made of them) and
//! a file `current` that names one. An import builds a new version beside the old one and then renames `current`, so
//! that a kill at any moment leaves the old statutes or the new ones, and a running server keeps what it has opened.

mod files;
mod index;
mod input;
mod lay;
mod likely;
mod rank;
mod second;

pub use files::{Imported, LawsError, import, read_laws};

use crate::dialogue::nouns::{Citation, Verdict};
pub use lay::{Evidence, Lay, LayEntry};
pub use rank::{ArticleRanker, ArticleRankerError, ArticleSample};
pub use second::Asking;

use crate::kb::source::Sources;
use crate::law::article::ArticleNo;
use crate::law::version::{Article, Laws};
use crate::reading::text::Text;
use index::ArticleIndex;
use jiff::civil::Date;
use likely::Background;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// An article that matches.
#[derive(Debug, Clone, PartialEq)]
pub struct StatuteHit {
    /// Full title.
    pub law: String,
    /// Title without 中华人民共和国.
    pub law_short: String,
    /// As the source writes it: 第四十七条.
    pub article_no: String,
    /// Without 之; see [`Self::article`].
    pub article_num: u32,
    pub article: ArticleNo,
    /// Of the second ranking; only comparable within one search.
    pub score: f32,
}

/// The statutes and their index.
pub struct LawIndex {
    laws: Arc<Laws>,
    index: ArticleIndex,
    background: Background,
    /// By row, for the day last asked for.
    in_force: Mutex<(Date, Arc<[bool]>)>,
    version: String,
}

impl std::fmt::Debug for LawIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LawIndex")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl LawIndex {
    /// Opens what was imported into a directory; `None` when nothing was.
    pub fn open(dir: &Path) -> Result<Option<LawIndex>, LawsError> {
        let Some(version) = files::current(dir)? else {
            return Ok(None);
        };
        let dir = dir.join(&version);
        let laws = files::laws_of(&dir)?;
        let index = ArticleIndex::open(&files::index_dir(&dir), &laws)?;
        Ok(Some(LawIndex {
            background: Background::of(&laws),
            in_force: Mutex::default(),
            laws: Arc::new(laws),
            index,
            version: version.trim_start_matches(files::VERSION_PREFIX).to_owned(),
        }))
    }

    /// Reads a file of statutes and indexes it in memory, for measuring and tests. Takes some seconds.
    pub fn in_memory(file: &Path, sources: &Sources) -> Result<LawIndex, LawsError> {
        let read = files::read(&[file.to_owned()], None, sources)?;
        let normaliser = files::normaliser(sources)?;
        let index = ArticleIndex::in_memory(&read.laws, &normaliser);
        Ok(LawIndex {
            background: Background::of(&read.laws),
            in_force: Mutex::default(),
            laws: Arc::new(read.laws),
            index,
            version: read.version,
        })
    }

    pub fn laws(&self) -> &Arc<Laws> {
        &self.laws
    }

    /// Short hash of articles, corrections and words.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// By row: whether it is in force on a day. Worked out once a day, in some hundredths of a second.
    fn in_force(&self, today: Date) -> Arc<[bool]> {
        let mut known = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != today || known.1.len() != self.laws.len() {
            let verdict = |article| self.laws.verdict_of(article, today);
            let holds = |v: Verdict| matches!(v, Verdict::InForce | Verdict::Unreviewed);
            *known = (today, self.laws.iter().map(|a| holds(verdict(a))).collect());
        }
        Arc::clone(&known.1)
    }

    /// What citizens ask, put beside these statutes: questions of articles (rows, texts) and the entries.
    pub fn lay(&self, asked: Vec<(u32, Text)>, entries: &[LayEntry]) -> Lay {
        Lay::new(asked, entries, self.index.law_by_row(self.laws.len()))
    }

    /// Rows of articles in force on a day that may answer, best first, each article once, with their scores. One
    /// thread, a few tenths of a millisecond.
    pub fn scored(&self, asking: &Asking) -> Vec<(usize, f32)> {
        let mut scored: Vec<(usize, f32)> = (self.candidates(asking).into_iter())
            .map(|(row, x)| (row, asking.ranker.score(&x)))
            .collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut seen = HashSet::new();
        scored.retain(|(row, _)| {
            let article = self.article(*row);
            seen.insert((Arc::as_ptr(&article.law).cast::<u8>(), article.article))
        });
        scored
    }

    /// The article of a row.
    pub fn hit(&self, row: usize, score: f32) -> StatuteHit {
        let article = self.article(row);
        StatuteHit {
            law: article.law.to_string(),
            law_short: article.law_short.to_string(),
            article_no: article.article_no.to_string(),
            article_num: article.article.num,
            article: article.article,
            score,
        }
    }

    /// A row as a citation with at most `chars_max` characters of its text; `None` when it is not in force.
    pub fn citation(&self, row: usize, today: Date, chars_max: usize) -> Option<Citation> {
        let found = self.article(row);
        let article = self.laws.in_force(&found.law, found.article, today)?;
        Some(Citation {
            law: article.law_short.to_string(),
            article: article.article_no.to_string(),
            verdict: self.laws.verdict_of(article, today),
            text: Some(shortened(&article.text, chars_max)),
        })
    }

    fn article(&self, row: usize) -> &Article {
        &self.laws.iter().as_slice()[row]
    }
}

/// The text up to a number of characters, on one line; what is left out is marked.
fn shortened(text: &str, chars_max: usize) -> String {
    let mut chars = text.chars().map(|c| if c == '\n' { ' ' } else { c });
    let mut short: String = chars.by_ref().take(chars_max).collect();
    if chars.next().is_some() {
        short.pop();
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
