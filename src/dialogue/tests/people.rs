//! The queue, consultants, ratings, ends.

use super::support::*;
use crate::dialogue::bounds::STAFF_BYTES_MAX;
use crate::dialogue::nouns::*;
use crate::dialogue::reading::{Command, Reading};
use crate::dialogue::state::{RECENT_IDS_MAX, Seen};
use crate::dialogue::step::{Admission, Refusal, admit};

const RESUME: &str = "[不等了，继续问机器人]";
const CLOSED: &str = "[不等了，继续问机器人|留下联系方式]";
const QUEUED: &str = "Queued «handoff.queued»1[不等了，继续问机器人|不等了，留言]";

fn queued() -> Chat {
    let mut chat = Chat::new();
    assert_eq!(chat.human(), format!("Human: {QUEUED}"));
    chat
}

fn taken() -> Chat {
    let mut chat = queued();
    assert_eq!(
        chat.take(lawyer("a")),
        "Taken: Taken «handoff.taken»a先生律师"
    );
    chat
}

fn reply() -> What {
    What::Reply {
        text: "你好".to_owned(),
    }
}

fn close() -> What {
    What::Close {
        reason: "done".to_owned(),
        topic: "labour.wages".to_owned(),
    }
}

#[test]
fn only_the_owner_acts_and_only_who_waits_is_taken() {
    let mut chat = Chat::new();
    for what in [reply(), What::HandBack, close()] {
        assert_eq!(chat.refusal(lawyer("a"), what), Some(Refusal::NotOwner));
    }
    assert_eq!(
        chat.refusal(lawyer("a"), What::Take),
        Some(Refusal::NotWaiting)
    );
    let mut chat = taken();
    assert_eq!(
        chat.refusal(lawyer("b"), What::Take),
        Some(Refusal::NotWaiting)
    );
    assert_eq!(
        chat.refusal(lawyer("a"), What::Take),
        Some(Refusal::NotWaiting)
    );
    for what in [reply(), What::HandBack, close()] {
        assert_eq!(
            chat.refusal(lawyer("b"), what.clone()),
            Some(Refusal::NotOwner)
        );
        assert_eq!(chat.refusal(lawyer("a"), what), None);
    }
    for what in [
        What::Human,
        What::End,
        What::Say {
            text: "a".to_owned(),
        },
    ] {
        assert_eq!(chat.refusal(lawyer("a"), what), Some(Refusal::NotAllowed));
    }
}

#[test]
fn only_those_who_serve_take_anything() {
    for role in [
        StaffRole::Editor,
        StaffRole::Approver,
        StaffRole::Supervisor,
        StaffRole::Admin,
    ] {
        let by = Author::Consultant {
            staff: "a".to_owned(),
            name: "a".to_owned(),
            role,
        };
        assert_eq!(queued().refusal(by, What::Take), Some(Refusal::NotAllowed));
    }
}

#[test]
fn a_confession_is_for_lawyers() {
    let mut chat = Chat::new();
    chat.tell("我偷了东西", read().concern(Concern::Confession));
    assert_eq!(
        chat.refusal(consultant("a"), What::Take),
        Some(Refusal::NotAllowed)
    );
    assert_eq!(chat.refusal(lawyer("b"), What::Take), None);
    let mut chat = queued();
    let said = chat.tell("我偷了东西", read().concern(Concern::Confession));
    assert_eq!(
        said,
        format!("Waiting: concern.confession; handoff.noted{RESUME}")
    );
    assert_eq!(
        chat.tell("真的", read().concern(Concern::Confession)),
        "Waiting: "
    );
    assert!(chat.state.confession);
}

#[test]
fn a_sign_in_name_that_is_too_long_may_not_act() {
    let long = lawyer(&"a".repeat(STAFF_BYTES_MAX + 1));
    assert_eq!(queued().refusal(long, What::Take), Some(Refusal::BadField));
    assert_eq!(
        queued().refusal(lawyer(&"a".repeat(STAFF_BYTES_MAX)), What::Take),
        None
    );
}

#[test]
fn who_waits_is_told_once_that_his_words_are_kept() {
    let mut chat = queued();
    assert_eq!(
        chat.say("还有一件事"),
        format!("Waiting: handoff.noted{RESUME}")
    );
    assert_eq!(chat.say("谢谢"), "Waiting: ");
    assert_eq!(
        chat.turns.last().unwrap().effects,
        [Effect::Desk { urgent: false }]
    );
    chat.say("不等了");
    chat.human();
    assert_eq!(chat.say("在吗"), format!("Waiting: handoff.noted{RESUME}"));
}

#[test]
fn asking_for_a_person_again_says_the_position() {
    let mut chat = queued();
    chat.ctx.duty.waiting = 4;
    let waiting = "Human: Queued «handoff.waiting»5[不等了，继续问机器人|不等了，留言]".to_owned();
    assert_eq!(chat.say("转人工"), waiting);
    assert_eq!(chat.human(), waiting);
    let mut chat = Chat::off_duty();
    let closed = format!("Human: OffDuty «handoff.closed»{CLOSED}");
    assert_eq!(chat.human(), closed);
    assert_eq!(chat.human(), closed);
}

#[test]
fn the_queue_is_left_by_number_word_or_button() {
    for leave in [
        |c: &mut Chat| c.say("1"),
        |c: &mut Chat| c.say("不等了"),
        |c: &mut Chat| c.press(1),
    ] {
        let mut chat = queued();
        assert_eq!(leave(&mut chat), "Resumed: handoff.resumed");
        assert_eq!(chat.state.owner, Owner::Bot);
        assert_eq!(
            chat.say("1"),
            "StaleChoice: no_such_option",
            "nothing to leave any more"
        );
    }
}

#[test]
fn a_question_under_an_answer_can_be_read_while_waiting() {
    let mut chat = Chat::new();
    chat.tell("工资", read().hit("wages", 0.9));
    let of = chat.last_offer();
    chat.human();
    let owner = chat.state.owner.clone();
    assert_eq!(chat.choose(of, 2), "Answer: answer site");
    assert_eq!(
        chat.choose(of, 1),
        format!("Waiting: handoff.noted{RESUME}"),
        "no form meanwhile"
    );
    assert_eq!(chat.state.owner, owner, "the place is kept");
}

#[test]
fn under_a_consultant_the_bot_is_silent() {
    let mut chat = taken();
    for reading in [
        read().hit("wages", 0.9),
        read().command(Command::Human),
        read().command(Command::Digit(1)),
        read().concern(Concern::RefuseForge),
        read().garbled(),
    ] {
        assert_eq!(chat.tell("话", reading), "Consultant: ");
    }
    assert_eq!(chat.human(), "Human: ");
    assert_eq!(chat.choose(1, 1), "Consultant: ");
    let rate = What::Rate {
        of: 1,
        score: 5,
        reason: None,
    };
    assert_eq!(chat.act(Author::Citizen, rate), "Rated: ");
}

#[test]
fn handing_back_closing_and_reopening() {
    let mut chat = taken();
    assert_eq!(
        chat.act(lawyer("a"), What::HandBack),
        "HandedBack: Returned «handoff.returned»"
    );
    assert!(
        chat.tell("借钱", read().hit("loan", 0.9))
            .starts_with("Answer: answer loan")
    );
    chat.human();
    chat.take(lawyer("a"));
    assert_eq!(
        chat.act(lawyer("a"), close()),
        "Closed: Closed «conversation_closed»"
    );
    assert_eq!(chat.state.topic.as_deref(), Some("labour.wages"));
    let closed = chat.state.owner.clone();
    let rate = What::Rate {
        of: 1,
        score: 5,
        reason: Some("好".to_owned()),
    };
    assert_eq!(chat.act(Author::Citizen, rate), "Rated: rate.thanks");
    assert_eq!(chat.end(), "Closed: ended");
    assert_eq!(chat.state.owner, closed, "a rating reopens nothing");
    assert_eq!(
        chat.tell("离婚", read().hit("divorce", 0.9)),
        "Answer: answer divorce"
    );
    assert_eq!(chat.state.owner, Owner::Bot);
}

#[test]
fn ending_leaves_the_queue_and_the_consultant() {
    for mut chat in [queued(), taken(), Chat::new()] {
        assert_eq!(chat.end(), "Closed: ended");
        assert!(matches!(chat.state.owner, Owner::Closed { .. }));
        assert_eq!(chat.refusal(lawyer("a"), reply()), Some(Refusal::NotOwner));
        assert_eq!(
            chat.refusal(lawyer("a"), What::Take),
            Some(Refusal::NotWaiting)
        );
    }
}

#[test]
fn a_lost_consultant_gives_the_conversation_back() {
    let mut chat = taken();
    assert_eq!(chat.lost("b"), "Nothing: ");
    assert_eq!(
        chat.lost("a"),
        "Waiting: Queued «handoff.owner_lost»[不等了，继续问机器人|不等了，留言]"
    );
    let owner = Owner::Queue {
        since_ms: chat.now_ms,
        urgent: false,
        reason: HandoffReason::OwnerLost,
    };
    assert_eq!(chat.state.owner, owner);
    assert_eq!(chat.lost("a"), "Nothing: ", "late news");
    assert_eq!(chat.refusal(lawyer("a"), reply()), Some(Refusal::NotOwner));
    chat.take(lawyer("a"));
    chat.ctx.duty = OFF_DUTY;
    assert_eq!(
        chat.lost("a"),
        format!("Waiting: OffDuty «handoff.closed»{CLOSED}")
    );
}

#[test]
fn a_repeated_id_makes_no_second_turn() {
    let mut chat = Chat::new();
    chat.say("你好");
    let text = "工资".to_owned();
    let event = chat.event(Author::Citizen, What::Say { text });
    chat.go(event.clone(), read());
    assert_eq!(chat.go(event.clone(), read()), "Repeat(3)");
    let mut changed = event.clone();
    changed.what = What::Human;
    assert_eq!(chat.go(changed, read()), "Refuse(IdReused)");
    let mut other = event.clone();
    other.by = lawyer("a");
    assert_ne!(
        admit(&chat.state, &other),
        Admission::Repeat(3),
        "ids belong to their author"
    );
    for _ in 1..RECENT_IDS_MAX {
        chat.say("你好");
    }
    assert_eq!(chat.state.recent.seen(&event), Seen::Repeat(3));
    chat.say("你好");
    assert_eq!(chat.state.recent.seen(&event), Seen::New);
}

#[test]
fn a_repeat_is_told_from_any_change_of_content() {
    let say = |text: &str| What::Say {
        text: text.to_owned(),
    };
    let rate = |score, reason: Option<&str>| What::Rate {
        of: 1,
        score,
        reason: reason.map(str::to_owned),
    };
    let whats = [
        say("a"),
        say("b"),
        What::Choose { of: 1, option: 2 },
        What::Choose { of: 2, option: 1 },
        rate(1, None),
        rate(2, None),
        rate(1, Some("x")),
        What::Human,
        What::End,
    ];
    for first in &whats {
        let mut chat = Chat::new();
        chat.say("你好");
        let event = chat.event(Author::Citizen, first.clone());
        chat.go(event.clone(), Reading::default());
        for second in &whats {
            let again = Event {
                what: second.clone(),
                ..event.clone()
            };
            let repeat = matches!(admit(&chat.state, &again), Admission::Repeat(3));
            assert_eq!(repeat, first == second, "{first:?} {second:?}");
        }
    }
}
