//! The candidates of a question and their features.

use super::LawIndex;
use super::index::Candidate;
use super::lay::{Evidence, Heard, Lay};
use super::likely::Likely;
use super::rank::{ArticleRanker, Features, LIKELY_AT};
use crate::kb::lists::Query;
use crate::reading::text::Text;
use jiff::civil::Date;
use std::cell::RefCell;

/// Articles of the first ranking that go into the second, beside those that everyday questions name.
const FIRST_TOP: usize = 60;
/// Candidates whose texts are read again: the best by the features known so far and the weights set by hand, which do
/// not change when others are fitted.
const READ_AGAIN: usize = 60;
/// Of the first ranking, so many vote for their law.
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
    /// By law.
    votes: Vec<f32>,
    intended: Vec<f32>,
}

impl LawIndex {
    /// Rows in force that may answer, with their features.
    pub fn candidates(&self, asking: &Asking) -> Vec<(usize, Features)> {
        let query = Query::of(asking.text);
        let in_force = self.in_force(asking.today);
        asking.lay.hear(&query, &asking.evidence, |heard, also| {
            let mut found = self.index.search(&query, FIRST_TOP, &also);
            found.retain(|candidate| in_force[candidate.row]);
            let scale = Scale::of(&found, self.index.laws(), asking.lay, heard);
            let mut candidates: Vec<(usize, Features)> = (found.iter().enumerate())
                .map(|(at, c)| (c.row, self.features(c, at, asking.lay, heard, &scale)))
                .collect();
            let by_hand = ArticleRanker::default();
            keep_best(&mut candidates, |x| by_hand.score(x), READ_AGAIN);
            self.read_again(asking, &mut candidates);
            candidates
        })
    }

    /// Adds how likely each candidate makes the question.
    fn read_again(&self, asking: &Asking, candidates: &mut [(usize, Features)]) {
        thread_local!(static LIKELY: RefCell<Likely> = RefCell::default());
        let likely: Vec<f32> = LIKELY.with_borrow_mut(|likely| {
            likely.ask(&asking.text.normal, &self.background, &self.index);
            let mut of = |row: usize| {
                let said = asking.lay.said(row as u32);
                likely.of(&self.article(row).text, said)
            };
            candidates.iter().map(|(row, _)| of(*row)).collect()
        });
        let best = likely.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let places = places(&likely).into_iter().zip(likely);
        for ((_, x), (place, likely)) in candidates.iter_mut().zip(places) {
            x[LIKELY_AT] = (likely - best) / POINTS;
            x[LIKELY_AT + 1] = place;
        }
    }

    /// In the order of [`super::rank::FEATURES`]; the likelihood comes later.
    fn features(
        &self,
        candidate: &Candidate,
        at: usize,
        lay: &Lay,
        heard: &Heard,
        scale: &Scale,
    ) -> Features {
        let row = candidate.row as u32;
        let article = self.article(candidate.row);
        let opinion = lay.opinion(heard, row);
        let kind = |wanted: bool| f32::from(u8::from(wanted));
        let of_law = |laws: &[f32]| laws.get(candidate.law).copied().unwrap_or(0.0);
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
            0.0,
            0.0,
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
    fn of(found: &[Candidate], laws: usize, lay: &Lay, heard: &Heard) -> Scale {
        let largest =
            |of: fn(&Candidate) -> f32| found.iter().map(of).fold(f32::MIN_POSITIVE, f32::max);
        let best = largest(total);
        let mut votes = vec![0.0; laws];
        for candidate in found.iter().take(VOTERS) {
            votes[candidate.law] += total(candidate) / best;
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

/// Keeps the candidates of the largest scores, in their order.
fn keep_best(
    candidates: &mut Vec<(usize, Features)>,
    score: impl Fn(&Features) -> f32,
    count: usize,
) {
    if candidates.len() <= count {
        return;
    }
    let mut scores: Vec<f32> = candidates.iter().map(|(_, x)| score(x)).collect();
    let all = scores.clone();
    let (_, least, _) = scores.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
    let mut scores = all.iter();
    candidates.retain(|_| scores.next().is_some_and(|score| score >= least));
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
