//! Rows 6 to 10: what a bot may answer, and what it does when it may not or cannot.

use super::draft::Draft;
use super::nouns::{Body, Degree, From, HandoffReason};
use super::reading::Hit;
use super::script::{EntryCard, HumanLevel};
use super::state::{Answered, Pick};
use super::turn::Rule;

/// Most choices in a clarifying question, 都不是 not counted.
const CLARIFY_MAX: usize = 4;
/// Most follow-on questions shown under an answer.
const NEXT_MAX: usize = 4;
/// Articles shown in a pointer.
const POINTER_MAX: usize = 3;
/// The same question this often in a row means a person.
const REPEATS_MAX: u8 = 3;
/// Turns in a row not understood that mean a person.
const NOT_UNDERSTOOD_MAX: u8 = 2;

/// The best hit if it may be answered without asking back.
fn passing<'a>(d: &Draft<'a>) -> Option<&'a EntryCard> {
    let hit = d.reading.hits.first()?;
    let entry = d.entry(&hit.entry)?;
    (hit.p >= d.ctx.script.answer_threshold(entry)).then_some(entry)
}

/// Row 6: general safety steps, then a human; or a refusal.
pub(super) fn row_required(d: &mut Draft) -> Option<Rule> {
    if let Some(refused) = d.reading.concerns.iter().copied().find(|c| c.refuses()) {
        d.state.not_understood = 0;
        let code = format!("concern.{}", refused.name());
        d.notice_with(&code, false, vec![Pick::Human]);
        if refused.someone_at_risk() {
            d.hand_off(HandoffReason::Required, false);
        }
        return Some(Rule::Refused);
    }
    let entry = passing(d);
    let Some(concern) = d.reading.concerns.first().copied() else {
        let entry = entry.filter(|e| e.human == HumanLevel::Required)?;
        return Some(give(d, entry));
    };
    safety_line(d);
    match entry {
        Some(entry) => show(d, entry),
        None => {
            d.notice(&format!("concern.{}", concern.name()));
        }
    }
    d.hand_off(HandoffReason::Required, false);
    Some(Rule::Required)
}

/// Row 7.
pub(super) fn row_answer(d: &mut Draft) -> Option<Rule> {
    let entry = passing(d)?;
    let digest = d.reading.digest;
    let times = match &d.state.answered {
        Some(a) if a.entry == entry.id && a.digest == digest => a.times.saturating_add(1),
        _ => 1,
    };
    if times == 1 {
        let rule = give(d, entry);
        if let Some(answered) = &mut d.state.answered {
            answered.digest = digest;
        }
        return Some(rule);
    }
    d.state.answered = Some(Answered {
        entry: entry.id.clone(),
        digest,
        times,
    });
    if times >= REPEATS_MAX {
        d.notice("repeat.third");
        d.hand_off(HandoffReason::NotUnderstood, false);
        return Some(Rule::Repeated);
    }
    let text = format!(
        "{}\n\n{}",
        entry.conclusion,
        d.ctx.script.text("repeat.second")
    );
    let picks = vec![Pick::Human, Pick::TellMore];
    let options = d.choices(&picks);
    let body = Body::Answer {
        entry: entry.id.clone(),
        title: entry.title.clone(),
        markdown: text,
        citations: entry.citations.clone(),
        next: options,
        safety: None,
    };
    let seq = d.say(From::Bot, body);
    d.offer(seq, picks);
    Some(Rule::Repeated)
}

/// Answers with an entry; one that requires a human also hands over.
pub(super) fn give(d: &mut Draft, entry: &EntryCard) -> Rule {
    show(d, entry);
    d.state.not_understood = 0;
    d.state.topic = Some(entry.intent.clone());
    d.state.answered = Some(Answered {
        entry: entry.id.clone(),
        digest: d.reading.digest,
        times: 1,
    });
    if entry.human == HumanLevel::Required {
        d.notice("handoff.required");
        d.hand_off(HandoffReason::Required, false);
        return Rule::Required;
    }
    Rule::Answer
}

fn show(d: &mut Draft, entry: &EntryCard) {
    let mut picks: Vec<Pick> = Vec::with_capacity(NEXT_MAX);
    picks.extend(entry.form.iter().cloned().map(Pick::Form));
    picks.extend(
        entry
            .next
            .iter()
            .take(NEXT_MAX - picks.len())
            .cloned()
            .map(Pick::Entry),
    );
    let related = d.reading.danger(Degree::Related).map(|x| {
        d.ctx
            .script
            .text(&format!("danger_related.{}", x.kind.name()))
    });
    let body = Body::Answer {
        entry: entry.id.clone(),
        title: entry.title.clone(),
        markdown: entry.markdown.clone(),
        citations: entry.citations.clone(),
        next: d.choices(&picks),
        safety: related.or_else(|| entry.safety.clone()),
    };
    let seq = d.say(From::Bot, body);
    d.offer(seq, picks);
    if !d.state.disclosed {
        d.state.disclosed = true;
        d.notice("bot_disclosure");
    }
}

/// The safety line of a related danger, for rows that show no entry.
fn safety_line(d: &mut Draft) {
    if passing(d).is_some() {
        return;
    }
    if let Some(danger) = d.reading.danger(Degree::Related) {
        d.notice(&format!("danger_related.{}", danger.kind.name()));
    }
}

/// Row 8.
pub(super) fn row_clarify(d: &mut Draft) -> Option<Rule> {
    let thresholds = d.ctx.script.thresholds;
    if d.reading.legal < thresholds.legal {
        return None;
    }
    let plausible = |hit: &&Hit| hit.p >= thresholds.clarify && d.entry(&hit.entry).is_some();
    let mut picks: Vec<Pick> = d
        .reading
        .hits
        .iter()
        .filter(plausible)
        .take(CLARIFY_MAX)
        .map(|hit| Pick::Entry(hit.entry.clone()))
        .collect();
    if picks.is_empty() {
        return None;
    }
    picks.push(Pick::NoneOfThese);
    safety_line(d);
    d.state.not_understood = 0;
    let body = Body::Clarify {
        text: d.ctx.script.text("clarify.lead"),
        options: d.choices(&picks),
    };
    let seq = d.say(From::Bot, body);
    d.offer(seq, picks);
    Some(Rule::Clarify)
}

/// Row 9.
pub(super) fn row_pointer(d: &mut Draft) -> Option<Rule> {
    if d.reading.statutes.is_empty() || d.reading.legal < d.ctx.script.thresholds.legal {
        return None;
    }
    safety_line(d);
    d.state.not_understood = 0;
    let citations = d
        .reading
        .statutes
        .iter()
        .take(POINTER_MAX)
        .cloned()
        .collect();
    let text = d.ctx.script.text("pointer.lead");
    d.say(From::Bot, Body::Pointer { text, citations });
    Some(Rule::Pointer)
}

/// Row 10.
pub(super) fn row_last(d: &mut Draft) -> Rule {
    safety_line(d);
    let off_topic = !d.reading.unintelligible && d.reading.legal < d.ctx.script.thresholds.legal;
    d.state.not_understood = d.state.not_understood.saturating_add(1);
    let again = d.state.not_understood >= NOT_UNDERSTOOD_MAX;
    if off_topic {
        // Idle talk must not fill the queue: a human is offered, not called.
        let picks = if again { vec![Pick::Human] } else { Vec::new() };
        d.notice_with("not_legal", false, picks);
        return Rule::NotLegal;
    }
    if again {
        d.hand_off(HandoffReason::NotUnderstood, false);
    } else {
        d.notice_with("unintelligible", false, vec![Pick::Human]);
    }
    Rule::NotUnderstood
}
