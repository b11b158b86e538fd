//! The list of tickets: what the headers say, in memory, rebuilt from the store's index. Never a text.

use crate::dialogue::nouns::Millis;
use crate::dialogue::ticket::{Standing, TicketKind, TicketStatus};
use crate::store::Header;
use crate::wire::{TicketCounts, TicketItem};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Which tickets are asked for; what is not set does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any of these.
    pub status: Vec<TicketStatus>,
    pub kind: Option<TicketKind>,
    pub standing: Option<Standing>,
    /// `Some(None)`: nobody's.
    pub staff: Option<Option<String>>,
    pub number: Option<String>,
    /// Dissatisfied, to be called back.
    pub callback: Option<bool>,
    /// Sampled, to be reviewed.
    pub review: Option<bool>,
}

impl Filter {
    fn takes(&self, listed: &TicketItem, now_ms: Millis) -> bool {
        let ticket = &listed.ticket;
        (self.status.is_empty() || self.status.contains(&ticket.status))
            && self.kind.is_none_or(|k| k == ticket.kind)
            && self.standing.is_none_or(|s| s == ticket.standing(now_ms))
            && self.staff.as_ref().is_none_or(|s| *s == ticket.staff)
            && self
                .number
                .as_ref()
                .is_none_or(|n| n.eq_ignore_ascii_case(&ticket.number))
            && self.callback.is_none_or(|c| c == ticket.score.is_some())
            && self.review.is_none_or(|r| r == ticket.review)
    }
}

/// All listed tickets by conversation. Changes are announced on [`Tickets::watch`].
#[derive(Debug)]
pub struct Tickets {
    all: Mutex<HashMap<String, TicketItem>>,
    changed: watch::Sender<u64>,
}

impl Default for Tickets {
    fn default() -> Self {
        Tickets {
            all: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Tickets {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, TicketItem>> {
        // Every change is one map operation: a poisoned lock still guards a whole map.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Follows a committed turn.
    pub fn update(&self, conversation: &str, header: Option<&Header>) {
        let listed = header.and_then(|header| {
            let ticket = serde_json::from_value(header.ticket.clone()?);
            if let Err(error) = &ticket {
                tracing::error!(%error, conversation, "a ticket's header could not be read");
            }
            Some(TicketItem {
                conversation: conversation.to_owned(),
                ticket: ticket.ok()?,
                area: header.area.clone(),
                lawyer_only: header.lawyer_only,
                last_seq: header.last_seq,
            })
        });
        {
            let mut all = self.lock();
            if all.get(conversation) == listed.as_ref() {
                return;
            }
            match listed {
                Some(listed) => {
                    all.insert(conversation.to_owned(), listed);
                }
                None => {
                    all.remove(conversation);
                }
            }
        }
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    pub fn get(&self, conversation: &str) -> Option<TicketItem> {
        self.lock().get(conversation).cloned()
    }

    /// Those that `filter` takes, what is due first in front.
    pub fn list(&self, filter: &Filter, now_ms: Millis) -> Vec<TicketItem> {
        let mut list: Vec<TicketItem> = (self.lock().values())
            .filter(|l| filter.takes(l, now_ms))
            .cloned()
            .collect();
        list.sort_by(|a, b| {
            let key = |l: &TicketItem| (!l.ticket.pending(), l.ticket.due_ms);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.conversation.cmp(&b.conversation))
        });
        list
    }

    /// `lawyer`: those of confessions count too.
    pub fn counts(&self, lawyer: bool, now_ms: Millis) -> TicketCounts {
        let mut counts = TicketCounts::default();
        for listed in self.lock().values().filter(|l| lawyer || !l.lawyer_only) {
            let ticket = &listed.ticket;
            counts.callback += u32::from(ticket.score.is_some());
            counts.review += u32::from(ticket.review);
            if ticket.pending() && ticket.kind != TicketKind::Callback {
                counts.pending += 1;
                match ticket.standing(now_ms) {
                    Standing::Soon => counts.soon += 1,
                    Standing::Overdue => counts.overdue += 1,
                    Standing::Later => {}
                }
            }
        }
        counts
    }
}
