//! Row 1: danger in every place where it can be named, and that it is never lost.

use super::support::*;
use crate::dialogue::nouns::*;
use crate::dialogue::reading::{Command, Reading};

const RESUME: &str = "[不等了，继续问机器人]";
const URGENT: &str = "Queued «handoff.queued_urgent»[不等了，继续问机器人]";
const QUESTION: &str = "danger.safe_question![安全|不安全]";

fn now(kind: DangerKind) -> Reading {
    read().in_danger(kind, Degree::Immediate)
}

fn doubtful() -> Reading {
    read().in_danger(DangerKind::Violence, Degree::Ask)
}

fn related() -> Reading {
    read().in_danger(DangerKind::Violence, Degree::Related)
}

fn urgent(chat: &Chat) -> bool {
    matches!(chat.state.owner, Owner::Queue { urgent: true, .. })
}

fn alerts(chat: &Chat) -> usize {
    let effects = chat.turns.last().unwrap().effects.iter();
    effects
        .filter(|e| matches!(e, Effect::AlertOnCall { .. }))
        .count()
}

#[test]
fn every_kind_has_its_text_and_goes_to_the_top_of_the_queue() {
    for kind in DangerKind::ALL {
        let mut chat = Chat::new();
        let name = kind.name();
        assert_eq!(
            chat.tell("救命", now(kind)),
            format!("Danger: danger.{name}!; {URGENT}")
        );
        assert!(urgent(&chat));
        assert_eq!(chat.state.danger, Some(kind));
        let scheduled = Effect::Schedule {
            timer: Timer::UrgentUnaccepted,
            due_ms: chat.now_ms + ACCEPT_S * 1000,
        };
        assert!(chat.turns[0].effects.contains(&scheduled));
        assert!(
            chat.turns[0]
                .effects
                .contains(&Effect::Desk { urgent: true })
        );
    }
}

#[test]
fn the_gravest_of_several_dangers_is_answered() {
    let reading = related().in_danger(DangerKind::Fire, Degree::Immediate);
    let said = Chat::new().tell(
        "着火了",
        reading.in_danger(DangerKind::Swindle, Degree::Ask),
    );
    assert!(said.starts_with("Danger: danger.fire!"));
}

#[test]
fn nobody_on_duty_is_said_at_once_and_the_on_call_list_is_alerted() {
    let mut chat = Chat::off_duty();
    let said = chat.tell("他打我", now(DangerKind::Violence));
    assert_eq!(
        said,
        format!("Danger: danger.violence!; danger.nobody_online!{RESUME}")
    );
    assert!(urgent(&chat));
    assert_eq!(alerts(&chat), 1);
    assert!(chat.state.timers.is_empty());
    let mut chat = Chat::off_duty();
    let said = chat.tell("我弟被抓了", now(DangerKind::Detained));
    assert_eq!(
        said,
        format!("Danger: danger.detained!; danger.nobody_online.detained!{RESUME}")
    );
    let again = chat.tell("他被抓了", now(DangerKind::Detained));
    assert_eq!(again, "Danger: danger.detained!");
}

#[test]
fn nobody_accepting_in_time_is_said() {
    let mut chat = Chat::new();
    chat.tell("他打我", now(DangerKind::Violence));
    assert_eq!(
        chat.wait(ACCEPT_S - 1, Timer::UrgentUnaccepted),
        "Nothing: ",
        "too early"
    );
    let said = chat.wait(1, Timer::UrgentUnaccepted);
    assert_eq!(said, format!("Timer: danger.nobody_online!{RESUME}"));
    assert_eq!(alerts(&chat), 1);
    assert_eq!(chat.wait(1, Timer::UrgentUnaccepted), "Nothing: ", "once");
    assert_eq!(
        chat.tell("他又来了", now(DangerKind::Violence)),
        "Danger: danger.violence!",
        "never silent, and the seconds run anew"
    );
    assert!(
        chat.wait(ACCEPT_S, Timer::UrgentUnaccepted)
            .starts_with("Timer: ")
    );
}

#[test]
fn writing_on_does_not_put_the_alarm_off() {
    let mut chat = Chat::new();
    chat.tell("他打我", now(DangerKind::Violence));
    for kind in [
        DangerKind::Violence,
        DangerKind::Weapon,
        DangerKind::Violence,
    ] {
        chat.now_ms += 5_000;
        chat.tell("快", now(kind));
    }
    assert!(chat.wait(5, Timer::UrgentUnaccepted).starts_with("Timer: "));
}

#[test]
fn a_timer_that_comes_late_changes_nothing() {
    let mut chat = Chat::new();
    chat.tell("他打我", now(DangerKind::Violence));
    chat.take(lawyer("a"));
    assert_eq!(chat.wait(ACCEPT_S, Timer::UrgentUnaccepted), "Nothing: ");
    chat.reply(lawyer("a"), "你在哪里");
    assert_eq!(chat.wait(ACCEPT_S, Timer::UrgentUnanswered), "Nothing: ");
    assert_eq!(chat.state.danger, None);
}

#[test]
fn danger_under_a_consultant_is_marked_and_the_text_waits() {
    let mut chat = Chat::new();
    chat.human();
    chat.take(lawyer("a"));
    assert_eq!(chat.tell("他打我", now(DangerKind::Violence)), "Danger: ");
    let effects = &chat.turns.last().unwrap().effects;
    assert!(effects.contains(&Effect::Desk { urgent: true }));
    chat.now_ms += 10_000;
    assert_eq!(
        chat.tell("快点", now(DangerKind::Violence)),
        "Danger: ",
        "the seconds run on"
    );
    assert_eq!(
        chat.wait(10, Timer::UrgentUnanswered),
        "Timer: danger.violence!"
    );
    assert_eq!(alerts(&chat), 1);
    chat.tell("快点", now(DangerKind::Violence));
    assert_eq!(
        chat.wait(ACCEPT_S, Timer::UrgentUnanswered),
        "Timer: danger.under_consultant!"
    );
    chat.reply(lawyer("a"), "你在哪里");
    assert_eq!((chat.state.danger, chat.state.timers.len()), (None, 0));
}

#[test]
fn a_consultant_who_takes_and_keeps_silent_is_told_of() {
    let mut chat = Chat::new();
    chat.tell("他打我", now(DangerKind::Violence));
    chat.take(lawyer("a"));
    assert_eq!(
        chat.wait(ACCEPT_S, Timer::UrgentUnanswered),
        "Timer: danger.under_consultant!"
    );
}

#[test]
fn a_doubtful_danger_under_a_consultant_is_marked() {
    let mut chat = Chat::new();
    chat.human();
    chat.take(lawyer("a"));
    assert_eq!(chat.tell("他又打了", doubtful()), "Consultant: ");
    assert_eq!(
        chat.turns.last().unwrap().effects,
        [Effect::Desk { urgent: true }]
    );
}

#[test]
fn an_unanswered_danger_is_never_lost_with_its_consultant() {
    let mut chat = Chat::new();
    chat.tell("他打我", now(DangerKind::Violence));
    chat.take(lawyer("a"));
    let said = chat.lost("a");
    assert_eq!(
        said,
        format!("Waiting: Queued «handoff.owner_lost»{RESUME}")
    );
    assert!(urgent(&chat));
    assert!(
        chat.wait(ACCEPT_S, Timer::UrgentUnaccepted)
            .starts_with("Timer: danger.nobody_online!")
    );
    chat.take(lawyer("b"));
    assert_eq!(
        chat.act(lawyer("b"), What::HandBack),
        format!("HandedBack: {URGENT}")
    );
    assert!(urgent(&chat));
    chat.ctx.duty = OFF_DUTY;
    chat.take(lawyer("c"));
    assert!(chat.lost("c").contains("danger.nobody_online!"));
}

#[test]
fn danger_named_while_waiting_raises_and_keeps_the_place() {
    let mut chat = Chat::new();
    chat.human();
    let since = chat.now_ms;
    chat.now_ms += 60_000;
    assert_eq!(
        chat.tell("他打我", now(DangerKind::Violence)),
        "Danger: danger.violence!"
    );
    let owner = Owner::Queue {
        since_ms: since,
        urgent: true,
        reason: HandoffReason::Danger,
    };
    assert_eq!(chat.state.owner, owner);
    assert_eq!(
        chat.tell("快", now(DangerKind::Violence)),
        "Danger: ",
        "the text stands above"
    );
    assert!(
        chat.wait(ACCEPT_S, Timer::UrgentUnaccepted)
            .starts_with("Timer: ")
    );
    let mut chat = Chat::off_duty();
    chat.human();
    let said = chat.tell("他打我", now(DangerKind::Violence));
    assert_eq!(
        said,
        format!("Danger: danger.violence!; danger.nobody_online!{RESUME}")
    );
}

#[test]
fn the_safety_question_is_answered_in_many_ways() {
    let unsafe_ = [
        "不安全",
        "2",
        "我不安全！",
        "2 不安全",
        "现在还不安全",
        "不是",
        "不太安全。",
    ];
    let safe = ["安全", "1", "我现在安全了。", "1、安全", "是", "已经安全了"];
    for (texts, expected) in [
        (&unsafe_[..], format!("Danger: danger.violence!; {URGENT}")),
        (&safe[..], "SafetyQuestion: danger.safe_yes".to_owned()),
    ] {
        for text in texts {
            let mut chat = Chat::new();
            let asked = chat.tell("他又打我", doubtful());
            assert_eq!(asked, format!("SafetyQuestion: {QUESTION}"));
            assert_eq!(chat.say(text), expected, "{text}");
        }
    }
    let mut chat = Chat::new();
    chat.tell("他又打我", doubtful());
    assert_eq!(chat.press(2), format!("Danger: danger.violence!; {URGENT}"));
    let mut chat = Chat::new();
    chat.tell("他又打我", doubtful());
    assert_eq!(chat.press(1), "SafetyQuestion: danger.safe_yes");
    assert_eq!(chat.state.peril(), None);
}

#[test]
fn words_about_safety_mean_nothing_when_nothing_is_open() {
    for text in ["不安全", "安全"] {
        assert!(Chat::new().say(text).starts_with("NotUnderstood: "));
    }
    let mut chat = Chat::new();
    chat.tell("他又打我", doubtful());
    for text in ["小区安全吗", "食品不安全怎么办", "安全生产"] {
        assert!(!chat.say(text).contains("danger.violence"), "{text}");
    }
}

#[test]
fn an_unanswered_safety_question_is_put_once_more_and_stays_open() {
    let mut chat = Chat::new();
    chat.tell("他又打我", doubtful());
    let said = chat.tell("离婚怎么办", read().hit("divorce", 0.9));
    assert_eq!(
        said,
        format!("Answer: answer divorce; bot_disclosure; {QUESTION}")
    );
    let said = chat.tell("财产呢", doubtful().hit("loan", 0.9));
    assert_eq!(
        said, "Answer: answer loan +«danger_related.violence»",
        "not a third time"
    );
    assert_eq!(
        chat.say("转人工"),
        format!("Human: {URGENT}"),
        "still urgent"
    );
    let said = chat.wait(ACCEPT_S, Timer::UrgentUnaccepted);
    assert_eq!(said, format!("Timer: danger.nobody_online!{RESUME}"));
    assert_eq!(chat.say("不安全"), "Danger: danger.violence!");
}

#[test]
fn an_old_safety_button_always_works() {
    let mut chat = Chat::new();
    chat.tell("他又打我", doubtful());
    chat.press(1);
    let of = chat.state.safety.unwrap().of;
    for _ in 0..5 {
        chat.tell("借钱", read().hit("loan", 0.3));
    }
    assert!(chat.choose(of, 2).starts_with("Danger: danger.violence!"));
    chat.take(lawyer("a"));
    chat.reply(lawyer("a"), "你好");
    assert_eq!(
        chat.choose(of, 2),
        "Danger: ",
        "under a consultant it is marked"
    );
    assert_eq!(chat.state.danger, Some(DangerKind::Violence));
}

#[test]
fn the_safety_question_is_put_to_who_waits() {
    let mut chat = Chat::new();
    chat.human();
    assert_eq!(
        chat.tell("他又打我", doubtful()),
        format!("SafetyQuestion: {QUESTION}")
    );
    assert_eq!(chat.say("2"), "Danger: danger.violence!");
    assert!(urgent(&chat));
    assert_eq!(chat.say("我安全了"), "SafetyQuestion: danger.safe_yes");
    assert!(urgent(&chat), "somebody else may be typing");
    assert_eq!(chat.wait(ACCEPT_S, Timer::UrgentUnaccepted), "Nothing: ");
}

#[test]
fn who_waits_and_does_not_answer_the_safety_question_waits_in_front() {
    let mut chat = Chat::new();
    chat.human();
    chat.tell("他又打我", doubtful());
    assert!(!urgent(&chat));
    let said = chat.say("在吗");
    assert_eq!(said, format!("Waiting: handoff.noted{RESUME}; {QUESTION}"));
    assert!(urgent(&chat));
    let said = chat.wait(ACCEPT_S, Timer::UrgentUnaccepted);
    assert_eq!(said, format!("Timer: danger.nobody_online!{RESUME}"));
}

#[test]
fn danger_in_a_form_goes_before_the_form() {
    let mut chat = Chat::new();
    chat.tell("登记", read().intent("service.claim", 0.9));
    assert!(
        chat.tell("他打我", now(DangerKind::Violence))
            .starts_with("Danger: ")
    );
    assert_eq!(chat.state.form, None);
}

#[test]
fn a_number_in_a_form_answers_the_safety_question_that_came_last() {
    let start = |chat: &mut Chat| {
        chat.tell("登记", read().intent("service.claim", 0.9));
        chat.tell("他又打我", doubtful())
    };
    let who = "form who 1/4[替我自己|替孩子|替家人]";
    let mut chat = Chat::new();
    assert_eq!(start(&mut chat), format!("SafetyQuestion: {QUESTION}"));
    assert_eq!(
        chat.say("1"),
        format!("SafetyQuestion: danger.safe_yes; form.digress_return; {who}")
    );
    assert_eq!(
        chat.say("1"),
        "Form: form story 2/4",
        "now it is the form's number"
    );
    let mut chat = Chat::new();
    start(&mut chat);
    assert!(chat.say("2").starts_with("Danger: danger.violence!"));
    let mut chat = Chat::new();
    start(&mut chat);
    assert_eq!(
        chat.say("替孩子"),
        format!("Form: form story 2/4; {QUESTION}")
    );
    assert_eq!(
        chat.state.form.as_ref().unwrap().values,
        [Some("替孩子".to_owned())]
    );
}

#[test]
fn a_related_danger_has_its_line_once_in_every_row() {
    let rows = [
        related().command(Command::Human),
        related().command(Command::Digit(3)),
        related().command(Command::Resume),
        related().concern(Concern::RefuseForge),
        related().concern(Concern::RefuseLocate),
        related().concern(Concern::Confession).hit("wages", 0.9),
        related().intent("service.claim", 0.9),
        related().intent("chat.greeting", 0.9),
        related().concern(Concern::Signing),
        related().concern(Concern::Signing).hit("violence", 0.9),
        related().hit("held", 0.9),
        related().hit("violence", 0.9),
        related().hit("wages", 0.3),
        related().statute("甲"),
        related().not_legal(),
        related().garbled(),
        related(),
    ];
    for reading in rows {
        let mut chat = Chat::new();
        let said = chat.tell("三年前他打我", reading.clone());
        assert_eq!(said.matches("danger_related.violence").count(), 1, "{said}");
        // The driver checks the count again for the second and third time, in the queue and in the form.
        for _ in 0..3 {
            chat.tell("三年前他打我", reading.clone().digest(7));
        }
    }
    let said = Chat::new().tell("家暴", related().hit("violence", 0.9));
    assert!(
        !said.contains("own safety line"),
        "one line, the one that fits"
    );
    let said = Chat::new().tell("家暴", read().hit("violence", 0.9));
    assert!(said.contains("+own safety line"));
}

#[test]
fn a_related_danger_in_a_form_has_its_line() {
    let mut chat = Chat::new();
    chat.tell("登记", read().intent("service.claim", 0.9));
    for (text, reading) in [
        ("替孩子", related()),
        ("他以前打我", related()),
        ("跳过", related().command(Command::Skip)),
        ("嗯", related()),
        ("上一步", related().command(Command::Back)),
        ("工资？", related().hit("wages", 0.9).asks()),
        ("取消", related().command(Command::Cancel)),
    ] {
        let said = chat.tell(text, reading);
        assert_eq!(
            said.matches("danger_related.violence").count(),
            1,
            "{text}: {said}"
        );
    }
}

#[test]
fn ending_or_going_on_with_the_bot_keeps_an_open_danger() {
    let mut chat = Chat::new();
    chat.tell("他打我", now(DangerKind::Violence));
    let said = chat.say("不等了");
    assert_eq!(said, "Resumed: handoff.resumed; danger_related.violence!");
    assert_eq!(chat.human(), format!("Human: {URGENT}"));
    assert_eq!(chat.end(), "Closed: ended; danger_related.violence!");
    assert!(chat.state.timers.is_empty());
    assert!(
        chat.tell("离婚", read().hit("held", 0.9)).ends_with(URGENT),
        "urgent after reopening"
    );
}

#[test]
fn a_confession_with_danger_is_told_both() {
    let mut chat = Chat::new();
    let said = chat.tell(
        "我砍了他，流血了",
        now(DangerKind::Injury).concern(Concern::Confession),
    );
    assert_eq!(
        said,
        format!("Danger: danger.injury!; {URGENT}; concern.confession")
    );
    assert!(chat.state.confession);
}
