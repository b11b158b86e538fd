//! The decision table: which row answers an event. Rows in the order in which they are tried.

use super::draft::Draft;
use super::nouns::{
    Author, Body, Danger, DangerKind, Degree, Effect, Event, From, HandoffReason, Message, Millis,
    Owner, Seq, Timer, What,
};
use super::reading::{Command, Reading};
use super::script::{Context, Follows};
use super::state::{FACTS_MAX, Pick, Seen, State};
use super::turn::Rule;
use super::{answer, consultant, form};

/// What one event leads to. Nothing of it is shown before it is committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub state: State,
    pub messages: Vec<Message>,
    pub effects: Vec<Effect>,
    pub rule: Rule,
}

/// Whether an event may make a turn at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Go,
    /// The same id with the same content: answer with the seq it already has.
    Repeat(Seq),
    Refuse(Refusal),
}

/// Why an event makes no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The same id with another content.
    IdReused,
    /// A consultant acted on a conversation that is not his.
    NotOwner,
    /// A consultant tried to take a conversation that is not waiting.
    NotWaiting,
    /// A seq, score or option that cannot be.
    BadField,
    /// The author may not do this.
    NotAllowed,
}

/// Checks an event against the state. Pure; the engine calls it before reading anything.
pub fn admit(state: &State, event: &Event) -> Admission {
    match state.recent.seen(event) {
        Seen::Repeat(seq) => return Admission::Repeat(seq),
        Seen::Changed => return Admission::Refuse(Refusal::IdReused),
        Seen::New => {}
    }
    let refusal = match (&event.by, &event.what) {
        (Author::Citizen, What::Say { .. } | What::Human | What::End) => None,
        (Author::Citizen, What::Choose { of, option }) => {
            (*of == 0 || *of > state.last_seq || *option == 0).then_some(Refusal::BadField)
        }
        (Author::Citizen, What::Rate { of, score, .. }) => {
            (*of == 0 || *of > state.last_seq || !(1..=5).contains(score))
                .then_some(Refusal::BadField)
        }
        (Author::Consultant { .. }, what) => {
            return consultant::admit(state, &event.by, what);
        }
        (Author::System, What::Timer { .. } | What::OwnerLost { .. }) => None,
        _ => Some(Refusal::NotAllowed),
    };
    refusal.map_or(Admission::Go, Admission::Refuse)
}

/// Makes a turn of an event. Total: an event that [`admit`] refuses changes nothing.
pub fn step(
    ctx: &Context,
    state: &State,
    event: &Event,
    reading: &Reading,
    now_ms: Millis,
) -> Step {
    let mut draft = Draft::new(ctx, state, event, reading, now_ms);
    let rule = if admit(state, event) == Admission::Go {
        let first_seq = state.last_seq + 1;
        let rule = dispatch(&mut draft);
        let seq = first_seq.min(draft.state.last_seq);
        draft.state.recent.remember(event, seq);
        rule
    } else {
        Rule::Nothing
    };
    Step {
        state: draft.state,
        messages: draft.messages,
        effects: draft.effects,
        rule,
    }
}

fn dispatch(d: &mut Draft) -> Rule {
    match (&d.event.by, &d.event.what) {
        (Author::Citizen, _) => citizen(d),
        (Author::Consultant { .. }, _) => consultant::act(d),
        (Author::System, What::Timer { timer }) => timer_fired(d, *timer),
        (Author::System, What::OwnerLost { staff }) => consultant::lost(d, staff),
        (Author::System, _) => Rule::Nothing,
    }
}

fn citizen(d: &mut Draft) -> Rule {
    if matches!(d.state.owner, Owner::Closed { .. }) {
        d.state.owner = Owner::Bot;
    }
    let event = d.event;
    match &event.what {
        What::Say { text } => {
            let text = text.clone();
            d.say(From::Citizen, Body::Text { text });
            said(d)
        }
        What::Choose { of, option } => chose(d, *of, *option),
        What::Rate { of, score, reason } => {
            let (of, score, reason) = (*of, *score, reason.clone());
            d.say(From::Citizen, Body::Rating { of, score, reason });
            d.notice("rate.thanks");
            Rule::Rated
        }
        What::Human => {
            let what = "human".to_owned();
            d.say(From::Citizen, Body::Request { what });
            ask_human(d)
        }
        What::End => {
            d.say(From::Citizen, Body::End);
            d.state.owner = Owner::Closed { at_ms: d.now_ms };
            d.state.form = None;
            d.state.timers.clear();
            d.notice("ended");
            d.effects.push(Effect::Desk { urgent: false });
            Rule::Closed
        }
        _ => Rule::Nothing,
    }
}

/// Rows 1 to 10 for a citizen's text.
fn said(d: &mut Draft) -> Rule {
    keep_facts(d);
    if d.reading
        .concerns
        .contains(&super::nouns::Concern::Confession)
    {
        d.state.confession = true;
    }
    if let Some(rule) = row_danger(d) {
        return rule;
    }
    match d.state.owner {
        Owner::Consultant { .. } => {
            d.effects.push(Effect::Desk { urgent: false });
            return Rule::Consultant;
        }
        Owner::Queue { .. } => return row_waiting(d),
        Owner::Bot | Owner::Closed { .. } => {}
    }
    row_human(d)
        .or_else(|| row_digit(d))
        .or_else(|| form::row(d))
        .or_else(|| row_service(d))
        .or_else(|| row_small_talk(d))
        .or_else(|| answer::row_required(d))
        .or_else(|| answer::row_answer(d))
        .or_else(|| answer::row_clarify(d))
        .or_else(|| answer::row_pointer(d))
        .unwrap_or_else(|| answer::row_last(d))
}

fn keep_facts(d: &mut Draft) {
    for fact in &d.reading.facts {
        d.state.facts.retain(|f| f != fact);
        d.state.facts.push(fact.clone());
    }
    let surplus = d.state.facts.len().saturating_sub(FACTS_MAX);
    d.state.facts.drain(..surplus);
}

/// Row 1. Whoever owns the conversation.
fn row_danger(d: &mut Draft) -> Option<Rule> {
    let asked = pending_safety_question(d);
    if let (Some(kind), What::Say { text }) = (asked, &d.event.what) {
        match text
            .trim()
            .trim_end_matches(['。', '！', '!', '.', '了', '的'])
        {
            "不安全" | "我不安全" | "没有安全" => return Some(immediate(d, kind)),
            "安全" | "我安全" | "我现在安全" => return Some(safe(d)),
            _ => {}
        }
    }
    let danger = d.reading.danger(Degree::Ask)?;
    match danger {
        Danger {
            kind,
            degree: Degree::Immediate,
        } => Some(immediate(d, kind)),
        Danger { kind, .. } if asked.is_none() && d.state.owner == Owner::Bot => {
            d.notice_with(
                "danger.safe_question",
                true,
                vec![Pick::Safe(kind), Pick::Unsafe(kind)],
            );
            Some(Rule::SafetyQuestion)
        }
        _ => None,
    }
}

fn pending_safety_question(d: &Draft) -> Option<DangerKind> {
    d.state.offers.back()?.picks.iter().find_map(|p| match p {
        Pick::Unsafe(kind) => Some(*kind),
        _ => None,
    })
}

fn immediate(d: &mut Draft, kind: DangerKind) -> Rule {
    let news = d.state.danger.replace(kind) != Some(kind);
    let code = format!("danger.{}", kind.name());
    if matches!(d.state.owner, Owner::Consultant { .. }) {
        d.effects.push(Effect::Desk { urgent: true });
        if news {
            let after_s = d.ctx.script.urgent_accept_s;
            d.schedule(Timer::UrgentUnanswered, after_s);
        }
        return Rule::Danger;
    }
    if news || d.state.owner == Owner::Bot {
        d.notice_with(&code, true, Vec::new());
    }
    d.hand_off(HandoffReason::Danger, true);
    if d.ctx.duty.open {
        let after_s = d.ctx.script.urgent_accept_s;
        d.schedule(Timer::UrgentUnaccepted, after_s);
    } else if news {
        d.notice_with("danger.nobody_online", true, Vec::new());
        d.effects.push(Effect::AlertOnCall { danger: kind });
    }
    Rule::Danger
}

fn safe(d: &mut Draft) -> Rule {
    d.state.offers.pop_back();
    d.notice("danger.safe_yes");
    Rule::SafetyQuestion
}

fn timer_fired(d: &mut Draft, timer: Timer) -> Rule {
    if !d.state.timers.iter().any(|t| t.timer == timer) {
        return Rule::Nothing;
    }
    d.cancel(timer);
    let Some(danger) = d.state.danger else {
        return Rule::Nothing;
    };
    match (timer, &d.state.owner) {
        (Timer::UrgentUnaccepted, Owner::Queue { .. }) => {
            d.notice_with("danger.nobody_online", true, Vec::new());
        }
        (Timer::UrgentUnanswered, Owner::Consultant { .. }) => {
            d.notice_with(&format!("danger.{}", danger.name()), true, Vec::new());
        }
        _ => return Rule::Nothing,
    }
    d.effects.push(Effect::AlertOnCall { danger });
    d.effects.push(Effect::Desk { urgent: true });
    Rule::Timer
}

/// Said while waiting: kept for the human, unless the citizen would rather go on with the bot.
fn row_waiting(d: &mut Draft) -> Rule {
    let resumes = match d.reading.command {
        Some(Command::Resume) => true,
        Some(Command::Digit(n)) => picked(d, n) == Some(Pick::Resume),
        _ => false,
    };
    if resumes {
        return resume(d);
    }
    d.effects.push(Effect::Desk { urgent: false });
    Rule::Waiting
}

fn resume(d: &mut Draft) -> Rule {
    d.state.owner = Owner::Bot;
    d.state.timers.clear();
    d.state.offers.clear();
    d.notice("handoff.returned");
    d.effects.push(Effect::Desk { urgent: false });
    Rule::Resumed
}

/// Row 2.
fn row_human(d: &mut Draft) -> Option<Rule> {
    let by_intent = || {
        let top = d.reading.intents.first()?;
        let follows = &d.ctx.script.intents.get(&top.intent)?.follows;
        let service = top.intent.starts_with("service.") && *follows == Follows::Human;
        (service && top.p >= d.ctx.script.thresholds.intent).then_some(())
    };
    if d.reading.command != Some(Command::Human) && by_intent().is_none() {
        return None;
    }
    Some(ask_human(d))
}

fn ask_human(d: &mut Draft) -> Rule {
    match d.state.owner {
        Owner::Consultant { .. } => d.effects.push(Effect::Desk { urgent: false }),
        _ => d.hand_off(HandoffReason::Asked, false),
    }
    Rule::Human
}

/// A bare number answers the newest offer, unless a form is waiting for it.
fn row_digit(d: &mut Draft) -> Option<Rule> {
    let Some(Command::Digit(n)) = d.reading.command else {
        return None;
    };
    if d.state.form.is_some() {
        return None;
    }
    let pick = picked(d, n)?;
    Some(follow(d, pick))
}

fn picked(d: &Draft, option: u32) -> Option<Pick> {
    let offer = d.state.offers.back()?;
    let index = usize::try_from(option).ok()?.checked_sub(1)?;
    offer.picks.get(index).cloned()
}

fn chose(d: &mut Draft, of: Seq, option: u32) -> Rule {
    let pick = d.state.offers.iter().find(|o| o.of == of).and_then(|o| {
        o.picks
            .get(usize::try_from(option).ok()?.checked_sub(1)?)
            .cloned()
    });
    let form_label = form::option_label(d, of, option);
    let label = match (&form_label, &pick) {
        (Some(label), _) => label.clone(),
        (None, Some(pick)) => d.label(pick),
        (None, None) => option.to_string(),
    };
    d.say(From::Citizen, Body::Choice { of, option, label });
    if matches!(d.state.owner, Owner::Consultant { .. }) {
        d.effects.push(Effect::Desk { urgent: false });
        return Rule::Consultant;
    }
    if let Some(label) = form_label {
        return form::fill(d, Some(label));
    }
    match pick {
        Some(pick) => follow(d, pick),
        None => {
            d.notice("stale_choice");
            Rule::StaleChoice
        }
    }
}

/// Does what a numbered choice stands for. Always answers something.
fn follow(d: &mut Draft, pick: Pick) -> Rule {
    if matches!(d.state.owner, Owner::Queue { .. }) && !matches!(pick, Pick::Unsafe(_)) {
        // Any choice but a new danger means the citizen is talking to the bot again.
        if pick == Pick::Resume {
            return resume(d);
        }
        d.state.owner = Owner::Bot;
        d.effects.push(Effect::Desk { urgent: false });
    }
    match pick {
        Pick::Entry(id) => match d.entry(&id) {
            Some(entry) => answer::give(d, entry),
            None => {
                d.notice("stale_choice");
                Rule::StaleChoice
            }
        },
        Pick::Form(id) => form::start(d, &id),
        Pick::Safe(_) => safe(d),
        Pick::Unsafe(kind) => immediate(d, kind),
        Pick::Human => ask_human(d),
        Pick::NoneOfThese => {
            d.state.offers.clear();
            d.notice_with("clarify.none", false, vec![Pick::Human, Pick::TellMore]);
            Rule::Clarify
        }
        Pick::TellMore => {
            d.state.answered = None;
            d.notice("tell_more");
            Rule::Clarify
        }
        Pick::Resume => {
            d.notice("handoff.returned");
            Rule::Resumed
        }
    }
}

/// Row 4.
fn row_service(d: &mut Draft) -> Option<Rule> {
    let top = d.reading.intents.first()?;
    let Follows::Form(id) = &d.ctx.script.intents.get(&top.intent)?.follows else {
        return None;
    };
    if top.p < d.ctx.script.thresholds.intent || !d.ctx.script.forms.contains_key(id) {
        return None;
    }
    Some(form::start(d, id))
}

/// Row 5.
fn row_small_talk(d: &mut Draft) -> Option<Rule> {
    let top = d.reading.intents.first()?;
    let talk = top.intent.starts_with("chat.") || top.intent.starts_with("service.");
    let follows = &d.ctx.script.intents.get(&top.intent)?.follows;
    if !talk || *follows != Follows::Text || top.p < d.ctx.script.thresholds.intent {
        return None;
    }
    let code = top.intent.clone();
    d.state.not_understood = 0;
    d.notice(&code);
    Some(Rule::SmallTalk)
}
