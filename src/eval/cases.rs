//! The questions of the knowledge base that measure (probes, unanswered, traps), asked.

use super::{Outcome, entry_shown, first_turn};
use crate::dialogue::nouns::Millis;
use crate::dialogue::reading::Hit;
use crate::dialogue::turn::Rule;
use crate::kb::measure::{self, Part};
use crate::knowledge::{Knowledge, Sources};
use serde::Serialize;

/// Where a measuring question stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "set", content = "of")]
pub enum Asked {
    /// A `probe` line of this entry.
    Probe(String),
    /// A legal question that no entry answers.
    Unanswered,
    /// What only sounds legal or must not be helped with; its kind.
    Trap(String),
}

/// A measuring question as the first of a conversation, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub asked: Asked,
    pub question: String,
    pub part: Part,
    /// Best first.
    pub hits: Vec<Hit>,
    /// The entry that was shown.
    pub shown: Option<String>,
    pub outcome: Outcome,
    pub rule: Rule,
}

impl Case {
    /// Asks a question.
    pub fn ask(knowledge: &Knowledge, asked: Asked, question: String, now_ms: Millis) -> Case {
        let (reading, step) = first_turn(knowledge, &question, now_ms);
        Case {
            asked,
            part: Part::of(&question),
            question,
            hits: reading.hits,
            shown: entry_shown(&step.messages).map(str::to_owned),
            outcome: Outcome::of(&step),
            rule: step.rule,
        }
    }

    /// The entry that answers it, if one does.
    pub fn entry(&self) -> Option<&str> {
        match &self.asked {
            Asked::Probe(entry) => Some(entry),
            Asked::Unanswered | Asked::Trap(_) => None,
        }
    }

    /// The best hit is the entry that answers it.
    pub fn is_first(&self) -> bool {
        self.hits.first().map(|h| h.entry.as_str()) == self.entry() && self.entry().is_some()
    }

    /// The entry that was shown is the one that answers it.
    pub fn is_right(&self) -> bool {
        self.shown.is_some() && self.shown.as_deref() == self.entry()
    }

    /// Said to be no matter for this service, also where a person at risk is handed over besides. Not understood is
    /// not refused: with statutes loaded the same question is pointed at articles.
    pub fn is_refused(&self) -> bool {
        matches!(self.rule, Rule::Refused | Rule::NotLegal | Rule::SmallTalk)
    }
}

/// Asks the probes.
pub fn probes(knowledge: &Knowledge, now_ms: Millis) -> Vec<Case> {
    let ask = |(entry, question)| Case::ask(knowledge, Asked::Probe(entry), question, now_ms);
    knowledge.probes().into_iter().map(ask).collect()
}

/// Asks all measuring questions: probes, unanswered ones, traps.
pub fn all(knowledge: &Knowledge, sources: &Sources, now_ms: Millis) -> Vec<Case> {
    let mut cases = probes(knowledge, now_ms);
    let unanswered = measure::unanswered(sources).into_iter();
    cases.extend(unanswered.map(|q| Case::ask(knowledge, Asked::Unanswered, q, now_ms)));
    let traps = measure::traps(sources).into_iter();
    cases.extend(traps.map(|(kind, q)| Case::ask(knowledge, Asked::Trap(kind), q, now_ms)));
    cases
}
