//! Routing against a plain reading of its rules: the same events, and everybody looked at anew each time.
//!
//! Replay a failure with `FAXUN_SIM_SEED=<seed>`; the seed is printed.

use super::plain::{CAPACITY, Plain, PlainConversation};
use super::sim::{Random, seeds};
use crate::dialogue::desk::fit::Profile;
use crate::dialogue::desk::matter::{Matter, Place, Target, Waiting};
use crate::dialogue::desk::routing::{Move, Routing, Standing};
use crate::dialogue::desk::{INVITE_MS, PASS_MS, REGION_HOLD_MS, TOPIC_HOLD_MS};
use crate::dialogue::nouns::*;
use std::collections::{BTreeMap, BTreeSet};

const SEEDS: u64 = 12;
const EVENTS: usize = 1_500;
const SEATS: usize = 9;
const AREAS: [&str; 3] = ["劳动与工资", "婚姻与同居", "刑事与治安"];
const DIVISIONS: [&str; 4] = ["37", "3702", "370202", "11"];
const NAMES: [&str; 4] = ["张三", "李四", "王五建筑公司", "赵六"];

fn waiting(since_ms: Millis) -> Waiting {
    Waiting {
        since_ms,
        urgent: false,
        reason: HandoffReason::Asked,
        area: None,
        division: None,
        lawyer_only: false,
        last_staff: None,
        matter: Matter::default(),
    }
}

fn profile(skills: &[&str], regions: &[&str]) -> Profile {
    let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect();
    Profile {
        skills: own(skills),
        regions: own(regions),
        ..Profile::default()
    }
}

/// Who is invited to what, in the order of the moves.
fn invited(moves: &[Move]) -> Vec<(String, String)> {
    let pair = |m: &Move| match m {
        Move::Invite {
            conversation,
            staff,
            ..
        } => Some((conversation.to_string(), staff.to_string())),
        Move::Lapse { .. } => None,
    };
    moves.iter().filter_map(pair).collect()
}

fn pair(conversation: &str, staff: &str) -> (String, String) {
    (conversation.to_owned(), staff.to_owned())
}

/// Both, fed with the same events.
struct Both {
    random: Random,
    now_ms: Millis,
    routing: Routing,
    plain: Plain,
    made: u32,
    served: u32,
}

impl Both {
    fn new(seed: u64) -> Both {
        let mut both = Both {
            random: Random::new(seed),
            now_ms: 1_764_000_000_000,
            routing: Routing::new(CAPACITY),
            plain: Plain::default(),
            made: 0,
            served: 0,
        };
        for n in 0..SEATS {
            both.arrive(n);
        }
        both
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.below(of.len())]
    }

    fn some(&mut self, of: &[&str]) -> Vec<String> {
        let mut list: Vec<String> = of.iter().map(|s| (*s).to_owned()).collect();
        list.retain(|_| self.random.below(3) == 0);
        list
    }

    fn arrive(&mut self, n: usize) {
        let staff = format!("s{n}");
        let role = match n % 3 {
            0 => StaffRole::Lawyer,
            _ => StaffRole::Consultant,
        };
        let profile = Profile {
            skills: self.some(&AREAS),
            regions: self.some(&DIVISIONS),
            languages: self.some(&["bo"]),
            capacity: (self.random.below(4) == 0).then_some(3),
            conflicts: self.some(&NAMES[2..]),
        };
        self.routing.arrive(&staff, role, &profile, self.now_ms);
        let seat = self.plain.seats.entry(staff).or_default();
        if !seat.live {
            seat.idle_since_ms = self.now_ms;
        }
        seat.role = Some(role);
        seat.profile = profile;
        seat.live = true;
        seat.lapses = 0;
    }

    fn depart(&mut self, n: usize) {
        let staff = format!("s{n}");
        self.routing.depart(&staff);
        self.plain.seats.get_mut(&staff).unwrap().live = false;
        for c in self.plain.queue.values_mut() {
            c.invited.take_if(|(s, _)| *s == staff);
        }
    }

    fn matter(&mut self) -> Matter {
        let mut matter = Matter {
            deadline: self.random.below(8) == 0,
            language: (self.random.below(8) == 0).then(|| "bo".to_owned()),
            ..Matter::default()
        };
        if self.random.below(3) == 0 {
            matter.own = vec![self.one(&NAMES).to_owned()];
            matter.other = vec![self.one(&NAMES).to_owned()];
        }
        if self.random.below(6) == 0 {
            let staff = format!("s{}", self.random.below(SEATS));
            matter.recused = vec![staff];
        }
        matter.to = match self.random.below(12) {
            0 => Some(Target::Lawyers),
            1 => Some(Target::Area {
                area: self.one(&AREAS).to_owned(),
            }),
            2 => Some(Target::Staff {
                staff: format!("s{}", self.random.below(SEATS)),
            }),
            _ => None,
        };
        matter
    }

    /// Somebody new waits, or what is known of him changed.
    fn wait(&mut self) {
        let conversation = format!("c{}", self.random.below(60));
        if self.plain.owners.contains_key(&conversation) {
            return;
        }
        let since_ms = match self.plain.queue.get(&conversation) {
            Some(queued) => queued.waiting.since_ms,
            None => self.now_ms,
        };
        let reasons = [
            HandoffReason::Asked,
            HandoffReason::OwnerLost,
            HandoffReason::Transferred,
        ];
        let known = Waiting {
            urgent: self.random.below(15) == 0,
            reason: reasons[self.random.below(5).saturating_sub(2)],
            area: (self.random.below(3) > 0).then(|| self.one(&AREAS).to_owned()),
            division: (self.random.below(3) > 0).then(|| self.one(&DIVISIONS).to_owned()),
            lawyer_only: self.random.below(10) == 0,
            last_staff: (self.random.below(3) == 0)
                .then(|| format!("s{}", self.random.below(SEATS))),
            matter: self.matter(),
            ..waiting(since_ms)
        };
        let standing = Standing::Waiting(known.clone());
        self.routing.set(&conversation, standing, self.now_ms);
        let queued = self
            .plain
            .queue
            .entry(conversation.clone())
            .or_insert_with(|| PlainConversation {
                waiting: known.clone(),
                invited: None,
                passed: BTreeMap::new(),
            });
        queued.waiting = known;
        let invited = queued.invited.as_ref().map(|i| i.0.clone());
        if invited.is_some_and(|staff| self.plain.misfit(&staff, &conversation).is_none()) {
            self.plain.queue.get_mut(&conversation).unwrap().invited = None;
        }
    }

    fn take(&mut self, conversation: &str, staff: &str) {
        let queued = self.plain.queue.remove(conversation).unwrap();
        let matter = queued.waiting.matter;
        let standing = Standing::Owned {
            staff: staff.to_owned(),
            matter: matter.clone(),
        };
        self.routing.set(conversation, standing, self.now_ms);
        self.plain
            .owners
            .insert(conversation.to_owned(), staff.to_owned());
        let advised = self.plain.advised.entry(staff.to_owned()).or_default();
        advised.retain(|(c, _)| c != conversation);
        advised.push((conversation.to_owned(), matter));
        self.plain.seats.get_mut(staff).unwrap().lapses = 0;
        self.served += 1;
    }

    /// What is asked of a consultant, and what he answers.
    fn answer(&mut self) {
        let asked: Vec<(String, String)> = self
            .plain
            .queue
            .iter()
            .filter_map(|(c, q)| Some((c.clone(), q.invited.as_ref()?.0.clone())))
            .collect();
        if asked.is_empty() {
            return;
        }
        let (conversation, staff) = asked[self.random.below(asked.len())].clone();
        match self.random.below(4) {
            0 => {
                assert!(self.routing.decline(&conversation, &staff, self.now_ms));
                let until_ms = self.now_ms + PASS_MS;
                let queued = self.plain.queue.get_mut(&conversation).unwrap();
                queued.invited = None;
                queued.passed.insert(staff.clone(), until_ms);
                self.plain.seats.get_mut(&staff).unwrap().lapses = 0;
            }
            _ => self.take(&conversation, &staff),
        }
    }

    fn pull(&mut self) {
        let conversations: Vec<String> = self.plain.queue.keys().cloned().collect();
        if conversations.is_empty() {
            return;
        }
        let conversation = &conversations[self.random.below(conversations.len())];
        let staff = format!("s{}", self.random.below(SEATS));
        let may = self.plain.misfit(&staff, conversation).is_some();
        assert_eq!(self.routing.may_take(&staff, conversation), may);
        if may && self.plain.seats[&staff].live {
            self.take(conversation, &staff);
        }
    }

    fn close(&mut self) {
        let owned: Vec<String> = self.plain.owners.keys().cloned().collect();
        if owned.is_empty() {
            return;
        }
        let conversation = &owned[self.random.below(owned.len())];
        let standing = Standing::Elsewhere;
        self.routing.set(conversation, standing, self.now_ms);
        let staff = self.plain.owners.remove(conversation).unwrap();
        self.plain.seats.get_mut(&staff).unwrap().idle_since_ms = self.now_ms;
    }

    fn event(&mut self) {
        let n = self.random.below(SEATS);
        match self.random.below(20) {
            0 => self.depart(n),
            1 | 2 => self.arrive(n),
            3..=8 => self.wait(),
            9..=13 => self.answer(),
            14 => self.pull(),
            15 => {
                let staff = format!("s{n}");
                self.routing.stir(&staff);
                self.plain.seats.get_mut(&staff).unwrap().lapses = 0;
            }
            _ => self.close(),
        }
    }

    fn deal(&mut self) {
        let moves = self.routing.deal(self.now_ms);
        let made = invited(&moves);
        let wanted = self.plain.deal(self.now_ms);
        let set: BTreeSet<_> = made.iter().cloned().collect();
        assert_eq!(made.len(), set.len(), "nobody is invited twice: {made:?}");
        assert_eq!(set, wanted);
        self.made += made.len() as u32;
        for (staff, seat) in &self.plain.seats {
            assert_eq!(self.routing.is_live(staff), seat.live);
        }
        let mut order: Vec<Place> = self
            .plain
            .queue
            .iter()
            .map(|(c, q)| Place::of(c.as_str().into(), &q.waiting))
            .collect();
        order.sort();
        let served: Vec<&str> = self.routing.order().map(|c| &**c).collect();
        let wanted: Vec<&str> = order.iter().map(|p| &*p.conversation).collect();
        assert_eq!(served, wanted, "nobody is lost");
        for (n, (conversation, standpoint)) in (1u32..).zip(self.routing.standpoints()) {
            assert_eq!(standpoint.position, n);
            assert_eq!(self.routing.ahead(conversation), n - 1);
        }
    }

    /// Nobody comes any more and everybody serves: nobody may be left who could be served.
    fn drain(&mut self) {
        for n in 0..SEATS {
            self.arrive(n);
        }
        for _ in 0..200 {
            self.now_ms += PASS_MS;
            self.deal();
            let asked: Vec<(String, String)> = self
                .plain
                .queue
                .iter()
                .filter_map(|(c, q)| Some((c.clone(), q.invited.as_ref()?.0.clone())))
                .collect();
            for (conversation, staff) in asked {
                self.take(&conversation, &staff);
            }
            while !self.plain.owners.is_empty() {
                self.close();
            }
        }
        for conversation in self.plain.queue.keys() {
            let may = |s: &&String| self.plain.misfit(s, conversation).is_some();
            let could = self.plain.seats.keys().find(may);
            assert_eq!(could, None, "{conversation} was starved");
        }
    }
}

#[test]
fn the_indexes_deal_as_the_plain_rules_do() {
    let (mut made, mut served) = (0, 0);
    for seed in seeds(SEEDS) {
        println!("FAXUN_SIM_SEED={seed}");
        let mut both = Both::new(seed);
        for _ in 0..EVENTS {
            both.now_ms += both.random.below(6_000) as i64;
            for _ in 0..both.random.below(3) {
                both.event();
            }
            both.deal();
        }
        both.drain();
        made += both.made;
        served += both.served;
    }
    assert!(made > 1000 && served > 1000, "{made} made, {served} served");
}

fn one_seat(profile: &Profile) -> Routing {
    let mut routing = Routing::new(1);
    routing.arrive("a", StaffRole::Consultant, profile, 0);
    routing
}

#[test]
fn a_better_seat_is_waited_for_and_then_any_serves() {
    let mut routing = one_seat(&profile(&["劳动与工资"], &["3702"]));
    let asks = |area: &str, division: &str| Waiting {
        area: Some(area.to_owned()),
        division: Some(division.to_owned()),
        ..waiting(0)
    };
    routing.set("far", Standing::Waiting(asks("劳动与工资", "11")), 0);
    assert_eq!(routing.deal(REGION_HOLD_MS - 1), []);
    let moves = routing.deal(REGION_HOLD_MS);
    assert_eq!(invited(&moves), [pair("far", "a")]);
    let mut routing = one_seat(&profile(&["劳动与工资"], &[]));
    routing.set("other", Standing::Waiting(asks("婚姻与同居", "11")), 0);
    assert_eq!(routing.deal(TOPIC_HOLD_MS - 1), []);
    assert_eq!(invited(&routing.deal(TOPIC_HOLD_MS)), [pair("other", "a")]);
    let mut routing = one_seat(&profile(&["劳动与工资"], &["3702"]));
    let danger = Waiting {
        urgent: true,
        ..asks("婚姻与同居", "11")
    };
    routing.set("danger", Standing::Waiting(danger), 0);
    assert_eq!(invited(&routing.deal(0)), [pair("danger", "a")]);
}

#[test]
fn who_does_not_accept_is_not_asked_again_at_once_and_then_rests() {
    let mut routing = one_seat(&Profile::default());
    routing.set("c", Standing::Waiting(waiting(0)), 0);
    assert_eq!(invited(&routing.deal(0)), [pair("c", "a")]);
    let lapse = Move::Lapse {
        conversation: "c".into(),
        staff: "a".into(),
    };
    assert_eq!(routing.deal(INVITE_MS), std::slice::from_ref(&lapse));
    let again_ms = INVITE_MS + PASS_MS;
    assert_eq!(routing.deal(again_ms - 1), []);
    assert_eq!(invited(&routing.deal(again_ms)), [pair("c", "a")]);
    assert_eq!(routing.deal(again_ms + INVITE_MS), [lapse]);
    assert!(routing.is_resting("a"));
    let late_ms = again_ms + INVITE_MS + 10 * PASS_MS;
    assert_eq!(routing.deal(late_ms), []);
    routing.stir("a");
    assert_eq!(invited(&routing.deal(late_ms)), [pair("c", "a")]);
}

#[test]
fn a_lost_socket_passes_the_invitation_on_and_who_comes_is_dealt_who_waits() {
    let mut routing = one_seat(&Profile::default());
    for (n, c) in (0i64..).zip(["x", "y"]) {
        routing.set(c, Standing::Waiting(waiting(n)), n);
    }
    assert_eq!(invited(&routing.deal(2)), [pair("x", "a")]);
    routing.depart("a");
    assert_eq!(routing.deal(3).len(), 1, "the log is told");
    routing.arrive("b", StaffRole::Consultant, &Profile::default(), 4);
    assert_eq!(invited(&routing.deal(4)), [pair("x", "b")]);
}

#[test]
fn the_last_consultant_has_it_again_where_he_is_free() {
    let mut routing = Routing::new(2);
    for staff in ["a", "b"] {
        routing.arrive(staff, StaffRole::Consultant, &Profile::default(), 0);
    }
    let own = Standing::Owned {
        staff: "b".to_owned(),
        matter: Matter::default(),
    };
    routing.set("one", own, 0);
    let known = Waiting {
        last_staff: Some("b".to_owned()),
        ..waiting(1)
    };
    routing.set("two", Standing::Waiting(known.clone()), 1);
    assert_eq!(invited(&routing.deal(1)), [pair("two", "b")]);
    routing.depart("b");
    let moves = routing.deal(2);
    assert_eq!(invited(&moves), [pair("two", "a")]);
}

#[test]
fn a_conflict_of_interest_is_never_relaxed() {
    let declared = Profile {
        conflicts: vec!["王五建筑公司".to_owned()],
        ..Profile::default()
    };
    let mut routing = one_seat(&declared);
    let against = |own: &str, other: &str| {
        let mut known = waiting(0);
        known.urgent = true;
        known.matter.own = vec![own.to_owned()];
        known.matter.other = vec![other.to_owned()];
        known
    };
    let wages = against("张三", "王五建筑公司的王经理");
    routing.set("wages", Standing::Waiting(wages), 0);
    assert_eq!(routing.deal(100 * PASS_MS), []);
    assert!(!routing.may_take("a", "wages"));
    // Who advises one spouse sees nothing of the other.
    let mut routing = one_seat(&Profile::default());
    let husband = Standing::Owned {
        staff: "a".to_owned(),
        matter: against("张三", "李四").matter,
    };
    routing.set("husband", husband, 0);
    routing.set("husband", Standing::Elsewhere, 1);
    routing.set("wife", Standing::Waiting(against("李四", "张三")), 2);
    assert_eq!(routing.deal(100 * PASS_MS), []);
    assert!(!routing.may_take("a", "wife"));
    routing.arrive("b", StaffRole::Consultant, &Profile::default(), 3);
    let moves = routing.deal(100 * PASS_MS);
    assert_eq!(invited(&moves), [pair("wife", "b")]);
}

#[test]
fn a_confession_waits_for_a_lawyer() {
    let mut routing = one_seat(&Profile::default());
    let mut known = waiting(0);
    known.lawyer_only = true;
    known.urgent = true;
    routing.set("c", Standing::Waiting(known), 0);
    assert_eq!(routing.deal(100 * PASS_MS), []);
    let standpoint = |r: &Routing| r.standpoints().next().unwrap().1;
    assert_eq!(standpoint(&routing).expected_ms, None, "nobody may take it");
    routing.arrive("l", StaffRole::Lawyer, &Profile::default(), 1);
    let moves = routing.deal(100 * PASS_MS);
    assert_eq!(invited(&moves), [pair("c", "l")]);
    assert!(standpoint(&routing).expected_ms.is_some());
}

#[test]
fn the_order_of_the_queue() {
    let known = |since_ms, urgent, reason, deadline| {
        let mut waiting = waiting(since_ms);
        waiting.urgent = urgent;
        waiting.reason = reason;
        waiting.matter.deadline = deadline;
        waiting
    };
    use HandoffReason::*;
    let hour = 60 * 60_000;
    let mut order: Vec<Place> = [
        ("late", known(30, false, Asked, false)),
        ("early-b", known(10, false, Required, false)),
        ("early-a", known(10, false, Asked, false)),
        ("lost", known(40, false, OwnerLost, false)),
        ("deadline", known(45, false, Required, true)),
        ("danger", known(50, true, Danger, false)),
        ("danger-lost", known(60, true, OwnerLost, false)),
        ("ages-ago", known(-2 * hour, false, Asked, false)),
    ]
    .iter()
    .map(|(c, w)| Place::of((*c).into(), w))
    .collect();
    order.sort();
    let order: Vec<&str> = order.iter().map(|p| &*p.conversation).collect();
    assert_eq!(
        order,
        [
            "danger",
            "danger-lost",
            "ages-ago",
            "deadline",
            "lost",
            "early-a",
            "early-b",
            "late"
        ]
    );
}
