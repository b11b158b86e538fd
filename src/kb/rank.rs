//! Second ranking: from how well entries match to the probability that each is the right answer.
//!
//! A conditional logit over the candidates and "none of them": `p(entry) = exp(w·x) / (1 + Σ exp(w·x))`. Whatever
//! is the same for all candidates (how long the question is, how much of it is known) then speaks for or against
//! "none of them". Weights are fitted on the fitting part of the measuring questions ([`super::measure`]).
//!
//! There are two sets of weights. The second one is for questions that were put to the statutes too: an entry that
//! rests on the articles found for the question is more likely right, one that cites none of them is probably about
//! something else ([`Support`]).

use super::logit::{self, Derivatives};
use super::search::{Found, Match};
use crate::dialogue::script::Thresholds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names of the features, as in `kb/ranker.toml`.
pub const FEATURES: [&str; 16] = [
    "bias", "words", "reverse", "second", "score", "likely", "lead", "margin", "intent", "known",
    "query", "legal", "cited", "basis", "share", "article",
];
const COUNT: usize = FEATURES.len();
/// Features of one candidate.
pub type Features = [f32; COUNT];

/// Least probability of an intent that still counts, so that its logarithm stays bounded.
const INTENT_FLOOR: f32 = 0.002;
/// The same for the odds of being a legal matter.
const LEGAL_FLOOR: f32 = 0.01;
/// Least share of the statutes' trust that counts, for the same reason.
const SHARE_FLOOR: f32 = 0.01;
/// Pull of the weights towards 0, per sample.
const RIDGE: f64 = 1e-4;
/// Newton steps; it converges in fewer than ten.
const STEPS_MAX: usize = 30;
/// Improvement of the mean logarithmic loss below which fitting ends.
const LOSS_STEP_MIN: f64 = 1e-9;

/// Weights of the second ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranker {
    weights: Features,
    /// For questions that were put to the statutes.
    weights_with_statutes: Features,
    /// Thresholds that calibration proved; see [`crate::dialogue::script::Thresholds`].
    pub answer_high: Option<f32>,
    pub answer_other: Option<f32>,
}

/// What is known of the text besides the search.
pub struct Evidence<'a> {
    /// Probability of the intent of an entry, by the entry's number.
    pub intent: &'a dyn Fn(usize) -> f32,
    /// Probability of being a legal matter.
    pub legal: f32,
    /// What the statutes say, when they were asked: of an entry, by its number.
    pub support: Option<&'a dyn Fn(usize) -> Support>,
}

/// How an entry's citations stand among the articles found for the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Support {
    /// Score of the best article it cites below that of the best article, 0 to -[`GAP_MAX`].
    pub cited: f32,
    /// The same of the articles it chiefly rests on.
    pub basis: f32,
    /// Share of the articles it cites in the probability of all that were found, 0 to 1.
    pub share: f32,
    /// Score of the best article.
    pub article: f32,
}

/// Largest gap of scores told apart: what is further behind is as good as not found.
pub const GAP_MAX: f32 = 6.0;

/// A question with a known answer.
#[derive(Debug, Clone)]
pub struct Sample {
    pub candidates: Vec<Features>,
    /// Which candidate is right; `None` when none is.
    pub right: Option<usize>,
    pub weight: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    weights: BTreeMap<String, f32>,
    weights_with_statutes: BTreeMap<String, f32>,
    #[serde(default)]
    thresholds: Proved,
}

/// Thresholds with a proved bound; the others keep their default.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proved {
    answer_high: Option<f32>,
    answer_other: Option<f32>,
}

/// Why a weights file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RankerError {
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("weights must be exactly: {}", FEATURES.join(", "))]
    Names,
}

/// Rough values for a knowledge base without a weights file.
impl Default for Ranker {
    fn default() -> Self {
        let weights = [
            -4.0, 1.0, 0.5, 0.5, 1.0, 0.5, 1.0, 0.1, 0.5, 1.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.0,
        ];
        Ranker {
            weights,
            weights_with_statutes: weights,
            answer_high: None,
            answer_other: None,
        }
    }
}

impl Ranker {
    /// Reads a weights file; an empty text gives the defaults.
    pub fn from_toml(text: &str) -> Result<Ranker, RankerError> {
        if text.trim().is_empty() {
            return Ok(Ranker::default());
        }
        let file: File = toml::from_str(text)?;
        Ok(Ranker {
            weights: logit::in_order(&file.weights, &FEATURES).ok_or(RankerError::Names)?,
            weights_with_statutes: logit::in_order(&file.weights_with_statutes, &FEATURES)
                .ok_or(RankerError::Names)?,
            answer_high: file.thresholds.answer_high,
            answer_other: file.thresholds.answer_other,
        })
    }

    /// The proved thresholds, and the defaults where none was proved.
    pub fn thresholds(&self) -> Thresholds {
        let default = Thresholds::default();
        Thresholds {
            answer_high: self.answer_high.unwrap_or(default.answer_high),
            answer_other: self.answer_other.unwrap_or(default.answer_other),
            ..default
        }
    }

    /// The weights as a file.
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# Weights of the second ranking and proved thresholds, see docs/calibration.md.\n\
             # Made by `faxun calibrate`; do not edit.\n",
        );
        text.push_str(&logit::table("weights", &FEATURES, &self.weights));
        text.push('\n');
        let with_statutes = &self.weights_with_statutes;
        text.push_str(&logit::table(
            "weights_with_statutes",
            &FEATURES,
            with_statutes,
        ));
        text.push_str("\n[thresholds]\n");
        let proved = [
            ("answer_high", self.answer_high),
            ("answer_other", self.answer_other),
        ];
        for (name, threshold) in proved {
            if let Some(threshold) = threshold {
                text.push_str(&format!("{name} = {threshold:.2}\n"));
            }
        }
        text
    }

    /// Probabilities of the candidates, best first, at most `limit`: number of the entry and probability.
    pub fn rank(&self, found: &Found, evidence: &Evidence, limit: usize) -> Vec<(usize, f32)> {
        let mut ranked: Vec<(usize, f32)> = Vec::with_capacity(found.matches.len());
        let mut sum = 1.0;
        let weights = match evidence.support {
            Some(_) => &self.weights_with_statutes,
            None => &self.weights,
        };
        for matched in &found.matches {
            let x = features(found, matched, evidence);
            let odds = dot(weights, &x).exp();
            sum += odds;
            ranked.push((matched.entry, odds));
        }
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.truncate(limit);
        for (_, p) in &mut ranked {
            *p /= sum;
        }
        ranked
    }

    /// Fits the weights by maximum likelihood (Newton's method). Deterministic.
    pub fn fit(&mut self, samples: &[Sample]) {
        self.weights = newton(samples);
    }

    /// The same for samples with what the statutes say.
    pub fn fit_with_statutes(&mut self, samples: &[Sample]) {
        self.weights_with_statutes = newton(samples);
    }
}

fn newton(samples: &[Sample]) -> Features {
    logit::newton(STEPS_MAX, LOSS_STEP_MIN, |w| derivatives(samples, w))
}

/// Features of a candidate, in the order of [`FEATURES`].
pub fn features(found: &Found, matched: &Match, evidence: &Evidence) -> Features {
    let terms = found.terms.max(1.0);
    // The best of the others: how far it is ahead or behind says more than the score itself.
    let mut others = found.matches.iter().filter(|m| m.entry != matched.entry);
    let rival = others.next().map_or(matched.score, |m| m.score);
    let lead = matched.score - rival;
    let legal = evidence.legal.clamp(LEGAL_FLOOR, 1.0 - LEGAL_FLOOR);
    let support = evidence.support.map(|support| support(matched.entry));
    let of = |value: fn(Support) -> f32| support.map_or(0.0, value);
    [
        1.0,
        matched.words,
        matched.reverse,
        matched.second,
        matched.score / terms,
        matched.score / terms.sqrt(),
        lead / terms.sqrt(),
        lead,
        (evidence.intent)(matched.entry).max(INTENT_FLOOR).ln(),
        1.0 - found.unknown,
        terms.ln_1p(),
        (legal / (1.0 - legal)).ln(),
        of(|s| s.cited),
        of(|s| s.basis),
        of(|s| s.share.max(SHARE_FLOOR).ln()),
        of(|s| s.article),
    ]
}

fn dot(a: &Features, b: &Features) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Mean loss, its gradient and its Hessian.
fn derivatives(samples: &[Sample], weights: &[f64; COUNT]) -> Derivatives<COUNT> {
    let total: f64 = samples.iter().map(|s| s.weight).sum::<f64>().max(1.0);
    let mut loss = 0.0;
    let mut gradient = [0.0; COUNT];
    let mut hessian = [[0.0; COUNT]; COUNT];
    for sample in samples {
        let scores: Vec<f64> = sample
            .candidates
            .iter()
            .map(|x| weights.iter().zip(x).map(|(w, x)| w * f64::from(*x)).sum())
            .collect();
        // "None of them" has score 0.
        let top = scores.iter().copied().fold(0.0, f64::max);
        let sum = (-top).exp() + scores.iter().map(|s| (s - top).exp()).sum::<f64>();
        let weight = sample.weight / total;
        let right = sample.right.map_or(0.0, |r| scores[r]);
        loss += weight * (top + sum.ln() - right);
        let mut mean = [0.0; COUNT];
        for (number, (x, score)) in sample.candidates.iter().zip(&scores).enumerate() {
            let p = (score - top).exp() / sum;
            let is_right = f64::from(u8::from(sample.right == Some(number)));
            for i in 0..COUNT {
                let xi = f64::from(x[i]);
                mean[i] += p * xi;
                gradient[i] += weight * (p - is_right) * xi;
                for j in 0..=i {
                    hessian[i][j] += weight * p * xi * f64::from(x[j]);
                }
            }
        }
        for i in 0..COUNT {
            for j in 0..=i {
                hessian[i][j] -= weight * mean[i] * mean[j];
            }
        }
    }
    for i in 0..COUNT {
        loss += RIDGE * weights[i] * weights[i] / 2.0;
        gradient[i] += RIDGE * weights[i];
        hessian[i][i] += RIDGE;
    }
    (loss, gradient, hessian)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_survive_their_file() {
        let ranker = Ranker::default();
        assert_eq!(Ranker::from_toml(&ranker.to_toml()).unwrap(), ranker);
        assert_eq!(Ranker::from_toml("").unwrap(), ranker);
        let missing = ranker.to_toml().replace("words = ", "wirds = ");
        assert!(matches!(
            Ranker::from_toml(&missing),
            Err(RankerError::Names)
        ));
    }

    #[test]
    fn fitting_finds_known_shares() {
        // Of 100 questions with one candidate of feature 1 it is right for 80, of feature 0 for 20.
        let sample = |words: f32, right: bool| {
            let mut x = [0.0; COUNT];
            x[0] = 1.0;
            x[1] = words;
            Sample {
                candidates: vec![x],
                right: right.then_some(0),
                weight: 1.0,
            }
        };
        let samples: Vec<Sample> = (0..100)
            .flat_map(|i| [sample(1.0, i < 80), sample(0.0, i < 20)])
            .collect();
        let mut fitted = Ranker::default();
        fitted.fit(&samples);
        let p = |words: f32| {
            let mut x = [0.0; COUNT];
            x[0] = 1.0;
            x[1] = words;
            let odds = dot(&fitted.weights, &x).exp();
            odds / (1.0 + odds)
        };
        assert!((p(1.0) - 0.8).abs() < 0.01, "{}", p(1.0));
        assert!((p(0.0) - 0.2).abs() < 0.01, "{}", p(0.0));
    }
}
