//! A made-up day at the desk with the routing of the server: how long people wait for how many consultants.
//!
//! What is made up: when people ask (a morning and an afternoon peak), their topics and provinces, the shifts, that some
//! consultants drop out and come back, that some invitations are not seen. What is not: who is offered whom, and when.

use super::erlang;
use crate::dialogue::desk::fit::Profile;
use crate::dialogue::desk::matter::{Matter, Waiting};
use crate::dialogue::desk::routing::{Move, Routing, Standing};
use crate::dialogue::nouns::{HandoffReason, Millis, StaffRole};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Share of the day's conversations by the hour in which they ask; made up, with its peak from nine to twelve.
const BY_HOUR: [f64; 24] = [
    0.6, 0.4, 0.3, 0.2, 0.2, 0.3, 0.8, 2.0, 6.0, 10.5, 11.0, 9.0, 5.0, 6.5, 8.5, 8.5, 7.5, 5.5,
    4.5, 4.5, 4.0, 2.2, 1.3, 0.7,
];
/// Shifts: share of the consultants, from and to in minutes of the day.
const SHIFTS: [(f64, &[(Millis, Millis)]); 6] = [
    (0.20, &[(510, 690), (750, 1050)]),
    (0.20, &[(510, 720), (780, 1050)]),
    (0.20, &[(510, 750), (810, 1050)]),
    (0.15, &[(840, 1080), (1110, 1410)]),
    (0.10, &[(900, 1140), (1170, 1410)]),
    (0.15, &[(0, 540), (1380, 1440)]),
];
const PROVINCES: [&str; 31] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65",
];
/// Areas of law; the n-th is asked about in proportion to 1 / (n + 2).
const AREAS: [&str; 18] = [
    "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16",
    "17", "18",
];
const URGENT: f64 = 0.01;
const DEADLINE: f64 = 0.03;
const LAWYER_ONLY: f64 = 0.02;
/// Share of consultants who are lawyers, who declare areas (six of them), who declare their province.
const LAWYERS: f64 = 0.3;
const SPECIALISTS: f64 = 0.6;
const REGIONAL: f64 = 0.5;
/// An invitation that is not seen, and the mean time to accept one that is, in milliseconds.
const UNSEEN: f64 = 0.03;
const ACCEPT_MS: f64 = 3_000.0;
/// Mean time on duty until a consultant drops out, and mean time until he is back, in milliseconds.
const DROP_EVERY_MS: f64 = 4.0 * 3_600_000.0;
const BACK_AFTER_MS: f64 = 5.0 * 60_000.0;
/// After this long a lost consultant's conversations go back to the queue (`desk.lost_after_s`), in milliseconds.
const LOST_AFTER_MS: Millis = 30_000;
/// How often the server looks at the clock, in milliseconds.
const TICK_MS: Millis = 500;
const HOUR_MS: Millis = 3_600_000;
const DAY_MS: Millis = 24 * HOUR_MS;
/// The last ones are served on the next day, up to here.
const END_MS: Millis = 48 * HOUR_MS;
/// Every so many conversations the told wait is compared with the real one.
const TOLD_EVERY: usize = 10;

/// What is to be tried.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seats: u32,
    pub conversations: u32,
    /// Conversations a consultant has at once.
    pub capacity: u32,
    /// Mean duration of a conversation, in minutes.
    pub minutes: f64,
    pub seed: u64,
}

/// One hour, or the whole day. Shares from 0 to 1; `None` where nobody asked, or the load is above the slots.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Hour {
    pub asked: usize,
    /// Mean number of conversations that consultants on duty can have at once.
    pub slots: f64,
    /// Offered load: how many conversations would be going on if nobody waited.
    pub erlangs: f64,
    pub mean_wait_s: f64,
    pub p95_wait_s: f64,
    pub within_15_s: Option<f64>,
    pub within_3_min: Option<f64>,
    /// What Erlang C expects of as many slots that are all alike, always there, and accept at once.
    pub erlang_c_15_s: Option<f64>,
    pub erlang_c_3_min: Option<f64>,
}

/// What came of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Day {
    pub hours: Vec<Hour>,
    pub all: Hour,
    pub longest_wait_s: f64,
    pub urgent_mean_s: f64,
    pub urgent_longest_s: f64,
    /// Mean difference of the wait that was told and the real one, in minutes, of those who waited longer than a minute.
    pub told_off_min: f64,
    /// Conversations that were never served to their end.
    pub lost: usize,
    pub dropped_out: u32,
    pub given_back: u32,
    pub invitations: u32,
    pub lapsed: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Begin(usize),
    Leave(usize),
    /// Seat, and the begin of the stretch that ends so.
    Drop(usize, Millis),
    Back(usize),
    GiveBack(usize, usize),
    Ask(usize),
    /// Conversation, seat, number of the invitation.
    Accept(usize, usize, u32),
    /// Conversation, number of its owner.
    End(usize, u32),
    Tick,
}

struct Conversation {
    waiting: Waiting,
    asked_ms: Millis,
    first_wait_ms: Option<Millis>,
    told_ms: Option<Millis>,
    seat: Option<usize>,
    invitation: u32,
    owner: u32,
    done: bool,
}

struct Seat {
    role: StaffRole,
    profile: Profile,
    on_duty: bool,
    there: bool,
    since_ms: Millis,
    owned: Vec<usize>,
}

struct Simulation<'a> {
    plan: &'a Plan,
    rng: fastrand::Rng,
    now_ms: Millis,
    routing: Routing,
    agenda: BinaryHeap<Reverse<(Millis, u64, Happening)>>,
    planned: u64,
    conversations: Vec<Conversation>,
    seats: Vec<Seat>,
    names: HashMap<String, usize>,
    /// Milliseconds of slots by hour.
    slot_ms: Vec<f64>,
    open: usize,
    day: Day,
}

/// Runs the day. The same plan gives the same day.
pub fn simulate(plan: &Plan) -> Day {
    let mut simulation = Simulation::new(plan);
    simulation.run();
    simulation.finish()
}

impl<'a> Simulation<'a> {
    fn new(plan: &'a Plan) -> Simulation<'a> {
        let mut simulation = Simulation {
            plan,
            rng: fastrand::Rng::with_seed(plan.seed),
            now_ms: 0,
            routing: Routing::new(plan.capacity),
            agenda: BinaryHeap::new(),
            planned: 0,
            conversations: Vec::new(),
            seats: Vec::new(),
            names: HashMap::new(),
            slot_ms: vec![0.0; 24],
            open: 0,
            day: Day::default(),
        };
        for n in 0..plan.seats as usize {
            simulation.staff(n);
        }
        for n in 0..plan.conversations as usize {
            simulation.citizen(n);
        }
        simulation.plan_at(0, Happening::Tick);
        simulation
    }

    fn plan_at(&mut self, at_ms: Millis, happening: Happening) {
        self.planned += 1;
        self.agenda.push(Reverse((at_ms, self.planned, happening)));
    }

    fn after(&mut self, ms: Millis, happening: Happening) {
        self.plan_at(self.now_ms + ms, happening);
    }

    /// Exponentially distributed.
    fn some_ms(&mut self, mean_ms: f64) -> Millis {
        (-mean_ms * (1.0 - self.rng.f64()).ln()) as Millis
    }

    fn chance(&mut self, p: f64) -> bool {
        self.rng.f64() < p
    }

    /// An index, each in proportion to its weight.
    fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.rng.f64() * weights.iter().sum::<f64>();
        let picked = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        picked.unwrap_or(0)
    }

    fn staff(&mut self, n: usize) {
        // Shares hold exactly, whatever the seed.
        let share = (n as f64 + 0.5) / f64::from(self.plan.seats);
        let mut up_to = 0.0;
        let shift = SHIFTS.iter().find(|(part, _)| {
            up_to += part;
            share < up_to
        });
        for (from, to) in shift.map_or(SHIFTS[0].1, |s| s.1) {
            self.plan_at(from * 60_000, Happening::Begin(n));
            // Who is on duty at midnight stays until nobody waits.
            if *to < 1440 {
                self.plan_at(to * 60_000, Happening::Leave(n));
            }
        }
        let mut profile = Profile::default();
        if self.chance(SPECIALISTS) {
            let mut areas = AREAS.to_vec();
            self.rng.shuffle(&mut areas);
            profile.skills = areas[..6].iter().map(|a| (*a).to_owned()).collect();
        }
        if self.chance(REGIONAL) {
            let province = PROVINCES[self.rng.usize(..PROVINCES.len())];
            profile.regions = vec![province.to_owned()];
        }
        let role = match self.chance(LAWYERS) {
            true => StaffRole::Lawyer,
            false => StaffRole::Consultant,
        };
        self.names.insert(seat_name(n), n);
        self.seats.push(Seat {
            role,
            profile,
            on_duty: false,
            there: false,
            since_ms: 0,
            owned: Vec::new(),
        });
    }

    fn citizen(&mut self, n: usize) {
        let hour = self.pick(&BY_HOUR);
        let asked_ms = hour as Millis * HOUR_MS + self.rng.i64(0..HOUR_MS);
        let mut weights = [0.0; AREAS.len()];
        for (n, weight) in weights.iter_mut().enumerate() {
            *weight = 1.0 / (n as f64 + 2.0);
        }
        let area = self.pick(&weights);
        let waiting = Waiting {
            since_ms: asked_ms,
            urgent: self.chance(URGENT),
            reason: HandoffReason::Asked,
            area: Some(AREAS[area].to_owned()),
            division: Some(PROVINCES[self.rng.usize(..PROVINCES.len())].to_owned()),
            lawyer_only: self.chance(LAWYER_ONLY),
            last_staff: None,
            matter: Matter {
                deadline: self.chance(DEADLINE),
                ..Matter::default()
            },
        };
        self.conversations.push(Conversation {
            waiting,
            asked_ms,
            first_wait_ms: None,
            told_ms: None,
            seat: None,
            invitation: 0,
            owner: 0,
            done: false,
        });
        self.plan_at(asked_ms, Happening::Ask(n));
    }

    fn run(&mut self) {
        while let Some(Reverse((at_ms, _, happening))) = self.agenda.pop() {
            // Consultants drop out and come back for ever: the day ends when nobody is left to be served.
            if at_ms >= DAY_MS && self.open == 0 || at_ms >= END_MS {
                return;
            }
            self.now_ms = at_ms;
            match happening {
                Happening::Begin(n) => self.begin(n),
                Happening::Leave(n) => {
                    self.seats[n].on_duty = false;
                    self.away(n);
                }
                Happening::Drop(n, since_ms) => self.drop_out(n, since_ms),
                Happening::Back(n) => self.come(n),
                Happening::GiveBack(n, seat) => self.give_back(n, seat),
                Happening::Ask(n) => self.ask(n),
                Happening::Accept(n, seat, invitation) => self.accept(n, seat, invitation),
                Happening::End(n, owner) => self.end(n, owner),
                Happening::Tick => self.after(TICK_MS, Happening::Tick),
            }
            for step in self.routing.deal(self.now_ms) {
                self.make(&step);
            }
        }
    }

    fn begin(&mut self, n: usize) {
        self.seats[n].on_duty = true;
        self.come(n);
    }

    fn come(&mut self, n: usize) {
        if self.seats[n].there || !self.seats[n].on_duty {
            return;
        }
        let seat = &mut self.seats[n];
        seat.there = true;
        seat.since_ms = self.now_ms;
        let (role, now_ms) = (seat.role, self.now_ms);
        self.routing
            .arrive(&seat_name(n), role, &self.seats[n].profile, now_ms);
        let ms = self.some_ms(DROP_EVERY_MS);
        self.after(ms, Happening::Drop(n, now_ms));
    }

    /// Stops being dealt; what he has goes on.
    fn away(&mut self, n: usize) {
        let seat = &mut self.seats[n];
        if !std::mem::take(&mut seat.there) {
            return;
        }
        let (from, to) = (seat.since_ms, self.now_ms.min(DAY_MS));
        for (hour, ms) in (0i64..).zip(&mut self.slot_ms) {
            let (begin, end) = (hour * HOUR_MS, (hour + 1) * HOUR_MS);
            let shared = to.min(end) - from.max(begin);
            *ms += shared.max(0) as f64 * f64::from(self.plan.capacity);
        }
        self.routing.depart(&seat_name(n));
    }

    /// The connection is lost: what he has goes back to the queue, and he comes back later.
    fn drop_out(&mut self, n: usize, since_ms: Millis) {
        // A stretch that is over drops out no more.
        if !self.seats[n].there || self.seats[n].since_ms != since_ms {
            return;
        }
        self.day.dropped_out += 1;
        self.away(n);
        for conversation in self.seats[n].owned.clone() {
            self.after(LOST_AFTER_MS, Happening::GiveBack(conversation, n));
        }
        let ms = LOST_AFTER_MS + self.some_ms(BACK_AFTER_MS);
        self.after(ms, Happening::Back(n));
    }

    fn give_back(&mut self, n: usize, seat: usize) {
        if self.conversations[n].seat != Some(seat) || self.conversations[n].done {
            return;
        }
        self.day.given_back += 1;
        self.seats[seat].owned.retain(|c| *c != n);
        let conversation = &mut self.conversations[n];
        conversation.seat = None;
        conversation.owner += 1;
        conversation.waiting = Waiting {
            since_ms: self.now_ms,
            reason: HandoffReason::OwnerLost,
            last_staff: Some(seat_name(seat)),
            ..conversation.waiting.clone()
        };
        let standing = Standing::Waiting(conversation.waiting.clone());
        self.routing.set(&name(n), standing, self.now_ms);
    }

    fn ask(&mut self, n: usize) {
        self.open += 1;
        let standing = Standing::Waiting(self.conversations[n].waiting.clone());
        self.routing.set(&name(n), standing, self.now_ms);
        if n.is_multiple_of(TOLD_EVERY) {
            let wanted = name(n);
            let mut all = self.routing.standpoints();
            let told = all.find(|(c, _)| ***c == *wanted);
            self.conversations[n].told_ms = told.and_then(|(_, s)| s.expected_ms);
        }
    }

    fn make(&mut self, step: &Move) {
        let (conversation, staff) = match step {
            Move::Lapse { .. } => {
                self.day.lapsed += 1;
                return;
            }
            Move::Invite {
                conversation,
                staff,
                ..
            } => (conversation, staff),
        };
        self.day.invitations += 1;
        let n: usize = conversation.parse().unwrap_or_default();
        self.conversations[n].invitation += 1;
        let invitation = self.conversations[n].invitation;
        let seat = self.names[&**staff];
        if !self.chance(UNSEEN) {
            let ms = self.some_ms(ACCEPT_MS);
            self.after(ms, Happening::Accept(n, seat, invitation));
        }
    }

    fn accept(&mut self, n: usize, seat: usize, invitation: u32) {
        let conversation = &mut self.conversations[n];
        let late = conversation.invitation != invitation || conversation.seat.is_some();
        if late || !self.seats[seat].there {
            return;
        }
        conversation.seat = Some(seat);
        conversation.owner += 1;
        let owner = conversation.owner;
        let wait_ms = self.now_ms - conversation.asked_ms;
        conversation.first_wait_ms.get_or_insert(wait_ms);
        self.seats[seat].owned.push(n);
        let standing = Standing::Owned {
            staff: seat_name(seat),
            matter: Matter::default(),
        };
        self.routing.set(&name(n), standing, self.now_ms);
        let ms = self.some_ms(self.plan.minutes * 60_000.0);
        self.after(ms, Happening::End(n, owner));
    }

    fn end(&mut self, n: usize, owner: u32) {
        let conversation = &mut self.conversations[n];
        let Some(seat) = conversation.seat.filter(|_| conversation.owner == owner) else {
            return;
        };
        conversation.done = true;
        self.seats[seat].owned.retain(|c| *c != n);
        self.open -= 1;
        self.routing.set(&name(n), Standing::Elsewhere, self.now_ms);
    }

    fn finish(mut self) -> Day {
        for n in 0..self.seats.len() {
            self.away(n);
        }
        let mut day = std::mem::take(&mut self.day);
        let all: Vec<&Conversation> = self.conversations.iter().collect();
        for hour in 0..24 {
            let from_ms = hour as Millis * HOUR_MS;
            let asked = from_ms..from_ms + HOUR_MS;
            let of = all.iter().copied().filter(|c| asked.contains(&c.asked_ms));
            let slots = self.slot_ms[hour] / HOUR_MS as f64;
            let of: Vec<&Conversation> = of.collect();
            day.hours.push(self.hour(&of, slots, HOUR_MS));
        }
        let slots = self.slot_ms.iter().sum::<f64>() / DAY_MS as f64;
        day.all = self.hour(&all, slots, DAY_MS);
        // The mean load of a day says nothing about its peak.
        day.all.erlang_c_15_s = None;
        day.all.erlang_c_3_min = None;
        let wait_s = |c: &&&Conversation| c.first_wait_ms.map(|ms| ms as f64 / 1000.0);
        let longest = |list: &mut dyn Iterator<Item = f64>| list.fold(0.0, f64::max);
        day.longest_wait_s = longest(&mut all.iter().filter_map(|c| wait_s(&c)));
        let urgent = all.iter().filter(|c| c.waiting.urgent);
        let urgent: Vec<f64> = urgent.filter_map(|c| wait_s(&c)).collect();
        day.urgent_longest_s = longest(&mut urgent.iter().copied());
        day.urgent_mean_s = mean(&urgent);
        day.lost = all.iter().filter(|c| !c.done).count();
        let off = all.iter().filter_map(|c| {
            let wait_ms = c.first_wait_ms.filter(|ms| *ms > 60_000)?;
            Some((c.told_ms? - wait_ms).abs() as f64 / 60_000.0)
        });
        day.told_off_min = mean(&off.collect::<Vec<f64>>());
        day
    }

    fn hour(&self, of: &[&Conversation], slots: f64, length_ms: Millis) -> Hour {
        let mut waits: Vec<f64> = of
            .iter()
            .filter_map(|c| Some(c.first_wait_ms? as f64 / 1000.0))
            .collect();
        waits.sort_by(f64::total_cmp);
        let share = |seconds: f64| {
            let within = waits.iter().filter(|w| **w <= seconds).count();
            (!of.is_empty()).then(|| within as f64 / of.len() as f64)
        };
        let mean_s = self.plan.minutes * 60.0;
        let erlangs = of.len() as f64 * mean_s * 1000.0 / length_ms as f64;
        let expected = |seconds| erlang::within(slots.round() as u32, erlangs, mean_s, seconds);
        let p95 = waits.len() * 95 / 100;
        Hour {
            asked: of.len(),
            slots,
            erlangs,
            mean_wait_s: mean(&waits),
            p95_wait_s: waits.get(p95).copied().unwrap_or(0.0),
            within_15_s: share(15.0),
            within_3_min: share(180.0),
            erlang_c_15_s: expected(15.0),
            erlang_c_3_min: expected(180.0),
        }
    }
}

fn mean(list: &[f64]) -> f64 {
    list.iter().sum::<f64>() / list.len().max(1) as f64
}

/// Ids that sort as they were made.
fn name(n: usize) -> String {
    format!("{n:08}")
}

fn seat_name(n: usize) -> String {
    format!("s{n:06}")
}

#[cfg(test)]
mod tests;
