//! What consultants do to a conversation, and what happens when one is lost.

use super::bounds::{self, ID_BYTES_MAX, NAME_BYTES_MAX, STAFF_BYTES_MAX};
use super::desk::matter::Target;
use super::draft::Draft;
use super::nouns::{
    Author, Body, From, HandoffReason, HandoffState, NOTE_CHARS_MAX, Owner, StaffRole, Timer, What,
};
use super::roles::{Act, may};
use super::state::State;
use super::step::{Admission, Refusal};
use super::ticket;
use super::turn::Rule;
use super::waiting;

/// One owner at a time: only a waiting conversation can be taken, only its owner can act on it.
pub(super) fn admit(state: &State, by: &Author, what: &What) -> Admission {
    let Author::Consultant { staff, role, .. } = by else {
        return Admission::Refuse(Refusal::NotAllowed);
    };
    if !bounds::fits(staff, STAFF_BYTES_MAX) {
        return Admission::Refuse(Refusal::BadField);
    }
    let owns = matches!(&state.owner, Owner::Consultant { staff: owner, .. } if owner == staff);
    let waiting = matches!(state.owner, Owner::Queue { .. });
    if let What::Ticket { act } = what {
        return ticket::admit(state, staff, *role, act);
    }
    let serves = may(*role, Act::Serve);
    let refusal = match what {
        _ if !serves => Some(Refusal::NotAllowed),
        // 自述犯罪 is for a lawyer only.
        What::Take if state.confession && !may(*role, Act::HearConfession) => {
            Some(Refusal::NotAllowed)
        }
        // Who has told of a conflict keeps out of it.
        What::Take if state.matter.recused.contains(staff) => Some(Refusal::NotAllowed),
        What::Take | What::Decline { .. } => (!waiting).then_some(Refusal::NotWaiting),
        What::Transfer { to, note } => {
            let himself = matches!(to, Target::Staff { staff: other } if other == staff);
            let fits = to.fits() && !himself && note.chars().count() <= NOTE_CHARS_MAX;
            match owns {
                false => Some(Refusal::NotOwner),
                true => (!fits).then_some(Refusal::BadField),
            }
        }
        What::Reply { .. } | What::HandBack | What::Close { .. } => {
            (!owns).then_some(Refusal::NotOwner)
        }
        _ => Some(Refusal::NotAllowed),
    };
    refusal.map_or(Admission::Go, Admission::Refuse)
}

pub(super) fn act(d: &mut Draft) -> Rule {
    let Author::Consultant { staff, name, role } = &d.event.by else {
        return Rule::Nothing;
    };
    if let What::Ticket { act } = &d.event.what {
        return ticket::act(d, act);
    }
    let name = bounds::clip(name, NAME_BYTES_MAX).to_owned();
    d.desk(false);
    match &d.event.what {
        What::Take => take(d, staff, name, *role),
        What::Reply { text } => {
            d.state.danger = None;
            d.state.danger_told = false;
            if let Some(q) = &mut d.state.safety {
                q.open = false;
            }
            d.cancel(Timer::UrgentUnanswered);
            let from = From::Consultant { name, role: *role };
            let seq = d.say(from, Body::Text { text: text.clone() });
            ticket::replied(d, seq, staff);
            Rule::Consultant
        }
        What::HandBack => {
            d.state.timers.clear();
            d.state.not_understood = 0;
            if d.peril().is_some() {
                // Nobody has answered the danger: it goes to the next person, not to the bot.
                d.hand_off(HandoffReason::Danger);
                return Rule::HandedBack;
            }
            d.state.owner = Owner::Bot;
            tell(d, HandoffState::Returned, "handoff.returned");
            Rule::HandedBack
        }
        What::Decline { conflict } => waiting::decline(d, staff, *conflict),
        What::Transfer { to, .. } => {
            d.cancel(Timer::UrgentUnanswered);
            d.state.matter.to = Some(to.clone());
            d.hand_off(HandoffReason::Transferred);
            Rule::Transferred
        }
        What::Close { topic, .. } => {
            d.state.owner = Owner::Closed { at_ms: d.now_ms };
            d.state.timers.clear();
            d.state.danger = None;
            d.state.danger_told = false;
            if let Some(q) = &mut d.state.safety {
                q.open = false;
            }
            if !topic.is_empty() {
                d.state.topic = Some(bounds::clip(topic, ID_BYTES_MAX).to_owned());
            }
            ticket::close(d);
            tell(d, HandoffState::Closed, "conversation_closed");
            Rule::Closed
        }
        _ => Rule::Nothing,
    }
}

fn take(d: &mut Draft, staff: &str, name: String, role: StaffRole) -> Rule {
    let places = [("name", name.as_str()), ("role", role.label())];
    let text = d.ctx.script.text_with("handoff.taken", &places);
    d.state.last_staff = Some(staff.to_owned());
    d.state.owner = Owner::Consultant {
        staff: staff.to_owned(),
        name,
        role,
    };
    d.state.form = None;
    d.cancel(Timer::UrgentUnaccepted);
    d.drop_resume();
    if d.peril().is_some() {
        d.schedule_urgent(Timer::UrgentUnanswered);
    }
    handoff(d, HandoffState::Taken, text);
    Rule::Taken
}

fn tell(d: &mut Draft, state: HandoffState, key: &str) {
    let text = d.ctx.script.text(key);
    handoff(d, state, text);
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
    d.cancel(Timer::UrgentUnanswered);
    d.hand_off(HandoffReason::OwnerLost);
    Rule::Waiting
}
