//! Choosing: who can be asked about whom, who is best, and the next moves.

use super::{Move, Queued, Routing};
use crate::dialogue::desk::fit::{self, Misfit};
use crate::dialogue::desk::matter::{Place, Target};
use crate::dialogue::desk::{INVITE_MS, TRANSFER_HOLD_MS};
use crate::dialogue::nouns::{Millis, StaffRole};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Routing {
    /// How a seat fits a waiting conversation; `None` when it must not have it.
    pub(super) fn misfit(&self, staff: &str, conversation: &str) -> Option<Misfit> {
        let desk = self.desks.get(staff)?;
        let waiting = &self.queue.get(conversation)?.waiting;
        let misfit = fit::misfit(&desk.profile, desk.role?, staff, waiting)?;
        let named = !(waiting.matter.own.is_empty() && waiting.matter.other.is_empty());
        let opposed = named
            && desk
                .advised
                .iter()
                .any(|(c, m)| **c != *conversation && fit::opposed(m, &waiting.matter));
        (!opposed).then_some(misfit)
    }

    /// Whether a consultant may see and take a conversation at all.
    pub fn may_take(&self, staff: &str, conversation: &str) -> bool {
        self.misfit(staff, conversation).is_some()
    }

    /// Whether a free seat can be asked now.
    fn may_ask(&self, staff: &str, conversation: &str, now_ms: Millis) -> Option<Misfit> {
        let queued = self.queue.get(conversation)?;
        let held = |(s, until_ms): &(Arc<str>, Millis)| &**s == staff && *until_ms > now_ms;
        if queued.passed.iter().any(held) {
            return None;
        }
        let misfit = self.misfit(staff, conversation)?;
        match self.kept_for(queued, now_ms) {
            Some(target) => (target == staff).then_some(Misfit::None),
            None => (misfit <= Misfit::accepted(&queued.waiting, now_ms)).then_some(misfit),
        }
    }

    /// The consultant it was transferred to, while it is kept for him.
    fn kept_for<'a>(&self, queued: &'a Queued, now_ms: Millis) -> Option<&'a str> {
        let waited_ms = now_ms.saturating_sub(queued.waiting.since_ms);
        match &queued.waiting.matter.to {
            Some(Target::Staff { staff }) if waited_ms < TRANSFER_HOLD_MS => Some(staff),
            _ => None,
        }
    }

    fn is_free(&self, staff: &str) -> bool {
        self.desks.get(staff).is_some_and(|d| d.free.is_some())
    }

    /// The best free seat for a conversation.
    fn best(&self, conversation: &str, now_ms: Millis) -> Option<Arc<str>> {
        let queued = self.queue.get(conversation)?;
        let asks = |staff: &str| self.may_ask(staff, conversation, now_ms);
        let last = queued.waiting.last_staff.as_deref();
        let named = self.kept_for(queued, now_ms).or(last);
        if let Some(staff) = named
            && self.is_free(staff)
            && asks(staff).is_some()
        {
            return Some(staff.into());
        }
        if self.kept_for(queued, now_ms).is_some() {
            return None;
        }
        let accepted = Misfit::accepted(&queued.waiting, now_ms);
        Misfit::ALL
            .into_iter()
            .take_while(|misfit| *misfit <= accepted)
            .find_map(|misfit| {
                let may = |staff: &Arc<str>| asks(staff).is_some_and(|m| m <= misfit);
                let key = self.free.first(misfit, &queued.waiting, may)?;
                Some(Arc::clone(&key.staff))
            })
    }

    /// The first conversation that a free seat can be asked about.
    fn first_for(&self, staff: &str, now_ms: Millis) -> Option<Place> {
        let desk = self.desks.get(staff)?;
        desk.free.as_ref()?;
        let idle = match desk.role {
            Some(StaffRole::Lawyer) => &self.idle,
            _ => &self.idle_for_all,
        };
        let asks = |place: &&Place| self.may_ask(staff, &place.conversation, now_ms).is_some();
        idle.iter().find(asks).cloned()
    }

    /// What is to be done now. The invitations count as made; one that cannot be committed is to be withdrawn.
    pub fn deal(&mut self, now_ms: Millis) -> Vec<Move> {
        while let Some((at_ms, _)) = self.later.first()
            && *at_ms <= now_ms
            && let Some((_, conversation)) = self.later.pop_first()
        {
            self.look(conversation, now_ms);
        }
        let mut moves = std::mem::take(&mut self.lapsed);
        // What the seat was that nominated a place, if one did.
        let mut agenda: BTreeSet<(Place, Option<Arc<str>>)> = BTreeSet::new();
        for conversation in std::mem::take(&mut self.stirred) {
            if let Some(queued) = self.queue.get(&conversation)
                && queued.invited.is_none()
            {
                agenda.insert((queued.place.clone(), None));
            }
        }
        for staff in std::mem::take(&mut self.freed) {
            if let Some(place) = self.first_for(&staff, now_ms) {
                agenda.insert((place, Some(staff)));
            }
        }
        while let Some((place, nominator)) = agenda.pop_first() {
            let conversation = &place.conversation;
            if self.idle.contains(&place)
                && let Some(staff) = self.best(conversation, now_ms)
            {
                moves.push(self.invite(conversation, &staff, now_ms));
            }
            if let Some(staff) = nominator
                && !self.idle.contains(&place)
                && let Some(next) = self.first_for(&staff, now_ms)
            {
                agenda.insert((next, Some(staff)));
            }
        }
        moves
    }

    /// A conversation accepts more by now, or its invitation is over.
    fn look(&mut self, conversation: Arc<str>, now_ms: Millis) {
        let Some(queued) = self.queue.get(&conversation) else {
            return;
        };
        match queued.invited.clone() {
            Some((staff, until_ms)) if until_ms <= now_ms => {
                if let Some(desk) = self.desks.get_mut(&staff) {
                    desk.lapses = desk.lapses.saturating_add(1);
                }
                self.lapse(&conversation, &staff, Some(now_ms));
            }
            Some(_) => {}
            None => {
                self.stirred.insert(conversation);
            }
        }
    }

    fn invite(&mut self, conversation: &Arc<str>, staff: &Arc<str>, now_ms: Millis) -> Move {
        let until_ms = now_ms.saturating_add(INVITE_MS);
        if let Some(queued) = self.queue.get_mut(conversation) {
            queued.invited = Some((Arc::clone(staff), until_ms));
            let place = queued.place.clone();
            self.unlist(&place);
        }
        if let Some(desk) = self.desks.get_mut(staff) {
            desk.invited = Some(Arc::clone(conversation));
        }
        self.refresh(staff);
        self.later.insert((until_ms, Arc::clone(conversation)));
        Move::Invite {
            conversation: Arc::clone(conversation),
            staff: Arc::clone(staff),
            until_ms,
        }
    }
}
