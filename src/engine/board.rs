//! What the desk sees: open conversations and who is on duty. In memory, rebuilt from the store's open index.

use crate::dialogue::desk::{self, Waiting};
use crate::dialogue::nouns::{HandoffReason, Millis, Owner, StaffRole};
use crate::dialogue::script::Duty;
use crate::dialogue::state::State;
use crate::store::{Header, OwnerTag};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A member of staff with at least one desk socket, or one that was lost just now.
#[derive(Debug, Clone)]
struct Seat {
    role: StaffRole,
    sockets: u32,
    /// When the last socket went away.
    lost_ms: Option<Millis>,
}

#[derive(Debug, Default)]
struct Inner {
    open: HashMap<String, Header>,
    seats: HashMap<String, Seat>,
    /// Of `open`: how many wait. Every turn asks for it, so it is counted as it changes.
    waiting: u32,
    /// Of `open`: how many a consultant has.
    owned: HashMap<String, u32>,
}

impl Inner {
    /// Replaces the header of a conversation, `None` when it is not open; true when that changed anything.
    fn set(&mut self, conversation: &str, header: Option<Header>) -> bool {
        if self.open.get(conversation) == header.as_ref() {
            return false;
        }
        let (wait, consultant) = match &header {
            Some(header) => (waits(header), header.consultant.clone()),
            None => (false, None),
        };
        let before = match header {
            Some(header) => self.open.insert(conversation.to_owned(), header),
            None => self.open.remove(conversation),
        };
        self.waiting += u32::from(wait);
        self.waiting -= u32::from(before.as_ref().is_some_and(waits));
        if let Some(staff) = consultant {
            *self.owned.entry(staff).or_default() += 1;
        }
        if let Some(staff) = before.and_then(|h| h.consultant)
            && let Some(owned) = self.owned.get_mut(&staff)
        {
            *owned -= 1;
            if *owned == 0 {
                self.owned.remove(&staff);
            }
        }
        true
    }
}

fn waits(header: &Header) -> bool {
    header.owner == OwnerTag::Queue
}

/// Open conversations and seats. Changes are announced on [`Board::watch`].
#[derive(Debug)]
pub struct Board {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
    /// Conversations a consultant can have at once.
    capacity: u32,
}

impl Board {
    pub fn new(capacity: u32) -> Board {
        Board {
            inner: Mutex::default(),
            changed: watch::Sender::new(0),
            capacity,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change under the lock is one map operation: a poisoned lock still guards a whole map.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notified whenever the queue, an owner or a seat changed.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn announce(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Takes over what the store calls open at start. Owners get `lost_ms` so that their grace runs from now.
    pub fn restore(&self, open: Vec<(String, Header)>, now_ms: Millis) {
        let mut inner = self.lock();
        for (conversation, header) in open.into_iter().filter(|(_, h)| h.open) {
            if let Some(staff) = &header.consultant {
                inner.seats.entry(staff.clone()).or_insert(Seat {
                    role: StaffRole::Consultant,
                    sockets: 0,
                    lost_ms: Some(now_ms),
                });
            }
            inner.set(&conversation, Some(header));
        }
        drop(inner);
        self.announce();
    }

    /// Follows a committed turn.
    pub fn update(&self, conversation: &str, header: Option<&Header>) {
        let header = header.filter(|h| h.open).cloned();
        if self.lock().set(conversation, header) {
            self.announce();
        }
    }

    pub fn socket_opened(&self, staff: &str, role: StaffRole) {
        let mut inner = self.lock();
        let seat = inner.seats.entry(staff.to_owned()).or_insert(Seat {
            role,
            sockets: 0,
            lost_ms: None,
        });
        seat.role = role;
        seat.sockets += 1;
        seat.lost_ms = None;
        drop(inner);
        self.announce();
    }

    pub fn socket_closed(&self, staff: &str, now_ms: Millis) {
        let mut inner = self.lock();
        if let Some(seat) = inner.seats.get_mut(staff) {
            seat.sockets = seat.sockets.saturating_sub(1);
            if seat.sockets == 0 {
                seat.lost_ms = Some(now_ms);
            }
        }
        drop(inner);
        self.announce();
    }

    /// Conversations whose consultant has been away for `after_s` or longer, with the consultant.
    pub fn lost(&self, now_ms: Millis, after_s: u64) -> Vec<(String, String)> {
        let after_ms = i64::try_from(after_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        let mut inner = self.lock();
        let gone = |seat: &Seat| seat.lost_ms.is_some_and(|at| now_ms - at >= after_ms);
        let lost: Vec<(String, String)> = inner
            .open
            .iter()
            .filter_map(|(conversation, h)| {
                let staff = h.consultant.as_ref()?;
                let away = inner.seats.get(staff).is_none_or(gone);
                away.then(|| (conversation.clone(), staff.clone()))
            })
            .collect();
        inner
            .seats
            .retain(|staff, seat| !gone(seat) || lost.iter().any(|(_, s)| s == staff));
        lost
    }

    /// Who is there now. `except` is the conversation that asks, so that it does not count itself.
    pub fn duty(&self, except: &str) -> Duty {
        let inner = self.lock();
        let live = |seat: &Seat| {
            seat.sockets > 0 && matches!(seat.role, StaffRole::Consultant | StaffRole::Lawyer)
        };
        let mut duty = Duty {
            open: false,
            seats_free: 0,
            waiting: 0,
        };
        for (staff, _) in inner.seats.iter().filter(|(_, s)| live(s)) {
            duty.open = true;
            let owned = inner.owned.get(staff).copied().unwrap_or(0);
            duty.seats_free += self.capacity.saturating_sub(owned);
        }
        let itself = inner.open.get(except).is_some_and(waits);
        duty.waiting = inner.waiting - u32::from(itself);
        duty
    }

    /// The queue in the order in which it should be served.
    pub fn waiting(&self) -> Vec<(String, Header)> {
        let inner = self.lock();
        let mut order: Vec<Waiting> = inner
            .open
            .iter()
            .filter(|(_, h)| waits(h))
            .map(|(conversation, h)| Waiting {
                conversation: conversation.clone(),
                since_ms: h.waiting_since_ms,
                urgent: h.urgent,
                reason: reason(h),
            })
            .collect();
        desk::order(&mut order);
        order
            .into_iter()
            .filter_map(|w| {
                let header = inner.open.get(&w.conversation)?.clone();
                Some((w.conversation, header))
            })
            .collect()
    }

    /// A consultant's own conversations.
    pub fn owned_by(&self, staff: &str) -> Vec<(String, Header)> {
        let inner = self.lock();
        let mine = |(_, h): &(&String, &Header)| h.consultant.as_deref() == Some(staff);
        let mut mine: Vec<_> = inner
            .open
            .iter()
            .filter(mine)
            .map(|(c, h)| (c.clone(), h.clone()))
            .collect();
        mine.sort_by(|a, b| (a.1.waiting_since_ms, &a.0).cmp(&(b.1.waiting_since_ms, &b.0)));
        mine
    }

    /// The header of an open conversation.
    pub fn header(&self, conversation: &str) -> Option<Header> {
        self.lock().open.get(conversation).cloned()
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

    fn header(owner: OwnerTag, consultant: Option<&str>) -> Header {
        Header {
            open: true,
            owner,
            waiting_since_ms: 0,
            next_due_ms: None,
            urgent: false,
            reason: String::new(),
            area: None,
            division: None,
            ticket: None,
            consultant: consultant.map(str::to_owned),
            lawyer_only: false,
            last_seq: 1,
        }
    }

    #[test]
    fn who_waits_and_who_is_free_follow_every_turn() {
        let board = Board::new(3);
        board.socket_opened("w", StaffRole::Consultant);
        let duty = |except: &str| {
            let duty = board.duty(except);
            (duty.waiting, duty.seats_free)
        };
        let waiting = header(OwnerTag::Queue, None);
        board.update("a", Some(&waiting));
        board.update("a", Some(&waiting));
        board.update("b", Some(&waiting));
        assert_eq!(duty(""), (2, 3));
        assert_eq!(duty("a"), (1, 3), "a conversation does not count itself");
        let taken = header(OwnerTag::Consultant, Some("w"));
        board.update("a", Some(&taken));
        assert_eq!(duty(""), (1, 2));
        assert_eq!(duty("a"), (1, 2));
        board.update("a", None);
        board.update("a", None);
        board.update("b", None);
        assert_eq!(duty(""), (0, 3));
        board.restore(vec![("c".into(), taken)], 0);
        assert_eq!(duty(""), (0, 2));
    }
}
