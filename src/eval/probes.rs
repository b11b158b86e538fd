//! `eval probes`: questions of the knowledge base that are never indexed find their own entry.

use super::{Outcome, Report, entry_shown, first_turn, round, share};
use crate::kb::measure::Part;
use crate::knowledge::Knowledge;
use serde_json::json;

/// n, hit@1, the share answered (or answered and handed over), and how many of these by the right entry.
pub fn probes(knowledge: &Knowledge, now_ms: i64) -> Report {
    let mut probes = knowledge.probes();
    // Only the part that nothing was tuned on.
    probes.retain(|(_, question)| Part::of(question) == Part::Test);
    let mut rows = Vec::with_capacity(probes.len());
    let (mut hit_1, mut answered, mut right) = (0, 0, 0);
    for (entry, question) in &probes {
        let (reading, step) = first_turn(knowledge, question, now_ms);
        let best = reading.hits.first();
        hit_1 += usize::from(best.is_some_and(|h| h.entry == *entry));
        let shown = entry_shown(&step.messages);
        answered += usize::from(shown.is_some());
        right += usize::from(shown == Some(entry.as_str()));
        rows.push(json!({
            "entry": entry, "question": question, "best": best.map(|h| &h.entry),
            "p": best.map(|h| round(h.p.into())), "outcome": Outcome::of(&step), "rule": step.rule,
        }));
    }
    let n = probes.len();
    let summary = json!({
        "n": n,
        "hit@1": share(hit_1, n),
        "answered": share(answered, n),
        "right_of_answered": share(right, answered),
    });
    Report { summary, rows }
}
