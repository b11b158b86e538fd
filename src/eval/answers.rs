//! `eval answers FILE`: what becomes of lay questions, and whether an answer rests on a gold article.

use super::{
    EvalError, Outcome, Report, StatuteRow, entry_shown, first_turn, round, share, statute_rows,
};
use crate::dialogue::nouns::{Body, Citation, Message};
use crate::knowledge::Knowledge;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::Path;

/// Only an entry's first citations count: what the answer rests on.
const CITATIONS_COUNTED: usize = 3;

/// What became of one question.
#[derive(Debug)]
pub struct Answered {
    outcome: Outcome,
    /// Whether one of the first citations, and whether the first, is a gold article.
    gold_cited: bool,
    gold_first: bool,
    citations: usize,
    row: Value,
}

/// n, the six shares, `gold_cited_of_answered`, `gold_cited_at_1`, mean citations.
pub fn answers(knowledge: &Knowledge, file: &Path, now_ms: i64) -> Result<Report, EvalError> {
    let rows = statute_rows(file)?;
    let rows: Vec<&StatuteRow> = rows.iter().collect();
    let mut answered = measured(knowledge, &rows, now_ms);
    let rows = answered.iter_mut().map(|a| a.row.take()).collect();
    let summary = summary(answered.into_iter());
    Ok(Report { summary, rows })
}

/// What becomes of each question.
pub fn measured(knowledge: &Knowledge, rows: &[&StatuteRow], now_ms: i64) -> Vec<Answered> {
    rows.iter().map(|row| one(knowledge, row, now_ms)).collect()
}

fn one(knowledge: &Knowledge, row: &StatuteRow, now_ms: i64) -> Answered {
    let (reading, step) = first_turn(knowledge, &row.question, now_ms);
    let outcome = Outcome::of(&step);
    let citations = citations(&step.messages).iter().take(CITATIONS_COUNTED);
    let gold: Vec<bool> = citations
        .map(|c| row.gold.iter().any(|g| g.is(&c.law, &c.article)))
        .collect();
    let gold_cited = gold.contains(&true);
    let best = reading.hits.first();
    Answered {
        outcome,
        gold_cited,
        gold_first: gold.first() == Some(&true),
        citations: gold.len(),
        row: json!({
            "id": row.id, "outcome": outcome, "rule": step.rule, "entry": entry_shown(&step.messages),
            "best": best.map(|h| &h.entry), "p": best.map(|h| round(h.p.into())), "gold_cited": gold_cited,
        }),
    }
}

/// The figures of all questions together.
pub fn summary(all: impl Iterator<Item = Answered>) -> Value {
    let mut outcomes: HashMap<Outcome, usize> = HashMap::new();
    let (mut n, mut gold_cited, mut gold_first, mut cited) = (0, 0, 0, 0);
    for one in all {
        n += 1;
        *outcomes.entry(one.outcome).or_default() += 1;
        if one.outcome == Outcome::Answered {
            gold_cited += usize::from(one.gold_cited);
            gold_first += usize::from(one.gold_first);
            cited += one.citations;
        }
    }
    let answered = outcomes.get(&Outcome::Answered).copied().unwrap_or(0);
    let mut summary = shares(&outcomes, n);
    let mean = round(cited as f64 / answered.max(1) as f64);
    for (name, value) in [
        ("gold_cited_of_answered", share(gold_cited, answered)),
        ("gold_cited_at_1", share(gold_first, answered)),
        ("mean_citations", mean),
    ] {
        summary.insert(name.into(), json!(value));
    }
    Value::Object(summary)
}

/// n and the share of each outcome.
pub fn shares(outcomes: &HashMap<Outcome, usize>, n: usize) -> Map<String, Value> {
    let share_of = |o: Outcome| json!(share(outcomes.get(&o).copied().unwrap_or(0), n));
    let pairs = [
        ("n", json!(n)),
        ("answered", share_of(Outcome::Answered)),
        ("clarified", share_of(Outcome::Clarified)),
        ("pointed", share_of(Outcome::Pointed)),
        ("form", share_of(Outcome::Form)),
        ("handed_off", share_of(Outcome::HandedOff)),
        ("refused", share_of(Outcome::Refused)),
    ];
    pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
}

fn citations(messages: &[Message]) -> &[Citation] {
    messages
        .iter()
        .find_map(|m| match &m.body {
            Body::Answer { citations, .. } => Some(citations.as_slice()),
            _ => None,
        })
        .unwrap_or_default()
}
