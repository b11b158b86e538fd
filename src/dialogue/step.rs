//! The decision table: which row answers an event. Rows in the order in which they are tried.
//!
//! Two things of row 6 come before rows 3 to 5, because care outranks them: what is refused, and 自述犯罪. A form
//! must not collect either, and no service or greeting may answer over them.

use super::draft::Draft;
use super::nouns::{
    Author, Body, CLIENT_ID_BYTES_MAX, Concern, Degree, Effect, Event, From, Media, Message,
    Millis, Owner, Seq, Timer, What,
};
use super::reading::{Command, Reading};
use super::script::{Context, Follows};
use super::state::{Pick, Seen, State};
use super::turn::Rule;
use super::{answer, consultant, danger, facts, follow, form, privacy, ticket, waiting};

/// The intent of who is not helped: a person and more words are offered.
const FRUSTRATION: &str = "chat.frustration";

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
    /// A seq, score or option that cannot be; an id or a sign-in name that is too long.
    BadField,
    /// The author may not do this.
    NotAllowed,
    /// There is no ticket.
    NotFound,
}

/// Checks an event against the state. Pure; the engine calls it before reading anything.
pub fn admit(state: &State, event: &Event) -> Admission {
    match state.recent.seen(event) {
        Seen::Repeat(seq) => return Admission::Repeat(seq),
        Seen::Changed => return Admission::Refuse(Refusal::IdReused),
        Seen::New => {}
    }
    if event.by != Author::System && event.id.len() > CLIENT_ID_BYTES_MAX {
        return Admission::Refuse(Refusal::BadField);
    }
    let refusal = match (&event.by, &event.what) {
        (Author::Citizen, What::Say { .. } | What::Human | What::End | What::Attach { .. }) => None,
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
        (
            Author::System,
            What::Timer { .. } | What::OwnerLost { .. } | What::Invite { .. } | What::Lapse { .. },
        ) => None,
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
        let rule = dispatch(&mut draft);
        waiting::keep_matter(&mut draft);
        // Invitations come and go while somebody waits: they must not crowd out the citizen's ids.
        let moved = rule == Rule::Invitation && event.by == Author::System;
        if rule != Rule::Nothing && !moved {
            let seq = (state.last_seq + 1).min(draft.state.last_seq);
            draft.state.recent.remember(event, seq);
        }
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
        (Author::System, What::Timer { timer }) => match timer {
            Timer::Ticket => ticket::timer_fired(d),
            Timer::Erase => privacy::held(d),
            timer => danger::timer_fired(d, *timer),
        },
        (Author::System, What::OwnerLost { staff }) => consultant::lost(d, staff),
        (Author::System, What::Invite { staff, until_ms }) => waiting::invite(d, staff, *until_ms),
        (Author::System, What::Lapse { staff }) => waiting::uninvite(d, staff),
        (Author::System, _) => Rule::Nothing,
    }
}

fn citizen(d: &mut Draft) -> Rule {
    let event = d.event;
    let closed = matches!(d.state.owner, Owner::Closed { .. });
    if closed && !matches!(event.what, What::Rate { .. } | What::End) {
        d.state.owner = Owner::Bot;
        d.state.not_understood = 0;
    }
    let seq_before = d.state.last_seq;
    match &event.what {
        What::Say { text } => {
            let text = text.clone();
            d.say(From::Citizen, Body::Text { text });
            let rule = said(d);
            ticket::wrote(d, rule, true);
            danger::remind(d, seq_before);
            rule
        }
        What::Choose { of, option } => {
            let rule = chose(d, *of, *option);
            ticket::wrote(d, rule, false);
            danger::remind(d, seq_before);
            rule
        }
        What::Rate { of, score, reason } => {
            let (of, score, reason) = (*of, *score, reason.clone());
            d.say(From::Citizen, Body::Rating { of, score, reason });
            match d.state.owner {
                Owner::Consultant { .. } => d.desk(false),
                _ => {
                    d.notice("rate.thanks");
                }
            }
            ticket::rated(d, score);
            ticket::wrote(d, Rule::Rated, false);
            Rule::Rated
        }
        What::Human => {
            let what = "human".to_owned();
            d.say(From::Citizen, Body::Request { what });
            let rule = waiting::ask_human(d);
            ticket::wrote(d, rule, false);
            rule
        }
        What::End => {
            d.say(From::Citizen, Body::End);
            end(d, closed)
        }
        What::Attach { media, reference } => {
            let (media, reference) = (*media, reference.clone());
            d.say(From::Citizen, Body::Attachment { media, reference });
            let rule = attached(d, media);
            danger::remind(d, seq_before);
            rule
        }
        _ => Rule::Nothing,
    }
}

/// Something that cannot be read here: says what to do instead. A person who has the conversation decides himself.
fn attached(d: &mut Draft, media: Media) -> Rule {
    if !matches!(d.state.owner, Owner::Bot) {
        d.desk(false);
    }
    if !matches!(d.state.owner, Owner::Consultant { .. }) {
        d.notice(&format!("attachment.{}", media.name()));
    }
    Rule::Attached
}

fn end(d: &mut Draft, closed: bool) -> Rule {
    if !closed {
        d.state.owner = Owner::Closed { at_ms: d.now_ms };
        d.state.form = None;
        d.state.timers.clear();
        d.drop_resume();
        d.desk(false);
    }
    d.notice("ended");
    d.open_danger_line();
    Rule::Closed
}

/// Rows 1 to 10 for a citizen's text.
fn said(d: &mut Draft) -> Rule {
    facts::keep(d);
    let confesses = d.reading.concerns.contains(&Concern::Confession);
    let confessed_now = confesses && !d.state.confession;
    d.state.confession |= confesses;
    if let Some(rule) = danger::row(d) {
        if confessed_now && matches!(d.state.owner, Owner::Queue { .. }) {
            d.notice("concern.confession");
        }
        return rule;
    }
    let person = matches!(d.state.owner, Owner::Consultant { .. });
    if !person {
        d.related = d.reading.danger(Degree::Related).map(|x| x.kind);
    }
    if let Some(rule) = privacy::row(d) {
        return rule;
    }
    if person {
        d.desk(false);
        return Rule::Consultant;
    }
    if matches!(d.state.owner, Owner::Queue { .. }) {
        if confessed_now {
            d.notice("concern.confession");
        }
        return ticket::row_contact(d).unwrap_or_else(|| waiting::row(d));
    }
    let rule = ticket::row_contact(d)
        .or_else(|| waiting::row_human(d))
        .or_else(|| row_ticket(d))
        .or_else(|| row_digit(d))
        .or_else(|| answer::row_refused(d))
        .or_else(|| form::row(d))
        .or_else(|| row_service(d))
        .or_else(|| follow::row_rejected(d))
        .or_else(|| row_small_talk(d))
        .or_else(|| row_resume(d))
        .or_else(|| answer::row_required(d))
        .or_else(|| facts::row_corrected(d))
        .or_else(|| follow::row_follow_up(d))
        .or_else(|| follow::row_several(d))
        .or_else(|| answer::row_answer(d))
        .or_else(|| answer::row_clarify(d))
        .or_else(|| answer::row_pointer(d))
        .unwrap_or_else(|| answer::row_last(d));
    facts::tell(d, rule);
    // Whatever row it was: a related danger never goes without its line.
    d.safety_line();
    rule
}

/// A bare number answers the newest offer, unless a form is waiting for it.
fn row_digit(d: &mut Draft) -> Option<Rule> {
    let Some(Command::Digit(n)) = d.reading.command else {
        return None;
    };
    d.state.form.is_none().then(|| digit(d, n))
}

/// Follows the newest offer's choice `n`; says so when there is none.
pub(super) fn digit(d: &mut Draft, n: u32) -> Rule {
    d.safety_line();
    match d.picked(n) {
        Some(pick) => follow(d, pick),
        None => {
            d.notice("no_such_option");
            Rule::StaleChoice
        }
    }
}

fn chose(d: &mut Draft, of: Seq, option: u32) -> Rule {
    let offered = d.state.offers.iter().find(|o| o.of == of).and_then(|o| {
        o.picks
            .get(usize::try_from(option).ok()?.checked_sub(1)?)
            .cloned()
    });
    let pick = offered.or_else(|| danger::pick(d, of, option));
    let form_label = form::option_label(d, of, option);
    let label = match (&form_label, &pick) {
        (Some(label), _) => label.clone(),
        (None, Some(pick)) => d.label(pick),
        (None, None) => option.to_string(),
    };
    d.say(From::Citizen, Body::Choice { of, option, label });
    if matches!(d.state.owner, Owner::Consultant { .. }) {
        if let Some(Pick::Unsafe(kind)) = pick {
            return danger::immediate(d, kind);
        }
        if let Some(pick) = pick.filter(privacy::is_one) {
            return privacy::follow(d, &pick);
        }
        d.desk(false);
        return Rule::Consultant;
    }
    match (form_label, pick) {
        (Some(label), _) => form::fill(d, Some(&label)),
        (None, Some(pick)) => follow(d, pick),
        (None, None) => stale(d),
    }
}

fn stale(d: &mut Draft) -> Rule {
    d.notice("stale_choice");
    form::return_to(d);
    Rule::StaleChoice
}

/// Does what a numbered choice stands for. Always answers something. Who waits keeps his place in the queue:
/// only 不等了 leaves it.
fn follow(d: &mut Draft, pick: Pick) -> Rule {
    let waits = matches!(d.state.owner, Owner::Queue { .. });
    match pick {
        Pick::Entry(id) => match d.entry(&id) {
            Some(entry) if waits => {
                answer::show(d, entry);
                Rule::Answer
            }
            Some(entry) => {
                let rule = answer::give(d, entry);
                form::return_to(d);
                rule
            }
            None => stale(d),
        },
        Pick::Details(id) => match d.entry(&id) {
            Some(entry) => {
                let rule = answer::details(d, entry);
                form::return_to(d);
                rule
            }
            None => stale(d),
        },
        Pick::Safe(kind) => danger::safe(d, kind),
        Pick::Unsafe(kind) => danger::immediate(d, kind),
        Pick::Human => waiting::ask_human(d),
        Pick::Resume => waiting::resume(d),
        Pick::Ticket => ticket::leave(d),
        Pick::Contact => ticket::ask_contact(d),
        Pick::Export | Pick::Erase | Pick::EraseYes | Pick::EraseNo => privacy::follow(d, &pick),
        Pick::Form(_) | Pick::NoneOfThese | Pick::TellMore if waits => {
            waiting::note(d);
            Rule::Waiting
        }
        Pick::Form(id) => form::start(d, &id, None),
        Pick::NoneOfThese => {
            d.notice_with("clarify.none", false, vec![Pick::Human, Pick::TellMore]);
            Rule::Clarify
        }
        Pick::TellMore => {
            d.state.answered = None;
            d.notice("tell_more");
            Rule::Clarify
        }
    }
}

/// Row 4.
fn row_service(d: &mut Draft) -> Option<Rule> {
    let id = service(d)?;
    Some(form::start(d, id, answer::gravest(&d.reading.concerns)))
}

/// The form that the text asks for in so many words.
fn service<'a>(d: &Draft<'a>) -> Option<&'a str> {
    let top = d.reading.intents.first()?;
    let Follows::Form(id) = &d.ctx.script.intents.get(&top.intent)?.follows else {
        return None;
    };
    let sure = top.p >= d.ctx.script.thresholds.intent;
    (sure && d.form(id).is_some()).then_some(id)
}

/// Row 4 would start a form.
pub(super) fn asks_service(d: &Draft) -> bool {
    service(d).is_some()
}

/// Row 5. A greeting in front of what needs a person does not answer it.
pub(super) fn row_small_talk(d: &mut Draft) -> Option<Rule> {
    let top = d.reading.intents.first()?;
    let talk = top.intent.starts_with("chat.") || top.intent.starts_with("service.");
    let follows = &d.ctx.script.intents.get(&top.intent)?.follows;
    let sure = top.p >= d.ctx.script.thresholds.intent;
    if !talk || *follows != Follows::Text || !sure || !d.reading.concerns.is_empty() {
        return None;
    }
    d.safety_line();
    d.state.not_understood = 0;
    let picks = if top.intent == FRUSTRATION {
        vec![Pick::Human, Pick::TellMore]
    } else {
        Vec::new()
    };
    d.notice_with(&top.intent, false, picks);
    Some(Rule::SmallTalk)
}

/// 留言, in so many words.
pub(super) fn row_ticket(d: &mut Draft) -> Option<Rule> {
    (d.reading.command == Some(Command::Ticket)).then(|| ticket::leave(d))
}

/// 继续问机器人, said to the bot.
fn row_resume(d: &mut Draft) -> Option<Rule> {
    (d.reading.command == Some(Command::Resume)).then(|| waiting::resume(d))
}
