//! Measuring: each row is a fresh conversation with the default settings and humans on duty.
//!
//! [`day`] measures the desk instead: a made-up day with the routing of the server.
//!
//! Every command returns one JSON object; the rows behind it can be written to a file, one JSON object a line.

pub mod answers;
pub mod cases;
pub mod day;
pub mod erlang;
pub mod golden;
pub mod probes;
pub mod quality;
pub mod scope;
pub mod statutes;
pub mod topics;

use crate::dialogue::nouns::{Author, Body, Event, Message, Millis, Owner, What};
use crate::dialogue::reading::Reading;
use crate::dialogue::script::{Context, Duty};
use crate::dialogue::state::State;
use crate::dialogue::step::{self, Step};
use crate::dialogue::turn::Rule;
use crate::knowledge::Knowledge;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Humans are on duty while measuring.
const DUTY: Duty = Duty {
    open: true,
    seats_free: 5,
    waiting: 0,
};
/// Articles asked of the statute search by a turn.
const STATUTES_TOP: usize = 5;

/// What became of a first question: exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Answered,
    Clarified,
    Pointed,
    Form,
    HandedOff,
    Refused,
}

impl Outcome {
    /// The outcome of a step.
    pub fn of(step: &Step) -> Outcome {
        if matches!(step.state.owner, Owner::Queue { .. }) {
            return Outcome::HandedOff;
        }
        match step.rule {
            Rule::Answer | Rule::FollowUp | Rule::Several | Rule::Details | Rule::Repeated => {
                Outcome::Answered
            }
            Rule::Clarify | Rule::SafetyQuestion => Outcome::Clarified,
            Rule::Pointer => Outcome::Pointed,
            Rule::Form | Rule::Service => Outcome::Form,
            Rule::Danger | Rule::Human | Rule::Required => Outcome::HandedOff,
            _ => Outcome::Refused,
        }
    }
}

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    #[error("cannot read {path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path}:{line}: {source}")]
    Row {
        path: PathBuf,
        line: usize,
        source: serde_json::Error,
    },
    #[error("{0} holds no rows")]
    Empty(PathBuf),
    #[error("no statutes are loaded: give --laws FILE or import some with `faxun laws import`")]
    NoStatutes,
}

/// A measured object and the rows behind it.
#[derive(Debug)]
pub struct Report {
    pub summary: serde_json::Value,
    pub rows: Vec<serde_json::Value>,
}

/// Rows of a JSON Lines file.
pub fn read_rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, EvalError> {
    let text = std::fs::read_to_string(path).map_err(|source| EvalError::Read {
        path: path.to_owned(),
        source,
    })?;
    let rows: Result<Vec<T>, EvalError> = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|source| EvalError::Row {
                path: path.to_owned(),
                line: number,
                source,
            })
        })
        .collect();
    let rows = rows?;
    if rows.is_empty() {
        return Err(EvalError::Empty(path.to_owned()));
    }
    Ok(rows)
}

/// One citizen's text as the first of a conversation.
pub fn first_turn(knowledge: &Knowledge, text: &str, now_ms: Millis) -> (Reading, Step) {
    said(knowledge, &State::default(), text, now_ms)
}

/// The turns of a citizen's texts, said one after the other, a second apart.
pub fn conversation(
    knowledge: &Knowledge,
    texts: &[String],
    now_ms: Millis,
) -> Vec<(Reading, Step)> {
    let mut turns: Vec<(Reading, Step)> = Vec::with_capacity(texts.len());
    for (second, text) in (0..).zip(texts) {
        let state = turns
            .last()
            .map(|(_, step)| step.state.clone())
            .unwrap_or_default();
        turns.push(said(knowledge, &state, text, now_ms + second * 1000));
    }
    turns
}

/// A text said in a conversation of `state`.
fn said(knowledge: &Knowledge, state: &State, text: &str, now_ms: Millis) -> (Reading, Step) {
    let event = Event {
        id: (state.last_seq + 1).to_string(),
        by: Author::Citizen,
        what: What::Say {
            text: text.to_owned(),
        },
    };
    turn(knowledge, DUTY, state, &event, now_ms)
}

/// Reads and decides like the engine, on this thread and without a deadline for the statutes.
pub fn turn(
    knowledge: &Knowledge,
    duty: Duty,
    state: &State,
    event: &Event,
    now_ms: Millis,
) -> (Reading, Step) {
    let script = Arc::clone(knowledge.script());
    let ctx = Context { script, duty };
    let What::Say { text } = &event.what else {
        let reading = Reading::default();
        let step = step::step(&ctx, state, event, &reading, now_ms);
        return (reading, step);
    };
    let today = crate::clock::china_date(now_ms);
    let (text, found, mut reading) = knowledge.read(state, text, today);
    if let Some(found) = found.filter(|_| knowledge.wants_statutes(&reading)) {
        knowledge.consult(&text, &found, &mut reading, today, STATUTES_TOP);
    }
    let step = step::step(&ctx, state, event, &reading, now_ms);
    (reading, step)
}

/// The entry that was shown, if one was.
pub fn entry_shown(messages: &[Message]) -> Option<&str> {
    messages.iter().find_map(|m| match &m.body {
        Body::Answer { entry, .. } => Some(entry.as_str()),
        _ => None,
    })
}

/// `part` of `whole`, 0 of nothing; four decimals, so that a report is readable.
pub fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    round(part as f64 / whole as f64)
}

/// Four decimals.
pub fn round(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// A gold article of `eval statutes` and `eval answers`.
#[derive(Debug, Clone, Deserialize)]
pub struct Gold {
    pub law: String,
    pub article_no: String,
}

impl Gold {
    /// Whether a title (full or short) and an article are this one.
    pub fn is(&self, law: &str, article_no: &str) -> bool {
        short(&self.law) == short(law) && self.article_no == article_no
    }
}

fn short(law: &str) -> &str {
    law.strip_prefix("中华人民共和国").unwrap_or(law)
}

/// A row of statutes-dev: a lay question and the articles that answer it.
#[derive(Debug, Clone, Deserialize)]
pub struct StatuteRow {
    pub id: String,
    pub question: String,
    pub gold: Vec<Gold>,
    #[serde(default = "yes")]
    pub all_gold_in_force: bool,
}

fn yes() -> bool {
    true
}

/// The rows whose gold articles are all in force.
pub fn statute_rows(path: &Path) -> Result<Vec<StatuteRow>, EvalError> {
    let mut rows: Vec<StatuteRow> = read_rows(path)?;
    rows.retain(|r| r.all_gold_in_force && !r.gold.is_empty());
    if rows.is_empty() {
        return Err(EvalError::Empty(path.to_owned()));
    }
    Ok(rows)
}
