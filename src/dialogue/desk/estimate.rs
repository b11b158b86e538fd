//! How long a place in the queue means, from what conversations took lately.

use super::super::nouns::Millis;
use super::INVITE_MS;
use std::collections::VecDeque;

/// Conversations whose duration is remembered.
const RECENT_MAX: usize = 128;
/// What a conversation is taken to last before any was seen, in milliseconds, and as how many that assumption counts.
const PRIOR_MS: Millis = 12 * 60_000;
const PRIOR_WEIGHT: Millis = 8;
/// A longer conversation was left open, and counts as this long, in milliseconds.
const DURATION_MAX_MS: Millis = 2 * 3_600_000;

/// How long consultants had their last conversations.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    recent: VecDeque<Millis>,
    sum_ms: Millis,
}

impl Durations {
    pub fn add(&mut self, duration_ms: Millis) {
        let duration_ms = duration_ms.clamp(0, DURATION_MAX_MS);
        if self.recent.len() == RECENT_MAX
            && let Some(oldest) = self.recent.pop_front()
        {
            self.sum_ms -= oldest;
        }
        self.recent.push_back(duration_ms);
        self.sum_ms += duration_ms;
    }

    /// The mean, in milliseconds, drawn to the assumption while few were seen.
    pub fn mean_ms(&self) -> Millis {
        let seen = Millis::try_from(self.recent.len()).unwrap_or(0);
        (PRIOR_MS * PRIOR_WEIGHT + self.sum_ms) / (PRIOR_WEIGHT + seen)
    }
}

/// Conversations that a group of consultants can have at once, and of these how many more they can take now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    pub slots: u32,
    pub free: u32,
}

/// Who is served before one who waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ahead {
    pub lawyer_only: u32,
    pub others: u32,
}

impl Ahead {
    pub fn all(self) -> u32 {
        self.lawyer_only + self.others
    }
}

/// The expected wait, in milliseconds; `None` while nobody who may take it is on duty.
///
/// With every slot taken and durations of mean `h`, `slots` of them end one after the other `h / slots` apart, so who has
/// `n` before him is served after `(n + 1) h / slots` (exact for exponential durations: the minimum of `slots`
/// residual times, again and again; Kleinrock, Queueing Systems I, 3.5). Lawyers also serve others: of those ahead that
/// any may take, lawyers serve their share.
pub fn expected_ms(
    ahead: Ahead,
    lawyer_only: bool,
    all: Room,
    lawyers: Room,
    mean_ms: Millis,
) -> Option<Millis> {
    let room = if lawyer_only { lawyers } else { all };
    if room.slots == 0 {
        return None;
    }
    let before = if lawyer_only {
        let share = u64::from(ahead.others) * u64::from(lawyers.slots);
        u64::from(ahead.lawyer_only) + share / u64::from(all.slots.max(1))
    } else {
        u64::from(ahead.all())
    };
    let behind = i64::try_from((before + 1).saturating_sub(u64::from(room.free))).ok()?;
    let wait_ms = behind.saturating_mul(mean_ms) / i64::from(room.slots);
    Some(wait_ms.max(INVITE_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60_000;

    #[test]
    fn the_mean_follows_what_is_seen_and_one_left_open_does_not_spoil_it() {
        let mut durations = Durations::default();
        assert_eq!(durations.mean_ms(), PRIOR_MS);
        for _ in 0..1000 {
            durations.add(4 * MINUTE);
        }
        let mean = durations.mean_ms();
        assert!((4 * MINUTE..5 * MINUTE).contains(&mean), "{mean}");
        durations.add(Millis::MAX);
        assert!(durations.mean_ms() < 6 * MINUTE);
    }

    #[test]
    fn who_waits_behind_free_slots_does_not_wait_for_an_end() {
        let all = Room { slots: 10, free: 2 };
        let none = Room::default();
        let expected = |others, room| {
            let ahead = Ahead {
                others,
                ..Ahead::default()
            };
            expected_ms(ahead, false, room, none, 10 * MINUTE)
        };
        assert_eq!(expected(1, all), Some(INVITE_MS));
        assert_eq!(expected(2, all), Some(MINUTE));
        let full = Room { free: 0, ..all };
        assert_eq!(expected(0, full), Some(MINUTE));
        assert_eq!(expected(19, full), Some(20 * MINUTE));
        assert_eq!(expected(0, none), None);
    }

    #[test]
    fn a_lawyer_only_place_counts_what_lawyers_do() {
        let all = Room { slots: 10, free: 0 };
        let lawyers = Room { slots: 2, free: 0 };
        let ahead = Ahead {
            lawyer_only: 1,
            others: 10,
        };
        let expected = expected_ms(ahead, true, all, lawyers, 10 * MINUTE);
        // One before it and two of the ten, then its own: four ends at two slots.
        assert_eq!(expected, Some(20 * MINUTE));
        let nobody = expected_ms(ahead, true, all, Room::default(), 10 * MINUTE);
        assert_eq!(nobody, None);
    }
}
