//! What citizens ask, and the articles they ask about: the bridge from everyday words to those of the law.
//!
//! Three sources, all of them ours: the questions of `kb/articles/`, each of one article; the questions of the entries,
//! each of the articles its entry cites; and which articles the entries of an intent cite. They belong to the sources
//! and change with them, so this lies in memory beside the imported index and is made anew with each snapshot.

use super::index::NO_LAW;
use crate::kb::lists::{self, Builder, Lists, Query, Scores, Weighing};
use crate::reading::text::Text;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

/// What pairs of characters count beside words: everyday words are cut less surely than those of the law.
const PAIR_SHARE: f32 = 0.5;
/// How fast citations of an entry lose weight: the second counts 1/(1 + this).
const CITATION_FALL: f32 = 0.3;
/// Questions, articles and entries whose articles become candidates.
const QUESTIONS_NEAREST: usize = 30;
const ARTICLES_BEST: usize = 20;
const ENTRIES_NEAREST: usize = 6;
/// No number of an article.
const NONE: u32 = u32::MAX;

/// An article's row among the statutes and its weight for an entry or an intent.
type Cited = (u32, f32);

/// An entry as far as it tells of articles.
#[derive(Debug, Clone)]
pub struct LayEntry<'a> {
    pub intent: &'a str,
    /// Title and questions.
    pub questions: &'a [Text],
    /// Rows of the articles it cites, weightiest first; `None` for one that is not among the statutes.
    pub rows: Vec<Option<u32>>,
}

/// Everyday questions by article, ready to be searched.
#[derive(Debug)]
pub struct Lay {
    /// Documents: questions of articles, by row, then those of entries.
    questions: Lists,
    /// Documents: all questions of an article together.
    articles: Lists,
    /// By document of `articles`: its row, ascending, and its questions.
    rows: Vec<u32>,
    asked: Vec<Range<usize>>,
    /// By row: its document, or [`NONE`].
    doc_of: Vec<u32>,
    /// By entry: its questions and what it cites.
    entries: Vec<(Range<usize>, Vec<Cited>)>,
    /// By entry: rows of its citations in its order.
    cites: Vec<Vec<Option<u32>>>,
    /// Intents by name, with what their entries cite, by row, summing to 1.
    intents: Vec<(String, Vec<Cited>)>,
    /// By row: how many entries cite it.
    cited: Vec<u32>,
    /// By document of `articles`: its questions as one text.
    said: Vec<String>,
    /// By row: its law; by law: how often entries cite it.
    law_of: Vec<u32>,
    law_cited: Vec<u32>,
}

/// What is known of a text besides its words.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Entries by their number, with the probability that they answer.
    pub entries: Vec<(usize, f32)>,
    /// Intents with their probability.
    pub intents: Vec<(String, f32)>,
}

/// What the everyday questions say about one query.
#[derive(Debug, Default)]
pub struct Heard {
    /// Sums by question and by article of [`Lay`].
    questions: Vec<i16>,
    articles: Vec<i16>,
    scores: Scores,
    /// Row, likeness of the nearest question of an entry that cites it, probability of the entries that do; by row.
    entries: Vec<(u32, f32, f32)>,
    /// Place of each likely intent among those of [`Lay`], with its probability.
    intents: Vec<(usize, f32)>,
    norm: f32,
    best_asked: f32,
    best_bag: f32,
}

/// What they say about one article.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Opinion {
    /// Cosine of the nearest question, and beside the nearest of all articles.
    pub asked: f32,
    pub asked_lead: f32,
    /// BM25 of all its questions together, and beside the best of all articles.
    pub bag: f32,
    pub bag_lead: f32,
    /// Cosine of the nearest question of an entry that cites it.
    pub entry_asked: f32,
    /// Sum of the probabilities of entries that cite it.
    pub entry: f32,
    /// Share of the likely intents' citations.
    pub intent: f32,
}

impl Lay {
    /// `asked`: rows and their questions, in any order; `law_of`: by row, the number of its law.
    pub fn new(mut asked: Vec<(u32, Text)>, entries: &[LayEntry], law_of: Vec<u32>) -> Lay {
        asked.sort_by_key(|(row, _)| *row);
        let mut questions = Builder::default();
        let mut articles = Builder::default();
        let mut lay_rows = Vec::new();
        let mut ranges = Vec::new();
        let mut doc_of = vec![NONE; law_of.len()];
        let mut said = Vec::new();
        let mut number = 0;
        for same in asked.chunk_by(|a, b| a.0 == b.0) {
            let texts: Vec<&Text> = same.iter().map(|(_, text)| text).collect();
            texts.iter().for_each(|text| questions.add(&[text]));
            articles.add(&texts);
            doc_of[same[0].0 as usize] = lay_rows.len() as u32;
            lay_rows.push(same[0].0);
            let normals: Vec<&str> = texts.iter().map(|text| text.normal.as_str()).collect();
            said.push(normals.join(" "));
            ranges.push(number..number + same.len());
            number += same.len();
        }
        let mut entry_ranges = Vec::with_capacity(entries.len());
        let mut cited = vec![0; law_of.len()];
        let laws = law_of.iter().filter(|law| **law != NO_LAW).max();
        let mut law_cited = vec![0; laws.map_or(0, |last| *last as usize + 1)];
        for entry in entries {
            entry
                .questions
                .iter()
                .for_each(|text| questions.add(&[text]));
            let range = number..number + entry.questions.len();
            number = range.end;
            entry_ranges.push((range, weighted(&entry.rows)));
            for row in entry.rows.iter().flatten() {
                cited[*row as usize] += 1;
                if let Some(times) = law_cited.get_mut(law_of[*row as usize] as usize) {
                    *times += 1;
                }
            }
        }
        let share = PAIR_SHARE;
        Lay {
            questions: questions.finish(Weighing::Cosine { pair_share: share }),
            articles: articles.finish(Weighing::Bm25 { pair_share: share }),
            rows: lay_rows,
            asked: ranges,
            doc_of,
            intents: by_intent(entries),
            entries: entry_ranges,
            cites: entries.iter().map(|entry| entry.rows.clone()).collect(),
            cited,
            said,
            law_of,
            law_cited,
        }
    }

    /// Rows of the articles an entry cites, weightiest first; `None` for one that is not among the statutes.
    pub fn cited_by(&self, entry: usize) -> impl Iterator<Item = Option<usize>> {
        let cited = self.cites.get(entry).map_or(&[][..], Vec::as_slice);
        cited.iter().map(|row| row.map(|row| row as usize))
    }

    /// How many entries cite an article.
    pub fn citations(&self, row: u32) -> u32 {
        self.cited.get(row as usize).copied().unwrap_or(0)
    }

    /// How often entries cite articles of a law.
    pub fn citations_of_law(&self, law: usize) -> u32 {
        self.law_cited.get(law).copied().unwrap_or(0)
    }

    /// The questions of an article as one text.
    pub fn said(&self, row: u32) -> &str {
        match self.doc_of.get(row as usize) {
            Some(&doc) if doc != NONE => &self.said[doc as usize],
            _ => "",
        }
    }

    /// Listens to a query; `then` is told the articles worth looking at and may ask about any.
    pub fn hear<R>(
        &self,
        query: &Query,
        evidence: &Evidence,
        then: impl FnOnce(&Heard, Vec<u32>) -> R,
    ) -> R {
        thread_local!(static HEARD: RefCell<Heard> = RefCell::default());
        HEARD.with_borrow_mut(|heard| {
            let rows = self.listen(query, evidence, heard);
            then(heard, rows)
        })
    }

    fn listen(&self, query: &Query, evidence: &Evidence, heard: &mut Heard) -> Vec<u32> {
        let mut rows = Vec::with_capacity(256);
        self.questions
            .totals(query, &mut heard.scores, &mut heard.questions);
        self.articles
            .totals(query, &mut heard.scores, &mut heard.articles);
        let mass = self.questions.mass(query);
        heard.norm = (mass.norm * self.questions.steps()).max(f32::MIN_POSITIVE);
        let of_articles = self.asked.last().map_or(0, |last| last.end);
        let nearest = lists::largest(&heard.questions[..of_articles], QUESTIONS_NEAREST);
        heard.best_asked = nearest.first().map_or(0.0, |(total, _)| f32::from(*total));
        for (_, question) in nearest {
            let doc = self.asked.partition_point(|r| r.end <= question as usize);
            rows.push(self.rows[doc]);
        }
        let best = lists::largest(&heard.articles, ARTICLES_BEST);
        heard.best_bag = best.first().map_or(0.0, |(total, _)| f32::from(*total));
        rows.extend(best.iter().map(|(_, doc)| self.rows[*doc as usize]));
        self.entries_near(evidence, heard, &mut rows);
        heard.intents.clear();
        for (intent, p) in &evidence.intents {
            if let Ok(at) = self.intents.binary_search_by(|(name, _)| name.cmp(intent)) {
                heard.intents.push((at, *p));
            }
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Entries with a near question, and those that are likely: their citations are candidates.
    fn entries_near(&self, evidence: &Evidence, heard: &mut Heard, rows: &mut Vec<u32>) {
        let nearest = |range: &Range<usize>| lists::largest_of(&heard.questions[range.clone()]);
        let mut near: Vec<(i16, usize)> = (self.entries.iter().enumerate())
            .map(|(number, (range, _))| (nearest(range), number))
            .filter(|(total, _)| *total > 0)
            .collect();
        near.sort_unstable_by(|a, b| b.cmp(a));
        near.truncate(ENTRIES_NEAREST);
        heard.entries.clear();
        for (total, number) in near {
            let asked = f32::from(total) / heard.norm;
            let cited = self.entries[number].1.iter();
            heard
                .entries
                .extend(cited.map(|(row, weight)| (*row, weight * asked, 0.0)));
        }
        for (number, p) in &evidence.entries {
            let cited = self.entries.get(*number).map_or(&[][..], |e| &e.1);
            heard
                .entries
                .extend(cited.iter().map(|(row, weight)| (*row, 0.0, weight * p)));
        }
        heard.entries.sort_unstable_by_key(|(row, ..)| *row);
        heard.entries.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                (kept.1, kept.2) = (kept.1.max(next.1), kept.2 + next.2);
            }
            same
        });
        rows.extend(heard.entries.iter().map(|(row, ..)| *row));
    }

    /// What the questions say about an article.
    pub fn opinion(&self, heard: &Heard, row: u32) -> Opinion {
        let mut opinion = Opinion::default();
        let doc = self.doc_of.get(row as usize).copied().unwrap_or(NONE);
        if doc != NONE {
            let doc = doc as usize;
            let asked = heard.questions[self.asked[doc].clone()].iter().max();
            let asked = f32::from(asked.copied().unwrap_or(0));
            let bag = f32::from(heard.articles[doc]);
            opinion.asked = asked / heard.norm;
            opinion.asked_lead = asked / heard.best_asked.max(1.0);
            opinion.bag = bag / self.articles.steps();
            opinion.bag_lead = bag / heard.best_bag.max(1.0);
        }
        if let Ok(at) = heard.entries.binary_search_by_key(&row, |(row, ..)| *row) {
            (_, opinion.entry_asked, opinion.entry) = heard.entries[at];
        }
        for (intent, p) in &heard.intents {
            let cited = &self.intents[*intent].1;
            if let Ok(at) = cited.binary_search_by_key(&row, |(row, _)| *row) {
                opinion.intent += p * cited[at].1;
            }
        }
        opinion
    }

    /// Shares of the likely intents' citations by law.
    pub fn intended_laws(&self, heard: &Heard) -> Vec<f32> {
        let mut laws = vec![0.0; self.law_cited.len()];
        for (intent, p) in &heard.intents {
            for (row, share) in &self.intents[*intent].1 {
                if let Some(sum) = laws.get_mut(self.law_of[*row as usize] as usize) {
                    *sum += share * p;
                }
            }
        }
        laws
    }
}

/// Citations with what each counts.
fn weighted(rows: &[Option<u32>]) -> Vec<Cited> {
    let weight = |(rank, row): (usize, u32)| (row, 1.0 / (1.0 + CITATION_FALL * rank as f32));
    rows.iter()
        .flatten()
        .copied()
        .enumerate()
        .map(weight)
        .collect()
}

/// What the entries of each intent cite, by row, summing to 1.
fn by_intent(entries: &[LayEntry]) -> Vec<(String, Vec<Cited>)> {
    let mut sums: BTreeMap<&str, BTreeMap<u32, f32>> = BTreeMap::new();
    for entry in entries {
        let sum = sums.entry(entry.intent).or_default();
        for (row, weight) in weighted(&entry.rows) {
            *sum.entry(row).or_default() += weight;
        }
    }
    let shares = |sums: BTreeMap<u32, f32>| {
        let mut cited: Vec<Cited> = sums.into_iter().collect();
        let sum: f32 = cited.iter().map(|(_, weight)| weight).sum();
        cited.iter_mut().for_each(|(_, weight)| *weight /= sum);
        cited
    };
    sums.into_iter()
        .map(|(intent, sums)| (intent.to_owned(), shares(sums)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::text::Normaliser;

    #[test]
    fn everyday_questions_lead_to_their_articles() {
        let normaliser = Normaliser::new("", "").unwrap();
        let read = |text: &str| normaliser.read(text);
        let asked = vec![
            (7, read("老板跑路了工钱咋办")),
            (3, read("娃归谁养")),
            (7, read("拖着工钱不给")),
        ];
        let questions = [read("房东不退押金")];
        let entry = LayEntry {
            intent: "housing.rent",
            questions: &questions,
            rows: vec![Some(9), None, Some(3)],
        };
        let lay = Lay::new(asked, &[entry], vec![0; 10]);
        assert_eq!(
            (lay.citations(9), lay.citations(7), lay.citations_of_law(0)),
            (1, 0, 2)
        );
        assert_eq!((lay.said(3), lay.said(9)), ("娃归谁养", ""));
        let evidence = Evidence::default();
        let query = Query::of(&read("老板跑路工钱咋办"));
        lay.hear(&query, &evidence, |heard, rows| {
            assert_eq!(rows, [7]);
            let opinion = lay.opinion(heard, 7);
            assert!(
                opinion.asked > 0.3 && opinion.asked_lead == 1.0,
                "{opinion:?}"
            );
            assert!(opinion.bag > 0.0 && opinion.bag_lead == 1.0, "{opinion:?}");
            assert_eq!(lay.opinion(heard, 3), Opinion::default());
        });
        let evidence = Evidence {
            entries: vec![(0, 0.5)],
            intents: vec![("housing.rent".into(), 1.0)],
        };
        lay.hear(&Query::of(&read("退押金")), &evidence, |heard, rows| {
            assert_eq!(rows, [3, 9]);
            let (first, second) = (lay.opinion(heard, 9), lay.opinion(heard, 3));
            assert!(first.entry_asked > second.entry_asked && second.entry_asked > 0.0);
            assert_eq!(first.entry, 0.5);
            assert!((first.intent + second.intent - 1.0).abs() < 1e-5);
        });
    }

    #[test]
    fn nothing_asked_is_nothing_heard() {
        let lay = Lay::new(Vec::new(), &[], Vec::new());
        let query = Query::of(&Normaliser::new("", "").unwrap().read("工资"));
        lay.hear(&query, &Evidence::default(), |heard, rows| {
            assert!(rows.is_empty());
            assert_eq!(lay.opinion(heard, 0), Opinion::default());
        });
    }
}
