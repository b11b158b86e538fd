//! Row 1: danger, whoever owns the conversation; and the timers that run while nobody has answered it.
//!
//! A danger once named is open (`State::danger`) until a consultant answers or the citizen says he is safe; a
//! safety question is open until it is answered. While either is open every handoff is urgent.

use super::draft::Draft;
use super::form;
use super::nouns::{DangerKind, Degree, Effect, HandoffReason, Owner, Seq, Timer, What};
use super::reading::Command;
use super::state::{Pick, SafetyQuestion};
use super::turn::Rule;

/// How often 你现在安全吗 is put in one stretch; after that it stands, and every handoff stays urgent.
const SAFETY_ASKS_MAX: u8 = 2;

/// Row 1.
pub(super) fn row(d: &mut Draft) -> Option<Rule> {
    let danger = d.reading.danger(Degree::Ask);
    if let Some(danger) = danger.filter(|x| x.degree == Degree::Immediate) {
        return Some(immediate(d, danger.kind));
    }
    if let Some(rule) = answered(d) {
        return Some(rule);
    }
    let kind = danger?.kind;
    if matches!(d.state.owner, Owner::Consultant { .. }) {
        // A person reads along: he can ask better than a fixed question.
        d.desk(true);
        return None;
    }
    // Asked already, or known to be grave: the row goes on, with the safety line.
    if d.peril().is_some() {
        return None;
    }
    ask(d, kind);
    Some(Rule::SafetyQuestion)
}

/// Puts the safety question.
fn ask(d: &mut Draft, kind: DangerKind) {
    let asked = match &d.state.safety {
        Some(q) if q.open && q.kind == kind => q.asked.saturating_add(1),
        _ => 1,
    };
    let picks = vec![Pick::Safe(kind), Pick::Unsafe(kind)];
    let of = d.notice_with("danger.safe_question", true, picks);
    d.state.safety = Some(SafetyQuestion {
        kind,
        of,
        asked,
        open: true,
    });
}

/// Puts an unanswered safety question once more, after whatever else the turn said.
pub(super) fn remind(d: &mut Draft, seq_before: Seq) {
    if !matches!(d.state.owner, Owner::Bot | Owner::Queue { .. }) {
        return;
    }
    let Some(q) = &d.state.safety else { return };
    if !q.open || q.asked >= SAFETY_ASKS_MAX || q.of > seq_before {
        return;
    }
    let kind = q.kind;
    ask(d, kind);
    // Who waits and does not say that he is safe waits in front.
    if let Owner::Queue { urgent, .. } = &mut d.state.owner
        && !*urgent
    {
        *urgent = true;
        d.desk(true);
        if d.ctx.duty.open {
            d.schedule_urgent(Timer::UrgentUnaccepted);
        }
    }
}

/// What a text says about being safe.
enum Statement {
    Safe,
    Unsafe,
}

/// The text answers the safety question, or says how things are after a danger.
fn answered(d: &mut Draft) -> Option<Rule> {
    let kind = d.peril()?;
    let What::Say { text } = &d.event.what else {
        return None;
    };
    let statement = statement(text).or_else(|| by_command(d))?;
    match statement {
        Statement::Unsafe => Some(immediate(d, kind)),
        // A person has it: only his answer, or his judgement, ends a danger.
        Statement::Safe if matches!(d.state.owner, Owner::Consultant { .. }) => None,
        Statement::Safe => Some(safe(d, kind)),
    }
}

fn statement(text: &str) -> Option<Statement> {
    let mark = |c: char| c.is_whitespace() || "。．.，,、！!～~1１2２".contains(c);
    let mut rest = text.trim_matches(mark);
    rest = rest.trim_end_matches(['了', '的', '啊', '呢', '呀']);
    while let Some(shorter) = [
        "我", "们", "人", "现在", "目前", "已经", "暂时", "还算", "很", "是", "还",
    ]
    .iter()
    .find_map(|word| rest.strip_prefix(word))
    {
        rest = shorter.trim_start_matches(mark);
    }
    match rest {
        "安全" | "挺安全" | "安全着" => Some(Statement::Safe),
        "不安全" | "不太安全" | "不大安全" | "没有安全" | "不够安全" | "很不安全" => {
            Some(Statement::Unsafe)
        }
        _ => None,
    }
}

/// A number, yes or no, when the safety question is the last thing that was asked.
fn by_command(d: &Draft) -> Option<Statement> {
    let q = d.state.safety.as_ref().filter(|q| q.open)?;
    let form_later = d.state.form.as_ref().is_some_and(|f| f.asked > q.of);
    if form_later || d.state.offers.back()?.of != q.of {
        return None;
    }
    match d.reading.command? {
        Command::Digit(1) | Command::Yes => Some(Statement::Safe),
        Command::Digit(2) | Command::No => Some(Statement::Unsafe),
        _ => None,
    }
}

/// What option `option` of the safety question in message `of` stands for, however long ago it was put.
pub(super) fn pick(d: &Draft, of: Seq, option: u32) -> Option<Pick> {
    let q = d.state.safety.as_ref().filter(|q| q.of == of)?;
    match option {
        1 => Some(Pick::Safe(q.kind)),
        2 => Some(Pick::Unsafe(q.kind)),
        _ => None,
    }
}

/// Fixed text at once, then a person before anybody else's turn.
pub(super) fn immediate(d: &mut Draft, kind: DangerKind) -> Rule {
    let news = d.state.danger != Some(kind);
    if news {
        d.state.danger = Some(kind);
        d.state.danger_told = false;
    }
    if let Some(q) = &mut d.state.safety {
        q.open = false;
    }
    let raised = match &mut d.state.owner {
        Owner::Consultant { .. } => {
            d.desk(true);
            d.schedule_urgent(Timer::UrgentUnanswered);
            return Rule::Danger;
        }
        Owner::Queue { urgent, reason, .. } => {
            *urgent = true;
            if *reason != HandoffReason::OwnerLost {
                *reason = HandoffReason::Danger;
            }
            true
        }
        Owner::Bot | Owner::Closed { .. } => false,
    };
    // Written again within the seconds a person has to accept: the text stands just above.
    if !(raised && d.state.danger_told && d.runs(Timer::UrgentUnaccepted)) {
        d.notice_with(&format!("danger.{}", kind.name()), true, Vec::new());
        d.state.danger_told = true;
    }
    if !raised {
        d.hand_off(HandoffReason::Danger);
        return Rule::Danger;
    }
    d.desk(true);
    if d.ctx.duty.open {
        d.schedule_urgent(Timer::UrgentUnaccepted);
    } else if news {
        d.nobody_online(kind);
    }
    Rule::Danger
}

/// The citizen says he is safe. Whoever waits keeps his place: somebody else may be typing.
pub(super) fn safe(d: &mut Draft, kind: DangerKind) -> Rule {
    if let Some(q) = &mut d.state.safety {
        q.open &= q.kind != kind;
    }
    if d.state.danger.is_some_and(|open| open == kind) {
        d.state.danger = None;
        d.state.danger_told = false;
    }
    if d.peril().is_none() {
        d.state.timers.clear();
    }
    let asks = |p: &Pick| matches!(p, Pick::Safe(_) | Pick::Unsafe(_));
    d.state.offers.retain(|o| !o.picks.iter().any(asks));
    d.notice("danger.safe_yes");
    form::return_to(d);
    Rule::SafetyQuestion
}

/// A timer came due: nobody accepted, or the consultant has not answered. Late or early ones change nothing.
pub(super) fn timer_fired(d: &mut Draft, timer: Timer) -> Rule {
    let due = |t: &super::state::RunningTimer| t.timer == timer && t.due_ms <= d.now_ms;
    if !d.state.timers.iter().any(due) {
        return Rule::Nothing;
    }
    d.cancel(timer);
    let Some(kind) = d.peril() else {
        return Rule::Nothing;
    };
    match (timer, &d.state.owner) {
        (Timer::UrgentUnaccepted, Owner::Queue { .. }) => d.nobody_online(kind),
        (Timer::UrgentUnanswered, Owner::Consultant { .. }) => {
            let code = if d.state.danger_told {
                "danger.under_consultant".to_owned()
            } else {
                format!("danger.{}", kind.name())
            };
            d.notice_with(&code, true, Vec::new());
            d.state.danger_told = true;
            d.effects.push(Effect::AlertOnCall { danger: kind });
        }
        _ => return Rule::Nothing,
    }
    d.desk(true);
    Rule::Timer
}
