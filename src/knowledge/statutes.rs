//! From a question to articles: the statutes, what citizens ask about them, and what the entries tell.

use super::asked::Asked;
use super::{Found, Knowledge, Parsed, Statutes};
use crate::dialogue::reading::Reading;
use crate::kb::rank::{GAP_MAX, Sample, Support};
use crate::kb::search::Indexed;
use crate::kb::statutes::{self, ArticleSample, Asking, LawIndex, Lay, LayEntry, StatuteHit};
use crate::law::article::ArticleNo;
use crate::law::cite;
use crate::reading::text::Text;
use jiff::civil::Date;

/// Longest text of an article shown in a pointer, in characters.
const ARTICLE_CHARS_MAX: usize = 120;
/// Entries whose citations count as evidence.
const ENTRIES_TOP: usize = 8;

/// Puts the sources' everyday questions beside the statutes. What names no article in force on the day is left out:
/// `check` reports it.
pub(super) fn lay(
    index: &LawIndex,
    parsed: &Parsed,
    asked: Asked,
    indexed: &[Indexed],
    today: Date,
) -> Lay {
    let row = |law: &str, article: ArticleNo| {
        let row = index.laws().row_in_force(law, article, today)?;
        u32::try_from(row).ok()
    };
    let asked = asked.into_questions();
    let asked = asked.filter_map(|((law, article), text)| Some((row(&law, article)?, text)));
    let asked: Vec<(u32, Text)> = asked.collect();
    let cited = |written: &str| {
        let (law, article) = cite::parse_one(written).ok()?;
        row(&law, article)
    };
    let entries: Vec<LayEntry> = (parsed.entries.iter().zip(indexed))
        .map(|(entry, indexed)| LayEntry {
            intent: &entry.intent.value,
            questions: &indexed.questions,
            rows: entry.laws.iter().map(|l| cited(&l.value)).collect(),
        })
        .collect();
    index.lay(asked, &entries)
}

/// A hit this probable is not doubted: its own question was typed, or nearly.
const SURE_P: f32 = 0.975;
/// Of an entry's citations, so many are what it chiefly rests on.
const BASIS: usize = 3;
/// What one place further down in the entry's own order of citations costs, in points of the statutes' score.
const PLACE_COST: f32 = 0.5;

/// Articles found for a question.
struct Articles {
    /// Rows, best first, each with its score.
    scored: Vec<(usize, f32)>,
    best: f32,
    /// Sum of their odds beside the best one's.
    odds: f32,
}

impl Articles {
    fn new(scored: Vec<(usize, f32)>) -> Articles {
        let best = scored.first().map_or(0.0, |(_, score)| *score);
        let odds = scored.iter().map(|(_, score)| (score - best).exp()).sum();
        Articles { scored, best, odds }
    }

    /// Score of a row below that of the best, 0 to -[`GAP_MAX`].
    fn gap(&self, row: Option<usize>) -> f32 {
        let found = self.scored.iter().find(|(found, _)| Some(*found) == row);
        found.map_or(-GAP_MAX, |(_, score)| (score - self.best).max(-GAP_MAX))
    }

    /// How an entry stands that cites these rows, weightiest first.
    fn support(&self, cited: impl Iterator<Item = Option<usize>>) -> Support {
        let mut support = Support {
            cited: -GAP_MAX,
            basis: -GAP_MAX,
            share: 0.0,
            article: self.best,
        };
        for (place, row) in cited.enumerate() {
            let gap = self.gap(row);
            support.cited = support.cited.max(gap);
            if place < BASIS {
                support.basis = support.basis.max(gap);
            }
            if gap > -GAP_MAX {
                support.share += gap.exp() / self.odds;
            }
        }
        support
    }

    /// The places of an entry's citations in the order in which they matter for the question.
    fn order(&self, cited: impl Iterator<Item = Option<usize>>) -> Vec<u8> {
        let weigh = |(place, row)| (place, self.gap(row) - PLACE_COST * f32::from(place));
        let mut order: Vec<(u8, f32)> = (0..=u8::MAX).zip(cited).map(weigh).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        order.into_iter().map(|(place, _)| place).collect()
    }
}

impl Knowledge {
    /// Whether the statutes should be asked about a question: a legal matter, understood, and no entry is sure.
    pub fn wants_statutes(&self, reading: &Reading) -> bool {
        let sure = reading.hits.first().is_some_and(|hit| hit.p >= SURE_P);
        self.has_statutes()
            && !sure
            && !reading.unintelligible
            && reading.command.is_none()
            && reading.legal >= self.script.thresholds.legal
    }

    /// Asks the statutes: the articles that match, at most `limit`, with their text shortened; and the entries are
    /// ranked anew by what was found. A few tenths of a millisecond.
    pub fn consult(
        &self,
        text: &Text,
        found: &Found,
        reading: &mut Reading,
        today: Date,
        limit: usize,
    ) {
        let Some(statutes) = &self.statutes else {
            return;
        };
        let articles = Articles::new(self.scored(statutes, text, found, reading, today));
        let support = |entry: usize| articles.support(statutes.lay.cited_by(entry));
        let mut hits = self.hits(found, reading, Some(&support));
        if let Some(best) = hits.first_mut() {
            let number = self.entries.iter().position(|e| e.id.value == best.entry);
            best.cites = number.map_or(Vec::new(), |number| {
                articles.order(statutes.lay.cited_by(number))
            });
        }
        reading.hits = hits;
        let shown = articles.scored.iter().take(limit);
        reading.statutes = shown
            .filter_map(|(row, _)| statutes.index.citation(*row, today, ARTICLE_CHARS_MAX))
            .collect();
    }

    /// Articles in force that match a question asked out of any conversation.
    pub fn statute_search(&self, text: &Text, today: Date, limit: usize) -> Vec<StatuteHit> {
        let Some(statutes) = &self.statutes else {
            return Vec::new();
        };
        let mut reading = Reading::default();
        self.reader.classify(text, &mut reading);
        let found = self.index.search(text);
        self.scored(statutes, text, &found, &reading, today)
            .into_iter()
            .take(limit)
            .map(|(row, score)| statutes.index.hit(row, score))
            .collect()
    }

    fn scored(
        &self,
        statutes: &Statutes,
        text: &Text,
        found: &Found,
        reading: &Reading,
        today: Date,
    ) -> Vec<(usize, f32)> {
        statutes
            .index
            .scored(&self.asking(statutes, text, found, reading, today))
    }

    /// A question as a sample for fitting; `right` says of a title and an article whether they answer it.
    pub fn statute_sample(
        &self,
        text: &Text,
        today: Date,
        right: impl Fn(&str, &str) -> bool,
    ) -> ArticleSample {
        let Some(statutes) = &self.statutes else {
            return ArticleSample::default();
        };
        let mut reading = Reading::default();
        self.reader.classify(text, &mut reading);
        let found = self.index.search(text);
        let asking = self.asking(statutes, text, &found, &reading, today);
        let mut sample = ArticleSample::default();
        for (row, x) in statutes.index.candidates(&asking) {
            let article = &statutes.index.laws().iter().as_slice()[row];
            sample.right.push(right(&article.law, &article.article_no));
            sample.candidates.push(x);
        }
        sample
    }

    /// What the intents and the entries tell about a text.
    fn asking<'a>(
        &'a self,
        statutes: &'a Statutes,
        text: &'a Text,
        found: &Found,
        reading: &Reading,
        today: Date,
    ) -> Asking<'a> {
        let entries = self.evident(reading, None, |evidence| {
            self.ranker.rank(found, evidence, ENTRIES_TOP)
        });
        let intents = reading.intents.iter().map(|i| (i.intent.clone(), i.p));
        Asking {
            text,
            today,
            lay: &statutes.lay,
            evidence: statutes::Evidence {
                intents: intents.collect(),
                entries,
            },
            ranker: &statutes.ranker,
        }
    }

    /// A question as a sample for fitting the ranking of entries by what the statutes say too; `right` says of an entry's
    /// number whether it answers. `None` when the question is not put to them.
    pub(super) fn sample_with_statutes(
        &self,
        question: &str,
        right: impl Fn(usize) -> bool,
        today: Date,
    ) -> Option<Sample> {
        let (text, mut reading) = self.first(question, today);
        let found = self.bot(&text, &mut reading);
        let wanted = self.wants_statutes(&reading);
        let statutes = self.statutes.as_ref().filter(|_| wanted)?;
        let articles = Articles::new(self.scored(statutes, &text, &found, &reading, today));
        let support = |entry: usize| articles.support(statutes.lay.cited_by(entry));
        Some(self.sample_of(&found, &reading, right, Some(&support)))
    }

    /// The same, where an entry is taken to answer when it would show one of the right articles among its first
    /// citations.
    pub fn sample_by_articles(
        &self,
        question: &str,
        right: impl Fn(&str, &str) -> bool,
        today: Date,
    ) -> Option<Sample> {
        let statutes = self.statutes.as_ref()?;
        let is_right = |row: Option<usize>| {
            row.is_some_and(|row| {
                let article = &statutes.index.laws().iter().as_slice()[row];
                right(&article.law, &article.article_no)
            })
        };
        let rests = |entry| statutes.lay.cited_by(entry).any(is_right);
        self.sample_with_statutes(question, rests, today)
    }
}
