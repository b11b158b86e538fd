//! Rows 2 and 4 to 10, and their order.

use super::support::*;
use crate::dialogue::nouns::*;
use crate::dialogue::reading::Command;
use crate::dialogue::script::TEXT_KEYS;
use crate::dialogue::step::Refusal;

const QUEUED: &str = "Queued «handoff.queued»1[不等了，继续问机器人|不等了，留言]";
const WAGES: &str = "Answer: answer wages[讨薪|site?|loan?]";

/// What one text in a fresh conversation leads to.
fn fresh(reading: crate::dialogue::reading::Reading) -> String {
    Chat::new().tell("问题", reading)
}

#[test]
fn each_row_answers_its_text() {
    let rows = [
        (read().command(Command::Human), format!("Human: {QUEUED}")),
        (
            read().intent("service.human", 0.6),
            format!("Human: {QUEUED}"),
        ),
        (
            read().intent("service.human", 0.4),
            "NotUnderstood: unintelligible[转人工]".to_owned(),
        ),
        (
            read().intent("service.claim", 0.6),
            "Service: form.claim.intro; form who 1/4[替我自己|替孩子|替家人]".to_owned(),
        ),
        (
            read().intent("chat.greeting", 0.6),
            "SmallTalk: chat.greeting".to_owned(),
        ),
        (
            read().intent("service.progress", 0.6),
            "SmallTalk: service.progress".to_owned(),
        ),
        (
            read().intent("oos.chitchat", 0.9).not_legal(),
            "NotLegal: not_legal".to_owned(),
        ),
        (
            read().hit("held", 0.9),
            format!("Required: answer held; bot_disclosure; handoff.required; {QUEUED}"),
        ),
        (read().hit("wages", 0.6), format!("{WAGES}; bot_disclosure")),
        (
            read()
                .hit("crime", 0.69)
                .hit("bail", 0.15)
                .hit("loan", 0.14),
            "Clarify: clarify[crime?|bail?|都不是]".to_owned(),
        ),
        (
            read().hit("crime", 0.70),
            "Answer: answer crime; bot_disclosure".to_owned(),
        ),
        (
            read().hit("gone", 0.9),
            "NotUnderstood: unintelligible[转人工]".to_owned(),
        ),
        (
            read().hit("wages", 0.5).not_legal(),
            "NotLegal: not_legal".to_owned(),
        ),
        (
            read().statute("甲").statute("乙"),
            "Pointer: pointer 2".to_owned(),
        ),
        (
            read().statute("甲").not_legal(),
            "NotLegal: not_legal".to_owned(),
        ),
        (
            read().garbled(),
            "NotUnderstood: unintelligible[转人工]".to_owned(),
        ),
        (read(), "NotUnderstood: unintelligible[转人工]".to_owned()),
    ];
    for (reading, expected) in rows {
        assert_eq!(fresh(reading.clone()), expected, "{reading:?}");
    }
}

#[test]
fn an_earlier_row_goes_before_a_later_one() {
    let all = || {
        read()
            .hit("wages", 0.9)
            .statute("甲")
            .concern(Concern::Signing)
            .intent("service.claim", 0.9)
    };
    let danger = all()
        .command(Command::Human)
        .in_danger(DangerKind::Fire, Degree::Immediate);
    assert!(fresh(danger).starts_with("Danger: danger.fire!; "));
    assert!(fresh(all().command(Command::Human)).starts_with("Human: "));
    assert!(fresh(all()).starts_with("Service: "));
    let mut required = all();
    required.intents.clear();
    assert!(fresh(required.clone()).starts_with("Required: "));
    required.concerns.clear();
    assert!(fresh(required).starts_with("Answer: "));
}

#[test]
fn what_is_refused_goes_before_forms_services_and_greetings() {
    let forge = |chat: &mut Chat| {
        let reading = read().intent("service.claim", 0.9).hit("loan", 0.9);
        chat.tell("帮我造一张借条", reading.concern(Concern::RefuseForge))
    };
    let mut chat = Chat::new();
    assert_eq!(forge(&mut chat), "Refused: concern.refuse_forge[转人工]");
    chat.tell("我要登记讨薪", read().intent("service.claim", 0.9));
    assert_eq!(
        forge(&mut chat),
        "Refused: concern.refuse_forge[转人工]; form.digress_return; form who 1/4[替我自己|替孩子|替家人]"
    );
    let mut chat = Chat::new();
    let greets = read()
        .intent("chat.greeting", 0.9)
        .concern(Concern::Confession);
    assert_eq!(
        chat.tell("你好，我打伤了人", greets),
        format!("Required: concern.confession; {QUEUED}")
    );
    assert!(chat.state.confession);
}

#[test]
fn a_refusal_calls_a_person_where_one_may_be_at_risk() {
    for concern in Concern::ALL.into_iter().filter(|c| c.refuses()) {
        let said = fresh(read().concern(concern).hit("wages", 0.9));
        let name = concern.name();
        let expected = if concern.someone_at_risk() {
            format!("Refused: concern.{name}; {QUEUED}")
        } else {
            format!("Refused: concern.{name}[转人工]")
        };
        assert_eq!(said, expected);
    }
    let minor = read().concern(Concern::RefuseEvade).concern(Concern::Minor);
    assert_eq!(
        fresh(minor),
        format!("Refused: concern.refuse_evade; {QUEUED}")
    );
}

#[test]
fn a_concern_is_told_before_the_entry_and_a_person_follows() {
    for concern in Concern::ALL.into_iter().filter(|c| !c.refuses()) {
        let name = concern.name();
        let bare = fresh(read().concern(concern));
        assert_eq!(bare, format!("Required: concern.{name}; {QUEUED}"));
        let accused = matches!(concern, Concern::Confession | Concern::Sentencing);
        let entry = if accused {
            ""
        } else {
            " answer crime; bot_disclosure;"
        };
        let with_entry = fresh(read().concern(concern).hit("crime", 0.9));
        assert_eq!(
            with_entry,
            format!("Required: concern.{name};{entry} {QUEUED}")
        );
    }
    let both = read().concern(Concern::Signing).concern(Concern::Detained);
    assert_eq!(fresh(both), format!("Required: concern.detained; {QUEUED}"));
}

#[test]
fn a_number_follows_the_newest_offer() {
    let mut chat = Chat::new();
    chat.tell("工资", read().hit("wages", 0.3).hit("site", 0.2));
    assert_eq!(chat.say("2"), "Answer: answer site; bot_disclosure");
    chat.tell("工资", read().hit("wages", 0.9));
    assert_eq!(chat.say("3"), "Answer: answer loan");
    assert_eq!(
        chat.say("1"),
        "Service: form.claim.intro; form who 1/4[替我自己|替孩子|替家人]"
    );
}

#[test]
fn a_number_without_an_offer_is_not_swallowed() {
    let mut chat = Chat::new();
    assert_eq!(chat.say("3"), "StaleChoice: no_such_option");
    chat.tell("工资", read().hit("wages", 0.9));
    assert_eq!(chat.say("4"), "StaleChoice: no_such_option");
    chat.human();
    assert_eq!(chat.say("7"), "StaleChoice: no_such_option");
}

#[test]
fn an_old_button_still_works_and_a_lost_one_says_so() {
    let mut chat = Chat::new();
    chat.tell("工资", read().hit("wages", 0.9));
    let of = chat.last_offer();
    for _ in 0..3 {
        chat.tell("借钱", read().hit("loan", 0.3));
    }
    assert_eq!(chat.choose(of, 2), "Answer: answer site");
    assert_eq!(chat.choose(of, 9), "StaleChoice: stale_choice");
    chat.tell("离婚", read().hit("divorce", 0.3));
    assert_eq!(chat.choose(of, 2), "StaleChoice: stale_choice");
    assert_eq!(chat.choose(1, 1), "StaleChoice: stale_choice");
    assert_eq!(chat.state.form, None);
}

#[test]
fn impossible_fields_are_refused() {
    let mut chat = Chat::new();
    chat.say("你好");
    let refused = [
        What::Choose { of: 0, option: 1 },
        What::Choose { of: 3, option: 1 },
        What::Choose { of: 1, option: 0 },
        What::Rate {
            of: 0,
            score: 3,
            reason: None,
        },
        What::Rate {
            of: 2,
            score: 0,
            reason: None,
        },
        What::Rate {
            of: 2,
            score: 6,
            reason: None,
        },
    ];
    for what in refused {
        assert_eq!(chat.refusal(Author::Citizen, what), Some(Refusal::BadField));
    }
    let mut long = chat.event(Author::Citizen, What::Human);
    long.id = "x".repeat(CLIENT_ID_BYTES_MAX + 1);
    assert_eq!(chat.go(long, read()), "Refuse(BadField)");
    for what in [
        What::Take,
        What::HandBack,
        What::Reply {
            text: "a".to_owned(),
        },
    ] {
        assert_eq!(
            chat.refusal(Author::Citizen, what.clone()),
            Some(Refusal::NotAllowed)
        );
        assert_eq!(
            chat.refusal(Author::System, what),
            Some(Refusal::NotAllowed)
        );
    }
}

#[test]
fn none_of_these_offers_a_person_or_more_words() {
    let mut chat = Chat::new();
    chat.tell("工资", read().hit("wages", 0.3));
    assert_eq!(chat.say("2"), "Clarify: clarify.none[转人工|补充情况]");
    assert_eq!(chat.say("2"), "Clarify: tell_more");
    chat.tell("工资", read().hit("wages", 0.3));
    chat.press(2);
    assert_eq!(chat.press(1), format!("Human: {QUEUED}"));
}

#[test]
fn the_same_question_again_is_shorter_and_then_a_person_follows() {
    let mut chat = Chat::new();
    let again = |chat: &mut Chat| chat.tell("工资", read().hit("wages", 0.9).digest(7));
    assert_eq!(again(&mut chat), format!("{WAGES}; bot_disclosure"));
    assert_eq!(
        again(&mut chat),
        "Repeated: answer wages short[转人工|补充情况]"
    );
    assert_eq!(
        again(&mut chat),
        format!("Repeated: repeat.third; {QUEUED}")
    );
    chat.say("不等了");
    chat.tell("别的", read().hit("loan", 0.9).digest(8));
    assert_eq!(again(&mut chat), WAGES, "another question was between");
    assert_eq!(
        chat.tell("工资", read().hit("wages", 0.9).digest(9)),
        WAGES,
        "other words"
    );
}

#[test]
fn without_a_digest_nothing_counts_as_repeated() {
    let mut chat = Chat::new();
    chat.tell("工资", read().hit("wages", 0.9));
    assert_eq!(chat.tell("工资", read().hit("wages", 0.9)), WAGES);
}

#[test]
fn more_words_after_a_repetition_start_anew() {
    let mut chat = Chat::new();
    for _ in 0..2 {
        chat.tell("工资", read().hit("wages", 0.9).digest(7));
    }
    assert_eq!(chat.say("2"), "Clarify: tell_more");
    assert_eq!(chat.tell("工资", read().hit("wages", 0.9).digest(7)), WAGES);
}

#[test]
fn a_third_clarifying_question_or_pointer_for_the_same_words_is_a_person() {
    for reading in [
        read().hit("wages", 0.3).digest(7),
        read().statute("甲").digest(7),
    ] {
        let mut chat = Chat::new();
        assert_eq!(
            chat.tell("工资", reading.clone()),
            chat.tell("工资", reading.clone())
        );
        assert_eq!(
            chat.tell("工资", reading),
            format!("Repeated: repeat.third; {QUEUED}")
        );
    }
}

#[test]
fn not_understood_twice_in_a_row_is_a_person() {
    let mut chat = Chat::new();
    assert_eq!(
        chat.tell("嗯嗯", read().garbled()),
        "NotUnderstood: unintelligible[转人工]"
    );
    chat.tell("你好", read().intent("chat.greeting", 0.9));
    assert_eq!(
        chat.tell("嗯嗯", read().garbled()),
        "NotUnderstood: unintelligible[转人工]"
    );
    assert_eq!(
        chat.tell("嗯嗯", read()),
        format!("NotUnderstood: {QUEUED}")
    );
}

#[test]
fn idle_talk_offers_a_person_and_calls_none() {
    let mut chat = Chat::new();
    assert_eq!(chat.tell("好热", read().not_legal()), "NotLegal: not_legal");
    for _ in 0..3 {
        assert_eq!(
            chat.tell("好热", read().not_legal()),
            "NotLegal: not_legal[转人工]"
        );
    }
}

#[test]
fn what_the_bot_is_is_said_once() {
    let mut chat = Chat::new();
    assert!(
        chat.tell("借钱", read().hit("loan", 0.9))
            .contains("bot_disclosure")
    );
    assert!(
        !chat
            .tell("离婚", read().hit("divorce", 0.9))
            .contains("bot_disclosure")
    );
}

#[test]
fn going_on_with_the_bot_when_it_answers_already_is_harmless() {
    let mut chat = Chat::new();
    assert_eq!(chat.say("不等了"), "Resumed: handoff.resumed");
    assert_eq!(chat.state.owner, Owner::Bot);
}

#[test]
fn every_listed_key_is_used_somewhere() {
    let code = [
        include_str!("../answer.rs"),
        include_str!("../consultant.rs"),
        include_str!("../danger.rs"),
        include_str!("../draft.rs"),
        include_str!("../facts.rs"),
        include_str!("../follow.rs"),
        include_str!("../form.rs"),
        include_str!("../privacy.rs"),
        include_str!("../step.rs"),
        include_str!("../ticket.rs"),
        include_str!("../waiting.rs"),
    ];
    for key in TEXT_KEYS {
        let quoted = format!("\"{key}\"");
        assert!(
            code.iter().any(|c| c.contains(&quoted)),
            "{key} is used nowhere"
        );
    }
}

#[test]
fn the_texts_of_the_project_have_every_key() {
    let texts = include_str!("../../../intents/texts.yml");
    let mut script = script();
    script.forms = [
        "legal_aid",
        "wage_claim",
        "document",
        "directory",
        "deadline",
    ]
    .map(|id| (id.to_owned(), script.forms["paper"].clone()))
    .into();
    script.intents.remove("chat.greeting");
    for key in script.text_keys() {
        let line = format!("\n  {key}:\n");
        assert!(texts.contains(&line), "intents/texts.yml lacks {key}");
    }
}
