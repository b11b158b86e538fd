//! The rules of routing without any index: everybody is looked at anew each time.

use crate::dialogue::desk::fit::{self, Misfit, Profile};
use crate::dialogue::desk::matter::{Matter, Place, Target, Waiting};
use crate::dialogue::desk::{INVITE_MS, LAPSES_MAX, PASS_MS, TRANSFER_HOLD_MS};
use crate::dialogue::nouns::*;
use std::collections::{BTreeMap, BTreeSet};

/// Conversations at once of a seat that declares nothing.
pub(super) const CAPACITY: u32 = 2;

#[derive(Debug, Default)]
pub(super) struct PlainSeat {
    pub role: Option<StaffRole>,
    pub profile: Profile,
    pub live: bool,
    pub idle_since_ms: Millis,
    pub lapses: u8,
}

#[derive(Debug)]
pub(super) struct PlainConversation {
    pub waiting: Waiting,
    pub invited: Option<(String, Millis)>,
    pub passed: BTreeMap<String, Millis>,
}

#[derive(Debug, Default)]
pub(super) struct Plain {
    pub seats: BTreeMap<String, PlainSeat>,
    pub queue: BTreeMap<String, PlainConversation>,
    pub owners: BTreeMap<String, String>,
    pub advised: BTreeMap<String, Vec<(String, Matter)>>,
}

impl Plain {
    pub fn load(&self, staff: &str) -> u32 {
        self.owners.values().filter(|s| *s == staff).count() as u32
    }

    pub fn asked(&self, staff: &str) -> bool {
        let asks = |c: &PlainConversation| c.invited.as_ref().is_some_and(|(s, _)| s == staff);
        self.queue.values().any(asks)
    }

    pub fn misfit(&self, staff: &str, conversation: &str) -> Option<Misfit> {
        let seat = &self.seats[staff];
        let waiting = &self.queue[conversation].waiting;
        let advised = self.advised.get(staff).into_iter().flatten();
        let mut others = advised.filter(|(c, _)| c != conversation);
        if others.any(|(_, m)| fit::opposed(m, &waiting.matter)) {
            return None;
        }
        fit::misfit(&seat.profile, seat.role?, staff, waiting)
    }

    pub fn deal(&mut self, now_ms: Millis) -> BTreeSet<(String, String)> {
        for c in self.queue.values_mut() {
            if let Some((staff, until_ms)) = c.invited.clone()
                && until_ms <= now_ms
            {
                c.invited = None;
                c.passed.insert(staff.clone(), now_ms + PASS_MS);
                self.seats.get_mut(&staff).unwrap().lapses += 1;
            }
        }
        let mut order: Vec<Place> = self
            .queue
            .iter()
            .map(|(c, q)| Place::of(c.as_str().into(), &q.waiting))
            .collect();
        order.sort();
        let mut made = BTreeSet::new();
        for place in order {
            let conversation = place.conversation.to_string();
            if self.queue[&conversation].invited.is_none()
                && let Some(staff) = self.best(&conversation, now_ms)
            {
                let until_ms = now_ms + INVITE_MS;
                let queued = self.queue.get_mut(&conversation).unwrap();
                queued.invited = Some((staff.clone(), until_ms));
                made.insert((conversation, staff));
            }
        }
        made
    }

    pub fn best(&self, conversation: &str, now_ms: Millis) -> Option<String> {
        let queued = &self.queue[conversation];
        let waiting = &queued.waiting;
        let kept = match &waiting.matter.to {
            Some(Target::Staff { staff }) if now_ms - waiting.since_ms < TRANSFER_HOLD_MS => {
                Some(staff)
            }
            _ => None,
        };
        let mut candidates = Vec::new();
        for (staff, seat) in &self.seats {
            let capacity = seat.profile.capacity.unwrap_or(CAPACITY);
            let load = self.load(staff);
            let free = seat.live && load < capacity && seat.lapses < LAPSES_MAX;
            let held = queued
                .passed
                .get(staff)
                .is_some_and(|until| *until > now_ms);
            if !free || held || self.asked(staff) {
                continue;
            }
            let Some(misfit) = self.misfit(staff, conversation) else {
                continue;
            };
            let wanted = match kept {
                Some(kept) => kept == staff,
                None => misfit <= Misfit::accepted(waiting, now_ms),
            };
            if wanted {
                let stranger = waiting.last_staff.as_ref() != Some(staff);
                candidates.push((stranger, misfit, load, seat.idle_since_ms, staff.clone()));
            }
        }
        candidates.sort();
        candidates.into_iter().next().map(|c| c.4)
    }
}
