//! Invitations and transfers as events, and what routing must know of a conversation.

use super::support::*;
use crate::dialogue::desk::matter::Target;
use crate::dialogue::nouns::*;
use crate::dialogue::step::Refusal;

fn invite(staff: &str) -> What {
    What::Invite {
        staff: staff.to_owned(),
        until_ms: 9,
    }
}

fn transfer(staff: &str, note: &str) -> What {
    What::Transfer {
        to: Target::Staff {
            staff: staff.to_owned(),
        },
        note: note.to_owned(),
    }
}

fn queued() -> Chat {
    let mut chat = Chat::new();
    chat.human();
    chat
}

fn invited(chat: &Chat) -> Option<&str> {
    let invited = chat.state.matter.invited.as_ref();
    invited.map(|i| i.staff.as_str())
}

#[test]
fn an_invitation_says_nothing_and_ends_with_the_waiting() {
    let mut chat = queued();
    assert_eq!(chat.act(Author::System, invite("a")), "Invitation: ");
    assert_eq!(invited(&chat), Some("a"));
    let lapse = |staff: &str| What::Lapse {
        staff: staff.to_owned(),
    };
    chat.act(Author::System, lapse("b"));
    assert_eq!(invited(&chat), Some("a"), "late news of another");
    chat.act(Author::System, lapse("a"));
    assert_eq!(invited(&chat), None);
    chat.act(Author::System, invite("a"));
    chat.take(lawyer("b"));
    assert_eq!(invited(&chat), None, "who was faster has it");
    chat.act(Author::System, invite("a"));
    assert_eq!(invited(&chat), None, "nobody waits");
    let mut chat = queued();
    chat.act(Author::System, invite("a"));
    chat.say("不等了");
    assert_eq!((invited(&chat), &chat.state.owner), (None, &Owner::Bot));
}

#[test]
fn who_declines_may_still_take_but_not_against_his_own_word() {
    let decline = |conflict| What::Decline { conflict };
    let mut chat = queued();
    chat.act(Author::System, invite("a"));
    assert_eq!(chat.act(lawyer("a"), decline(false)), "Invitation: ");
    assert_eq!(invited(&chat), None);
    assert_eq!(chat.refusal(lawyer("a"), What::Take), None);
    chat.act(lawyer("a"), decline(true));
    let refusal = chat.refusal(lawyer("a"), What::Take);
    assert_eq!(refusal, Some(Refusal::NotAllowed));
    assert_eq!(chat.refusal(lawyer("b"), What::Take), None);
    chat.take(lawyer("b"));
    let refusal = chat.refusal(lawyer("a"), decline(false));
    assert_eq!(refusal, Some(Refusal::NotWaiting));
}

#[test]
fn a_transfer_puts_the_citizen_in_front_and_keeps_the_note_from_him() {
    let mut chat = queued();
    chat.take(lawyer("a"));
    let long = "字".repeat(NOTE_CHARS_MAX + 1);
    for (by, what, refusal) in [
        (lawyer("b"), transfer("c", ""), Refusal::NotOwner),
        (lawyer("a"), transfer("a", ""), Refusal::BadField),
        (lawyer("a"), transfer("", ""), Refusal::BadField),
        (lawyer("a"), transfer("c", &long), Refusal::BadField),
    ] {
        assert_eq!(chat.refusal(by, what), Some(refusal));
    }
    let shown = chat.act(lawyer("a"), transfer("c", "她怕丈夫看到"));
    let wanted = "Transferred: Queued «handoff.transferred»[不等了，继续问机器人|不等了，留言]";
    assert_eq!(shown, wanted);
    let reason = HandoffReason::Transferred;
    assert!(matches!(chat.state.owner, Owner::Queue { reason: r, .. } if r == reason));
    assert!(chat.state.matter.to.is_some());
    chat.take(lawyer("c"));
    assert_eq!(chat.state.matter.to, None, "it is there");
}

#[test]
fn an_open_danger_goes_along_with_a_transfer() {
    let mut chat = queued();
    chat.take(lawyer("a"));
    let reading = read().in_danger(DangerKind::Violence, Degree::Immediate);
    chat.tell("他又来了", reading);
    chat.act(lawyer("a"), transfer("c", ""));
    assert!(matches!(
        chat.state.owner,
        Owner::Queue { urgent: true, .. }
    ));
}

#[test]
fn what_routing_must_know_is_kept() {
    let mut script = script();
    let claim = script.forms.get_mut("claim").unwrap();
    claim.slots[1].name = "other_side".to_owned();
    let mut chat = Chat::with(script);
    chat.tell("明天就到期了", read().concern(Concern::DeadlineNear));
    assert!(chat.state.matter.deadline);
    chat.say("不等了");
    chat.tell("帮我讨薪", read().intent("service.claim", 0.9));
    chat.say("1");
    chat.say("某某建筑公司 王经理");
    assert_eq!(chat.state.matter.other, ["某某建筑公司 王经理"]);
    chat.say("取消");
    assert_eq!(chat.state.matter.other.len(), 1, "kept after the form");
    assert_eq!(chat.state.matter.language, None);
    chat.say("my boss does not pay me");
    assert_eq!(chat.state.matter.language.as_deref(), Some("en"));
}
