//! What the desk sees: open conversations and who is on duty. In memory, rebuilt from the store's open index.

use crate::dialogue::desk::fit::Profile;
use crate::dialogue::desk::matter::{Invitation, Matter, Waiting};
use crate::dialogue::desk::region;
use crate::dialogue::desk::routing::{Move, Routing, Standing, Standpoint};
use crate::dialogue::nouns::{HandoffReason, Millis, Owner, StaffRole};
use crate::dialogue::reading::FactKind;
use crate::dialogue::script::Duty;
use crate::dialogue::state::State;
use crate::store::{Header, OwnerTag};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Waiting conversations shown at a desk, the first in order; the others are only counted.
pub const QUEUE_SHOWN_MAX: usize = 50;

/// A member of staff with at least one desk socket, or one that was lost just now.
#[derive(Debug, Clone, Default)]
struct Seat {
    sockets: u32,
    /// When the last socket went away.
    lost_ms: Option<Millis>,
}

/// An open conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    header: Header,
    matter: Matter,
}

#[derive(Debug)]
struct Inner {
    open: HashMap<String, Open>,
    seats: HashMap<String, Seat>,
    /// Of `open`: what each consultant has.
    owned: HashMap<String, BTreeSet<String>>,
    /// Of `open`: what each consultant is asked to take, as committed.
    invited: HashMap<String, BTreeSet<String>>,
    routing: Routing,
}

/// Keeps an index by consultant: out of one's set, into another's.
fn reindex(
    index: &mut HashMap<String, BTreeSet<String>>,
    conversation: &str,
    before: Option<&String>,
    after: Option<&String>,
) {
    if before == after {
        return;
    }
    if let Some(staff) = before
        && let Some(set) = index.get_mut(staff)
    {
        set.remove(conversation);
        if set.is_empty() {
            index.remove(staff);
        }
    }
    if let Some(staff) = after {
        let set = index.entry(staff.clone()).or_default();
        set.insert(conversation.to_owned());
    }
}

impl Inner {
    /// Replaces what is known of a conversation, `None` when it is not open; true when that changed anything.
    fn set(
        &mut self,
        conversation: &str,
        open: Option<Open>,
        now: Standing,
        now_ms: Millis,
    ) -> bool {
        self.routing.set(conversation, now, now_ms);
        let before = match open.clone() {
            Some(open) => self.open.insert(conversation.to_owned(), open),
            None => self.open.remove(conversation),
        };
        let owner = |o: &Option<Open>| o.as_ref().and_then(|o| o.header.consultant.clone());
        let asked = |o: &Option<Open>| {
            let invited = o.as_ref().and_then(|o| o.matter.invited.as_ref());
            invited.map(|i| i.staff.clone())
        };
        let (was, is) = (owner(&before), owner(&open));
        reindex(&mut self.owned, conversation, was.as_ref(), is.as_ref());
        let (was, is) = (asked(&before), asked(&open));
        reindex(&mut self.invited, conversation, was.as_ref(), is.as_ref());
        before != open
    }

    fn headers(&self, conversations: Option<&BTreeSet<String>>) -> Vec<(String, Header)> {
        let named = conversations.into_iter().flatten();
        let headers = named.filter_map(|c| Some((c.clone(), self.open.get(c)?.header.clone())));
        headers.collect()
    }
}

fn waits(header: &Header) -> bool {
    header.owner == OwnerTag::Queue
}

/// The desk as one consultant sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The first [`QUEUE_SHOWN_MAX`] that he may take, in the order in which they are served.
    pub waiting: Vec<(String, Header)>,
    /// How many wait in all.
    pub waiting_total: usize,
    pub mine: Vec<(String, Header)>,
    /// What he is asked to take, with the end of the invitation.
    pub invitations: Vec<(String, Header, Millis)>,
    /// He is dealt nothing because he let invitations lapse.
    pub resting: bool,
}

/// A consultant on duty, as his colleagues see him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    pub staff: String,
    pub skills: Vec<String>,
    /// Conversations he can still take.
    pub free: u32,
}

/// Open conversations and seats. Changes are announced on [`Board::watch`].
#[derive(Debug)]
pub struct Board {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
}

impl Board {
    /// `capacity`: conversations at once of a consultant whose account says nothing of it.
    pub fn new(capacity: u32) -> Board {
        let inner = Inner {
            open: HashMap::new(),
            seats: HashMap::new(),
            owned: HashMap::new(),
            invited: HashMap::new(),
            routing: Routing::new(capacity),
        };
        Board {
            inner: Mutex::new(inner),
            changed: watch::Sender::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing under the lock panics on its way; were it to, a stale index is mended by the next change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notified whenever the queue, an owner or a seat changed.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn announce(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Takes over what the store calls open at start, with its last state where that can be read. Owners get `lost_ms`
    /// so that their grace runs from now.
    pub fn restore(&self, open: Vec<(String, Header, Option<State>)>, now_ms: Millis) {
        let mut inner = self.lock();
        for (conversation, header, state) in open.into_iter().filter(|(_, h, _)| h.open) {
            if let Some(staff) = &header.consultant {
                let seat = inner.seats.entry(staff.clone()).or_default();
                seat.lost_ms.get_or_insert(now_ms);
            }
            let standing = match &state {
                Some(state) => standing(state, &header),
                None => standing_of_header(&header),
            };
            let matter = state.map(|s| s.matter).unwrap_or_default();
            inner.set(
                &conversation,
                Some(Open { header, matter }),
                standing,
                now_ms,
            );
        }
        drop(inner);
        self.announce();
    }

    /// Follows a committed turn.
    pub fn update(
        &self,
        conversation: &str,
        header: Option<&Header>,
        state: &State,
        now_ms: Millis,
    ) {
        let (open, now) = match header.filter(|h| h.open) {
            Some(header) => {
                let open = Open {
                    header: header.clone(),
                    matter: state.matter.clone(),
                };
                (Some(open), standing(state, header))
            }
            None => (None, Standing::Elsewhere),
        };
        if self.lock().set(conversation, open, now, now_ms) {
            self.announce();
        }
    }

    /// Forgets an erased conversation.
    pub fn erased(&self, conversation: &str, now_ms: Millis) {
        if self
            .lock()
            .set(conversation, None, Standing::Elsewhere, now_ms)
        {
            self.announce();
        }
    }

    pub fn socket_opened(&self, staff: &str, role: StaffRole, profile: &Profile, now_ms: Millis) {
        let mut inner = self.lock();
        let seat = inner.seats.entry(staff.to_owned()).or_default();
        seat.sockets += 1;
        seat.lost_ms = None;
        inner.routing.arrive(staff, role, profile, now_ms);
        drop(inner);
        self.announce();
    }

    pub fn socket_closed(&self, staff: &str, now_ms: Millis) {
        let mut inner = self.lock();
        if let Some(seat) = inner.seats.get_mut(staff) {
            seat.sockets = seat.sockets.saturating_sub(1);
            if seat.sockets == 0 {
                seat.lost_ms = Some(now_ms);
                inner.routing.depart(staff);
            }
        }
        drop(inner);
        self.announce();
    }

    /// A consultant did something at his desk.
    pub fn stirred(&self, staff: &str) {
        let mut inner = self.lock();
        if inner.routing.is_resting(staff) {
            inner.routing.stir(staff);
            drop(inner);
            self.announce();
        } else {
            inner.routing.stir(staff);
        }
    }

    /// Conversations whose consultant has been away for `after_s` or longer, with the consultant.
    pub fn lost(&self, now_ms: Millis, after_s: u64) -> Vec<(String, String)> {
        let after_ms = i64::try_from(after_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        let mut inner = self.lock();
        let gone = |seat: &Seat| seat.lost_ms.is_some_and(|at| now_ms - at >= after_ms);
        let mut lost: Vec<(String, String)> = Vec::new();
        for (staff, conversations) in &inner.owned {
            if inner.seats.get(staff).is_none_or(gone) {
                lost.extend(conversations.iter().map(|c| (c.clone(), staff.clone())));
            }
        }
        lost.sort();
        let Inner { seats, owned, .. } = &mut *inner;
        seats.retain(|staff, seat| !gone(seat) || owned.contains_key(staff));
        lost
    }

    /// What is to be done now; the moves count as done until [`Board::declined`] says otherwise.
    pub fn deal(&self, now_ms: Millis) -> Vec<Move> {
        self.lock().routing.deal(now_ms)
    }

    /// An invitation was declined, or could not be committed.
    pub fn declined(&self, conversation: &str, staff: &str, now_ms: Millis) {
        if self.lock().routing.decline(conversation, staff, now_ms) {
            self.announce();
        }
    }

    /// Who is there now. `except` is the conversation that asks, so that it does not count itself.
    pub fn duty(&self, except: &str) -> Duty {
        let inner = self.lock();
        let room = inner.routing.room();
        Duty {
            open: room.slots > 0,
            seats_free: room.free,
            waiting: inner.routing.ahead(except),
        }
    }

    /// Where everybody who waits stands.
    pub fn standpoints(&self) -> Vec<(String, Standpoint)> {
        let inner = self.lock();
        let all = inner.routing.standpoints();
        all.map(|(c, s)| (c.to_string(), s)).collect()
    }

    /// Where one who waits stands.
    pub fn standpoint(&self, conversation: &str) -> Option<Standpoint> {
        let inner = self.lock();
        let waiting = inner
            .open
            .get(conversation)
            .is_some_and(|o| waits(&o.header));
        let mut all = inner.routing.standpoints().filter(|_| waiting);
        all.find(|(c, _)| ***c == *conversation).map(|(_, s)| s)
    }

    /// The desk as this consultant sees it.
    pub fn view(&self, staff: &str) -> View {
        let inner = self.lock();
        let may = inner
            .routing
            .order()
            .filter(|c| inner.routing.may_take(staff, c));
        let waiting = may
            .filter_map(|c| Some((c.to_string(), inner.open.get(&**c)?.header.clone())))
            .take(QUEUE_SHOWN_MAX)
            .collect();
        let mut mine = inner.headers(inner.owned.get(staff));
        mine.sort_by(|a, b| (a.1.waiting_since_ms, &a.0).cmp(&(b.1.waiting_since_ms, &b.0)));
        let until_ms = |c: &str| Some(inner.open.get(c)?.matter.invited.as_ref()?.until_ms);
        let invitations = inner
            .headers(inner.invited.get(staff))
            .into_iter()
            .filter_map(|(c, header)| until_ms(&c).map(|until_ms| (c, header, until_ms)))
            .collect();
        View {
            waiting,
            waiting_total: inner.routing.len(),
            mine,
            invitations,
            resting: inner.routing.is_resting(staff),
        }
    }

    /// Consultants on duty but this one, by id; at most `limit`.
    pub fn colleagues(&self, staff: &str, limit: usize) -> Vec<Colleague> {
        let inner = self.lock();
        let others = inner.routing.seats().filter(|(s, ..)| ***s != *staff);
        let mut colleagues: Vec<Colleague> = others
            .map(|(staff, profile, _, free)| Colleague {
                staff: staff.to_string(),
                skills: profile.skills.clone(),
                free,
            })
            .collect();
        colleagues.sort_by(|a, b| a.staff.cmp(&b.staff));
        colleagues.truncate(limit);
        colleagues
    }

    /// Whether a consultant has a live desk socket.
    pub fn is_live(&self, staff: &str) -> bool {
        self.lock().routing.is_live(staff)
    }

    /// Whether a consultant may read a conversation: his own, or one that waits and that he may take.
    pub fn may_read(&self, staff: &str, conversation: &str) -> bool {
        let inner = self.lock();
        let own = |o: &Open| o.header.consultant.as_deref() == Some(staff);
        let open = inner.open.get(conversation);
        open.is_some_and(own) || inner.routing.may_take(staff, conversation)
    }

    /// Whether a conversation waits that this consultant must not take.
    pub fn must_not_take(&self, staff: &str, conversation: &str) -> bool {
        let inner = self.lock();
        let waiting = inner.routing.waiting(conversation).is_some();
        waiting && !inner.routing.may_take(staff, conversation)
    }

    /// The header of an open conversation.
    pub fn header(&self, conversation: &str) -> Option<Header> {
        Some(self.lock().open.get(conversation)?.header.clone())
    }
}

/// What stands with an open conversation, for routing.
fn standing(state: &State, header: &Header) -> Standing {
    match &state.owner {
        Owner::Queue {
            since_ms,
            urgent,
            reason,
        } => {
            let places = state.facts.iter().filter(|f| f.kind == FactKind::Place);
            let division = places.rev().find_map(|f| region::division_of(&f.text));
            Standing::Waiting(Waiting {
                since_ms: *since_ms,
                urgent: *urgent,
                reason: *reason,
                area: header.area.clone(),
                division: division.map(str::to_owned),
                lawyer_only: state.confession,
                last_staff: state.last_staff.clone(),
                matter: Matter {
                    // Routing makes the invitations: what the log says of them is no news to it.
                    invited: None::<Invitation>,
                    ..state.matter.clone()
                },
            })
        }
        Owner::Consultant { staff, .. } => Standing::Owned {
            staff: staff.clone(),
            matter: state.matter.clone(),
        },
        Owner::Bot | Owner::Closed { .. } => Standing::Elsewhere,
    }
}

/// The same from the header alone, where the state cannot be read.
fn standing_of_header(header: &Header) -> Standing {
    match (&header.owner, &header.consultant) {
        (OwnerTag::Queue, _) => Standing::Waiting(Waiting {
            since_ms: header.waiting_since_ms,
            urgent: header.urgent,
            reason: reason(header),
            area: header.area.clone(),
            division: header.division.clone(),
            lawyer_only: header.lawyer_only,
            last_staff: None,
            matter: Matter::default(),
        }),
        (OwnerTag::Consultant, Some(staff)) => Standing::Owned {
            staff: staff.clone(),
            matter: Matter::default(),
        },
        _ => Standing::Elsewhere,
    }
}

/// The reason as the header keeps it.
pub fn reason(header: &Header) -> HandoffReason {
    serde_json::from_value(serde_json::Value::String(header.reason.clone()))
        .unwrap_or(HandoffReason::Asked)
}

/// The unsealed header of a state, or `None` when neither the queue, the tickets nor a timer needs it.
pub fn header(state: &State, area: Option<&str>, before: Option<&Header>) -> Option<Header> {
    let next_due_ms = state.running().map(|t| t.due_ms).min();
    // Proof: plain strings, numbers and flags always become a value.
    let ticket = state
        .ticket
        .as_ref()
        .and_then(|t| serde_json::to_value(t).ok());
    let since_before = before.map_or(0, |h| h.waiting_since_ms);
    let (open, owner, since, urgent, why, consultant) = match &state.owner {
        Owner::Bot => (false, OwnerTag::Bot, 0, false, None, None),
        Owner::Closed { .. } => (false, OwnerTag::Closed, 0, false, None, None),
        Owner::Queue {
            since_ms,
            urgent,
            reason,
        } => (
            true,
            OwnerTag::Queue,
            *since_ms,
            *urgent,
            Some(*reason),
            None,
        ),
        Owner::Consultant { staff, .. } => (
            true,
            OwnerTag::Consultant,
            since_before,
            state.peril().is_some(),
            None,
            Some(staff.clone()),
        ),
    };
    if !open && next_due_ms.is_none() && ticket.is_none() {
        return None;
    }
    let reason = why
        .and_then(|r| serde_json::to_value(r).ok())
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default();
    Some(Header {
        open,
        owner,
        waiting_since_ms: since,
        next_due_ms,
        urgent,
        reason,
        area: area.map(str::to_owned),
        division: None,
        ticket,
        consultant,
        lawyer_only: state.confession,
        last_seq: state.last_seq,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(since_ms: Millis) -> State {
        let owner = Owner::Queue {
            since_ms,
            urgent: false,
            reason: HandoffReason::Asked,
        };
        State {
            owner,
            ..State::default()
        }
    }

    fn owned(staff: &str) -> State {
        let owner = Owner::Consultant {
            staff: staff.to_owned(),
            name: staff.to_owned(),
            role: StaffRole::Consultant,
        };
        State {
            owner,
            ..State::default()
        }
    }

    fn update(board: &Board, conversation: &str, state: &State) {
        let header = header(state, None, None);
        board.update(conversation, header.as_ref(), state, 0);
    }

    #[test]
    fn who_waits_and_who_is_free_follow_every_turn() {
        let board = Board::new(3);
        board.socket_opened("w", StaffRole::Consultant, &Profile::default(), 0);
        let duty = |except: &str| {
            let duty = board.duty(except);
            (duty.waiting, duty.seats_free)
        };
        update(&board, "a", &queued(1));
        update(&board, "a", &queued(1));
        update(&board, "b", &queued(2));
        assert_eq!(duty(""), (2, 3));
        assert_eq!(duty("a"), (0, 3), "a conversation does not count itself");
        assert_eq!(duty("b"), (1, 3), "only who is served before");
        update(&board, "a", &owned("w"));
        assert_eq!(duty(""), (1, 2));
        assert_eq!(board.view("w").mine.len(), 1);
        board.erased("a", 0);
        board.erased("a", 0);
        update(&board, "b", &State::default());
        assert_eq!(duty(""), (0, 3));
        let state = owned("w");
        let header = header(&state, None, None).unwrap();
        board.restore(vec![("c".into(), header, Some(state))], 0);
        assert_eq!(duty(""), (0, 2));
    }

    #[test]
    fn an_invitation_is_shown_once_it_is_committed() {
        let board = Board::new(3);
        board.socket_opened("w", StaffRole::Consultant, &Profile::default(), 0);
        let mut state = queued(1);
        update(&board, "a", &state);
        let moves = board.deal(5);
        assert!(matches!(&moves[..], [Move::Invite { .. }]), "{moves:?}");
        assert_eq!(board.view("w").invitations, []);
        let (staff, until_ms) = ("w".to_owned(), 9);
        state.matter.invited = Some(Invitation { staff, until_ms });
        update(&board, "a", &state);
        assert_eq!(board.view("w").invitations.len(), 1);
        assert_eq!(board.deal(6), [], "the commit is no news");
        update(&board, "a", &owned("w"));
        assert_eq!(board.view("w").invitations, []);
    }
}
