//! Fitting the second ranking on the entries' own questions, each hidden in turn. Probes are never used.

use super::{Parsed, Problems, Sources, indexed, normaliser};
use crate::dialogue::reading::Reading;
use crate::kb::rank::{Evidence, Ranker, Sample, features};
use crate::kb::search::{Hidden, Index};
use crate::reading::Reader;

/// Parts of the questions; the intents of each part are read by a reader that was trained without it.
const FOLDS: usize = 5;
/// Weight of a question whose whole entry is hidden, so that no candidate is right.
const NONE_WEIGHT: f64 = 0.5;

/// The weights for the sources, as the text of `kb/ranker.toml`. Deterministic; some ten seconds.
pub fn fit(sources: &Sources) -> Result<String, Problems> {
    let mut parsed = Parsed::of(sources);
    let mut problems = std::mem::take(&mut parsed.problems);
    let reader_for = |skipped: Option<usize>| {
        let kept = parsed.questions().into_iter().enumerate();
        let kept = kept
            .filter(|(at, _)| Some(at % FOLDS) != skipped)
            .map(|(_, q)| q);
        let normaliser = normaliser(sources)?;
        Ok(Reader::new(
            normaliser,
            &parsed.intents,
            &kept.collect::<Vec<_>>(),
        ))
    };
    let readers: Result<Vec<Reader>, _> = (0..FOLDS).map(|f| reader_for(Some(f))).collect();
    let (readers, whole) = match (readers, reader_for(None)) {
        (Ok(readers), Ok(whole)) if problems.is_empty() => (readers, whole),
        (Err(p), _) | (_, Err(p)) => {
            problems.push(p);
            return Err(Problems(problems));
        }
        _ => return Err(Problems(problems)),
    };
    let texts = indexed(&parsed.entries, &whole);
    let index = Index::new(&texts);
    let mut samples = Vec::new();
    let mut number = 0;
    for at in 0..parsed.entries.len() {
        for (ask, text) in texts[at].questions.iter().skip(1).enumerate() {
            let mut reading = Reading::default();
            readers[number % FOLDS].classify(text, &mut reading);
            number += 1;
            let intent = |entry: usize| reading.intent_p(&parsed.entries[entry].intent.value);
            let evidence = Evidence {
                intent: &intent,
                legal: reading.legal,
            };
            let question = index.first_question(at) + 1 + ask;
            for (hidden, weight) in [
                (Hidden::Question(question), 1.0),
                (Hidden::Entry(at), NONE_WEIGHT),
            ] {
                let found = index.search_without(text, hidden);
                samples.push(Sample {
                    candidates: found
                        .matches
                        .iter()
                        .map(|m| features(&found, m, &evidence))
                        .collect(),
                    right: found.matches.iter().position(|m| m.entry == at),
                    weight,
                });
            }
        }
    }
    Ok(Ranker::fit(&samples).to_toml())
}
