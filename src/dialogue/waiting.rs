//! Row 2 and the queue: asking for a person, waiting for one, and going on with the bot instead.

use super::bounds::{self, STAFF_BYTES_MAX};
use super::desk::matter::{Invitation, LANGUAGE_BYTES_MAX};
use super::desk::region;
use super::draft::Draft;
use super::nouns::{Author, Concern, HandoffReason, Millis, Owner, Timer, What};
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
    // 按1 answers an offer, whatever its words are like.
    if matches!(d.reading.command, Some(Command::Digit(_))) {
        return false;
    }
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

/// Offers a waiting conversation to a consultant. Late news changes nothing.
pub(super) fn invite(d: &mut Draft, staff: &str, until_ms: Millis) -> Rule {
    let waits = matches!(d.state.owner, Owner::Queue { .. });
    if !waits || !bounds::fits(staff, STAFF_BYTES_MAX) {
        return Rule::Nothing;
    }
    d.state.matter.invited = Some(Invitation {
        staff: staff.to_owned(),
        until_ms,
    });
    d.desk(false);
    Rule::Invitation
}

/// The offer to this consultant is over.
pub(super) fn uninvite(d: &mut Draft, staff: &str) -> Rule {
    let invited = &mut d.state.matter.invited;
    if invited.as_ref().is_none_or(|i| i.staff != staff) {
        return Rule::Nothing;
    }
    *invited = None;
    d.desk(false);
    Rule::Invitation
}

/// A consultant does not take what he was offered, or must not have it.
pub(super) fn decline(d: &mut Draft, staff: &str, conflict: bool) -> Rule {
    let rule = uninvite(d, staff);
    if conflict && !d.state.matter.recused.iter().any(|s| s == staff) {
        d.state.matter.recuse(staff);
        d.desk(false);
        return Rule::Invitation;
    }
    rule
}

/// Keeps what routing must know: a near deadline, the language, the names of both sides; and forgets where it was to go
/// once it is there.
pub(super) fn keep_matter(d: &mut Draft) {
    let matter = &mut d.state.matter;
    if !matches!(d.state.owner, Owner::Queue { .. }) {
        matter.invited = None;
        matter.to = None;
    }
    if d.event.by != Author::Citizen {
        return;
    }
    let late = |c: &Concern| matches!(c, Concern::DeadlineNear | Concern::DeadlinePassed);
    matter.deadline |= d.reading.concerns.iter().any(late);
    if let What::Say { text } = &d.event.what
        && let Some(language) = region::language_of(text)
    {
        matter.language = Some(bounds::clip(language, LANGUAGE_BYTES_MAX).to_owned());
    }
    if let Some(progress) = &d.state.form
        && let Some(form) = d.ctx.script.forms.get(&progress.form)
    {
        matter.keep_names(form, progress);
    }
}
