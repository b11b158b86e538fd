//! The candidates of a question and their features.

use super::LawIndex;
use super::index::Candidate;
use super::lay::{Evidence, Heard, Lay};
use super::likely::Likely;
use super::rank::{ArticleRanker, Features};
use crate::dialogue::nouns::Verdict;
use crate::kb::lists::Query;
use crate::law::version::Article;
use crate::reading::text::Text;
use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::HashMap;

/// Articles of the first ranking that go into the second, beside those that everyday questions name.
const FIRST_TOP: usize = 60;
/// Of these, so many vote for their law.
const VOTERS: usize = 50;
/// What the words of a law's title count beside those of the article.
const TITLE_SHARE: f32 = 0.25;
/// Points of BM25 and of logarithmic likelihood that make 1 of a feature, so that weights are of like size.
const POINTS: f32 = 10.0;

/// A question to the statutes and all that helps to answer it.
pub struct Asking<'a> {
    pub text: &'a Text,
    pub today: Date,
    pub lay: &'a Lay,
    pub evidence: Evidence,
    pub ranker: &'a ArticleRanker,
}

/// What the candidates are compared with.
struct Scale {
    total: f32,
    words: f32,
    pairs: f32,
    votes: HashMap<usize, f32>,
    intended: HashMap<usize, f32>,
}

impl LawIndex {
    /// Rows in force that may answer, with their features.
    pub fn candidates(&self, asking: &Asking) -> Vec<(usize, Features)> {
        let query = Query::of(asking.text);
        asking.lay.hear(&query, &asking.evidence, |heard, also| {
            let mut found = self.index.search(&query, FIRST_TOP, &also);
            found.retain(|candidate| self.is_in_force(candidate.row, asking.today));
            let scale = Scale::of(&found, asking.lay, heard);
            let likely = self.likely(asking, &found);
            let places = places(&likely);
            let best = likely.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            (found.iter().enumerate())
                .map(|(at, candidate)| {
                    let likely = [(likely[at] - best) / POINTS, places[at]];
                    let x = self.features(candidate, at, likely, asking.lay, heard, &scale);
                    (candidate.row, x)
                })
                .collect()
        })
    }

    fn article(&self, row: usize) -> &Article {
        &self.laws.iter().as_slice()[row]
    }

    fn is_in_force(&self, row: usize, today: Date) -> bool {
        let verdict = self.laws.verdict_of(self.article(row), today);
        matches!(verdict, Verdict::InForce | Verdict::Unreviewed)
    }

    /// How likely each candidate makes the question.
    fn likely(&self, asking: &Asking, found: &[Candidate]) -> Vec<f32> {
        thread_local!(static LIKELY: RefCell<Likely> = RefCell::default());
        LIKELY.with_borrow_mut(|likely| {
            likely.ask(&asking.text.normal, &self.background, &self.index);
            let of = |candidate: &Candidate| {
                let text = &self.article(candidate.row).text;
                likely.of(text, asking.lay.said(candidate.row as u32))
            };
            found.iter().map(of).collect()
        })
    }

    /// In the order of [`super::rank::FEATURES`].
    fn features(
        &self,
        candidate: &Candidate,
        at: usize,
        likely: [f32; 2],
        lay: &Lay,
        heard: &Heard,
        scale: &Scale,
    ) -> Features {
        let row = candidate.row as u32;
        let article = self.article(candidate.row);
        let opinion = lay.opinion(heard, row);
        let kind = |wanted: bool| f32::from(u8::from(wanted));
        let of_law = |map: &HashMap<usize, f32>| map.get(&candidate.law).copied().unwrap_or(0.0);
        let place = if at < FIRST_TOP {
            1.0 / (1.0 + at as f32)
        } else {
            0.0
        };
        [
            candidate.words / POINTS,
            candidate.pairs / POINTS,
            candidate.title / POINTS,
            total(candidate) / scale.total,
            candidate.words / scale.words,
            candidate.pairs / scale.pairs,
            place,
            likely[0],
            likely[1],
            opinion.asked,
            opinion.asked_lead,
            opinion.bag / POINTS,
            opinion.bag_lead,
            opinion.entry_asked,
            opinion.entry,
            opinion.intent,
            of_law(&scale.intended),
            (lay.citations(row) as f32).ln_1p(),
            (lay.citations_of_law(candidate.law) as f32).ln_1p(),
            kind(&*article.law_short == "民法典"),
            kind(&*article.kind == "司法解释"),
            kind(&*article.kind == "行政法规"),
            kind(!matches!(&*article.kind, "法律" | "司法解释" | "行政法规")),
            // Bytes: three a character.
            (article.text.len() as f32 / 3.0).ln_1p(),
            candidate.position,
            candidate.beside / scale.total,
            of_law(&scale.votes),
        ]
    }
}

impl Scale {
    fn of(found: &[Candidate], lay: &Lay, heard: &Heard) -> Scale {
        let largest =
            |of: fn(&Candidate) -> f32| found.iter().map(of).fold(f32::MIN_POSITIVE, f32::max);
        let best = largest(total);
        let mut votes = HashMap::new();
        for candidate in found.iter().take(VOTERS) {
            *votes.entry(candidate.law).or_insert(0.0) += total(candidate) / best;
        }
        Scale {
            total: best,
            words: largest(|c| c.words),
            pairs: largest(|c| c.pairs),
            votes,
            intended: lay.intended_laws(heard),
        }
    }
}

/// BM25 without regard to the kind of law.
fn total(candidate: &Candidate) -> f32 {
    candidate.words + candidate.pairs + TITLE_SHARE * candidate.title
}

/// 1 for the largest, 1/2 for the second, and so on.
fn places(values: &[f32]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|a, b| values[*b].total_cmp(&values[*a]).then(a.cmp(b)));
    let mut places = vec![0.0; values.len()];
    for (place, at) in order.into_iter().enumerate() {
        places[at] = 1.0 / (1.0 + place as f32);
    }
    places
}
