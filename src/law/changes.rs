//! What became of an article between two days: finds the answers that a new version of their law has overtaken.

use super::article::ArticleNo;
use super::version::{Article, Begin, Laws};
use crate::dialogue::nouns::Verdict;
use jiff::civil::Date;
use std::fmt;

/// How an article changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was in force and is no more: repealed, or left out of the new version.
    Ended,
    /// It reads otherwise, or did not apply before.
    Text,
    /// The law has a new version; the article with this number reads as before, or is not in it.
    Version,
}

/// The days of a version, where they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionDays {
    /// The day it was passed.
    pub version_date: Option<Date>,
    /// Its first day.
    pub effective_date: Option<Date>,
    /// The first day on which it no longer applies.
    pub superseded_on: Option<Date>,
}

/// A change of an article that was cited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    /// The version in force on the first day.
    pub old: Option<VersionDays>,
    /// The version that came.
    pub new: Option<VersionDays>,
}

impl From<&Article> for VersionDays {
    fn from(row: &Article) -> VersionDays {
        VersionDays {
            version_date: row.version_date,
            effective_date: row.effective_on(),
            superseded_on: row.superseded_on,
        }
    }
}

impl fmt::Display for VersionDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |day: Option<Date>| day.map_or_else(|| "?".to_owned(), |day| day.to_string());
        write!(
            f,
            "passed {}, in force from {}",
            known(self.version_date),
            known(self.effective_date)
        )?;
        match self.superseded_on {
            Some(end) => write!(f, " until {end}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ChangeKind::Ended => "the article is no longer in force",
            ChangeKind::Text => "the text of the article has changed",
            ChangeKind::Version => "the law has a new version",
        })?;
        if let Some(old) = self.old {
            write!(f, "; before: {old}")?;
        }
        match self.new {
            Some(new) => write!(f, "; now: {new}"),
            None => Ok(()),
        }
    }
}

impl Laws {
    /// What happened to an article after one day and until another, as far as the days of its versions tell. A version
    /// whose first day is not known counts from the day it was passed.
    pub fn change(
        &self,
        law: &str,
        article: ArticleNo,
        after: Date,
        until: Date,
    ) -> Option<Change> {
        if until <= after {
            return None;
        }
        let old = self.in_force(law, article, after);
        let new = self.in_force(law, article, until);
        let came = |row: &&Article| {
            let day = match row.begin() {
                Begin::On(first) => first,
                Begin::By { passed, .. } => passed,
                Begin::Unknown => return false,
            };
            let holds = matches!(
                self.verdict_of(row, until),
                Verdict::InForce | Verdict::Unreviewed
            );
            day > after && day <= until && holds
        };
        let newer = || self.rows_of(law).iter().find(came);
        let change = |kind, new: Option<&Article>| Change {
            kind,
            old: old.map(VersionDays::from),
            new: new.map(VersionDays::from),
        };
        match (old, new) {
            (Some(_), None) if self.verdict(law, article, until) == Verdict::Repealed => {
                Some(change(ChangeKind::Ended, newer()))
            }
            (Some(old), Some(new)) if old.text != new.text => {
                Some(change(ChangeKind::Text, Some(new)))
            }
            (None, Some(new)) if came(&new) => Some(change(ChangeKind::Text, Some(new))),
            (Some(_), Some(_)) => newer().map(|row| change(ChangeKind::Version, Some(row))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// Article, text, effective, passed, superseded.
    fn laws(rows: &[(u32, &str, &str, &str, Option<&str>)]) -> Laws {
        let row = |(num, text, effective, passed, end): &(u32, &str, &str, &str, Option<&str>)| {
            serde_json::json!({
                "law": "风筝法", "law_short": "风筝法", "article_no": format!("第{num}条"), "article_num": num,
                "kind": "法律", "status": "现行有效", "effective_date": effective, "version_date": passed,
                "superseded_on": end, "text": text, "source": "test",
            })
            .to_string()
        };
        let lines: Vec<String> = rows.iter().map(row).collect();
        Laws::from_jsonl(lines.join("\n").as_bytes()).unwrap().0
    }

    const OLD: (&str, &str, Option<&str>) = ("2020-01-01", "2019-05-01", Some("2027-01-01"));
    const NEW: (&str, &str, Option<&str>) = ("2027-01-01", "2026-08-28", None);

    fn amended() -> Laws {
        laws(&[
            (1, "甲", OLD.0, OLD.1, OLD.2),
            (1, "甲", NEW.0, NEW.1, NEW.2),
            (2, "乙", OLD.0, OLD.1, OLD.2),
            (2, "乙改", NEW.0, NEW.1, NEW.2),
            (3, "丙", OLD.0, OLD.1, OLD.2),
            (4, "丁", NEW.0, NEW.1, NEW.2),
        ])
    }

    #[test]
    fn what_happened_between_the_days_is_told() {
        let laws = amended();
        let kind = |article: u32, after: Date, until: Date| {
            let change = laws.change("风筝法", ArticleNo::new(article), after, until);
            change.map(|c| c.kind)
        };
        let (review, eve, day) = (date(2026, 11, 23), date(2026, 12, 31), date(2027, 1, 1));
        assert_eq!(kind(1, review, day), Some(ChangeKind::Version));
        assert_eq!(kind(2, review, day), Some(ChangeKind::Text));
        assert_eq!(kind(3, review, day), Some(ChangeKind::Ended));
        assert_eq!(kind(4, review, day), Some(ChangeKind::Text));
        for article in 1..=4 {
            assert_eq!(kind(article, review, eve), None, "not yet: {article}");
            assert_eq!(
                kind(article, day, date(2028, 1, 1)),
                None,
                "read since: {article}"
            );
            assert_eq!(kind(article, day, review), None, "backwards: {article}");
        }
        let text = laws.change("风筝法", ArticleNo::new(2), review, day);
        assert_eq!(
            text.unwrap().to_string(),
            "the text of the article has changed; before: passed 2019-05-01, in force from 2020-01-01 until \
             2027-01-01; now: passed 2026-08-28, in force from 2027-01-01"
        );
    }

    #[test]
    fn a_version_without_a_first_day_counts_from_its_passing() {
        let laws = laws(&[
            (1, "甲", "1994-01-01", "2014-08-31", None),
            (1, "甲改", "1994-01-01", "2026-11-25", None),
        ]);
        let change = |until| laws.change("风筝法", ArticleNo::new(1), date(2026, 11, 23), until);
        assert_eq!(change(date(2026, 11, 24)), None);
        let change = change(date(2026, 11, 25)).unwrap();
        assert_eq!(change.kind, ChangeKind::Text);
        assert_eq!(change.new.unwrap().effective_date, None);
    }
}
