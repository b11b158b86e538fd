//! Properties over any events in any reachable state. The driver checks the invariants of every step.

use super::support::*;
use crate::dialogue::bounds::{FACT_BYTES_MAX, ID_BYTES_MAX, NAME_BYTES_MAX, STAFF_BYTES_MAX};
use crate::dialogue::desk::matter::{
    Invitation, LANGUAGE_BYTES_MAX, Matter, NAMES_MAX, RECUSED_MAX, Target,
};
use crate::dialogue::nouns::*;
use crate::dialogue::privacy::Erasure;
use crate::dialogue::reading::{
    Aspect, Command, Fact, FactKind, Hit, IntentScore, Lean, READING_BYTES_MAX, Reading,
};
use crate::dialogue::script::*;
use crate::dialogue::state::{FACTS_MAX, *};
use crate::dialogue::step::{Admission, Refusal, admit, step};
use crate::dialogue::ticket::{Ticket, TicketAct, TicketKind, TicketStatus};
use crate::dialogue::turn::{Rule, Turn};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// The made-up script, with ids as long as they may be, one too long, and a form of as many slots as may be.
fn wide_script() -> Script {
    let mut script = script();
    let ids: Vec<String> = ('a'..='f')
        .map(|c| c.to_string().repeat(ID_BYTES_MAX))
        .collect();
    let mut card = script.entries["loan"].clone();
    card.next.clone_from(&ids);
    card.intent = "\"".repeat(200);
    for id in ids.iter().chain(["g".repeat(ID_BYTES_MAX + 1)].iter()) {
        card.id.clone_from(id);
        script.entries.insert(id.clone(), card.clone());
    }
    let slot = SlotSpec {
        kind: SlotKind::Text,
        ..script.forms["claim"].slots[1].clone()
    };
    let long = FormSpec {
        id: "f".repeat(ID_BYTES_MAX),
        title: "表".repeat(100),
        slots: vec![slot; FORM_SLOTS_MAX],
    };
    let card = IntentCard {
        follows: Follows::Form(long.id.clone()),
        area: None,
    };
    script.intents.insert("service.long".to_owned(), card);
    script.forms.insert(long.id.clone(), long);
    fill_texts(&mut script);
    script
}

fn wild_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["工资", "安全", "不安全", "1", "2", "", "跳过", "替孩子", "不知道", "五千 5000"])
            .prop_map(str::to_owned),
        1 => (select(vec!["工", "\"", "\\", "\u{1}", "\n", "😀", "a"]), 1usize..4000)
            .prop_map(|(unit, n)| unit.repeat(n)),
        1 => "\\PC{0,40}",
    ]
}

fn staff() -> impl Strategy<Value = String> {
    select(vec![
        "a".to_owned(),
        "b".to_owned(),
        "x".repeat(64),
        "\u{1}".repeat(10),
        "\"".repeat(40),
    ])
}

fn author() -> impl Strategy<Value = Author> {
    use StaffRole::*;
    let role = select(vec![
        Consultant, Lawyer, Lawyer, Editor, Approver, Supervisor, Admin,
    ]);
    prop_oneof![
        5 => Just(Author::Citizen),
        4 => (staff(), wild_text(), role).prop_map(|(staff, name, role)| Author::Consultant { staff, name, role }),
        2 => Just(Author::System),
    ]
}

fn what_of_citizen() -> impl Strategy<Value = What> {
    prop_oneof![
        8 => wild_text().prop_map(|text| What::Say { text }),
        4 => (0u64..40, 0u32..6).prop_map(|(of, option)| What::Choose { of, option }),
        1 => (0u64..9, 0u8..7, option::of(wild_text()))
            .prop_map(|(of, score, reason)| What::Rate { of, score, reason }),
        2 => Just(What::Human),
        1 => select(Media::ALL.to_vec()).prop_map(|media| What::Attach { media, reference: "m1".into() }),
        1 => Just(What::End),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        staff().prop_map(|staff| Target::Staff { staff }),
        wild_text().prop_map(|area| Target::Area { area }),
        Just(Target::Lawyers),
    ]
}

fn what_of_others() -> impl Strategy<Value = What> {
    let timer = select(vec![
        Timer::UrgentUnaccepted,
        Timer::UrgentUnanswered,
        Timer::Ticket,
        Timer::Erase,
    ]);
    prop_oneof![
        6 => Just(What::Take),
        3 => wild_text().prop_map(|text| What::Reply { text }),
        1 => Just(What::HandBack),
        1 => (wild_text(), wild_text()).prop_map(|(reason, topic)| What::Close { reason, topic }),
        3 => timer.prop_map(|timer| What::Timer { timer }),
        1 => staff().prop_map(|staff| What::OwnerLost { staff }),
        2 => (staff(), any::<i64>()).prop_map(|(staff, until_ms)| What::Invite { staff, until_ms }),
        1 => staff().prop_map(|staff| What::Lapse { staff }),
        1 => any::<bool>().prop_map(|conflict| What::Decline { conflict }),
        1 => (target(), wild_text()).prop_map(|(to, note)| What::Transfer { to, note }),
        4 => ticket_act().prop_map(|act| What::Ticket { act }),
    ]
}

fn ticket_act() -> impl Strategy<Value = TicketAct> {
    use TicketKind::*;
    let kind = select(vec![Prompt, Question, Difficult, Callback]);
    prop_oneof![
        3 => wild_text().prop_map(|text| TicketAct::Answer { text }),
        2 => wild_text().prop_map(|reason| TicketAct::Close { reason }),
        2 => option::of(staff()).prop_map(|staff| TicketAct::Assign { staff }),
        1 => kind.prop_map(|ticket| TicketAct::Promise { ticket }),
        1 => Just(TicketAct::Reviewed),
    ]
}

fn probability() -> impl Strategy<Value = f32> {
    prop_oneof![8 => 0.0f32..1.0, 1 => select(vec![f32::NAN, f32::INFINITY, -1.0e30, 1.0])]
}

fn command() -> impl Strategy<Value = Command> {
    use Command::*;
    prop_oneof![
        select(vec![
            Human, Cancel, Skip, Back, Yes, No, Resume, Ticket, Privacy, Export, Erase,
        ]),
        (0u32..7).prop_map(Digit),
    ]
}

fn fact() -> impl Strategy<Value = Fact> {
    use FactKind::*;
    let kind = select(vec![Amount, Date, Duration, Place, Number, Role]);
    (kind, wild_text(), option::of(any::<i64>())).prop_map(|(kind, text, value)| Fact {
        kind,
        text,
        value,
    })
}

fn danger() -> impl Strategy<Value = Danger> {
    let degree = select(vec![
        Degree::Related,
        Degree::Related,
        Degree::Ask,
        Degree::Immediate,
    ]);
    (select(DangerKind::ALL.to_vec()), degree).prop_map(|(kind, degree)| Danger { kind, degree })
}

fn hits() -> impl Strategy<Value = Vec<Hit>> {
    let mut ids: Vec<String> = wide_script().entries.into_keys().collect();
    ids.push("gone".to_owned());
    vec(
        (
            select(ids),
            probability(),
            proptest::collection::vec(any::<u8>(), 0..5),
        )
            .prop_map(|(entry, p, cites)| Hit { entry, p, cites }),
        0..7,
    )
}

fn intents() -> impl Strategy<Value = Vec<IntentScore>> {
    let mut ids: Vec<String> = wide_script().intents.into_keys().collect();
    ids.push("未".repeat(99));
    let score = (select(ids), probability()).prop_map(|(intent, p)| IntentScore { intent, p });
    vec(score, 0..7)
}

fn lean() -> impl Strategy<Value = Lean> {
    use Aspect::*;
    let aspect = select(vec![Money, Time, Refusal, Why, More, Role, Other]);
    let about = select(vec!["", "loan", "all of it", "\u{1}\u{1}"]);
    prop_oneof![
        Just(Lean::Corrected),
        Just(Lean::Rejected),
        Just(Lean::FactCorrected),
        (aspect, about).prop_map(|(aspect, about)| Lean::FollowUp {
            aspect,
            about: about.to_owned(),
        }),
    ]
}

fn reading() -> impl Strategy<Value = Reading> {
    let wild_citation =
        (wild_text(), wild_text()).prop_map(|(law, article)| citation(&law, &article));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), 0u64..4);
    let rare_dangers = prop_oneof![4 => Just(Vec::new()), 1 => vec(danger(), 0..9)];
    let concern = select(Concern::ALL.to_vec());
    let rare_concerns = prop_oneof![4 => Just(Vec::new()), 1 => vec(concern, 0..9)];
    let found = (intents(), hits(), vec(wild_citation, 0..7), probability());
    (
        found,
        rare_dangers,
        rare_concerns,
        option::weighted(0.3, command()),
        vec(fact(), 0..9),
        flags,
        (
            option::weighted(0.3, lean()),
            prop_oneof![4 => Just(Vec::new()), 1 => hits()],
        ),
    )
        .prop_map(
            |(
                (intents, hits, statutes, legal),
                dangers,
                concerns,
                command,
                facts,
                flags,
                (lean, several),
            )| {
                Reading {
                    intents,
                    hits,
                    statutes,
                    legal,
                    dangers,
                    concerns,
                    command,
                    facts,
                    unintelligible: flags.0,
                    question: flags.1,
                    statutes_missed: flags.2,
                    lean,
                    several,
                    more_questions: flags.0,
                    digest: flags.3,
                }
            },
        )
}

#[derive(Debug, Clone)]
struct Op {
    by: Author,
    what: What,
    reading: Reading,
    duty: bool,
    seconds: i64,
}

fn op() -> impl Strategy<Value = Op> {
    let event = author().prop_flat_map(|by| {
        let what = match by {
            Author::Citizen => prop_oneof![20 => what_of_citizen(), 1 => what_of_others()].boxed(),
            _ => prop_oneof![20 => what_of_others(), 1 => what_of_citizen()].boxed(),
        };
        (Just(by), what)
    });
    (event, reading(), any::<bool>(), 0i64..30).prop_map(|((by, what), reading, duty, seconds)| {
        Op {
            by,
            what,
            reading,
            duty,
            seconds,
        }
    })
}

/// Plays the events; only a text has a reading, as in the engine.
fn play(ops: &[Op]) -> Chat {
    let mut chat = Chat::with(wide_script());
    for op in ops {
        chat.ctx.duty = if op.duty { ON_DUTY } else { OFF_DUTY };
        chat.now_ms += op.seconds * 1000;
        let event = chat.event(op.by.clone(), op.what.clone());
        let text = matches!(op.what, What::Say { .. });
        let reading = if text {
            op.reading.clone()
        } else {
            Reading::default()
        };
        chat.go(event, reading);
    }
    chat
}

proptest! {
    #[test]
    fn any_events_keep_every_invariant_and_replay_equally(ops in vec(op(), 1..50)) {
        let first = play(&ops);
        let second = play(&ops);
        prop_assert_eq!(&first.turns, &second.turns);
        prop_assert_eq!(first.state, second.state);
    }

    #[test]
    fn a_repeated_id_never_makes_a_second_turn(ops in vec(op(), 1..40)) {
        let chat = play(&ops);
        // Routing's own moves are not remembered: they must not crowd out a citizen's ids.
        let moved = |t: &&Turn| t.rule == Rule::Invitation && t.event.by == Author::System;
        let recent = chat.turns.iter().rev().filter(|t| t.rule != Rule::Nothing && !moved(t)).take(RECENT_IDS_MAX);
        for turn in recent {
            let Admission::Repeat(seq) = admit(&chat.state, &turn.event) else {
                panic!("{:?}", turn.event);
            };
            if let Some((first, _)) = turn.seqs() {
                prop_assert_eq!(seq, first);
            }
            let again = step(&chat.ctx, &chat.state, &turn.event, &Reading::default(), chat.now_ms);
            prop_assert_eq!(again.rule, Rule::Nothing);
            prop_assert_eq!(&again.state, &chat.state);
            prop_assert!(again.messages.is_empty() && again.effects.is_empty());
            let mut changed = turn.event.clone();
            changed.what = What::Say { text: "something else that nobody said".to_owned() };
            prop_assert_eq!(admit(&chat.state, &changed), Admission::Refuse(Refusal::IdReused));
        }
    }

    #[test]
    fn a_compact_reading_is_within_its_bound_and_keeps_the_gravest(reading in reading()) {
        let kept = reading.compact();
        let bytes = serde_json::to_vec(&kept).unwrap();
        prop_assert!(bytes.len() <= READING_BYTES_MAX);
        prop_assert_eq!(&serde_json::from_slice::<Reading>(&bytes).unwrap(), &kept);
        prop_assert_eq!(&kept.compact(), &kept);
        prop_assert_eq!(kept.danger(Degree::Related), reading.danger(Degree::Related));
        prop_assert_eq!(kept.command, reading.command);
    }
}

#[test]
fn the_fullest_state_is_within_its_bound() {
    let mut chat = Chat::with(wide_script());
    let who = |role| Author::Consultant {
        staff: "\u{1}".repeat(10),
        name: "\"".repeat(500),
        role,
    };
    for _ in 0..RECENT_IDS_MAX {
        chat.human();
        chat.take(who(StaffRole::Lawyer));
        chat.act(who(StaffRole::Lawyer), What::HandBack);
    }
    let fact = |n: i64| Fact {
        kind: FactKind::Duration,
        text: "\"".repeat(100),
        value: Some(i64::MIN + n),
    };
    for round in 0..3 {
        let mut reading = read().in_danger(DangerKind::SexualAssault, Degree::Ask);
        reading.facts = (0..8).map(|n| fact(round * 8 + n)).collect();
        chat.tell("他又来了", reading);
        chat.say("安全");
    }
    for c in ["a", "b", "c", "d"] {
        chat.tell(
            "选",
            read()
                .hit(&c.repeat(ID_BYTES_MAX), 0.9)
                .concern(Concern::Signing),
        );
        chat.say("不等了");
        chat.tell(
            "选",
            read().hit(&c.repeat(ID_BYTES_MAX), 0.9).digest(u64::MAX),
        );
    }
    chat.tell(
        "表",
        read()
            .intent("service.long", 0.9)
            .concern(Concern::ExpropriationOfMany),
    );
    for _ in 1..FORM_SLOTS_MAX {
        chat.say(&"\"工😀".repeat(1000));
    }
    let state = &chat.state;
    let full = [
        state.facts.len() == 12,
        state.offers.len() == OFFERS_MAX,
        state.form.is_some(),
    ];
    assert_eq!(full, [true; 3], "{state:?}");
    let bytes = serde_json::to_vec(state).unwrap().len();
    assert!(
        bytes > STATE_BYTES_MAX * 2 / 3,
        "{bytes} bytes: not the fullest"
    );
}

/// The sum of the bounds, whether or not a conversation gets there.
#[test]
fn every_bound_together_is_within_the_states() {
    let id = "i".repeat(ID_BYTES_MAX);
    let staff = "s".repeat(STAFF_BYTES_MAX);
    let kind = DangerKind::SexualAssault;
    let timer = |timer| RunningTimer {
        timer,
        due_ms: i64::MIN,
    };
    let fact = Fact {
        kind: FactKind::Duration,
        text: "f".repeat(FACT_BYTES_MAX),
        value: Some(i64::MIN),
    };
    let mut values = vec![None; FORM_SLOTS_MAX - 1];
    values.push(Some("v".repeat(FORM_VALUES_BYTES_MAX)));
    let offer = Offer {
        of: u64::MAX,
        picks: vec![Pick::Entry(id.clone()); 5],
    };
    let mut recent = Recent::default();
    for n in 0..RECENT_IDS_MAX {
        let event = Event {
            id: n.to_string(),
            by: Author::Citizen,
            what: What::Human,
        };
        recent.remember(&event, u64::MAX);
    }
    let state = State {
        owner: Owner::Consultant {
            staff: staff.clone(),
            name: "n".repeat(NAME_BYTES_MAX),
            role: StaffRole::Consultant,
        },
        last_seq: u64::MAX,
        recent,
        form: Some(FormProgress {
            form: id.clone(),
            slot: FORM_SLOTS_MAX,
            values,
            asked: u64::MAX,
            shape: u64::MAX,
            concern: Some(Concern::ExpropriationOfMany),
        }),
        offers: vec![offer; OFFERS_MAX].into(),
        not_understood: u8::MAX,
        answered: Some(Answered {
            entry: id.clone(),
            digest: u64::MAX,
            times: u8::MAX,
        }),
        facts: vec![fact; FACTS_MAX],
        facts_news: true,
        aid_told: true,
        disclosed: true,
        danger: Some(kind),
        danger_told: true,
        safety: Some(SafetyQuestion {
            kind,
            of: u64::MAX,
            asked: u8::MAX,
            open: true,
        }),
        noted: true,
        confession: true,
        last_staff: Some(staff.clone()),
        timers: vec![
            timer(Timer::UrgentUnaccepted),
            timer(Timer::UrgentUnanswered),
        ],
        topic: Some(id),
        matter: Matter {
            deadline: true,
            language: Some("l".repeat(LANGUAGE_BYTES_MAX)),
            own: vec!["o".repeat(FACT_BYTES_MAX); NAMES_MAX],
            other: vec!["o".repeat(FACT_BYTES_MAX); NAMES_MAX],
            recused: vec![staff.clone(); RECUSED_MAX],
            to: Some(Target::Staff {
                staff: staff.clone(),
            }),
            invited: Some(Invitation {
                staff,
                until_ms: i64::MIN,
            }),
        },
        ticket: Some(Ticket {
            number: "1231-ZZZZZ".to_owned(),
            kind: TicketKind::Difficult,
            status: TicketStatus::Reopened,
            opened_ms: i64::MIN,
            due_ms: i64::MIN,
            exact: false,
            staff: Some("\u{1}".repeat(10)),
            contact: false,
            export: false,
            asking: Some(u64::MAX),
            answer: Some(u64::MAX),
            score: Some(u8::MAX),
            review: false,
            next_ms: Some(i64::MIN),
        }),
        erase: Some(Erasure {
            receipt: "R1231-ZZZZZ".to_owned(),
            due_ms: i64::MIN,
        }),
    };
    let bytes = serde_json::to_vec(&state).unwrap().len();
    assert!(bytes <= STATE_BYTES_MAX, "{bytes} bytes");
    assert!(
        bytes > STATE_BYTES_MAX - 512,
        "{bytes} bytes: room for larger bounds"
    );
}
