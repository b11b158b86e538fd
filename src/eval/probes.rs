//! `eval probes`: questions of the knowledge base that are never indexed find their own entry.

use super::cases::{self, Case};
use super::{Report, round, share};
use crate::kb::measure::Part;
use crate::knowledge::Knowledge;
use serde_json::json;

/// n, hit@1, the share answered (or answered and handed over), and how many of these by the right entry.
pub fn probes(knowledge: &Knowledge, now_ms: i64) -> Report {
    let mut cases = cases::probes(knowledge, now_ms);
    // Only the part that nothing was tuned on.
    cases.retain(|case| case.part == Part::Test);
    let count = |of: fn(&Case) -> bool| cases.iter().filter(|c| of(c)).count();
    let (n, answered) = (cases.len(), count(|c| c.shown.is_some()));
    let summary = json!({
        "n": n,
        "hit@1": share(count(Case::is_first), n),
        "answered": share(answered, n),
        "right_of_answered": share(count(Case::is_right), answered),
    });
    let row = |case: &Case| {
        let best = case.hits.first();
        json!({
            "entry": case.entry(), "question": case.question, "best": best.map(|h| &h.entry),
            "p": best.map(|h| round(h.p.into())), "outcome": case.outcome, "rule": case.rule,
        })
    };
    let rows = cases.iter().map(row).collect();
    Report { summary, rows }
}
