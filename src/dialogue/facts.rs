//! What the citizen told of himself and of his matter: kept between turns, shown once, put right when he says so.

use super::draft::Draft;
use super::nouns::Owner;
use super::reading::{Fact, FactKind, Lean};
use super::state::FACTS_MAX;
use super::turn::Rule;

/// Amounts named in the line that tells what is known.
const AMOUNTS_TOLD_MAX: usize = 2;

/// Keeps the facts of a message. A person has one role and a matter one stage: the newer takes the older's place. In
/// a correction a fact takes the place of the last one of its kind.
pub(super) fn keep(d: &mut Draft) {
    let corrects = matches!(d.reading.lean, Some(Lean::Corrected | Lean::FactCorrected));
    let facts: Vec<Fact> = d.reading.facts.iter().map(Fact::kept).collect();
    for fact in &facts {
        let known = d
            .state
            .facts
            .iter()
            .rposition(|f| f.kind == fact.kind && !facts.contains(f));
        let single = matches!(fact.kind, FactKind::Role | FactKind::Stage);
        if (single || corrects)
            && let Some(old) = known
        {
            d.state.facts.remove(old);
            d.state.facts_news = true;
        }
        d.state.facts_news |= single && !d.state.facts.contains(fact);
        d.state.facts.retain(|f| f != fact);
        d.state.facts.push(fact.clone());
    }
    let surplus = d.state.facts.len().saturating_sub(FACTS_MAX);
    d.state.facts.drain(..surplus);
}

/// 不是，是三万: says what is known now; nothing was asked.
pub(super) fn row_corrected(d: &mut Draft) -> Option<Rule> {
    if d.reading.lean != Some(Lean::FactCorrected) || !d.reading.concerns.is_empty() {
        return None;
    }
    let told: Vec<&str> = d.reading.facts.iter().map(|f| f.text.as_str()).collect();
    let facts = told.join("、");
    d.safety_line();
    d.state.facts_news = false;
    d.state.not_understood = 0;
    say(d, "facts.corrected", &facts);
    Some(Rule::Corrected)
}

/// After an answer: what is known of the citizen, once after each change.
pub(super) fn tell(d: &mut Draft, rule: Rule) {
    let answered = matches!(rule, Rule::Answer | Rule::FollowUp | Rule::Several);
    if !d.state.facts_news || !answered || d.state.owner != Owner::Bot {
        return;
    }
    d.state.facts_news = false;
    let of = |kind| d.state.facts.iter().filter(move |f| f.kind == kind);
    let amounts = of(FactKind::Amount).rev().take(AMOUNTS_TOLD_MAX);
    let told = of(FactKind::Role).chain(of(FactKind::Stage)).chain(amounts);
    let told: Vec<&str> = told.map(|f| f.text.as_str()).collect();
    if !told.is_empty() {
        let facts = told.join("、");
        say(d, "facts.said", &facts);
    }
}

fn say(d: &mut Draft, code: &str, facts: &str) {
    let text = d.ctx.script.text_with(code, &[("facts", facts)]);
    d.notice_of(code, text, false, Vec::new());
}
