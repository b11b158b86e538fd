//! The waiting conversations and the seats, and what to do next.
//!
//! Between two calls of [`Routing::deal`] no free seat and no uninvited conversation fit each other. So only what changed
//! since has to be looked at: conversations that came, went up or accept more by now, and seats that became free. They are
//! dealt in the order of the queue, which makes the result the same as dealing everything anew.

mod deal;

use super::estimate::{self, Ahead, Durations, Room};
use super::fit::{Misfit, Profile};
use super::free::{Free, FreeKey, Listing};
use super::matter::{Matter, Place, Waiting};
use super::{LAPSES_MAX, PASS_MS, TRANSFER_HOLD_MS};
use crate::dialogue::nouns::{Millis, StaffRole};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// Conversations of a consultant that are remembered for keeping him from the other side.
const ADVISED_MAX: usize = 500;

/// What stands with a conversation.
#[derive(Debug, Clone)]
pub enum Standing {
    Waiting(Waiting),
    Owned {
        staff: String,
        matter: Matter,
    },
    /// The bot has it, or it is closed, or erased.
    Elsewhere,
}

/// What is to be done. Both are to be committed to the conversation's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    Invite {
        conversation: Arc<str>,
        staff: Arc<str>,
        until_ms: Millis,
    },
    /// The invitation of this consultant is over.
    Lapse {
        conversation: Arc<str>,
        staff: Arc<str>,
    },
}

/// Where a waiting conversation stands, as its citizen is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standpoint {
    /// From 1.
    pub position: u32,
    /// `None` while nobody who may take it is on duty.
    pub expected_ms: Option<Millis>,
}

#[derive(Debug)]
struct Queued {
    waiting: Waiting,
    place: Place,
    invited: Option<(Arc<str>, Millis)>,
    /// Who let it pass, and until when he is not asked again.
    passed: Vec<(Arc<str>, Millis)>,
}

#[derive(Debug, Default)]
struct Desk {
    role: Option<StaffRole>,
    profile: Profile,
    listing: Listing,
    live: bool,
    load: u32,
    idle_since_ms: Millis,
    invited: Option<Arc<str>>,
    /// Invitations in a row that lapsed.
    lapses: u8,
    /// Under what key it is among the free.
    free: Option<FreeKey>,
    /// What it counts for in the rooms.
    room: Room,
    advised: VecDeque<(Arc<str>, Matter)>,
}

impl Desk {
    fn is_free(&self, capacity: u32) -> bool {
        self.live && self.load < capacity && self.invited.is_none() && self.lapses < LAPSES_MAX
    }
}

/// Who waits, who serves, who is asked.
#[derive(Debug)]
pub struct Routing {
    /// Conversations at once of a consultant who says nothing of it.
    capacity: u32,
    queue: HashMap<Arc<str>, Queued>,
    order: BTreeSet<Place>,
    /// Those not invited, and of these the ones that not only lawyers may take.
    idle: BTreeSet<Place>,
    idle_for_all: BTreeSet<Place>,
    desks: HashMap<Arc<str>, Desk>,
    owners: HashMap<Arc<str>, (Arc<str>, Millis)>,
    free: Free,
    all: Room,
    lawyers: Room,
    durations: Durations,
    /// When to look at a conversation again.
    later: BTreeSet<(Millis, Arc<str>)>,
    stirred: BTreeSet<Arc<str>>,
    freed: BTreeSet<Arc<str>>,
    lapsed: Vec<Move>,
}

impl Routing {
    pub fn new(capacity: u32) -> Routing {
        Routing {
            capacity,
            queue: HashMap::new(),
            order: BTreeSet::new(),
            idle: BTreeSet::new(),
            idle_for_all: BTreeSet::new(),
            desks: HashMap::new(),
            owners: HashMap::new(),
            free: Free::default(),
            all: Room::default(),
            lawyers: Room::default(),
            durations: Durations::default(),
            later: BTreeSet::new(),
            stirred: BTreeSet::new(),
            freed: BTreeSet::new(),
            lapsed: Vec::new(),
        }
    }

    /// Follows what was committed.
    pub fn set(&mut self, conversation: &str, standing: Standing, now_ms: Millis) {
        match standing {
            Standing::Waiting(waiting) => {
                self.disown(conversation, now_ms);
                self.wait(conversation, waiting);
            }
            Standing::Owned { staff, matter } => {
                self.leave(conversation);
                self.own(conversation, &staff, matter, now_ms);
            }
            Standing::Elsewhere => {
                self.leave(conversation);
                self.disown(conversation, now_ms);
            }
        }
    }

    fn wait(&mut self, conversation: &str, waiting: Waiting) {
        let id: Arc<str> = match self.queue.get_key_value(conversation) {
            Some((_, queued)) if queued.waiting == waiting => return,
            Some((id, _)) => Arc::clone(id),
            None => conversation.into(),
        };
        let before = self.queue.remove(&id);
        if let Some(before) = &before {
            self.order.remove(&before.place);
            self.unlist(&before.place);
        }
        let place = Place::of(Arc::clone(&id), &waiting);
        let since_ms = waiting.since_ms;
        let looks = Misfit::ALL
            .map(Misfit::hold_ms)
            .into_iter()
            .chain([TRANSFER_HOLD_MS]);
        for hold_ms in looks.filter(|hold| *hold > 0) {
            let at_ms = since_ms.saturating_add(hold_ms);
            self.later.insert((at_ms, Arc::clone(&id)));
        }
        self.order.insert(place.clone());
        let (invited, passed) = before.map_or((None, Vec::new()), |b| (b.invited, b.passed));
        let queued = Queued {
            waiting,
            place,
            invited,
            passed,
        };
        self.queue.insert(Arc::clone(&id), queued);
        let staff = self.queue[&id].invited.as_ref().map(|i| Arc::clone(&i.0));
        match staff {
            // What was told in the meantime may forbid it.
            Some(staff) if self.misfit(&staff, &id).is_none() => self.lapse(&id, &staff, None),
            Some(_) => {}
            None => self.list(&id),
        }
        self.stirred.insert(id);
    }

    fn leave(&mut self, conversation: &str) {
        let Some(queued) = self.queue.remove(conversation) else {
            return;
        };
        self.order.remove(&queued.place);
        self.unlist(&queued.place);
        if let Some((staff, _)) = queued.invited {
            self.uninvite(&staff);
        }
    }

    fn own(&mut self, conversation: &str, staff: &str, matter: Matter, now_ms: Millis) {
        let same = self
            .owners
            .get(conversation)
            .is_some_and(|(owner, _)| &**owner == staff);
        if !same {
            self.disown(conversation, now_ms);
        }
        let id: Arc<str> = conversation.into();
        let staff: Arc<str> = staff.into();
        let desk = self.desks.entry(Arc::clone(&staff)).or_default();
        match desk.advised.iter_mut().find(|(c, _)| *c == id) {
            Some((_, known)) => *known = matter,
            None => {
                if desk.advised.len() == ADVISED_MAX {
                    desk.advised.pop_front();
                }
                desk.advised.push_back((Arc::clone(&id), matter));
            }
        }
        if !same {
            desk.load += 1;
            desk.lapses = 0;
            self.owners.insert(id, (Arc::clone(&staff), now_ms));
            self.refresh(&staff);
        }
    }

    fn disown(&mut self, conversation: &str, now_ms: Millis) {
        let Some((staff, since_ms)) = self.owners.remove(conversation) else {
            return;
        };
        self.durations.add(now_ms.saturating_sub(since_ms));
        if let Some(desk) = self.desks.get_mut(&staff) {
            desk.load = desk.load.saturating_sub(1);
            desk.idle_since_ms = now_ms;
        }
        self.refresh(&staff);
    }

    /// A consultant came on duty, or his account changed.
    pub fn arrive(&mut self, staff: &str, role: StaffRole, profile: &Profile, now_ms: Millis) {
        let id: Arc<str> = staff.into();
        let desk = self.desks.entry(Arc::clone(&id)).or_default();
        if !std::mem::take(&mut desk.live) {
            desk.idle_since_ms = now_ms;
        }
        // Out of the index and the rooms under what was declared before.
        self.refresh(&id);
        if let Some(desk) = self.desks.get_mut(&id) {
            desk.live = true;
            desk.role = Some(role);
            desk.listing = Listing::of(profile);
            desk.profile = profile.clone();
            desk.lapses = 0;
        }
        self.refresh(&id);
    }

    /// A consultant's last socket went away. What he was asked goes to the next.
    pub fn depart(&mut self, staff: &str) {
        let Some(desk) = self.desks.get_mut(staff) else {
            return;
        };
        desk.live = false;
        let invited = desk.invited.clone();
        if let Some(conversation) = invited {
            let staff: Arc<str> = staff.into();
            self.lapse(&conversation, &staff, None);
        }
        self.refresh(staff);
    }

    /// A consultant did something: he is there, whatever he let lapse before.
    pub fn stir(&mut self, staff: &str) {
        if let Some(desk) = self.desks.get_mut(staff)
            && desk.lapses > 0
        {
            desk.lapses = 0;
            self.refresh(staff);
        }
    }

    /// A consultant declined. True when he had been asked.
    pub fn decline(&mut self, conversation: &str, staff: &str, now_ms: Millis) -> bool {
        let asked = self.queue.get(conversation).is_some_and(|q| {
            q.invited
                .as_ref()
                .is_some_and(|(invited, _)| &**invited == staff)
        });
        if asked {
            let (conversation, staff) = (Arc::from(conversation), Arc::from(staff));
            self.release(&conversation, &staff, Some(now_ms));
            self.stir(&staff);
        }
        asked
    }

    /// An invitation could not be committed: as if it had not been made, but not the same at once.
    pub fn withdraw(&mut self, conversation: &str, staff: &str, now_ms: Millis) {
        self.decline(conversation, staff, now_ms);
    }

    /// Ends an invitation and tells the log.
    fn lapse(&mut self, conversation: &Arc<str>, staff: &Arc<str>, pass_from: Option<Millis>) {
        self.release(conversation, staff, pass_from);
        self.lapsed.push(Move::Lapse {
            conversation: Arc::clone(conversation),
            staff: Arc::clone(staff),
        });
    }

    fn release(&mut self, conversation: &Arc<str>, staff: &Arc<str>, pass_from: Option<Millis>) {
        if let Some(queued) = self.queue.get_mut(conversation) {
            queued.invited = None;
            if let Some(from_ms) = pass_from {
                let until_ms = from_ms.saturating_add(PASS_MS);
                queued
                    .passed
                    .retain(|(s, until)| s != staff && *until > from_ms);
                queued.passed.push((Arc::clone(staff), until_ms));
                self.later.insert((until_ms, Arc::clone(conversation)));
            }
            self.list(conversation);
            self.stirred.insert(Arc::clone(conversation));
        }
        self.uninvite(staff);
    }

    fn uninvite(&mut self, staff: &str) {
        if let Some(desk) = self.desks.get_mut(staff) {
            desk.invited = None;
        }
        self.refresh(staff);
    }

    fn list(&mut self, conversation: &str) {
        let Some(queued) = self.queue.get(conversation) else {
            return;
        };
        self.idle.insert(queued.place.clone());
        if !queued.waiting.lawyer_only {
            self.idle_for_all.insert(queued.place.clone());
        }
    }

    fn unlist(&mut self, place: &Place) {
        self.idle.remove(place);
        self.idle_for_all.remove(place);
    }

    fn unfree(&mut self, staff: &str) {
        if let Some(desk) = self.desks.get_mut(staff)
            && let Some(key) = desk.free.take()
        {
            self.free.remove(&desk.listing, &key);
        }
    }

    fn capacity_of(&self, desk: &Desk) -> u32 {
        desk.profile.capacity.unwrap_or(self.capacity)
    }

    /// Brings indexes and rooms up to a seat's state.
    fn refresh(&mut self, staff: &str) {
        self.unfree(staff);
        let Some((id, desk)) = self.desks.get_key_value(staff) else {
            return;
        };
        let capacity = self.capacity_of(desk);
        let slots = if desk.live { capacity } else { 0 };
        let room = Room {
            slots,
            free: slots.saturating_sub(desk.load),
        };
        let id = Arc::clone(id);
        let before = desk.room;
        let role = desk.role;
        let mut groups = vec![&mut self.all];
        if role == Some(StaffRole::Lawyer) {
            groups.push(&mut self.lawyers);
        }
        for group in groups {
            group.slots = group.slots + room.slots - before.slots;
            group.free = group.free + room.free - before.free;
        }
        // The key was just found.
        let Some(desk) = self.desks.get_mut(&id) else {
            return;
        };
        desk.room = room;
        if desk.is_free(capacity) {
            let key = FreeKey {
                load: desk.load,
                idle_since_ms: desk.idle_since_ms,
                staff: Arc::clone(&id),
            };
            self.free.insert(&desk.listing, &key);
            desk.free = Some(key);
            self.freed.insert(id);
        }
    }

    /// The waiting conversations in the order in which they are served.
    pub fn order(&self) -> impl Iterator<Item = &Arc<str>> {
        self.order.iter().map(|place| &place.conversation)
    }

    pub fn waiting(&self, conversation: &str) -> Option<&Waiting> {
        Some(&self.queue.get(conversation)?.waiting)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Who is served before a waiting conversation; all that wait before one that does not.
    pub fn ahead(&self, conversation: &str) -> u32 {
        let ahead = match self.queue.get(conversation) {
            Some(queued) => self.order.range(..&queued.place).count(),
            None => self.order.len(),
        };
        u32::try_from(ahead).unwrap_or(u32::MAX)
    }

    /// Where everybody who waits stands, in order. Position and expected wait come from the order that deals.
    pub fn standpoints(&self) -> impl Iterator<Item = (&Arc<str>, Standpoint)> {
        let mean_ms = self.durations.mean_ms();
        self.order.iter().scan(Ahead::default(), move |ahead, p| {
            let lawyer_only = self.queue.get(&p.conversation)?.waiting.lawyer_only;
            let standpoint = Standpoint {
                position: ahead.all() + 1,
                expected_ms: estimate::expected_ms(
                    *ahead,
                    lawyer_only,
                    self.all,
                    self.lawyers,
                    mean_ms,
                ),
            };
            match lawyer_only {
                true => ahead.lawyer_only += 1,
                false => ahead.others += 1,
            }
            Some((&p.conversation, standpoint))
        })
    }

    /// Room of all consultants on duty.
    pub fn room(&self) -> Room {
        self.all
    }

    pub fn is_live(&self, staff: &str) -> bool {
        self.desks.get(staff).is_some_and(|d| d.live)
    }

    /// Whether a consultant is dealt nothing because he let invitations lapse.
    pub fn is_resting(&self, staff: &str) -> bool {
        self.desks
            .get(staff)
            .is_some_and(|d| d.live && d.lapses >= LAPSES_MAX)
    }

    /// Consultants on duty with the conversations they can still take, in no order.
    pub fn seats(&self) -> impl Iterator<Item = (&Arc<str>, &Profile, Option<StaffRole>, u32)> {
        let live = self.desks.iter().filter(|(_, d)| d.live);
        live.map(|(staff, d)| (staff, &d.profile, d.role, d.room.free))
    }
}
