//! What consultants do to a conversation, and what happens when one is lost.

use super::draft::Draft;
use super::nouns::{
    Author, Body, Effect, From, HandoffReason, HandoffState, Owner, StaffRole, Timer, What,
};
use super::state::{Pick, State};
use super::step::{Admission, Refusal};
use super::turn::Rule;

/// One owner at a time: only a waiting conversation can be taken, only its owner can act on it.
pub(super) fn admit(state: &State, by: &Author, what: &What) -> Admission {
    let Author::Consultant { staff, role, .. } = by else {
        return Admission::Refuse(Refusal::NotAllowed);
    };
    let owns = matches!(&state.owner, Owner::Consultant { staff: owner, .. } if owner == staff);
    let waiting = matches!(state.owner, Owner::Queue { .. });
    let serves = matches!(role, StaffRole::Consultant | StaffRole::Lawyer);
    let refusal = match what {
        _ if !serves => Some(Refusal::NotAllowed),
        // 自述犯罪 is for a lawyer only.
        What::Take if state.confession && *role != StaffRole::Lawyer => Some(Refusal::NotAllowed),
        What::Take => (!waiting).then_some(Refusal::NotWaiting),
        What::Reply { .. } | What::HandBack | What::Close { .. } => {
            (!owns).then_some(Refusal::NotOwner)
        }
        _ => Some(Refusal::NotAllowed),
    };
    refusal.map_or(Admission::Go, Admission::Refuse)
}

pub(super) fn act(d: &mut Draft) -> Rule {
    let Author::Consultant { staff, name, role } = d.event.by.clone() else {
        return Rule::Nothing;
    };
    d.effects.push(Effect::Desk { urgent: false });
    match d.event.what.clone() {
        What::Take => {
            let text = d
                .ctx
                .script
                .text_with("handoff.taken", &[("name", &name), ("role", role.label())]);
            d.state.last_staff = Some(staff.clone());
            d.state.owner = Owner::Consultant { staff, name, role };
            d.state.form = None;
            d.cancel(Timer::UrgentUnaccepted);
            if d.state.danger.is_some() {
                let after_s = d.ctx.script.urgent_accept_s;
                d.schedule(Timer::UrgentUnanswered, after_s);
            }
            handoff(d, HandoffState::Taken, text);
            Rule::Taken
        }
        What::Reply { text } => {
            d.state.danger = None;
            d.cancel(Timer::UrgentUnanswered);
            d.say(From::Consultant { name, role }, Body::Text { text });
            Rule::Consultant
        }
        What::HandBack => {
            d.state.owner = Owner::Bot;
            d.state.timers.clear();
            d.state.not_understood = 0;
            let text = d.ctx.script.text("handoff.returned");
            handoff(d, HandoffState::Returned, text);
            Rule::HandedBack
        }
        What::Close { topic, .. } => {
            d.state.owner = Owner::Closed { at_ms: d.now_ms };
            d.state.timers.clear();
            d.state.danger = None;
            if !topic.is_empty() {
                d.state.topic = Some(topic);
            }
            let text = d.ctx.script.text("conversation_closed");
            handoff(d, HandoffState::Closed, text);
            Rule::Closed
        }
        _ => Rule::Nothing,
    }
}

fn handoff(d: &mut Draft, state: HandoffState, text: String) {
    let options = Vec::new();
    let body = Body::Handoff {
        state,
        text,
        options,
    };
    d.say(From::System, body);
}

/// The owner's heartbeat was lost: back to the head of the queue. Late news changes nothing.
pub(super) fn lost(d: &mut Draft, staff: &str) -> Rule {
    let owned = matches!(&d.state.owner, Owner::Consultant { staff: owner, .. } if owner == staff);
    if !owned {
        return Rule::Nothing;
    }
    let urgent = d.state.danger.is_some();
    d.state.owner = Owner::Queue {
        since_ms: d.now_ms,
        urgent,
        reason: HandoffReason::OwnerLost,
    };
    d.cancel(Timer::UrgentUnanswered);
    let picks = vec![Pick::Resume];
    let options = d.choices(&picks);
    let text = d.ctx.script.text("handoff.owner_lost");
    let body = Body::Handoff {
        state: HandoffState::Queued,
        text,
        options,
    };
    let seq = d.say(From::System, body);
    d.offer(seq, picks);
    d.effects.push(Effect::Desk { urgent });
    Rule::Waiting
}
