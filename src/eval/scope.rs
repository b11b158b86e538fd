//! `eval scope --legal FILE --other FILE`: legal questions are kept, others are refused.

use super::answers::shares;
use super::{EvalError, Outcome, Report, first_turn, read_rows, round, share};
use crate::knowledge::Knowledge;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;

#[derive(Deserialize)]
struct Row {
    id: String,
    question: String,
}

/// `legal_kept` and `other_refused`; a clarifying question counts as not refused in both.
pub fn scope(
    knowledge: &Knowledge,
    legal: &Path,
    other: &Path,
    now_ms: i64,
) -> Result<Report, EvalError> {
    let mut rows = Vec::new();
    let legal = measure(knowledge, legal, true, now_ms, &mut rows)?;
    let other = measure(knowledge, other, false, now_ms, &mut rows)?;
    let refused = |m: &HashMap<Outcome, usize>| m.get(&Outcome::Refused).copied().unwrap_or(0);
    let total = |m: &HashMap<Outcome, usize>| m.values().sum::<usize>();
    let summary = json!({
        "legal_kept": share(total(&legal) - refused(&legal), total(&legal)),
        "other_refused": share(refused(&other), total(&other)),
        "legal": Value::Object(shares(&legal, total(&legal))),
        "other": Value::Object(shares(&other, total(&other))),
    });
    Ok(Report { summary, rows })
}

fn measure(
    knowledge: &Knowledge,
    file: &Path,
    legal: bool,
    now_ms: i64,
    out: &mut Vec<Value>,
) -> Result<HashMap<Outcome, usize>, EvalError> {
    let mut outcomes = HashMap::new();
    for row in read_rows::<Row>(file)? {
        let (reading, step) = first_turn(knowledge, &row.question, now_ms);
        let outcome = Outcome::of(&step);
        *outcomes.entry(outcome).or_default() += 1;
        out.push(json!({
            "id": row.id, "legal": legal, "outcome": outcome, "rule": step.rule,
            "p_legal": round(reading.legal.into()),
        }));
    }
    Ok(outcomes)
}
