//! The articles, their versions, and what the data say about one on a given day.
//!
//! # Verdict on a day
//!
//! Each row is one version of an article. Its first day is known when it took effect on or after the day it was
//! passed; `effective_date` before `version_date` is the date of some earlier version and says nothing about this
//! one. Such a version certainly applied [`COMMENCEMENT_DAYS_MAX`] days after it was passed, not before. Its last
//! day is known from `superseded_on`, and for a repealed law from the titles declared repealed.
//!
//! 1. Where these tell, they decide.
//! 2. Else the source's label decides, from the day it was given ([`LABELS_AS_OF`], the month named in 未核) on, also
//!    into the future: nobody knows better until newer statutes are imported.
//! 3. For earlier days the answer is 未能核实. A past day is never called 现行有效 on the strength of a later version,
//!    and the day on which an undated version changed is never claimed.
//!
//! A law that is not among the statutes is 查无此条 where laws of its kind are, else 未能核实.
//!
//! Of several versions the one in force decides; where none is, 未能核实 before 尚未施行 before 已废止或已修改.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::BufRead;
use std::ops::Range;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::article::ArticleNo;
use super::import::{self, ImportError, ImportReport, OtherName};
use super::kinds;
use super::names::{LawNames, short_title, squash};
use super::overrides::{Override, OverrideError, OverrideReport};
use crate::dialogue::nouns::Verdict;

/// The day on which the labels without a date of their own (现行有效, 已废止, …) were given, or the newest version
/// in the file where that is later.
pub const LABELS_AS_OF: Date = date(2026, 11, 23);
/// Days after its passing by which any amendment has taken effect. The longest known delay is 372 (增值税法).
pub const COMMENCEMENT_DAYS_MAX: i32 = 730;

/// The source's label of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// 现行有效
    InForce,
    /// 未核（2025-04 版本）: in force in the month that begins with `as_of`, not checked since.
    Unreviewed { as_of: Date },
    /// 存疑: one source says repealed, nothing found that repeals it; counts as in force, not checked.
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

/// One article in one version. Strings that repeat are shared.
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

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::InForce => "现行有效",
            Status::Unreviewed { as_of } => {
                return write!(f, "未核（{} 版本）", as_of.strftime("%Y-%m"));
            }
            Status::Doubtful => "存疑",
            Status::NotYetInForce => "尚未施行",
            Status::Historic => "历史版本",
            Status::Repealed => "已废止",
            Status::SupposedlyRepealed => "疑已废止",
        })
    }
}

/// Title, number, the source's label and dates on one line, then the text.
impl fmt::Display for Article {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |d: Option<Date>| d.map_or_else(|| "?".to_owned(), |d| d.to_string());
        write!(
            f,
            "《{}》{}  [{}]  {}  施行 {} · 版本 {}",
            self.law,
            self.article_no,
            self.status,
            self.kind,
            day(self.effective_date),
            day(self.version_date)
        )?;
        if let Some(on) = self.superseded_on {
            write!(f, " · 被取代 {on}")?;
        }
        if let Some(by) = &self.repealed_by {
            write!(f, " · 废止依据 {by}")?;
        }
        write!(f, "\n{}", self.text)
    }
}

/// When a version began to apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// On this day.
    On(Date),
    /// On an unknown day, this one at the latest, and not before it was passed.
    By {
        latest: Date,
        passed: Date,
    },
    Unknown,
}

impl Begin {
    /// It certainly applied on this day or before.
    fn surely_by(self, day: Date) -> bool {
        match self {
            Begin::On(first) => first <= day,
            Begin::By { latest, .. } => latest <= day,
            Begin::Unknown => false,
        }
    }
}

impl Article {
    /// The first day of this version, where it is known: not the date of an earlier version of the law.
    pub fn effective_on(&self) -> Option<Date> {
        match self.begin() {
            Begin::On(first) => Some(first),
            Begin::By { .. } | Begin::Unknown => None,
        }
    }

    pub(super) fn begin(&self) -> Begin {
        match (self.effective_date, self.version_date) {
            (Some(effective), Some(passed)) if effective >= passed => Begin::On(effective),
            (_, Some(passed)) => Begin::By {
                latest: passed.saturating_add(COMMENCEMENT_DAYS_MAX.days()),
                passed,
            },
            _ => Begin::Unknown,
        }
    }

    /// What its own dates and label say. `labelled`: the day of labels without a date; `repealed_on`: the day its law
    /// is known to have been repealed.
    fn verdict(&self, on: Date, labelled: Date, repealed_on: Option<Date>) -> Verdict {
        let end = self.superseded_on.or(repealed_on);
        if end.is_some_and(|end| on >= end) {
            return Verdict::Repealed;
        }
        let begin = self.begin();
        match self.status {
            Status::NotYetInForce if begin.surely_by(on) => Verdict::InForce,
            Status::NotYetInForce => Verdict::NotYetInForce,
            Status::InForce => self.current(on, labelled, Verdict::InForce),
            Status::Unreviewed { as_of } => self.current(on, as_of, Verdict::Unreviewed),
            Status::Doubtful => self.current(on, labelled, Verdict::Unreviewed),
            Status::Historic | Status::Repealed | Status::SupposedlyRepealed => {
                if end.is_some() && begin.surely_by(on) {
                    Verdict::InForce
                } else if end.is_none() && on >= labelled {
                    Verdict::Repealed
                } else {
                    Verdict::Unverified
                }
            }
        }
    }

    /// A version whose label, given on `as_of`, says that it is in force (`then`).
    fn current(&self, on: Date, as_of: Date, then: Verdict) -> Verdict {
        match self.begin() {
            Begin::On(first) if on >= first => then,
            Begin::On(_) if self.version_date.is_some_and(|passed| on >= passed) => {
                Verdict::NotYetInForce
            }
            Begin::On(_) => Verdict::Unverified,
            Begin::By { latest, .. } if on >= latest => then,
            Begin::By { passed, .. } if on >= passed && on >= as_of => then,
            Begin::Unknown if on >= as_of => then,
            _ => Verdict::Unverified,
        }
    }
}

/// A law's rows.
#[derive(Debug, Clone)]
struct Law {
    title: Arc<str>,
    rows: Range<usize>,
    repealed_on: Option<Date>,
    overrides: Vec<Override>,
}

/// All loaded articles.
#[derive(Debug, Clone)]
pub struct Laws {
    /// By law, article, version.
    rows: Vec<Article>,
    laws: Vec<Law>,
    /// Short title to place in `laws`.
    by_short: HashMap<Arc<str>, usize>,
    /// Squashed short titles of laws declared repealed, and since when.
    repealed: HashMap<String, Date>,
    /// Kinds of which there are articles.
    kinds: HashSet<Arc<str>>,
    /// Further names of laws, with the titles they stand for.
    other_names: Vec<OtherName>,
    names: LawNames,
    labelled: Date,
}

impl Default for Laws {
    fn default() -> Self {
        Laws::empty()
    }
}

impl Laws {
    /// No statutes: every verdict is [`Verdict::Unverified`]. Names that everybody uses are known all the same.
    pub fn empty() -> Self {
        Laws {
            rows: Vec::new(),
            laws: Vec::new(),
            by_short: HashMap::new(),
            repealed: HashMap::new(),
            kinds: HashSet::new(),
            other_names: Vec::new(),
            names: LawNames::builtin(),
            labelled: LABELS_AS_OF,
        }
    }

    /// Reads JSON Lines, one article a line; empty lines are skipped.
    ///
    /// # Errors
    /// The first line that cannot be read, has an unknown or missing field, an unknown label, a bad date or a number
    /// that is no article's. Nothing is loaded then.
    pub fn from_jsonl(lines: impl BufRead) -> Result<(Self, ImportReport), ImportError> {
        let (rows, other_names, mut report) = import::articles(lines)?;
        let mut laws = Laws::from_rows(rows);
        laws.other_names = other_names;
        laws.names = laws.all_names(std::iter::empty());
        report.laws = laws.laws.len();
        Ok((laws, report))
    }

    /// Laws of rows that were read elsewhere (an index on disk), in any order.
    pub fn from_rows(mut rows: Vec<Article>) -> Self {
        rows.sort_by(|a, b| {
            let key = |r: &Article| (r.article, r.version_date, r.superseded_on);
            a.law.cmp(&b.law).then_with(|| key(a).cmp(&key(b)))
        });
        let mut out = Laws::empty();
        for (at, row) in rows.iter().enumerate() {
            match out.laws.last_mut() {
                Some(law) if law.title == row.law => law.rows.end = at + 1,
                _ => {
                    out.by_short.insert(row.law_short.clone(), out.laws.len());
                    out.laws.push(Law {
                        title: row.law.clone(),
                        rows: at..at + 1,
                        repealed_on: None,
                        overrides: Vec::new(),
                    });
                }
            }
        }
        let newest = rows.iter().filter_map(|r| r.version_date).max();
        out.labelled = newest.map_or(LABELS_AS_OF, |n| n.max(LABELS_AS_OF));
        out.kinds = rows.iter().map(|r| r.kind.clone()).collect();
        out.names = out.all_names(std::iter::empty());
        out.rows = rows;
        out
    }

    /// The names of the loaded laws and of further titles.
    fn all_names<'a>(&'a self, further: impl Iterator<Item = &'a str>) -> LawNames {
        let titles = self.laws.iter().map(|l| &*l.title).chain(further);
        let said = self.other_names.iter().map(|n| (&*n.name, &*n.law));
        LawNames::with_titles(titles, said)
    }

    /// Adds titles declared repealed (JSON Lines of `name`, `repealed_on`, `by`), to tell "repealed" from "never
    /// existed" and to date what is labelled 已废止; they become known names. Returns how many.
    ///
    /// # Errors
    /// The first line that cannot be read; nothing is added then.
    pub fn repealed_names(&mut self, lines: impl BufRead) -> Result<usize, ImportError> {
        let names = import::repealed_names(lines)?;
        let count = names.len();
        self.names = self.all_names(names.iter().map(|(name, _)| &**name));
        for (name, on) in names {
            self.repealed.insert(squash(short_title(&name)), on);
        }
        for law in &mut self.laws {
            let on = self.repealed.get(&squash(short_title(&law.title)));
            let rows = &self.rows[law.rows.clone()];
            // A title may come back: only what the source calls repealed, in a version older than the repeal.
            let fits = |on: &&Date| {
                rows.iter().all(|r| {
                    r.status == Status::Repealed && r.version_date.is_none_or(|v| v < **on)
                })
            };
            law.repealed_on = on.filter(fits).copied();
        }
        Ok(count)
    }

    /// Applies the corrections of `kb/law-overrides.yml` (format: [`super::overrides`]), in place of earlier ones.
    ///
    /// # Errors
    /// A file that is not in that format; nothing is changed then.
    pub fn apply_overrides(&mut self, yaml: &str) -> Result<OverrideReport, OverrideError> {
        let overrides = super::overrides::parse(yaml)?;
        let mut report = OverrideReport::default();
        self.laws.iter_mut().for_each(|l| l.overrides.clear());
        for one in overrides {
            match self.law(&one.law) {
                Some(at) => {
                    self.laws[at].overrides.push(one);
                    report.applied += 1;
                }
                None => report.unmatched.push(one.law),
            }
        }
        Ok(report)
    }

    fn law(&self, name: &str) -> Option<usize> {
        self.by_short.get(self.names.resolve(name)?).copied()
    }

    /// All versions of an article, oldest first; `law` in any form that [`Laws::resolve`] knows.
    pub fn versions(&self, law: &str, article: ArticleNo) -> &[Article] {
        self.law(law)
            .map_or(&[], |at| self.versions_of(at, article))
    }

    /// The row of the version in force on a day: its number in [`Laws::iter`].
    pub fn row_in_force(&self, law: &str, article: ArticleNo, on: Date) -> Option<usize> {
        let at = self.law(law)?;
        let first = self.laws[at].rows.start;
        let before = self.rows[self.laws[at].rows.clone()].partition_point(|r| r.article < article);
        let versions = self.versions_of(at, article).iter().enumerate().rev();
        let in_force = |row: &Article| {
            let verdict = self.row_verdict(&self.laws[at], row, on);
            matches!(verdict, Verdict::InForce | Verdict::Unreviewed)
        };
        versions
            .filter(|(_, row)| in_force(row))
            .map(|(number, _)| first + before + number)
            .next()
    }

    fn versions_of(&self, law: usize, article: ArticleNo) -> &[Article] {
        let rows = &self.rows[self.laws[law].rows.clone()];
        let from = rows.partition_point(|r| r.article < article);
        let to = rows.partition_point(|r| r.article <= article);
        &rows[from..to]
    }

    /// All rows of a law, oldest version of each article first.
    pub fn rows_of(&self, law: &str) -> &[Article] {
        self.law(law)
            .map_or(&[], |at| &self.rows[self.laws[at].rows.clone()])
    }

    /// The version in force on a day (verdict InForce or Unreviewed), the newest of them; `None` also where the data
    /// cannot tell.
    pub fn in_force(&self, law: &str, article: ArticleNo, on: Date) -> Option<&Article> {
        self.versions(law, article).iter().rev().find(|a| {
            matches!(
                self.verdict_of(a, on),
                Verdict::InForce | Verdict::Unreviewed
            )
        })
    }

    /// What the data say about an article on a day, by the rules at the head of this module.
    pub fn verdict(&self, law: &str, article: ArticleNo, on: Date) -> Verdict {
        if self.is_empty() {
            return Verdict::Unverified;
        }
        let Some(at) = self.law(law) else {
            let short = self.names.resolve(law).unwrap_or(short_title(law));
            return match self.repealed.get(&squash(short_title(&squash(short)))) {
                Some(since) if on >= *since => Verdict::Repealed,
                Some(_) => Verdict::Unverified,
                // Statutes without any regulation cannot tell that there is no such regulation.
                None if kinds::of_title(short)
                    .iter()
                    .any(|k| self.kinds.contains(*k)) =>
                {
                    Verdict::Absent
                }
                None => Verdict::Unverified,
            };
        };
        let versions = self.versions_of(at, article).iter();
        versions
            .map(|row| self.row_verdict(&self.laws[at], row, on))
            .min_by_key(|v| precedence(*v))
            .unwrap_or(Verdict::Absent)
    }

    /// What the data say about one version on a day, overrides included. To filter rows when indexing.
    pub fn verdict_of(&self, row: &Article, on: Date) -> Verdict {
        match self.by_short.get(&row.law_short) {
            Some(&at) => self.row_verdict(&self.laws[at], row, on),
            None => Verdict::Unverified,
        }
    }

    fn row_verdict(&self, law: &Law, row: &Article, on: Date) -> Verdict {
        let corrected = law.overrides.iter().find(|o| o.applies(row, on));
        match corrected {
            Some(o) => o.verdict,
            None => row.verdict(on, self.labelled, law.repealed_on),
        }
    }

    /// The full title an abbreviation, short or full title stands for, with or without 《》; `None` where no loaded
    /// statute has it.
    pub fn resolve(&self, name: &str) -> Option<&str> {
        self.law(name).map(|at| &*self.laws[at].title)
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

    /// Full titles, each once, in order.
    pub fn law_titles(&self) -> impl Iterator<Item = &str> {
        self.laws.iter().map(|l| &*l.title)
    }

    /// What laws are called, for [`super::cite::citations`].
    pub fn names(&self) -> &LawNames {
        &self.names
    }
}

/// Which verdict speaks for an article with several versions: the lowest.
fn precedence(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::InForce => 0,
        Verdict::Unreviewed => 1,
        Verdict::Unverified => 2,
        Verdict::NotYetInForce => 3,
        Verdict::Repealed => 4,
        Verdict::Absent => 5,
    }
}

/// One copy of each string that repeats.
#[derive(Debug, Default)]
pub(super) struct Shared(HashSet<Arc<str>>);

impl Shared {
    pub(super) fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let new: Arc<str> = Arc::from(text);
        self.0.insert(new.clone());
        new
    }
}

#[cfg(test)]
#[path = "version_tests.rs"]
mod tests;
