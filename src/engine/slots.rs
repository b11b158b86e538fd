//! One slot per conversation in use: its lock (first come, first served) and its last committed turn.

use crate::dialogue::state::State;
use crate::store::{Header, Revision};
use lru::LruCache;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Locks among which the slots are spread.
const SHARDS: usize = 32;
/// Events that may wait for one conversation; the next one is answered `busy`.
pub const WAITERS_MAX: usize = 64;

/// The last committed turn of a conversation, as far as the next one needs it.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub state: State,
    pub revision: Revision,
    pub turn: u64,
    pub header: Option<Header>,
}

/// Lock and cache of one conversation. `None` inside means: read the store.
#[derive(Debug, Default)]
pub struct Slot {
    pub last: tokio::sync::Mutex<Option<Loaded>>,
    waiting: AtomicUsize,
}

/// Counts an event among the waiting until it is dropped.
#[derive(Debug)]
pub struct Waiting<'a>(&'a Slot);

impl Slot {
    /// A place in the line, or `None` when it is full.
    pub fn wait(&self) -> Option<Waiting<'_>> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Waiting(self);
        (before < WAITERS_MAX).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Slots by conversation; those nobody holds are forgotten when there are too many.
#[derive(Debug)]
pub struct Slots {
    shards: Vec<Mutex<LruCache<String, Arc<Slot>>>>,
    per_shard: usize,
    hasher: RandomState,
}

impl Slots {
    pub fn new(capacity: usize) -> Slots {
        Slots {
            shards: (0..SHARDS)
                .map(|_| Mutex::new(LruCache::unbounded()))
                .collect(),
            per_shard: capacity.div_ceil(SHARDS).max(1),
            hasher: RandomState::new(),
        }
    }

    /// The slot of a conversation. As long as anybody holds it, everybody gets the same one.
    pub fn get(&self, conversation: &str) -> Arc<Slot> {
        let mut shard = self.shard(conversation);
        if let Some(slot) = shard.get(conversation) {
            return Arc::clone(slot);
        }
        // Only slots that nobody holds may go; held ones are put back and the shard grows for a while.
        for _ in 0..shard.len().saturating_sub(self.per_shard - 1).min(4) {
            let Some((name, oldest)) = shard.pop_lru() else {
                break;
            };
            if Arc::strong_count(&oldest) > 1 {
                shard.put(name, oldest);
            }
        }
        let slot = Arc::new(Slot::default());
        shard.put(conversation.to_owned(), Arc::clone(&slot));
        slot
    }

    fn shard(&self, conversation: &str) -> std::sync::MutexGuard<'_, LruCache<String, Arc<Slot>>> {
        let index = self.hasher.hash_one(conversation) % SHARDS as u64;
        // In range: the remainder is below SHARDS.
        self.shards[usize::try_from(index).unwrap_or(0)]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Slots held in memory now.
    pub fn held(&self) -> usize {
        self.shards
            .iter()
            .map(|s| s.lock().unwrap_or_else(PoisonError::into_inner).len())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_slot_is_never_forgotten_and_idle_ones_are() {
        let slots = Slots::new(SHARDS);
        let held = slots.get("held");
        for n in 0..1000 {
            slots.get(&format!("c{n}"));
        }
        assert!(Arc::ptr_eq(&held, &slots.get("held")));
        assert!(slots.held() <= 2 * SHARDS, "{}", slots.held());
    }

    #[test]
    fn the_line_is_bounded_and_moves_on() {
        let slot = Slot::default();
        let places: Vec<_> = (0..WAITERS_MAX).map(|_| slot.wait().unwrap()).collect();
        assert!(slot.wait().is_none());
        drop(places);
        assert!(slot.wait().is_some());
    }
}
