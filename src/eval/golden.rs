//! Golden questions: whether what must work does. `faxun check --golden` and `make test` look at every one.

use super::{entry_shown, first_turn};
use crate::dialogue::nouns::{Danger, Millis, Owner};
use crate::dialogue::reading::Reading;
use crate::dialogue::state::Pick;
use crate::dialogue::step::Step;
use crate::dialogue::turn::Rule;
use crate::kb::golden::{Golden, Wanted};
use crate::knowledge::Knowledge;
use serde::Serialize;

/// A golden question asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judged {
    pub question: String,
    /// Its line in the file.
    pub line: usize,
    /// The entries of which one was wanted.
    pub entries: Vec<String>,
    pub passed: bool,
    /// What became of it, for an editor: `clarify (a, b)`.
    pub got: String,
}

/// Asks each as the first question of a conversation.
pub fn judge(knowledge: &Knowledge, golden: &[Golden], now_ms: Millis) -> Vec<Judged> {
    let judged = |golden: &Golden| {
        let (reading, step) = first_turn(knowledge, &golden.question.value, now_ms);
        Judged {
            question: golden.question.value.clone(),
            line: golden.question.line,
            entries: golden.wanted.entries().to_vec(),
            passed: passes(&golden.wanted, &reading, &step),
            got: got(&reading, &step),
        }
    };
    golden.iter().map(judged).collect()
}

fn passes(wanted: &Wanted, reading: &Reading, step: &Step) -> bool {
    let shown = entry_shown(&step.messages);
    let is_shown = |entries: &[String]| shown.is_some_and(|s| entries.iter().any(|e| e == s));
    match wanted {
        Wanted::Answer(entries) => is_shown(entries),
        Wanted::Offer(entries) => {
            is_shown(entries) || offered(step).iter().any(|o| entries.contains(o))
        }
        Wanted::Form(form) => {
            let started = step.state.form.as_ref();
            step.rule == Rule::Service && started.is_some_and(|f| f.form == *form)
        }
        Wanted::Human(reasons) => {
            matches!(step.state.owner, Owner::Queue { .. }) && because(reasons, reading)
        }
        Wanted::Safe(reasons) => step.rule == Rule::SafetyQuestion && because(reasons, reading),
        Wanted::Refuse(reasons) => {
            // What a harmful wish is refused with, not that its words are no legal ones.
            let refused = step.rule == Rule::Refused;
            (refused || reasons.is_empty() && step.rule == Rule::NotLegal)
                && because(reasons, reading)
        }
        Wanted::Talk(intent) => {
            let top = reading.intents.first();
            step.rule == Rule::SmallTalk && top.is_some_and(|i| i.intent == *intent)
        }
    }
}

/// Whether one of the names is a danger or concern that was read; no names ask for none.
fn because(reasons: &[String], reading: &Reading) -> bool {
    let danger = |name: &str| {
        reading
            .dangers
            .iter()
            .any(|d: &Danger| d.kind.name() == name)
    };
    let concern = |name: &str| reading.concerns.iter().any(|c| c.name() == name);
    reasons.is_empty() || reasons.iter().any(|name| danger(name) || concern(name))
}

/// The entries among the choices of a clarifying question.
fn offered(step: &Step) -> Vec<String> {
    if step.rule != Rule::Clarify {
        return Vec::new();
    }
    let picks = step.state.offers.iter().flat_map(|offer| &offer.picks);
    let entries = picks.filter_map(|pick| match pick {
        Pick::Entry(id) => Some(id.clone()),
        _ => None,
    });
    entries.collect()
}

/// What became of a question, in the words of the decision table.
fn got(reading: &Reading, step: &Step) -> String {
    let rule = serde_json::to_value(step.rule).ok();
    let rule = rule.as_ref().and_then(|r| r.as_str()).unwrap_or_default();
    let mut about: Vec<String> = entry_shown(&step.messages)
        .map(str::to_owned)
        .into_iter()
        .collect();
    about.extend(offered(step));
    about.extend(
        reading
            .dangers
            .iter()
            .map(|d| format!("{} {:?}", d.kind.name(), d.degree)),
    );
    about.extend(reading.concerns.iter().map(|c| c.name().to_owned()));
    about.extend(step.state.form.as_ref().map(|f| f.form.clone()));
    if step.rule == Rule::SmallTalk {
        about.extend(reading.intents.first().map(|i| i.intent.clone()));
    }
    if about.is_empty() {
        let best = reading.hits.first();
        about.extend(best.map(|h| format!("best entry {} {:.2}", h.entry, h.p)));
    }
    format!("{rule} ({})", about.join(", "))
}
