//! 200 citizens and 5 consultants with random events: nobody has two owners, nobody is lost, danger goes first.
//!
//! Replay a failure with `FAXUN_SIM_SEED=<seed>`; the seed is printed.

use super::support::*;
use crate::dialogue::desk::matter::{Place, Target, Waiting};
use crate::dialogue::nouns::*;
use crate::dialogue::reading::Command;
use crate::dialogue::script::Duty;
use crate::dialogue::turn::Rule;
use std::collections::HashMap;

const CITIZENS: usize = 200;
const STAFF: [&str; 5] = ["a", "b", "c", "d", "e"];
/// Conversations a consultant has at once.
const SEATS: usize = 6;
const EVENTS: usize = 8_000;
const SEEDS: u64 = 3;

/// SplitMix64 (Steele, Lea, Flood; public domain).
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

struct World {
    random: Random,
    now_ms: Millis,
    chats: Vec<Chat>,
    /// Whether each consultant's heartbeat is live.
    live: [bool; 5],
    /// Who owns a conversation, kept beside the log from what was acknowledged to consultants.
    owners: HashMap<usize, usize>,
    taken: usize,
}

impl World {
    fn new(seed: u64) -> World {
        World {
            random: Random(seed),
            now_ms: 1_764_000_000_000,
            chats: (0..CITIZENS).map(|_| Chat::new()).collect(),
            live: [true; 5],
            owners: HashMap::new(),
            taken: 0,
        }
    }

    fn queue(&self) -> Vec<(usize, Waiting)> {
        let mut queue: Vec<(Place, usize, Waiting)> = Vec::new();
        for (n, chat) in self.chats.iter().enumerate() {
            if let Owner::Queue {
                since_ms,
                urgent,
                reason,
            } = chat.state.owner
            {
                let waiting = Waiting {
                    since_ms,
                    urgent,
                    reason,
                    area: None,
                    division: None,
                    lawyer_only: chat.state.confession,
                    last_staff: chat.state.last_staff.clone(),
                    matter: chat.state.matter.clone(),
                };
                let place = Place::of(format!("{n:03}").into(), &waiting);
                queue.push((place, n, waiting));
            }
        }
        queue.sort_by(|a, b| a.0.cmp(&b.0));
        queue.into_iter().map(|(_, n, w)| (n, w)).collect()
    }

    fn load(&self, staff: usize) -> usize {
        self.owners.values().filter(|s| **s == staff).count()
    }

    fn author(staff: usize) -> Author {
        // Two of the five are no lawyers.
        if staff < 2 {
            consultant(STAFF[staff])
        } else {
            lawyer(STAFF[staff])
        }
    }

    /// One event in one conversation, then the two books of owners are compared.
    fn go(&mut self, n: usize, by: Author, what: What) -> String {
        let waiting = self.queue().len();
        let open = self.live.contains(&true);
        let chat = &mut self.chats[n];
        let was_queued = matches!(chat.state.owner, Owner::Queue { .. });
        chat.now_ms = self.now_ms;
        chat.ctx.duty = Duty {
            open,
            seats_free: 1,
            waiting: waiting as u32,
        };
        let reading = match what {
            What::Say { .. } => match self.random.below(12) {
                0 => read().in_danger(DangerKind::Violence, Degree::Immediate),
                1 => read().in_danger(DangerKind::Threat, Degree::Ask),
                2 => read().concern(Concern::Confession),
                3 => read().command(Command::Human),
                4 => read().command(Command::Resume),
                5 => read().command(Command::Digit(1)),
                6 => read().hit("held", 0.9),
                7 => read().intent("service.claim", 0.9),
                8 => read().garbled(),
                _ => read().hit("wages", 0.9),
            },
            _ => Default::default(),
        };
        let event = chat.event(by, what);
        let shown = chat.go(event, reading);
        let chat = &self.chats[n];
        if let Owner::Consultant { staff, .. } = &chat.state.owner {
            let staff = STAFF.iter().position(|s| s == staff).unwrap();
            let booked = self.owners.insert(n, staff);
            assert!(booked.is_none_or(|s| s == staff), "{n} had another owner");
        } else {
            self.owners.remove(&n);
        }
        let left = was_queued && !matches!(chat.state.owner, Owner::Queue { .. });
        if left {
            let rule = chat.turns.last().unwrap().rule;
            let ways = [Rule::Taken, Rule::Resumed, Rule::Closed, Rule::Ticket];
            assert!(ways.contains(&rule), "{n} left the queue by {rule:?}");
        }
        shown
    }

    fn citizen(&mut self) {
        let n = self.random.below(CITIZENS);
        let last = self.chats[n].state.last_seq;
        let what = match self.random.below(12) {
            0 => What::Human,
            1 => What::End,
            2 if last > 0 => What::Choose {
                of: 1 + self.random.next() % last,
                option: 1 + self.random.below(3) as u32,
            },
            _ => What::Say {
                text: "话".to_owned(),
            },
        };
        self.go(n, Author::Citizen, what);
    }

    /// The first in the queue that this consultant may take; danger first is checked here.
    fn take(&mut self, staff: usize) {
        if !self.live[staff] || self.load(staff) >= SEATS {
            return;
        }
        let queue = self.queue();
        let lawyer = staff >= 2;
        let may = |n: &usize| lawyer || !self.chats[*n].state.confession;
        let Some((n, first)) = queue.iter().find(|(n, _)| may(n)) else {
            return;
        };
        let urgent_waits = queue.iter().any(|(m, w)| w.urgent && may(m));
        assert!(first.urgent || !urgent_waits, "danger goes first");
        let invite = What::Invite {
            staff: STAFF[staff].to_owned(),
            until_ms: self.now_ms + 20_000,
        };
        self.go(*n, Author::System, invite);
        let shown = self.go(*n, World::author(staff), What::Take);
        assert!(shown.starts_with("Taken: "), "{shown}");
        self.taken += 1;
        let rival = (staff + 3) % STAFF.len();
        let refused = self.go(
            *n,
            World::author(rival),
            What::Reply {
                text: "我来".to_owned(),
            },
        );
        assert!(refused.starts_with("Refuse("), "{refused}");
    }

    fn consultant(&mut self) {
        let staff = self.random.below(STAFF.len());
        let mut mine: Vec<usize> = self
            .owners
            .iter()
            .filter(|(_, s)| **s == staff)
            .map(|(n, _)| *n)
            .collect();
        mine.sort_unstable();
        if mine.is_empty() || self.random.below(3) == 0 {
            return self.take(staff);
        }
        let n = mine[self.random.below(mine.len())];
        let what = match self.random.below(5) {
            4 => What::Transfer {
                to: Target::Lawyers,
                note: "看看".to_owned(),
            },
            0 => What::HandBack,
            1 => What::Close {
                reason: "好了".to_owned(),
                topic: String::new(),
            },
            _ => What::Reply {
                text: "答".to_owned(),
            },
        };
        self.go(n, World::author(staff), what);
    }

    /// Fires what is due, as the engine does, and returns the conversations of consultants who went away.
    fn system(&mut self) {
        for n in 0..CITIZENS {
            let due: Vec<Timer> = self.chats[n]
                .state
                .timers
                .iter()
                .filter(|t| t.due_ms <= self.now_ms)
                .map(|t| t.timer)
                .collect();
            for timer in due {
                self.go(n, Author::System, What::Timer { timer });
                let state = &self.chats[n].state;
                assert!(
                    state
                        .timers
                        .iter()
                        .all(|t| t.timer != timer || t.due_ms > self.now_ms)
                );
            }
        }
        let mut lost: Vec<(usize, usize)> = self.owners.iter().map(|(n, s)| (*n, *s)).collect();
        lost.retain(|(_, s)| !self.live[*s]);
        lost.sort_unstable();
        for (n, staff) in lost {
            let staff = STAFF[staff].to_owned();
            self.go(n, Author::System, What::OwnerLost { staff });
        }
    }

    fn run(&mut self) {
        for _ in 0..EVENTS {
            self.now_ms += 100 + self.random.below(900) as i64;
            match self.random.below(40) {
                0 => {
                    let staff = self.random.below(STAFF.len());
                    self.live[staff] = !self.live[staff];
                }
                1..=4 => self.system(),
                5..=22 => self.consultant(),
                _ => self.citizen(),
            }
        }
    }

    /// The citizens keep still and everybody is on duty: the queue must come to its end.
    fn drain(&mut self) {
        self.live = [true; 5];
        for _ in 0..CITIZENS * 2 {
            for staff in 0..STAFF.len() {
                self.take(staff);
                let mine: Vec<usize> = self
                    .owners
                    .iter()
                    .filter(|(_, s)| **s == staff)
                    .map(|(n, _)| *n)
                    .collect();
                for n in mine {
                    let text = "答".to_owned();
                    self.go(n, World::author(staff), What::Reply { text });
                    self.go(n, World::author(staff), What::HandBack);
                }
            }
        }
        assert_eq!(self.queue().len(), 0, "somebody was lost");
        assert!(self.owners.is_empty());
    }
}

/// The seed that is to be replayed, else the first ones.
pub(super) fn seeds(count: u64) -> Vec<u64> {
    let given = std::env::var("FAXUN_SIM_SEED")
        .ok()
        .map(|s| s.parse().expect("a number"));
    given.map_or((1..=count).collect(), |seed| vec![seed])
}

#[test]
fn nobody_is_lost_and_nobody_has_two_owners() {
    for seed in seeds(SEEDS) {
        println!("FAXUN_SIM_SEED={seed}");
        let mut world = World::new(seed);
        world.run();
        let queued = world.queue().len();
        world.drain();
        assert!(world.taken > 100, "only {} were taken", world.taken);
        println!(
            "{} taken, {queued} were waiting when the citizens fell still",
            world.taken
        );
    }
}
