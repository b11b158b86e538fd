//! Second ranking of articles: a conditional logit over the candidates, `p(article) ∝ exp(w·x)`.
//!
//! A few dozen features and one weight each. The weights are fitted on questions whose articles lawyers chose
//! (`faxun calibrate --statutes FILE`); nothing else of those questions is kept.

use crate::kb::logit::{self, Derivatives};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names of the features, as in `kb/statutes.toml`; docs/statutes.md says what each means.
pub const FEATURES: [&str; 27] = [
    "words",
    "pairs",
    "title",
    "lead",
    "words_lead",
    "pairs_lead",
    "place",
    "likely",
    "likely_place",
    "asked",
    "asked_lead",
    "bag",
    "bag_lead",
    "entry_asked",
    "entry",
    "intent",
    "intent_law",
    "cited",
    "law_cited",
    "code",
    "interpretation",
    "regulation",
    "other_kind",
    "length",
    "position",
    "beside",
    "law_votes",
];
const COUNT: usize = FEATURES.len();
/// Where `likely` stands, and `likely_place` behind it.
pub const LIKELY_AT: usize = 7;
/// Features of one candidate.
pub type Features = [f32; COUNT];

/// Pull of the weights towards 0, for the sum over all questions.
const RIDGE: f64 = 1.0;
/// Newton steps; it converges in about ten.
const STEPS_MAX: usize = 40;
/// Improvement of the mean loss below which fitting ends.
const LOSS_STEP_MIN: f64 = 1e-8;

/// Weights of the second ranking of articles.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleRanker {
    weights: Features,
}

/// A question's candidates, and which of them are right.
#[derive(Debug, Clone, Default)]
pub struct ArticleSample {
    pub candidates: Vec<Features>,
    pub right: Vec<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    weights: BTreeMap<String, f32>,
}

/// Why a weights file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArticleRankerError {
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("weights must be exactly: {}", FEATURES.join(", "))]
    Names,
}

/// Rough values, set by hand, for sources without a weights file.
impl Default for ArticleRanker {
    fn default() -> Self {
        let weight = |name: &str| match name {
            "lead" => 4.0,
            "place" | "likely_place" | "asked_lead" | "bag_lead" | "entry" => 1.0,
            "likely" => 0.1,
            "code" => 1.0,
            "regulation" | "other_kind" => -1.0,
            "cited" | "law_cited" => 0.2,
            _ => 0.0,
        };
        ArticleRanker {
            weights: FEATURES.map(weight),
        }
    }
}

impl ArticleRanker {
    /// Reads a weights file; an empty text gives the defaults.
    pub fn from_toml(text: &str) -> Result<ArticleRanker, ArticleRankerError> {
        if text.trim().is_empty() {
            return Ok(ArticleRanker::default());
        }
        let file: File = toml::from_str(text)?;
        let weights = logit::in_order(&file.weights, &FEATURES);
        let weights = weights.ok_or(ArticleRankerError::Names)?;
        Ok(ArticleRanker { weights })
    }

    /// The weights as a file.
    pub fn to_toml(&self) -> String {
        let head = "# Weights of the second ranking of articles, see docs/statutes.md.\n\
             # Made by `faxun calibrate --statutes`; do not edit.\n";
        format!(
            "{head}{}",
            logit::table("weights", &FEATURES, &self.weights)
        )
    }

    /// Larger is better; only comparable among the candidates of one question.
    pub fn score(&self, x: &Features) -> f32 {
        self.weights.iter().zip(x).map(|(w, x)| w * x).sum()
    }

    /// Fits the weights by maximum likelihood (Newton's method); the right articles of a question share its weight.
    /// Questions without a right candidate tell nothing. Deterministic.
    pub fn fit<'a>(samples: impl Iterator<Item = &'a ArticleSample> + Clone) -> ArticleRanker {
        ArticleRanker {
            weights: logit::newton(STEPS_MAX, LOSS_STEP_MIN, |w| {
                derivatives(samples.clone(), w)
            }),
        }
    }
}

/// Loss, its gradient and its Hessian, all divided by the number of questions.
fn derivatives<'a>(
    samples: impl Iterator<Item = &'a ArticleSample>,
    weights: &[f64; COUNT],
) -> Derivatives<COUNT> {
    let mut loss = 0.0;
    let mut gradient = [0.0; COUNT];
    let mut hessian = [[0.0; COUNT]; COUNT];
    let mut questions = 0.0f64;
    for sample in samples.filter(|s| s.right.contains(&true)) {
        questions += 1.0;
        let right = sample.right.iter().filter(|r| **r).count() as f64;
        let scores: Vec<f64> = (sample.candidates.iter())
            .map(|x| weights.iter().zip(x).map(|(w, x)| w * f64::from(*x)).sum())
            .collect();
        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scores.iter().map(|s| (s - top).exp()).sum();
        let mut mean = [0.0; COUNT];
        for ((x, score), is_right) in sample.candidates.iter().zip(&scores).zip(&sample.right) {
            let p = (score - top).exp() / sum;
            let wanted = f64::from(u8::from(*is_right)) / right;
            loss += wanted * (top + sum.ln() - score);
            for i in 0..COUNT {
                let xi = f64::from(x[i]);
                mean[i] += p * xi;
                gradient[i] += (p - wanted) * xi;
                for j in 0..=i {
                    hessian[i][j] += p * xi * f64::from(x[j]);
                }
            }
        }
        for i in 0..COUNT {
            for j in 0..=i {
                hessian[i][j] -= mean[i] * mean[j];
            }
        }
    }
    for i in 0..COUNT {
        loss += RIDGE * weights[i] * weights[i] / 2.0;
        gradient[i] += RIDGE * weights[i];
        hessian[i][i] += RIDGE;
    }
    let questions = questions.max(1.0);
    let gradient = gradient.map(|g| g / questions);
    let hessian = hessian.map(|row| row.map(|h| h / questions));
    (loss / questions, gradient, hessian)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_they_are_written() {
        assert_eq!(
            FEATURES[LIKELY_AT..LIKELY_AT + 2],
            ["likely", "likely_place"]
        );
    }

    #[test]
    fn weights_survive_their_file() {
        let ranker = ArticleRanker::default();
        let read = |text: &str| ArticleRanker::from_toml(text);
        assert_eq!(read(&ranker.to_toml()).unwrap(), ranker);
        assert_eq!(read("").unwrap(), ranker);
        let missing = ranker.to_toml().replace("words = ", "wirds = ");
        assert!(matches!(read(&missing), Err(ArticleRankerError::Names)));
    }

    #[test]
    fn fitting_finds_what_tells() {
        // Feature 0 tells in nine of ten questions, feature 1 never.
        let sample = |at: usize| {
            let mut candidates = vec![[0.0; COUNT]; 3];
            candidates[at % 3][0] = 1.0;
            candidates[at / 3 % 3][1] = 1.0;
            let right = if at.is_multiple_of(10) {
                (at + 1) % 3
            } else {
                at % 3
            };
            ArticleSample {
                candidates,
                right: (0..3).map(|c| c == right).collect(),
            }
        };
        let samples: Vec<ArticleSample> = (0..900).map(sample).collect();
        let ranker = ArticleRanker::fit(samples.iter());
        // Odds of 0.9 against 0.05 for each of the others.
        assert!((ranker.weights[0] - 18f32.ln()).abs() < 0.1, "{ranker:?}");
        assert!(ranker.weights[1].abs() < 0.1, "{ranker:?}");
        assert_eq!(ArticleRanker::fit(samples.iter()), ranker);
    }
}
