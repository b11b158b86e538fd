//! Fitting the second ranking on the entries' own questions. Probes are never used.
//!
//! Half of every entry's questions are put aside: classifier and index are built without them, and they are asked.
//! Then the other half. Hiding one question at a time would leave its nearest relatives in place and make the
//! words look more certain than they are for somebody who says it all differently.

use super::{Parsed, Problems, Sources, indexed, normaliser};
use crate::dialogue::reading::Reading;
use crate::kb::entry::{At, Entry};
use crate::kb::rank::{Evidence, Ranker, Sample, features};
use crate::kb::search::{Hidden, Index};
use crate::reading::Reader;

const HALVES: usize = 2;
/// Weight of a question whose whole entry is hidden, so that no candidate is right.
const NONE_WEIGHT: f64 = 0.5;

/// The weights for the sources, as the text of `kb/ranker.toml`. Deterministic; a few seconds.
pub fn fit(sources: &Sources) -> Result<String, Problems> {
    let mut parsed = Parsed::of(sources);
    let mut problems = std::mem::take(&mut parsed.problems);
    if !problems.is_empty() {
        problems.sort();
        return Err(Problems(problems));
    }
    let mut samples = Vec::new();
    for asked in 0..HALVES {
        half(sources, &parsed, asked, &mut samples)?;
    }
    Ok(Ranker::fit(&samples).to_toml())
}

/// An entry with only the questions of one half.
fn part(entry: &Entry, keep: impl Fn(usize) -> bool) -> Entry {
    let mut part = entry.clone();
    let mut number = 0;
    let mut kept = |_: &At<String>| {
        number += 1;
        keep(number % HALVES)
    };
    part.ask.retain(&mut kept);
    part.wordings.retain(&mut kept);
    part
}

fn half(
    sources: &Sources,
    parsed: &Parsed,
    asked: usize,
    samples: &mut Vec<Sample>,
) -> Result<(), Problems> {
    let known = Parsed {
        intents: parsed.intents.clone(),
        entries: parsed
            .entries
            .iter()
            .map(|e| part(e, |n| n != asked))
            .collect(),
        problems: Vec::new(),
    };
    let normaliser = normaliser(sources).map_err(|p| Problems(vec![p]))?;
    let reader = Reader::new(normaliser, &known.intents, &known.questions());
    let index = Index::new(&indexed(&known.entries, &reader));
    for (at, entry) in parsed.entries.iter().enumerate() {
        for question in part(entry, |n| n == asked).questions() {
            let text = reader.text(&question.value);
            let mut reading = Reading::default();
            reader.classify(&text, &mut reading);
            let intent = |entry: usize| reading.intent_p(&known.entries[entry].intent.value);
            let evidence = Evidence {
                intent: &intent,
                legal: reading.legal,
            };
            for (hidden, weight) in [(Hidden::Nothing, 1.0), (Hidden::Entry(at), NONE_WEIGHT)] {
                let found = index.search_without(&text, hidden);
                let candidates = found.matches.iter().map(|m| features(&found, m, &evidence));
                samples.push(Sample {
                    candidates: candidates.collect(),
                    right: found.matches.iter().position(|m| m.entry == at),
                    weight,
                });
            }
        }
    }
    Ok(())
}
