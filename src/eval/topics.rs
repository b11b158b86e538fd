//! `eval topics FILE`: one of 20 topics for a question; the score of a topic is the sum of its intents' probabilities.

use super::{EvalError, Report, read_rows, round, share};
use crate::knowledge::Knowledge;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;

#[derive(Deserialize)]
struct Row {
    id: String,
    question: String,
    label: String,
}

/// n, accuracy, and the accuracy among the 50, 70 and 90 % of which it is surest.
pub fn topics(knowledge: &Knowledge, file: &Path) -> Result<Report, EvalError> {
    let rows: Vec<Row> = read_rows(file)?;
    let mut scored: Vec<(f32, bool)> = Vec::with_capacity(rows.len());
    let mut out = Vec::with_capacity(rows.len());
    for row in &rows {
        let text = knowledge.reader().text(&row.question);
        let mut scores = knowledge.reader().topic_scores(&text);
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let (topic, score) = scores.first().cloned().unwrap_or_default();
        let right = topic == row.label;
        scored.push((score, right));
        out.push(json!({
            "id": row.id, "label": row.label, "topic": topic, "score": round(score.into()), "right": right,
        }));
    }
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let accuracy_at = |percent: usize| {
        let kept = (scored.len() * percent).div_ceil(100);
        share(scored[..kept].iter().filter(|s| s.1).count(), kept)
    };
    let summary = json!({
        "n": rows.len(),
        "accuracy": accuracy_at(100),
        "accuracy_at_50": accuracy_at(50),
        "accuracy_at_70": accuracy_at(70),
        "accuracy_at_90": accuracy_at(90),
    });
    Ok(Report { summary, rows: out })
}
