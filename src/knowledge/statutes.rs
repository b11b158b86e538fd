//! From a question to articles: the statutes, what citizens ask about them, and what the entries tell.

use super::{Knowledge, Parsed};
use crate::dialogue::nouns::Citation;
use crate::dialogue::reading::Reading;
use crate::kb::search::Indexed;
use crate::kb::statutes::{
    self, ArticleRanker, ArticleSample, Asking, LawIndex, Lay, LayEntry, StatuteHit,
};
use crate::law::article::ArticleNo;
use crate::law::cite;
use crate::reading::Reader;
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
    reader: &Reader,
    indexed: &[Indexed],
    today: Date,
) -> Lay {
    let row = |law: &str, article: ArticleNo| {
        let row = index.laws().row_in_force(law, article, today)?;
        u32::try_from(row).ok()
    };
    let mut asked: Vec<(u32, &str)> = Vec::new();
    for law in &parsed.law_questions {
        for question in &law.questions {
            if let Some(row) = row(&law.law, question.article) {
                asked.push((row, &question.question.value));
            }
        }
    }
    let cited = |written: &str| {
        let (law, article) = cite::parse_one(written).ok()?;
        row(&law, article)
    };
    let entries: Vec<LayEntry> = (parsed.entries.iter().zip(indexed))
        .map(|(entry, indexed)| LayEntry {
            intent: &entry.intent.value,
            questions: &indexed.questions,
            rows: entry.laws.iter().filter_map(|l| cited(&l.value)).collect(),
        })
        .collect();
    index.lay(read_all(reader, &asked), &entries)
}

/// Reads questions on all cores: tens of thousands, ten microseconds each.
fn read_all(reader: &Reader, asked: &[(u32, &str)]) -> Vec<(u32, Text)> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let part = asked.len().div_ceil(threads).max(1);
    let read = |part: &[(u32, &str)]| -> Vec<(u32, Text)> {
        let of = |(row, question): &(u32, &str)| (*row, reader.text(question));
        part.iter().map(of).collect()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = asked
            .chunks(part)
            .map(|part| scope.spawn(move || read(part)))
            .collect();
        let joined = parts.into_iter().map(|part| part.join());
        // A panic of a reader is passed on, as if it had read here.
        let joined =
            joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.flatten().collect()
    })
}

impl Knowledge {
    /// Articles in force that match, with their text shortened. A few tenths of a millisecond at most.
    pub fn statutes(&self, text: &Text, today: Date, limit: usize) -> Vec<Citation> {
        let Some(statutes) = &self.statutes else {
            return Vec::new();
        };
        let found = self.statute_search(text, today, limit);
        (found.iter())
            .filter_map(|hit| statutes.index.citation(hit, today, ARTICLE_CHARS_MAX))
            .collect()
    }

    /// The ranking behind [`Knowledge::statutes`].
    pub fn statute_search(&self, text: &Text, today: Date, limit: usize) -> Vec<StatuteHit> {
        let Some(statutes) = &self.statutes else {
            return Vec::new();
        };
        let asking = self.asking(text, today, &statutes.lay, &statutes.ranker);
        statutes.index.search(&asking, limit)
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
        let asking = self.asking(text, today, &statutes.lay, &statutes.ranker);
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
        text: &'a Text,
        today: Date,
        lay: &'a Lay,
        ranker: &'a ArticleRanker,
    ) -> Asking<'a> {
        let mut reading = Reading::default();
        self.reader.classify(text, &mut reading);
        let entries = self.found(text, &reading, |found, evidence| {
            self.ranker.rank(found, evidence, ENTRIES_TOP)
        });
        let intents = reading.intents.iter().map(|i| (i.intent.clone(), i.p));
        Asking {
            text,
            today,
            lay,
            evidence: statutes::Evidence {
                intents: intents.collect(),
                entries,
            },
            ranker,
        }
    }
}
