//! Fitting the second ranking and choosing when to answer.
//!
//! Weights are fitted on one part of the measuring questions ([`Part::Fit`]), thresholds are chosen on another
//! ([`Part::Calibrate`]); what is reported comes from the third. Classifier and index never see any of them.
//!
//! A threshold is accepted for a promised share of wrong answers by fixed-sequence testing (Angelopoulos, Bates, Candès,
//! Jordan and Lei, "Learn then Test", 2021): thresholds are tried from a first one downwards, each with an exact one-sided
//! binomial bound (Clopper and Pearson 1934), and the last one before the first failure stands. The first one
//! is picked on the fitting part, where it still has questions enough to be proved at all.

use super::{Knowledge, Problems, RANKER_FILE, Settings, Sources};
use crate::dialogue::script::{RiskClass, Thresholds};
use crate::kb::measure::{self, Part};
use crate::kb::rank::{Ranker, Sample};
use crate::kb::statutes::LawIndex;
use jiff::civil::Date;
use std::fmt::Write as _;
use std::sync::Arc;

/// Probability with which a promise may fail.
const DOUBT: f64 = 0.05;
/// Promised shares of wrong answers.
const WRONG_MAX_HIGH: f64 = 0.01;
const WRONG_MAX_OTHER: f64 = 0.05;
/// Thresholds tried, in hundredths.
const GRID: std::ops::RangeInclusive<u32> = 20..=99;
/// Bins of the table of reliability.
const BINS: usize = 10;
/// Halvings of the interval in which an exact bound is looked for.
const HALVINGS: usize = 60;

/// What fitting made.
pub struct Fitted {
    /// The text of `kb/ranker.toml`.
    pub weights: String,
    /// The report, Markdown.
    pub report: String,
}

/// A measuring question and what the search makes of it.
struct Judged {
    part: Part,
    class: RiskClass,
    p: f32,
    right: bool,
}

/// Fits weights and thresholds to the sources; the weights for questions that are put to the statutes stay as they
/// are. With statutes, what is reported is what they make of the questions. Deterministic; some seconds.
pub fn fit(
    sources: &Sources,
    laws: Option<Arc<LawIndex>>,
    today: Date,
) -> Result<Fitted, Problems> {
    let mut sources = sources.clone();
    // What is there already may be of other features, and is replaced.
    let before = Ranker::from_toml(sources.text(RANKER_FILE)).unwrap_or_default();
    sources.0.retain(|f| f.path != RANKER_FILE);
    let mut knowledge = Knowledge::build(&sources, laws, &Settings::default(), today)?;
    knowledge.ranker = before;
    let questions = questions(&knowledge, &sources);
    let samples: Vec<Sample> = (questions.iter())
        .filter(|(_, question)| Part::of(question) == Part::Fit)
        .map(|(entry, question)| knowledge.sample(question, entry.as_deref(), today))
        .collect();
    knowledge.ranker.fit(&samples);
    let judged: Vec<Judged> = questions
        .iter()
        .filter_map(|(entry, question)| judge(&knowledge, question, entry.as_deref(), today))
        .collect();
    let high = threshold(&judged, RiskClass::High, WRONG_MAX_HIGH);
    let other = threshold(&judged, RiskClass::Other, WRONG_MAX_OTHER);
    knowledge.ranker.answer_high = high;
    knowledge.ranker.answer_other = other;
    Ok(Fitted {
        weights: knowledge.ranker.to_toml(),
        report: report(&judged, samples.len(), high, other),
    })
}

/// The fitting part of the measuring questions as samples of what the statutes say of the entries.
pub fn samples_with_statutes(knowledge: &Knowledge, sources: &Sources, today: Date) -> Vec<Sample> {
    let of = |(entry, question): &(Option<String>, String)| {
        let right = |number: usize| Some(knowledge.id(number)) == entry.as_deref();
        knowledge.sample_with_statutes(question, right, today)
    };
    (questions(knowledge, sources).iter())
        .filter(|(_, question)| Part::of(question) == Part::Fit)
        .filter_map(of)
        .collect()
}

/// All measuring questions with the entry that answers them.
fn questions(knowledge: &Knowledge, sources: &Sources) -> Vec<(Option<String>, String)> {
    let probes = knowledge.probes().into_iter();
    let unanswered = measure::unanswered(sources).into_iter();
    let traps = measure::traps(sources).into_iter();
    probes
        .map(|(entry, question)| (Some(entry), question))
        .chain(unanswered.map(|question| (None, question)))
        .chain(traps.map(|(_, text)| (None, text)))
        .collect()
}

/// The best hit of a question; `None` when there is none.
fn judge(
    knowledge: &Knowledge,
    question: &str,
    entry: Option<&str>,
    today: Date,
) -> Option<Judged> {
    let (text, mut reading) = knowledge.first(question, today);
    let found = knowledge.bot(&text, &mut reading);
    if knowledge.wants_statutes(&reading) {
        knowledge.consult(&text, &found, &mut reading, today, 0);
    }
    let hit = reading.hits.first()?;
    Some(Judged {
        part: Part::of(question),
        class: knowledge.script.entries.get(&hit.entry)?.risk,
        p: hit.p,
        right: entry == Some(hit.entry.as_str()),
    })
}

/// The lowest threshold for which the promise is proved; `None` when none is.
fn threshold(judged: &[Judged], class: RiskClass, wrong_max: f64) -> Option<f32> {
    let at = |part: Part, threshold: f32| {
        let answered = judged
            .iter()
            .filter(|j| j.part == part && j.class == class && j.p >= threshold);
        answered.fold((0u64, 0u64), |(n, wrong), j| {
            (n + 1, wrong + u64::from(!j.right))
        })
    };
    // With fewer questions than this even a spotless record proves nothing.
    let needed = (DOUBT.ln() / (1.0 - wrong_max).ln()).ceil() as u64;
    let grid = || GRID.rev().map(|hundredths| hundredths as f32 / 100.0);
    let first = grid().find(|t| at(Part::Fit, *t).0 >= needed)?;
    grid()
        .skip_while(|t| *t > first)
        .take_while(|t| {
            let (n, wrong) = at(Part::Calibrate, *t);
            upper_bound(n, wrong) <= wrong_max
        })
        .last()
}

/// The largest share of wrong ones under which so few wrong among `n` still happen with probability [`DOUBT`].
fn upper_bound(n: u64, wrong: u64) -> f64 {
    if wrong >= n {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let share = (low + high) / 2.0;
        if at_most(wrong, n, share) > DOUBT {
            low = share;
        } else {
            high = share;
        }
    }
    high
}

/// Probability of at most `wrong` wrong ones among `n`, each wrong with probability `share`.
fn at_most(wrong: u64, n: u64, share: f64) -> f64 {
    let mut term = (n as f64 * (1.0 - share).ln()).exp();
    let mut sum = term;
    for k in 1..=wrong {
        term *= (n - k + 1) as f64 / k as f64 * share / (1.0 - share);
        sum += term;
    }
    sum
}

fn report(judged: &[Judged], fitted: usize, high: Option<f32>, other: Option<f32>) -> String {
    let mut text = String::from(
        "# When faxun answers: weights, thresholds, reliability\n\n\
         Written by `faxun calibrate`; do not edit.\n\n\
         The questions are the `probe` lines of entries and the lists in `kb/measure/` (legal questions that no entry \
         answers, and what only sounds legal), written by hand to be unlike the indexed questions. Each belongs by its \
         hash to fitting (30 %), choosing thresholds (30 %) or reporting (40 %). A bound holds for questions drawn like \
         these, in the same mixture; the public asks other things in other shares, so it is no promise for a day's traffic.\n\n",
    );
    let default = Thresholds::default();
    let mut line = |class: &str, found: Option<f32>, default: f32, wrong_max: f64| {
        let stands = match found {
            Some(t) => format!("{t:.2}, proved: at most {:.0} % wrong", 100.0 * wrong_max),
            None => format!(
                "none proved for at most {:.0} % wrong; the conservative default {default:.2} stands",
                100.0 * wrong_max
            ),
        };
        let _ = writeln!(
            text,
            "- {class}: {stands} (confidence {:.0} %)",
            100.0 * (1.0 - DOUBT)
        );
    };
    line("high risk", high, default.answer_high, WRONG_MAX_HIGH);
    line("other", other, default.answer_other, WRONG_MAX_OTHER);
    let _ = write!(
        text,
        "\nWeights fitted on {fitted} questions. Reliability on the reporting part:\n\n\
         | probability of the best entry | questions | right |\n|---|---|---|\n"
    );
    for bin in (0..BINS).rev() {
        let inside = |j: &&Judged| {
            j.part == Part::Test && ((j.p * BINS as f32) as usize).min(BINS - 1) == bin
        };
        let n = judged.iter().filter(inside).count();
        let right = judged.iter().filter(inside).filter(|j| j.right).count();
        let share = 100.0 * right as f64 / n.max(1) as f64;
        let low = bin as f64 / BINS as f64;
        let _ = writeln!(
            text,
            "| {low:.1}–{:.1} | {n} | {share:.0} % |",
            low + 1.0 / BINS as f64
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_exact_one() {
        // Known values of the one-sided 95 % Clopper–Pearson bound.
        for (n, wrong, bound) in [
            (59, 0, 0.0495),
            (299, 0, 0.00997),
            (100, 2, 0.0616),
            (20, 20, 1.0),
        ] {
            let found = upper_bound(n, wrong);
            assert!((found - bound).abs() < 2e-4, "{n} {wrong}: {found}");
        }
    }

    #[test]
    fn a_threshold_needs_proof_and_stops_at_the_first_failure() {
        let judged = |part, p, right| Judged {
            part,
            class: RiskClass::Other,
            p,
            right,
        };
        let mut all = Vec::new();
        for part in [Part::Fit, Part::Calibrate] {
            all.extend((0..100).map(|_| judged(part, 0.805, true)));
            all.extend((0..20).map(|_| judged(part, 0.505, false)));
            all.extend((0..900).map(|_| judged(part, 0.305, true)));
        }
        let found = threshold(&all, RiskClass::Other, 0.05);
        assert_eq!(
            found,
            Some(0.51),
            "below lie wrong ones, and nothing behind them counts"
        );
        assert_eq!(threshold(&all, RiskClass::High, 0.05), None);
        assert_eq!(threshold(&all[..40], RiskClass::Other, 0.05), None);
    }
}
