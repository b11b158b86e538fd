//! `eval answers FILE`: what becomes of lay questions, and whether an answer rests on a gold article.

use super::{EvalError, Outcome, Report, entry_shown, first_turn, round, share, statute_rows};
use crate::dialogue::nouns::{Body, Citation, Message};
use crate::knowledge::Knowledge;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::Path;

/// Only an entry's first citations count: what the answer rests on.
const CITATIONS_COUNTED: usize = 3;

/// n, the six shares, `gold_cited_of_answered`, `gold_cited_at_1`, mean citations.
pub fn answers(knowledge: &Knowledge, file: &Path, now_ms: i64) -> Result<Report, EvalError> {
    let rows = statute_rows(file)?;
    let mut outcomes: HashMap<Outcome, usize> = HashMap::new();
    let mut out = Vec::with_capacity(rows.len());
    let (mut gold_cited, mut gold_first, mut cited) = (0, 0, 0);
    for row in &rows {
        let (reading, step) = first_turn(knowledge, &row.question, now_ms);
        let outcome = Outcome::of(&step);
        *outcomes.entry(outcome).or_default() += 1;
        let citations: Vec<&Citation> = citations(&step.messages)
            .iter()
            .take(CITATIONS_COUNTED)
            .collect();
        let gold = |c: &&Citation| row.gold.iter().any(|g| g.is(&c.law, &c.article));
        let is_cited = citations.iter().any(gold);
        if outcome == Outcome::Answered {
            gold_cited += usize::from(is_cited);
            gold_first += usize::from(citations.first().is_some_and(gold));
            cited += citations.len();
        }
        let p = reading.hits.first().map(|h| round(h.p.into()));
        out.push(json!({
            "id": row.id, "outcome": outcome, "rule": step.rule, "entry": entry_shown(&step.messages),
            "p": p, "gold_cited": is_cited,
        }));
    }
    let n = rows.len();
    let answered = outcomes.get(&Outcome::Answered).copied().unwrap_or(0);
    let mut summary = shares(&outcomes, n);
    summary.insert(
        "gold_cited_of_answered".into(),
        json!(share(gold_cited, answered)),
    );
    summary.insert("gold_cited_at_1".into(), json!(share(gold_first, answered)));
    let mean = if answered == 0 {
        0.0
    } else {
        cited as f64 / answered as f64
    };
    summary.insert("mean_citations".into(), json!(round(mean)));
    Ok(Report {
        summary: Value::Object(summary),
        rows: out,
    })
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
