//! Row 2 and the queue: asking for a person, waiting for one, and going on with the bot instead.

use super::draft::Draft;
use super::nouns::{HandoffReason, Owner, Timer};
use super::reading::Command;
use super::script::Follows;
use super::state::Pick;
use super::step;
use super::turn::Rule;

/// Row 2.
pub(super) fn row_human(d: &mut Draft) -> Option<Rule> {
    (d.reading.command == Some(Command::Human) || by_intent(d)).then(|| ask_human(d))
}

fn by_intent(d: &Draft) -> bool {
    let Some(top) = d.reading.intents.first() else {
        return false;
    };
    let script = &d.ctx.script;
    let card = script.intents.get(&top.intent);
    top.intent.starts_with("service.")
        && top.p >= script.thresholds.intent
        && card.is_some_and(|c| c.follows == Follows::Human)
}

pub(super) fn ask_human(d: &mut Draft) -> Rule {
    d.safety_line();
    match d.state.owner {
        Owner::Consultant { .. } => d.desk(false),
        Owner::Queue { .. } => d.still_waiting(),
        Owner::Bot | Owner::Closed { .. } => d.hand_off(HandoffReason::Asked),
    }
    Rule::Human
}

/// Said while waiting: kept for the human, unless the citizen would rather go on with the bot.
pub(super) fn row(d: &mut Draft) -> Rule {
    d.safety_line();
    match d.reading.command {
        Some(Command::Resume) => return resume(d),
        Some(Command::Digit(n)) => return step::digit(d, n),
        _ => {}
    }
    if let Some(rule) = row_human(d).or_else(|| step::row_ticket(d)) {
        return rule;
    }
    d.desk(false);
    if !d.state.noted {
        note(d);
    }
    Rule::Waiting
}

/// Says that what is written is kept for the person who will take over, and how to go on with the bot.
pub(super) fn note(d: &mut Draft) {
    d.state.noted = true;
    d.notice_with("handoff.noted", false, vec![Pick::Resume]);
}

/// Who waits no longer needs to: he left a message, or it was answered.
pub(super) fn leave_queue(d: &mut Draft) {
    if matches!(d.state.owner, Owner::Queue { .. }) {
        d.state.owner = Owner::Bot;
        d.cancel(Timer::UrgentUnaccepted);
        d.desk(false);
    }
    d.drop_resume();
}

/// The citizen goes on with the bot. A danger named before stays open.
pub(super) fn resume(d: &mut Draft) -> Rule {
    leave_queue(d);
    d.notice("handoff.resumed");
    d.open_danger_line();
    Rule::Resumed
}
