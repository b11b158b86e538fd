//! Follow-ups, corrections, several questions, answers in two messages, what is known of the citizen.

use super::support::*;
use crate::dialogue::nouns::*;
use crate::dialogue::reading::*;
use crate::dialogue::script::{HumanLevel, Script};
use crate::dialogue::turn::Rule;

const QUEUED: &str = "Queued «handoff.queued»1[不等了，继续问机器人|不等了，留言]";

/// The made-up script with a long answer for `loan` and a line about legal aid under it.
fn long_script() -> Script {
    let mut script = script();
    let loan = script.entries.get_mut("loan").expect("made up");
    let filler = "这里是说明。".repeat(40);
    loan.markdown = format!(
        "**loan, in short**\n\n{filler}\n\n**今天就能做**\n1. 留好转账记录。\n\n**费用**：交五十元。\n\n**期限**：三年。"
    );
    loan.aid = Some("aid line".to_owned());
    loan.next = vec!["bail".to_owned(), "divorce".to_owned()];
    script
}

fn asked() -> Chat {
    let mut chat = Chat::with(long_script());
    chat.tell("借钱", read().hit("loan", 0.9).digest(1));
    chat
}

fn leans(aspect: Aspect, about: &str) -> Reading {
    let about = about.to_owned();
    let mut reading = read().digest(2);
    reading.lean = Some(Lean::FollowUp { aspect, about });
    reading
}

fn last_answer(chat: &Chat) -> &str {
    let messages = chat.turns.iter().flat_map(|t| &t.messages);
    let mut texts = messages.filter_map(|m| match &m.body {
        Body::Answer { markdown, .. } => Some(markdown.as_str()),
        _ => None,
    });
    texts.next_back().expect("an answer")
}

#[test]
fn a_long_answer_goes_out_in_two() {
    let mut chat = asked();
    let first = last_answer(&chat).to_owned();
    for part in ["in short", "今天就能做", "期限", "aid line"] {
        assert!(first.contains(part), "{part} is held back");
    }
    assert!(!first.contains("说明") && !first.contains("费用"));
    assert_eq!(chat.say("1"), "Details: answer loan");
    let details = last_answer(&chat).to_owned();
    assert!(details.contains("说明") && details.contains("费用") && details.contains("aid line"));
    assert_eq!(
        chat.say("2"),
        "Answer: answer bail",
        "the numbers still stand for what they stood for"
    );
    chat.tell("借钱", read().hit("loan", 0.9).digest(3));
    assert!(
        !last_answer(&chat).contains("aid line"),
        "legal aid is told once, then with the details"
    );
}

#[test]
fn what_a_person_must_look_at_is_told_whole() {
    let mut script = long_script();
    script.entries.get_mut("loan").expect("made up").human = HumanLevel::Required;
    let mut chat = Chat::with(script);
    chat.tell("借钱", read().hit("loan", 0.9));
    assert!(last_answer(&chat).contains("说明"));
}

#[test]
fn a_follow_up_quotes_the_answer_before() {
    let mut chat = asked();
    let labels = "[详细说明|bail?|divorce?]";
    assert_eq!(
        chat.tell("那要多少钱", leans(Aspect::Money, "")),
        format!("FollowUp: answer loan{labels}")
    );
    assert_eq!(last_answer(&chat), "**费用**：交五十元。");
    assert_eq!(
        chat.tell("要多久", leans(Aspect::Time, "").digest(3)),
        format!("FollowUp: answer loan{labels}")
    );
    assert_eq!(last_answer(&chat), "**期限**：三年。");
}

#[test]
fn the_same_follow_up_three_times_is_a_person() {
    let mut chat = asked();
    let again = |chat: &mut Chat| chat.tell("那要多少钱", leans(Aspect::Money, ""));
    assert!(again(&mut chat).starts_with("FollowUp: "));
    assert_eq!(again(&mut chat), "FollowUp: answer loan[转人工|补充情况]");
    assert_eq!(
        again(&mut chat),
        format!("Repeated: repeat.third; {QUEUED}")
    );
}

#[test]
fn a_follow_up_is_no_repetition_of_the_question() {
    let mut chat = asked();
    chat.tell("那要多少钱", leans(Aspect::Money, ""));
    let again = chat.tell("借钱", read().hit("loan", 0.9).digest(1));
    assert!(again.starts_with("Answer: "), "{again}");
}

#[test]
fn where_the_answer_says_nothing_its_neighbours_are_offered() {
    let mut chat = asked();
    assert_eq!(
        chat.tell("那孩子呢", leans(Aspect::Other, "孩子")),
        "FollowUp: clarify[bail?|divorce?|都不是]"
    );
    assert_eq!(chat.say("2"), "Answer: answer divorce");
}

#[test]
fn a_sure_neighbour_that_names_it_answers() {
    let mut script = long_script();
    script.entries.get_mut("divorce").expect("made up").title = "孩子归谁".to_owned();
    let mut chat = Chat::with(script);
    chat.tell("借钱", read().hit("loan", 0.9).digest(1));
    let reading = leans(Aspect::Other, "孩子").hit("divorce", 0.9);
    assert_eq!(chat.tell("那孩子呢", reading), "FollowUp: answer divorce");
}

#[test]
fn a_neighbour_that_does_not_name_it_is_only_offered() {
    let mut chat = asked();
    let reading = leans(Aspect::Other, "孩子").hit("divorce", 0.9);
    assert_eq!(
        chat.tell("那孩子呢", reading),
        "FollowUp: clarify[divorce?|bail?|都不是]"
    );
}

#[test]
fn a_follow_up_to_what_needs_a_person_hands_over_again() {
    let mut chat = Chat::new();
    chat.tell("被抓了", read().hit("held", 0.9));
    chat.say("不等了");
    assert_eq!(
        chat.tell("为什么", leans(Aspect::Why, "")),
        format!("Required: answer held short; handoff.required; {QUEUED}")
    );
    chat.say("不等了");
    assert_eq!(
        chat.tell("那孩子呢", leans(Aspect::Other, "孩子")),
        format!("Required: handoff.required; {QUEUED}"),
        "also where the answer says nothing of it"
    );
}

#[test]
fn danger_and_concerns_go_before_a_follow_up() {
    let mut chat = asked();
    let danger = leans(Aspect::Money, "").in_danger(DangerKind::SelfHarm, Degree::Immediate);
    assert!(
        chat.tell("那要多少钱", danger)
            .starts_with("Danger: danger.self_harm!; ")
    );
    let mut chat = asked();
    let concern = leans(Aspect::Money, "").concern(Concern::Signing);
    assert!(
        chat.tell("那要多少钱", concern)
            .starts_with("Required: concern.signing; ")
    );
    let mut chat = asked();
    let mut several = read().concern(Concern::Signing);
    several.several = read().hit("wages", 0.9).hit("site", 0.9).hits;
    assert!(
        chat.tell("两个问题", several)
            .starts_with("Required: concern.signing; ")
    );
}

#[test]
fn several_questions_are_answered_one_by_one() {
    let mut chat = Chat::with(long_script());
    let mut reading = read()
        .digest(5)
        .in_danger(DangerKind::Traffic, Degree::Related);
    reading.several = read()
        .hit("loan", 0.9)
        .hit("site", 0.9)
        .hit("bail", 0.9)
        .hit("divorce", 0.9)
        .hits;
    reading.more_questions = true;
    let options = "[详细说明：loan?|详细说明：site?|详细说明：bail?]";
    let both = |chat: &mut Chat, reading: &Reading| chat.tell("几个问题", reading.clone());
    assert_eq!(
        both(&mut chat, &reading),
        format!(
            "Several: answer loan short +«danger_related.traffic»; answer site; answer bail; bot_disclosure; \
             several.more{options}; several.rest"
        )
    );
    assert_eq!(chat.say("1"), "Details: answer loan");
    assert!(both(&mut chat, &reading).starts_with("Several: "));
    assert!(both(&mut chat, &reading).contains("repeat.second[转人工|补充情况]"));
    assert_eq!(
        both(&mut chat, &reading),
        format!("Repeated: «danger_related.traffic»; repeat.third; {QUEUED}")
            .replace("«danger_related.traffic»", "danger_related.traffic")
    );
}

#[test]
fn one_of_several_that_needs_a_person_calls_one() {
    let mut reading = read();
    reading.several = read().hit("held", 0.9).hit("site", 0.9).hits;
    let said = Chat::new().tell("几个问题", reading);
    assert!(
        said.starts_with("Required: answer held; answer site; "),
        "{said}"
    );
    assert!(
        said.ends_with(&format!("handoff.required; {QUEUED}")),
        "{said}"
    );
}

#[test]
fn a_rejection_alone_asks_for_more() {
    let mut chat = asked();
    let mut reading = read();
    reading.lean = Some(Lean::Rejected);
    assert_eq!(
        chat.tell("我问的不是这个", reading),
        "Clarify: clarify.none[转人工|补充情况]"
    );
}

#[test]
fn a_correction_is_no_repetition() {
    let mut chat = asked();
    let mut reading = read().hit("loan", 0.9).digest(1);
    reading.lean = Some(Lean::Corrected);
    assert!(
        chat.tell("不是，我是说借钱", reading)
            .starts_with("Answer: ")
    );
}

#[test]
fn two_near_answers_are_asked_about() {
    let mut chat = Chat::new();
    assert_eq!(
        chat.tell("问题", read().hit("site", 0.7).hit("loan", 0.65)),
        "Clarify: clarify[site?|loan?|都不是]"
    );
    assert!(
        chat.tell("问题", read().hit("site", 0.7).hit("loan", 0.3))
            .starts_with("Answer: ")
    );
}

#[test]
fn a_role_is_one_and_is_told_once() {
    let mut chat = Chat::new();
    let role = |text: &str| read().hit("site", 0.9).fact(FactKind::Role, text);
    assert_eq!(
        chat.tell("我是老板", role("老板")),
        "Answer: answer site; bot_disclosure; facts.said"
    );
    assert_eq!(chat.tell("我是老板啊", role("老板")), "Answer: answer site");
    assert_eq!(
        chat.tell("我是员工", role("员工")),
        "Answer: answer site; facts.said"
    );
    let roles: Vec<&str> = chat.state.facts.iter().map(|f| f.text.as_str()).collect();
    assert_eq!(roles, ["员工"]);
}

#[test]
fn a_fact_is_put_right() {
    let mut chat = Chat::new();
    chat.tell(
        "欠我两万",
        read().hit("loan", 0.9).fact(FactKind::Amount, "两万"),
    );
    let mut reading = read().fact(FactKind::Amount, "三万");
    reading.lean = Some(Lean::FactCorrected);
    assert_eq!(
        chat.tell("不是，是三万", reading),
        "Corrected: facts.corrected"
    );
    let facts: Vec<&str> = chat.state.facts.iter().map(|f| f.text.as_str()).collect();
    assert_eq!(facts, ["三万"]);
    assert_eq!(chat.turns.last().map(|t| t.rule), Some(Rule::Corrected));
}

#[test]
fn amounts_told_without_a_correction_add_up() {
    let mut chat = Chat::new();
    chat.tell(
        "欠我两万",
        read().hit("loan", 0.9).fact(FactKind::Amount, "两万"),
    );
    chat.tell(
        "又欠三万",
        read().hit("site", 0.9).fact(FactKind::Amount, "三万"),
    );
    assert_eq!(chat.state.facts.len(), 2);
}
