//! Questions that measure and are never indexed or trained on: the probes of entries, legal questions that no entry
//! answers, and what only sounds legal. Each belongs to one part by its own hash, so that nothing is tuned on what is
//! reported.

use super::source::Sources;
use crate::reading::digest;

/// Legal questions that no entry answers, one a line.
pub const UNANSWERED_FILE: &str = "kb/measure/unanswered.txt";
/// What is no legal question or must not be helped with: a kind, a tab, the text.
pub const TRAPS_FILE: &str = "kb/measure/traps.txt";

/// What a question may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Fitting weights.
    Fit,
    /// Choosing thresholds.
    Calibrate,
    /// Reporting.
    Test,
}

/// Tenths of all questions that go to the first two parts.
const FIT_TENTHS: u64 = 3;
const CALIBRATE_TENTHS: u64 = 3;

impl Part {
    /// The part of a question: its letters alone decide.
    pub fn of(question: &str) -> Part {
        // The digest's low bits follow the last letters; the high ones mix all of them.
        match (digest(question) >> 32) % 10 {
            n if n < FIT_TENTHS => Part::Fit,
            n if n < FIT_TENTHS + CALIBRATE_TENTHS => Part::Calibrate,
            _ => Part::Test,
        }
    }
}

/// The lines of [`UNANSWERED_FILE`].
pub fn unanswered(sources: &Sources) -> Vec<String> {
    let lines = super::wordings::wordings(sources.text(UNANSWERED_FILE));
    lines.into_iter().map(|line| line.value).collect()
}

/// The lines of [`TRAPS_FILE`]: kind and text. A line without a tab has an empty kind.
pub fn traps(sources: &Sources) -> Vec<(String, String)> {
    let lines = super::wordings::wordings(sources.text(TRAPS_FILE));
    lines
        .into_iter()
        .map(|line| match line.value.split_once('\t') {
            Some((kind, text)) => (kind.trim().to_owned(), text.trim().to_owned()),
            None => (String::new(), line.value),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_their_shares_and_do_not_change() {
        let mut counts = [0; 3];
        for n in 0..3000 {
            counts[Part::of(&format!("第{n}个问题怎么办")) as usize] += 1;
        }
        let near = |count: i32, share: i32| (count - share).abs() < 150;
        assert!(near(counts[0], 900) && near(counts[1], 900), "{counts:?}");
        assert_eq!(Part::of("老板不给钱"), Part::of("老板，不给钱！"));
    }
}
