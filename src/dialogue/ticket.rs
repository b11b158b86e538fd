//! 留言工单: what is left when nobody can answer now, with a promised time. It belongs to the conversation's own log; the
//! header shows the desk what it needs without a text.
//!
//! A danger is never only a ticket: while one is open the conversation waits in front of the queue, and none is made.

use super::calendar::{self, Due};
use super::draft::Draft;
use super::nouns::{Author, Body, From, HandoffReason, Millis, Owner, Seq, StaffRole, Timer};
use super::reading::Command;
use super::roles::{Act, may};
use super::state::{Fnv, Pick, State};
use super::step::{Admission, Refusal};
use super::turn::Rule;
use super::{bounds, waiting};
use serde::{Deserialize, Serialize};

/// Working days promised for each kind.
const PROMPT_DAYS: u32 = 1;
const QUESTION_DAYS: u32 = 5;
const DIFFICULT_DAYS: u32 = 15;
const DAY_MS: Millis = 24 * 60 * 60 * 1000;
/// An answered ticket to which the citizen writes nothing more is closed after so long.
pub const SETTLE_MS: Millis = 7 * DAY_MS;
/// A closed ticket stays in the list for so long; its conversation is kept.
pub const LISTED_MS: Millis = 30 * DAY_MS;
/// A ticket is due soon when its promised time ends within this.
pub const SOON_MS: Millis = DAY_MS;
/// A rating up to this means dissatisfied: everyone is called back.
pub const DISSATISFIED_MAX: u8 = 2;
/// Of this many closed tickets one is sampled for review: 10 %, twice what is asked, since a hash only comes near it.
const SAMPLED_OF: u64 = 10;
/// Longest reason a ticket is closed with, in characters.
pub const REASON_CHARS_MAX: usize = 500;

/// What a ticket is about, and with it the promised time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TicketKind {
    /// What care reserves for people: 1 working day.
    Prompt,
    /// Any other question: 5 working days.
    Question,
    /// Set by staff, told to the citizen: 15 working days.
    Difficult,
    /// A dissatisfied citizen who had no ticket: 5 working days, promised to nobody.
    Callback,
}

impl TicketKind {
    /// Working days until it is due.
    pub fn days(self) -> u32 {
        match self {
            TicketKind::Prompt => PROMPT_DAYS,
            TicketKind::Question | TicketKind::Callback => QUESTION_DAYS,
            TicketKind::Difficult => DIFFICULT_DAYS,
        }
    }

    fn of(reason: HandoffReason) -> TicketKind {
        match reason {
            HandoffReason::Danger
            | HandoffReason::Required
            | HandoffReason::OwnerLost
            | HandoffReason::Transferred => TicketKind::Prompt,
            HandoffReason::Asked | HandoffReason::NotUnderstood => TicketKind::Question,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    Open,
    Answered,
    /// The citizen wrote again.
    Reopened,
    Closed,
}

/// The ticket of a conversation. No text, no name of a citizen: it is copied into the unsealed header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Ticket {
    /// What the citizen is told: `1126-7KQ2M`.
    pub number: String,
    pub kind: TicketKind,
    pub status: TicketStatus,
    #[cfg_attr(test, ts(type = "number"))]
    pub opened_ms: Millis,
    /// The first moment after the promised day.
    #[cfg_attr(test, ts(type = "number"))]
    pub due_ms: Millis,
    /// The holidays on the way were known when it was promised.
    pub exact: bool,
    /// Sign-in name of whoever is to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub staff: Option<String>,
    /// The citizen left a safe way and time to be reached. Otherwise nobody calls.
    #[serde(default)]
    pub contact: bool,
    /// A copy of his own data is asked for (个人信息保护法 45).
    #[serde(default)]
    pub export: bool,
    /// Seq of the question about it that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, type = "number"))]
    pub asking: Option<Seq>,
    /// Seq of the first answer after which the citizen has not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, type = "number"))]
    pub answer: Option<Seq>,
    /// A rating that says dissatisfied, until somebody answered again or reviewed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub score: Option<u8>,
    /// Sampled for review, and not reviewed yet.
    #[serde(default)]
    pub review: bool,
    /// When it is closed, or put away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional, type = "number"))]
    pub next_ms: Option<Millis>,
}

impl Ticket {
    /// Somebody has to answer it.
    pub fn pending(&self) -> bool {
        matches!(self.status, TicketStatus::Open | TicketStatus::Reopened)
    }

    /// How its promised time stands.
    pub fn standing(&self, now_ms: Millis) -> Standing {
        match self.due_ms - now_ms {
            _ if !self.pending() => Standing::Later,
            ..=0 => Standing::Overdue,
            left if left <= SOON_MS => Standing::Soon,
            _ => Standing::Later,
        }
    }
}

/// How a promised time stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Later,
    Soon,
    Overdue,
}

/// What staff do to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TicketAct {
    Answer {
        text: String,
    },
    Close {
        reason: String,
    },
    /// `None`: nobody in particular.
    Assign {
        staff: Option<String>,
    },
    /// Sets the kind, and with it the promised time.
    Promise {
        ticket: TicketKind,
    },
    /// A sampled or dissatisfied one was gone through.
    Reviewed,
}

/// A number that can be read out on the phone: the day, and five letters and digits without look-alikes.
fn number(now_ms: Millis, event_id: &str) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's base 32
    let day = calendar::china(now_ms);
    let mut hash = Fnv::default();
    hash.all(&[&now_ms.to_le_bytes(), event_id.as_bytes()]);
    let letter = |n: u32| char::from(LETTERS[(hash.0 >> (5 * n) & 31) as usize]);
    let letters: String = (0..5).map(letter).collect();
    format!("{:02}{:02}-{letters}", day.month(), day.day())
}

/// A receipt for something other than a ticket, told apart by its first letter.
pub(super) fn receipt(d: &Draft) -> String {
    format!("R{}", number(d.now_ms, &d.event.id))
}

/// Whether a closed ticket is gone through. Depends on its number alone, so nobody can choose.
fn sampled(number: &str) -> bool {
    let mut hash = Fnv::default();
    hash.all(&[b"review", number.as_bytes()]);
    // FNV's low bits are its weakest: fold the high ones in.
    (hash.0 ^ (hash.0 >> 32)).is_multiple_of(SAMPLED_OF)
}

/// The promised day in words; where holidays are not known, as so many working days.
fn due_text(due: Due, kind: TicketKind, now_ms: Millis) -> String {
    if due.exact {
        format!("最迟 {}", calendar::day_text(due.day, now_ms))
    } else {
        format!("{} 个工作日内（以工作日计，遇放假顺延）", kind.days())
    }
}

/// Makes or reopens the ticket; gives its number and promise in words.
fn ensure(d: &mut Draft, kind: TicketKind) -> (String, String) {
    let holidays = &d.ctx.script.calendar.holidays;
    let now_ms = d.now_ms;
    let ticket = match d.state.ticket.take() {
        Some(ticket) if ticket.pending() && ticket.kind != TicketKind::Callback => {
            sooner(ticket, kind, holidays.after(now_ms, kind.days()))
        }
        before => {
            let due = holidays.after(now_ms, kind.days());
            let again = before.as_ref().filter(|t| t.kind != TicketKind::Callback);
            Ticket {
                number: again.map_or_else(|| number(now_ms, &d.event.id), |t| t.number.clone()),
                kind,
                status: match again {
                    Some(_) => TicketStatus::Reopened,
                    None => TicketStatus::Open,
                },
                opened_ms: again.map_or(now_ms, |t| t.opened_ms),
                due_ms: due.end_ms,
                exact: due.exact,
                staff: before.as_ref().and_then(|t| t.staff.clone()),
                contact: before.as_ref().is_some_and(|t| t.contact),
                export: before.as_ref().is_some_and(|t| t.export),
                asking: None,
                answer: None,
                score: before.as_ref().and_then(|t| t.score),
                review: false,
                next_ms: None,
            }
        }
    };
    let words = (ticket.number.clone(), promise(&ticket, now_ms));
    d.state.ticket = Some(ticket);
    d.desk(false);
    words
}

/// A ticket that is there already: what must be answered sooner now is promised sooner.
fn sooner(ticket: Ticket, kind: TicketKind, due: Due) -> Ticket {
    let matters = kind == TicketKind::Prompt || ticket.export;
    if !matters || due.end_ms >= ticket.due_ms {
        return ticket;
    }
    Ticket {
        kind,
        due_ms: due.end_ms,
        exact: due.exact,
        ..ticket
    }
}

fn promise(ticket: &Ticket, now_ms: Millis) -> String {
    let due = Due {
        day: calendar::china(ticket.due_ms - 1).date(),
        end_ms: ticket.due_ms,
        exact: ticket.exact,
    };
    due_text(due, ticket.kind, now_ms)
}

/// Nobody is on duty: the ticket of a handoff. Gives the text that says so.
pub(super) fn off_duty(d: &mut Draft, reason: HandoffReason) -> String {
    let (number, due) = ensure(d, TicketKind::of(reason));
    let calendar = &d.ctx.script.calendar;
    let opening = calendar.next_opening(d.now_ms).map(|at| {
        let at = calendar::moment_text(at, d.now_ms);
        format!("下次上班：{at}。")
    });
    let places = [
        ("number", number.as_str()),
        ("due", due.as_str()),
        ("opening", opening.as_deref().unwrap_or_default()),
    ];
    d.ctx.script.text_with("handoff.closed", &places)
}

/// The citizen would rather leave a message than wait.
pub(super) fn leave(d: &mut Draft) -> Rule {
    d.safety_line();
    match (&d.state.owner, d.peril()) {
        (Owner::Consultant { .. }, _) => {
            d.desk(false);
            return Rule::Consultant;
        }
        // A danger waits for a person, and for nothing less.
        (_, Some(_)) => return waiting::ask_human(d),
        _ => {}
    }
    waiting::leave_queue(d);
    d.state.form = None;
    let kind = match d.state.ticket.as_ref() {
        Some(ticket) if ticket.pending() => ticket.kind,
        _ => TicketKind::Question,
    };
    tell(d, kind, "ticket.opened", vec![Pick::Contact, Pick::Human]);
    Rule::Ticket
}

/// A copy of one's own data is asked for.
pub(super) fn export(d: &mut Draft) {
    tell(
        d,
        TicketKind::Difficult,
        "privacy.export",
        vec![Pick::Contact],
    );
    if let Some(ticket) = &mut d.state.ticket {
        ticket.export = true;
    }
}

fn tell(d: &mut Draft, kind: TicketKind, code: &str, picks: Vec<Pick>) {
    let (number, due) = ensure(d, kind);
    d.notice_places(code, &[("number", &number), ("due", &due)], picks);
}

/// Asks for a safe way and time to be reached.
pub(super) fn ask_contact(d: &mut Draft) -> Rule {
    d.safety_line();
    if d.state.ticket.is_none() {
        d.notice("stale_choice");
        return Rule::StaleChoice;
    }
    let seq = d.notice("ticket.contact");
    if let Some(ticket) = &mut d.state.ticket {
        ticket.asking = Some(seq);
    }
    Rule::Ticket
}

/// What is said after the question for a safe way: it, unless it is a command or a question.
pub(super) fn row_contact(d: &mut Draft) -> Option<Rule> {
    let ticket = d.state.ticket.as_mut()?;
    ticket.asking.take()?;
    let code = match d.reading.command {
        Some(Command::Skip | Command::Cancel | Command::No) => "ticket.no_contact",
        Some(_) => return None,
        None if d.reading.question => return None,
        None => {
            ticket.contact = true;
            "ticket.contact_kept"
        }
    };
    d.safety_line();
    d.desk(false);
    d.notice(code);
    Some(Rule::Ticket)
}

/// After whatever the citizen did: he has seen the answer, and what he writes to it opens it again.
pub(super) fn wrote(d: &mut Draft, rule: Rule, text: bool) {
    let waits_or_served = !matches!(d.state.owner, Owner::Bot | Owner::Closed { .. });
    let Some(ticket) = &mut d.state.ticket else {
        return;
    };
    ticket.answer = None;
    let settled = matches!(
        rule,
        Rule::SmallTalk | Rule::Danger | Rule::SafetyQuestion | Rule::Ticket | Rule::Privacy
    );
    if !text || settled || waits_or_served || ticket.status != TicketStatus::Answered {
        return;
    }
    let kind = ticket.kind;
    tell(d, kind, "ticket.reopened", Vec::new());
}

/// A rating: everyone dissatisfied is called back, with a ticket or without one before.
pub(super) fn rated(d: &mut Draft, score: u8) {
    if score > DISSATISFIED_MAX {
        return;
    }
    if d.state.ticket.is_none() {
        ensure(d, TicketKind::Callback);
    }
    if let Some(ticket) = &mut d.state.ticket {
        ticket.score = Some(ticket.score.map_or(score, |s| s.min(score)));
        ticket.next_ms = None;
    }
    d.desk(false);
}

/// A consultant answered in the conversation itself.
pub(super) fn replied(d: &mut Draft, seq: Seq, staff: &str) {
    if let Some(ticket) = &mut d.state.ticket {
        ticket.status = TicketStatus::Answered;
        ticket.staff = Some(staff.to_owned());
        ticket.answer = Some(seq);
        ticket.asking = None;
        ticket.score = None;
        ticket.next_ms = Some(d.now_ms.saturating_add(SETTLE_MS));
    }
}

/// The ticket is done with.
pub(super) fn close(d: &mut Draft) {
    let now_ms = d.now_ms;
    if let Some(ticket) = &mut d.state.ticket {
        ticket.status = TicketStatus::Closed;
        ticket.asking = None;
        // A confession is for the lawyer who has it, and for no review.
        ticket.review = !d.state.confession && sampled(&ticket.number);
        ticket.export = false;
        put_away_later(ticket, now_ms);
    }
}

fn put_away_later(ticket: &mut Ticket, now_ms: Millis) {
    let owed = ticket.review || ticket.score.is_some();
    ticket.next_ms = (!owed).then(|| now_ms.saturating_add(LISTED_MS));
}

/// Its time came: an answered one is closed, a closed one leaves the list.
pub(super) fn timer_fired(d: &mut Draft) -> Rule {
    let now_ms = d.now_ms;
    let due = d
        .state
        .ticket
        .as_ref()
        .filter(|t| t.next_ms.is_some_and(|at| at <= now_ms));
    match due.map(|t| t.status) {
        Some(TicketStatus::Answered) => close(d),
        Some(TicketStatus::Closed) => d.state.ticket = None,
        _ => return Rule::Nothing,
    }
    Rule::Timer
}

/// Whether staff may do this to the ticket of this state.
pub(super) fn admit(state: &State, staff: &str, role: StaffRole, act: &TicketAct) -> Admission {
    let refuse = |refusal| Admission::Refuse(refusal);
    let needed = match act {
        TicketAct::Reviewed => Act::Review,
        _ => Act::Tickets,
    };
    if !may(role, needed) || (state.confession && !may(role, Act::HearConfession)) {
        return refuse(Refusal::NotAllowed);
    }
    let Some(ticket) = &state.ticket else {
        return refuse(Refusal::NotFound);
    };
    let own = ticket.staff.as_deref().is_none_or(|s| s == staff);
    let any = may(role, Act::Assign);
    let served = matches!(&state.owner, Owner::Consultant { staff: owner, .. } if owner != staff);
    let urgent = matches!(state.owner, Owner::Queue { urgent: true, .. });
    let refusal = match act {
        TicketAct::Reviewed => {
            (!ticket.review && ticket.score.is_none()).then_some(Refusal::BadField)
        }
        TicketAct::Assign { staff: to } => {
            let to_self = to.as_deref() == Some(staff) && own && may(role, Act::Serve);
            let fits = to
                .as_deref()
                .is_none_or(|s| bounds::fits(s, bounds::STAFF_BYTES_MAX));
            match (any || to_self, fits) {
                (false, _) => Some(Refusal::NotAllowed),
                (true, false) => Some(Refusal::BadField),
                (true, true) => None,
            }
        }
        _ if !own && !any => Some(Refusal::NotOwner),
        // Whoever talks with him answers; a danger is taken, not answered from a list.
        TicketAct::Answer { .. } | TicketAct::Close { .. } if served || urgent => {
            Some(Refusal::NotOwner)
        }
        TicketAct::Promise { ticket: kind } => {
            let callback = [*kind, ticket.kind].contains(&TicketKind::Callback);
            (callback || !ticket.pending()).then_some(Refusal::BadField)
        }
        TicketAct::Close { .. } => {
            (ticket.status == TicketStatus::Closed).then_some(Refusal::BadField)
        }
        TicketAct::Answer { .. } => None,
    };
    refusal.map_or(Admission::Go, Admission::Refuse)
}

pub(super) fn act(d: &mut Draft, act: &TicketAct) -> Rule {
    let Author::Consultant { staff, name, role } = &d.event.by else {
        return Rule::Nothing;
    };
    match act {
        TicketAct::Answer { text } => {
            let name = bounds::clip(name, bounds::NAME_BYTES_MAX).to_owned();
            let from = From::Consultant { name, role: *role };
            let text = text.clone();
            let seq = d.say(from, Body::Text { text });
            waiting::leave_queue(d);
            replied(d, seq, staff);
            d.state.last_staff = Some(staff.clone());
            tell_number(d, "ticket.answered");
        }
        TicketAct::Close { .. } => {
            let answered = d
                .state
                .ticket
                .as_ref()
                .is_some_and(|t| t.status == TicketStatus::Answered);
            close(d);
            let silent = d
                .state
                .ticket
                .as_ref()
                .is_none_or(|t| t.kind == TicketKind::Callback);
            if !answered && !silent {
                tell_number(d, "ticket.closed");
            }
        }
        TicketAct::Assign { staff } => {
            if let Some(ticket) = &mut d.state.ticket {
                ticket.staff.clone_from(staff);
            }
        }
        TicketAct::Promise { ticket: kind } => promise_anew(d, *kind),
        TicketAct::Reviewed => {
            let now_ms = d.now_ms;
            if let Some(ticket) = &mut d.state.ticket {
                ticket.review = false;
                ticket.score = None;
                match ticket.status {
                    TicketStatus::Closed => put_away_later(ticket, now_ms),
                    TicketStatus::Answered => {
                        ticket.next_ms = Some(now_ms.saturating_add(SETTLE_MS));
                    }
                    TicketStatus::Open | TicketStatus::Reopened => {}
                }
                if ticket.kind == TicketKind::Callback && ticket.pending() {
                    ticket.status = TicketStatus::Closed;
                    put_away_later(ticket, now_ms);
                }
            }
        }
    }
    d.desk(false);
    Rule::Ticket
}

fn tell_number(d: &mut Draft, code: &str) {
    let number = d
        .state
        .ticket
        .as_ref()
        .map_or_else(String::new, |t| t.number.clone());
    d.notice_places(code, &[("number", &number)], Vec::new());
}

/// Another kind, another promise, counted from the beginning; a later day is told.
fn promise_anew(d: &mut Draft, kind: TicketKind) {
    let holidays = &d.ctx.script.calendar.holidays;
    let Some(ticket) = &mut d.state.ticket else {
        return;
    };
    let due = holidays.after(ticket.opened_ms, kind.days());
    let later = due.end_ms > ticket.due_ms;
    ticket.kind = kind;
    ticket.due_ms = due.end_ms;
    ticket.exact = due.exact;
    if later {
        let (number, due) = (ticket.number.clone(), promise(ticket, d.now_ms));
        d.notice_places(
            "ticket.extended",
            &[("number", &number), ("due", &due)],
            Vec::new(),
        );
    }
}

/// The ticket's timer, where one runs.
pub(super) fn timer(ticket: &Ticket) -> Option<super::state::RunningTimer> {
    let due_ms = ticket.next_ms?;
    let timer = Timer::Ticket;
    Some(super::state::RunningTimer { timer, due_ms })
}
