//! Row 3.

use super::support::*;
use crate::dialogue::nouns::*;
use crate::dialogue::reading::{Command, FactKind};
use crate::dialogue::state::FORM_SLOTS_MAX;
use std::sync::Arc;

const WHO: &str = "form who 1/4[替我自己|替孩子|替家人]";
const PROOF: &str = "form proof 4/4[是|否]";
const QUEUED: &str = "Queued «handoff.queued»1[不等了，继续问机器人|不等了，留言]";

fn started() -> Chat {
    let mut chat = Chat::new();
    let said = chat.tell("登记讨薪", read().intent("service.claim", 0.9));
    assert_eq!(said, format!("Service: form.claim.intro; {WHO}"));
    chat
}

fn summary(chat: &Chat) -> String {
    let messages = chat.turns.iter().flat_map(|t| &t.messages);
    let mut texts = messages.filter_map(|m| match &m.body {
        Body::Notice { code, text, .. } if code == "form.claim.done" => Some(text.clone()),
        _ => None,
    });
    texts.next_back().expect("the form was summarised")
}

#[test]
fn a_form_is_filled_by_number_text_fact_and_button() {
    let mut chat = started();
    assert_eq!(chat.say("2"), "Form: form story 2/4");
    assert_eq!(chat.say("  干了三个月 "), "Form: form amount 3/4");
    let said = chat.tell("一万二", read().fact(FactKind::Amount, "一万二"));
    assert_eq!(said, format!("Form: {PROOF}"));
    assert_eq!(chat.press(1), "Form: form.claim.done");
    assert_eq!(
        summary(&chat),
        "«form.claim.done»\n- <who>：替孩子\n- <story>：干了三个月\n- <amount>：一万二\n- <proof>：是\n«form.done_notice»"
    );
    assert_eq!(chat.state.form, None);
    assert_eq!(chat.state.owner, Owner::Bot);
}

#[test]
fn an_option_is_chosen_by_label_part_number_or_button() {
    for (text, value) in [
        ("替家人", "替家人"),
        ("孩子", "替孩子"),
        ("我想替家人问", "替家人"),
        ("3", "替家人"),
    ] {
        let mut chat = started();
        assert_eq!(chat.say(text), "Form: form story 2/4", "{text}");
        assert_eq!(chat.state.form.unwrap().values, [Some(value.to_owned())]);
    }
    let mut chat = started();
    chat.press(2);
    let own = &chat.turns.last().unwrap().messages[0].body;
    let label = "替孩子".to_owned();
    assert_eq!(
        *own,
        Body::Choice {
            of: 3,
            option: 2,
            label
        }
    );
}

#[test]
fn what_is_no_option_is_asked_again() {
    for text in ["4", "替", "家", "随便", "替孩子还是替家人"] {
        let mut chat = started();
        assert_eq!(
            chat.say(text),
            format!("Form: form.not_a_value; {WHO}"),
            "{text}"
        );
    }
}

#[test]
fn a_button_of_an_earlier_question_is_stale() {
    let mut chat = started();
    let of = chat.last_offer();
    chat.choose(of, 1);
    assert_eq!(
        chat.choose(of, 2),
        "StaleChoice: stale_choice; form.digress_return; form story 2/4"
    );
}

#[test]
fn skipping_goes_where_it_may() {
    let mut chat = started();
    assert_eq!(chat.say("跳过"), format!("Form: form.required; {WHO}"));
    chat.say("1");
    assert_eq!(chat.say("跳过"), "Form: form.required; form story 2/4");
    chat.say("经过");
    assert_eq!(chat.say("跳过"), format!("Form: {PROOF}"));
    chat.say("没有");
    assert!(summary(&chat).contains("- <amount>：（跳过）\n- <proof>：否"));
}

#[test]
fn not_knowing_is_a_value() {
    let mut chat = started();
    for text in ["不清楚。", "不知道", "我忘了", "不知道"] {
        assert!(chat.say(text).starts_with("Form: form"), "{text}");
    }
    assert_eq!(summary(&chat).matches("不知道").count(), 4);
}

#[test]
fn going_back_asks_the_question_before() {
    let mut chat = started();
    assert_eq!(chat.say("上一步"), format!("Form: {WHO}"));
    chat.say("1");
    chat.say("经过");
    assert_eq!(chat.say("上一步"), "Form: form story 2/4");
    chat.say("改过的经过");
    chat.say("跳过");
    chat.say("是");
    assert!(summary(&chat).contains("- <story>：改过的经过"));
}

#[test]
fn a_person_can_be_called_and_a_form_cancelled_inside_it() {
    let mut chat = started();
    assert_eq!(chat.say("转人工"), format!("Human: {QUEUED}"));
    assert_eq!(chat.state.form, None);
    let mut chat = started();
    assert_eq!(chat.say("取消"), "Form: form.cancelled");
    assert_eq!(chat.state.form, None);
    assert_eq!(chat.say("1"), "StaleChoice: no_such_option");
}

#[test]
fn a_question_with_a_sure_answer_is_a_digression() {
    let mut chat = started();
    let said = chat.tell("借钱怎么办？", read().hit("loan", 0.9).asks());
    assert_eq!(
        said,
        format!("Answer: answer loan; bot_disclosure; form.digress_return; {WHO}")
    );
    let said = chat.tell("借钱怎么办？", read().hit("loan", 0.3).asks());
    assert_eq!(said, format!("Form: form.not_a_value; {WHO}"), "not sure");
    let said = chat.tell("替孩子行吗？", read().hit("loan", 0.9).asks());
    assert_eq!(
        said, "Form: form story 2/4",
        "a value goes before a digression"
    );
    let said = chat.tell("欠我工资没给", read().hit("wages", 0.9));
    assert_eq!(said, "Form: form amount 3/4", "no question, a story");
}

#[test]
fn a_digression_that_needs_a_person_ends_the_form() {
    let mut chat = started();
    let said = chat.tell("被抓了怎么办？", read().hit("held", 0.9).asks());
    assert!(
        said.starts_with("Required: answer held") && said.ends_with(QUEUED),
        "{said}"
    );
    assert_eq!(chat.state.form, None);
}

#[test]
fn a_button_under_an_earlier_answer_is_a_digression() {
    let mut chat = Chat::new();
    chat.tell("工资", read().hit("wages", 0.9));
    let of = chat.last_offer();
    chat.choose(of, 1);
    assert_eq!(
        chat.choose(of, 2),
        format!("Answer: answer site; form.digress_return; {WHO}")
    );
    assert_eq!(
        chat.say("1"),
        "Form: form story 2/4",
        "the number is the form's"
    );
}

#[test]
fn a_greeting_is_answered_and_another_service_starts() {
    let mut chat = started();
    let greeting = || read().intent("chat.greeting", 0.9);
    let said = chat.tell("你好", greeting());
    assert_eq!(
        said,
        format!("SmallTalk: chat.greeting; form.digress_return; {WHO}")
    );
    chat.say("1");
    assert_eq!(
        chat.tell("你好", greeting()),
        "Form: form amount 3/4",
        "free text takes anything"
    );
    let said = chat.tell("登记讨薪", read().intent("service.claim", 0.9));
    assert_eq!(said, format!("Service: form.claim.intro; {WHO}"));
}

#[test]
fn a_concern_in_a_form_is_told_once_and_a_person_follows_at_the_end() {
    let mut chat = started();
    let said = chat.tell("替孩子", read().concern(Concern::Minor));
    assert_eq!(said, "Form: concern.minor; form story 2/4");
    let said = chat.tell("只剩三天", read().concern(Concern::DeadlineNear));
    assert_eq!(said, "Form: form amount 3/4");
    chat.say("跳过");
    assert_eq!(chat.say("是"), format!("Form: form.claim.done; {QUEUED}"));
    let mut chat = Chat::new();
    let reading = read()
        .intent("service.claim", 0.9)
        .concern(Concern::Detained);
    let said = chat.tell("替被抓的弟弟申请", reading);
    assert_eq!(
        said,
        format!("Service: concern.detained; form.claim.intro; {WHO}")
    );
    assert_eq!(chat.say("取消"), format!("Form: form.cancelled; {QUEUED}"));
}

#[test]
fn a_confession_ends_a_form() {
    let mut chat = started();
    chat.say("1");
    let said = chat.tell("我打伤了人", read().concern(Concern::Confession));
    assert_eq!(said, format!("Required: concern.confession; {QUEUED}"));
    assert_eq!(chat.state.form, None);
}

#[test]
fn the_kinds_of_values() {
    let yes_no = [
        ("是", "是"),
        ("有", "是"),
        ("2", "否"),
        ("没有。", "否"),
        ("不需要", "否"),
    ];
    for (text, value) in yes_no {
        let mut chat = started();
        for text in ["1", "经过", "跳过", text] {
            chat.say(text);
        }
        assert!(
            summary(&chat).contains(&format!("<proof>：{value}")),
            "{text}"
        );
    }
    let mut chat = started();
    chat.say("1");
    chat.say("经过");
    assert_eq!(chat.say("很多"), "Form: form.not_a_value; form amount 3/4");
    assert_eq!(chat.say("大概 5 千"), format!("Form: {PROOF}"));
    assert_eq!(chat.say("也许"), format!("Form: form.not_a_value; {PROOF}"));
    let mut chat = started();
    chat.state.form = None;
    let mut script = script();
    let paper = script.forms["paper"].clone();
    script.forms.insert(
        "claim".to_owned(),
        crate::dialogue::script::FormSpec {
            id: "claim".to_owned(),
            ..paper
        },
    );
    chat.ctx.script = Arc::new(script);
    chat.tell("算", read().intent("service.claim", 0.9));
    assert_eq!(chat.say("那天"), "Form: form.not_a_value; form day 1/1");
    let dated = read().fact(FactKind::Date, "上个月");
    assert_eq!(chat.tell("上个月", dated), "Form: form.claim.done");
}

#[test]
fn a_form_that_changed_under_the_citizen_starts_anew() {
    let mut chat = started();
    chat.tell("替孩子", read().concern(Concern::Minor));
    let mut changed = script();
    changed.forms.get_mut("claim").unwrap().slots.remove(0);
    chat.ctx.script = Arc::new(changed);
    assert_eq!(
        chat.say("经过"),
        "Form: form.changed; form.claim.intro; form story 1/3".replace("Form:", "Service:")
    );
    chat.say("取消");
    assert!(
        matches!(chat.state.owner, Owner::Queue { .. }),
        "the concern stands"
    );
    let mut chat = started();
    let of = chat.last_offer();
    let mut gone = script();
    gone.forms.remove("claim");
    fill_texts(&mut gone);
    chat.ctx.script = Arc::new(gone);
    assert_eq!(chat.choose(of, 1), "StaleChoice: stale_choice");
    assert_eq!(chat.say("经过"), "Form: form.changed");
    assert_eq!(chat.state.form, None);
}

#[test]
fn a_form_too_long_to_remember_is_not_started() {
    let mut long = script();
    let claim = long.forms.get_mut("claim").unwrap();
    claim.slots = vec![claim.slots[1].clone(); FORM_SLOTS_MAX + 1];
    let mut chat = Chat::with(long);
    let said = chat.tell(
        "登记",
        read().intent("service.claim", 0.9).command(Command::No),
    );
    assert!(said.starts_with("NotUnderstood: "), "{said}");
}

#[test]
fn long_values_share_the_room() {
    let mut chat = started();
    chat.say("1");
    chat.say(&"工".repeat(4000));
    chat.say("跳过");
    chat.say("是");
    let text = summary(&chat);
    let story = text.lines().nth(2).unwrap();
    assert!(story.ends_with('…'), "a cut is shown");
    assert!(story.chars().count() > 200, "{}", story.chars().count());
}
