//! Messages left: when they are made, what is promised, who answers, and what a danger does to them.

use super::support::*;
use crate::dialogue::calendar::{Calendar, Holidays, Hours, Year};
use crate::dialogue::nouns::*;
use crate::dialogue::privacy::{ERASE_AFTER_DANGER_MS, ERASE_AFTER_MS};
use crate::dialogue::step::Refusal;
use crate::dialogue::ticket::*;
use std::sync::Arc;

const CLOSED: &str = "OffDuty «handoff.closed»[不等了，继续问机器人|留下联系方式]";

/// Nobody is there, and every promise is exact.
fn off_duty() -> Chat {
    let mut script = script();
    script.calendar.holidays = Holidays([(2025, Year::default())].into());
    let mut chat = Chat::with(script);
    chat.ctx.duty = OFF_DUTY;
    chat.tell("公司不发工资", read().garbled());
    chat
}

fn left() -> Chat {
    let mut chat = off_duty();
    assert_eq!(chat.human(), format!("Human: {CLOSED}"));
    chat
}

fn ticket(chat: &Chat) -> &Ticket {
    chat.state.ticket.as_ref().expect("a ticket")
}

fn staff(role: StaffRole) -> Author {
    let name = format!("{role:?}").to_lowercase();
    Author::Consultant {
        staff: name.clone(),
        name,
        role,
    }
}

fn answer(text: &str) -> What {
    let text = text.to_owned();
    What::Ticket {
        act: TicketAct::Answer { text },
    }
}

fn act(act: TicketAct) -> What {
    What::Ticket { act }
}

fn close() -> What {
    let reason = "已答复".to_owned();
    act(TicketAct::Close { reason })
}

fn days_left(chat: &Chat) -> i64 {
    (ticket(chat).due_ms - chat.now_ms) / 86_400_000
}

#[test]
fn nobody_on_duty_leaves_a_ticket_with_a_promise() {
    let chat = left();
    let t = ticket(&chat);
    // The first moment of Tuesday 2025-11-25 in China: the fifth working day ends with Tuesday the 2nd.
    assert_eq!(
        (t.kind, t.status, t.exact),
        (TicketKind::Question, TicketStatus::Open, true)
    );
    assert_eq!(days_left(&chat), 8);
    assert!(t.number.starts_with("1125-"), "{}", t.number);
    assert!(
        matches!(chat.state.owner, Owner::Queue { .. }),
        "whoever comes on duty finds it"
    );
    assert!(!t.contact, "nobody calls unless asked to");
}

#[test]
fn what_a_person_must_see_is_promised_for_the_next_working_day() {
    let mut chat = off_duty();
    chat.tell("要签字", read().concern(Concern::Signing));
    assert_eq!(ticket(&chat).kind, TicketKind::Prompt);
    assert_eq!(days_left(&chat), 2);
    let mut chat = left();
    chat.say("不等了");
    chat.tell("要签字", read().concern(Concern::Signing));
    assert_eq!(
        (ticket(&chat).kind, days_left(&chat)),
        (TicketKind::Prompt, 2),
        "promised sooner"
    );
}

#[test]
fn hours_that_are_over_close_the_desk_even_with_somebody_there() {
    let mut chat = Chat::new();
    let hours = Hours {
        week: std::array::from_fn(|_| vec!["09:00-17:00".parse().unwrap()]),
        ..Hours::default()
    };
    let calendar = Calendar {
        hours,
        ..Calendar::default()
    };
    let script = Arc::get_mut(&mut chat.ctx.script).unwrap();
    script.calendar = calendar;
    assert_eq!(
        chat.human(),
        "Human: OffDuty «handoff.closed»下次上班：11月25日（周二）9:00。[不等了，继续问机器人|留下联系方式]"
    );
    assert!(
        !ticket(&chat).exact,
        "no holidays are known: said as working days"
    );
    // A danger reaches whoever is there all the same.
    let mut calm = Chat::new();
    calm.ctx = chat.ctx;
    let mut chat = calm;
    let said = chat.tell(
        "救命",
        read().in_danger(DangerKind::Violence, Degree::Immediate),
    );
    assert!(said.contains("Queued «handoff.queued_urgent»"), "{said}");
    assert_eq!(chat.state.ticket, None);
}

#[test]
fn a_danger_is_never_only_a_ticket() {
    for kind in DangerKind::ALL {
        let mut chat = off_duty();
        let said = chat.tell("救命", read().in_danger(kind, Degree::Immediate));
        assert!(said.contains("danger.nobody_online"), "{said}");
        assert_eq!(chat.state.ticket, None);
        for wish in ["留言", "转人工"] {
            let said = chat.say(wish);
            assert!(said.contains("danger.nobody_online"), "{wish}: {said}");
            assert_eq!(chat.state.ticket, None, "{wish}");
            assert!(matches!(
                chat.state.owner,
                Owner::Queue { urgent: true, .. }
            ));
        }
    }
    // Named after the message was left: the ticket stays, and stands in nobody's way.
    let mut chat = left();
    let said = chat.tell(
        "救命",
        read().in_danger(DangerKind::Violence, Degree::Immediate),
    );
    assert!(
        said.contains("danger.violence!") && said.contains("danger.nobody_online!"),
        "{said}"
    );
    assert!(matches!(
        chat.state.owner,
        Owner::Queue { urgent: true, .. }
    ));
    let by = staff(StaffRole::Consultant);
    assert_eq!(
        chat.refusal(by, answer("在吗")),
        Some(Refusal::NotOwner),
        "to be taken, not answered from a list"
    );
}

#[test]
fn a_message_can_be_left_instead_of_waiting() {
    for leave in [
        |c: &mut Chat| c.say("2"),
        |c: &mut Chat| c.press(2),
        |c: &mut Chat| c.say("留言"),
    ] {
        let mut chat = Chat::new();
        chat.human();
        assert_eq!(
            leave(&mut chat),
            "Ticket: ticket.opened[留下联系方式|转人工]"
        );
        assert_eq!(chat.state.owner, Owner::Bot);
        assert_eq!(ticket(&chat).status, TicketStatus::Open);
        let number = ticket(&chat).number.clone();
        chat.say("留言");
        assert_eq!(ticket(&chat).number, number, "one ticket a conversation");
    }
    let mut chat = Chat::new();
    assert_eq!(
        chat.say("留言"),
        "Ticket: ticket.opened[留下联系方式|转人工]"
    );
}

#[test]
fn a_safe_way_to_be_reached_is_asked_for_and_may_be_kept_back() {
    let mut chat = left();
    assert_eq!(chat.say("2"), "Ticket: ticket.contact");
    assert_eq!(
        chat.say("晚上八点发短信，不要打电话"),
        "Ticket: ticket.contact_kept"
    );
    assert!(ticket(&chat).contact);
    let mut chat = left();
    chat.press(2);
    assert_eq!(chat.say("跳过"), "Ticket: ticket.no_contact");
    assert!(!ticket(&chat).contact);
    let mut chat = left();
    chat.press(2);
    chat.tell("你们几点上班", read().asks());
    assert!(!ticket(&chat).contact, "a question is no address");
    let mut chat = left();
    chat.press(2);
    let said = chat.tell(
        "他来了",
        read().in_danger(DangerKind::Violence, Degree::Immediate),
    );
    assert!(said.starts_with("Danger: danger.violence!"), "{said}");
}

#[test]
fn an_answer_reaches_the_conversation_and_writing_again_opens_it() {
    let mut chat = left();
    let by = staff(StaffRole::Consultant);
    assert_eq!(
        chat.act(by.clone(), answer("可以投诉")),
        "Ticket: ticket.answered"
    );
    let t = ticket(&chat).clone();
    assert_eq!(
        (t.status, t.staff.as_deref()),
        (TicketStatus::Answered, Some("consultant"))
    );
    let message = &chat.turns.last().unwrap().messages[0];
    assert_eq!(t.answer, Some(message.seq), "unread until he comes back");
    assert!(matches!(&message.from, From::Consultant { .. }));
    assert_eq!(chat.state.owner, Owner::Bot, "he waits no longer");
    assert_eq!(
        chat.tell("谢谢", read().intent("chat.greeting", 0.9)),
        "SmallTalk: chat.greeting"
    );
    assert_eq!(
        (ticket(&chat).status, ticket(&chat).answer),
        (TicketStatus::Answered, None)
    );
    let said = chat.tell("去哪里投诉", read().hit("wages", 0.9));
    assert!(
        said.starts_with("Answer: answer wages") && said.contains("ticket.reopened"),
        "{said}"
    );
    let again = ticket(&chat);
    assert_eq!(
        (again.status, &again.number),
        (TicketStatus::Reopened, &t.number)
    );
    assert!(again.due_ms >= t.due_ms && again.pending() && again.next_ms.is_none());
}

#[test]
fn an_answered_ticket_settles_and_a_closed_one_leaves_the_list() {
    let mut chat = left();
    chat.act(staff(StaffRole::Consultant), answer("可以"));
    assert_eq!(chat.wait(60, Timer::Ticket), "Nothing: ");
    assert_eq!(chat.wait(SETTLE_MS / 1000, Timer::Ticket), "Timer: ");
    assert_eq!(ticket(&chat).status, TicketStatus::Closed);
    if ticket(&chat).review {
        chat.act(staff(StaffRole::Supervisor), act(TicketAct::Reviewed));
    }
    assert_eq!(chat.wait(LISTED_MS / 1000, Timer::Ticket), "Timer: ");
    assert_eq!(chat.state.ticket, None);
}

#[test]
fn who_may_do_what_to_a_ticket() {
    let mut chat = left();
    let refusal = |chat: &mut Chat, role, what| chat.refusal(staff(role), what);
    for role in [StaffRole::Editor, StaffRole::Approver, StaffRole::Admin] {
        assert_eq!(
            refusal(&mut chat, role, answer("a")),
            Some(Refusal::NotAllowed)
        );
    }
    let to = |name: &str| {
        act(TicketAct::Assign {
            staff: Some(name.to_owned()),
        })
    };
    assert_eq!(
        refusal(&mut chat, StaffRole::Consultant, to("lawyer")),
        Some(Refusal::NotAllowed)
    );
    assert_eq!(
        refusal(&mut chat, StaffRole::Consultant, to("consultant")),
        None
    );
    chat.act(staff(StaffRole::Supervisor), to("lawyer"));
    assert_eq!(
        refusal(&mut chat, StaffRole::Consultant, answer("a")),
        Some(Refusal::NotOwner)
    );
    assert_eq!(
        refusal(&mut chat, StaffRole::Consultant, close()),
        Some(Refusal::NotOwner)
    );
    assert_eq!(refusal(&mut chat, StaffRole::Lawyer, answer("a")), None);
    assert_eq!(refusal(&mut chat, StaffRole::Supervisor, answer("a")), None);
    assert_eq!(
        refusal(&mut chat, StaffRole::Lawyer, act(TicketAct::Reviewed)),
        Some(Refusal::NotAllowed)
    );
    assert_eq!(
        refusal(&mut Chat::new(), StaffRole::Supervisor, answer("a")),
        Some(Refusal::NotFound)
    );
    let mut chat = off_duty();
    chat.tell("我偷了东西", read().concern(Concern::Confession));
    for role in [StaffRole::Consultant, StaffRole::Supervisor] {
        assert_eq!(
            refusal(&mut chat, role, answer("a")),
            Some(Refusal::NotAllowed)
        );
    }
    assert_eq!(refusal(&mut chat, StaffRole::Lawyer, answer("a")), None);
}

#[test]
fn a_later_promise_is_told_and_an_earlier_one_is_not() {
    let mut chat = left();
    let by = staff(StaffRole::Consultant);
    let promise = |ticket| act(TicketAct::Promise { ticket });
    assert_eq!(
        chat.act(by.clone(), promise(TicketKind::Difficult)),
        "Ticket: ticket.extended"
    );
    assert_eq!(days_left(&chat), 22);
    assert_eq!(
        chat.act(by.clone(), promise(TicketKind::Prompt)),
        "Ticket: "
    );
    assert_eq!(
        chat.refusal(by, promise(TicketKind::Callback)),
        Some(Refusal::BadField)
    );
}

#[test]
fn due_soon_and_overdue() {
    let t = |chat: &Chat| ticket(chat).clone();
    let mut chat = left();
    let due = t(&chat).due_ms;
    assert_eq!(t(&chat).standing(chat.now_ms), Standing::Later);
    assert_eq!(t(&chat).standing(due - SOON_MS), Standing::Soon);
    assert_eq!(t(&chat).standing(due), Standing::Overdue);
    chat.act(staff(StaffRole::Consultant), answer("a"));
    assert_eq!(t(&chat).standing(due), Standing::Later, "answered");
}

#[test]
fn everyone_dissatisfied_is_called_back() {
    let rate = |score| What::Rate {
        of: 1,
        score,
        reason: None,
    };
    for score in 1..=5 {
        let mut chat = Chat::new();
        chat.tell("工资", read().hit("wages", 0.9));
        assert_eq!(chat.act(Author::Citizen, rate(score)), "Rated: rate.thanks");
        let kept = chat.state.ticket.as_ref().and_then(|t| t.score);
        assert_eq!(kept, (score <= 2).then_some(score));
    }
    let mut chat = left();
    chat.act(staff(StaffRole::Consultant), answer("a"));
    chat.act(Author::Citizen, rate(1));
    let t = ticket(&chat);
    assert_eq!(
        (t.kind, t.score, t.next_ms),
        (TicketKind::Question, Some(1), None),
        "it does not settle"
    );
    chat.act(staff(StaffRole::Supervisor), act(TicketAct::Reviewed));
    assert_eq!(ticket(&chat).score, None);
    let mut chat = Chat::new();
    chat.tell("工资", read().hit("wages", 0.9));
    chat.act(Author::Citizen, rate(2));
    chat.ctx.duty = OFF_DUTY;
    chat.human();
    let t = ticket(&chat);
    assert_eq!(
        (t.kind, t.status, t.score),
        (TicketKind::Question, TicketStatus::Open, Some(2))
    );
}

#[test]
fn one_closed_ticket_in_ten_is_sampled_whoever_closes_it() {
    let mut sampled = 0;
    const ALL: i64 = 2_000;
    for n in 0..ALL {
        let mut chat = Chat::new();
        chat.now_ms += n * 977;
        chat.say("留言");
        chat.act(staff(StaffRole::Consultant), close());
        sampled += i64::from(ticket(&chat).review);
    }
    let percent = sampled as f64 * 100.0 / ALL as f64;
    assert!((7.0..13.0).contains(&percent), "{percent} %");
}

#[test]
fn closing_without_an_answer_is_told() {
    let mut chat = left();
    assert_eq!(
        chat.act(staff(StaffRole::Consultant), close()),
        "Ticket: ticket.closed"
    );
    assert_eq!(
        chat.refusal(staff(StaffRole::Consultant), close()),
        Some(Refusal::BadField)
    );
    let mut chat = left();
    chat.act(staff(StaffRole::Consultant), answer("a"));
    assert_eq!(chat.act(staff(StaffRole::Consultant), close()), "Ticket: ");
}

#[test]
fn a_consultant_who_takes_the_conversation_answers_its_ticket() {
    let mut chat = left();
    chat.take(lawyer("a"));
    chat.reply(lawyer("a"), "你好");
    assert_eq!(ticket(&chat).status, TicketStatus::Answered);
    assert_eq!(
        chat.refusal(staff(StaffRole::Supervisor), answer("b")),
        Some(Refusal::NotOwner)
    );
    chat.act(
        lawyer("a"),
        What::Close {
            reason: "a".into(),
            topic: String::new(),
        },
    );
    assert_eq!(ticket(&chat).status, TicketStatus::Closed);
}

#[test]
fn one_s_own_data_by_words_and_by_buttons() {
    let mut chat = Chat::new();
    assert_eq!(
        chat.say("我的数据"),
        "Privacy: privacy.ask[要一份我的记录|删除我的记录]"
    );
    assert_eq!(chat.say("1"), "Privacy: privacy.export[留下联系方式]");
    assert!(ticket(&chat).export && ticket(&chat).kind == TicketKind::Difficult);
    chat.ctx.duty = OFF_DUTY;
    chat.human();
    assert!(
        ticket(&chat).export && ticket(&chat).kind == TicketKind::Question,
        "a question waits no 15 days"
    );
    assert_eq!(
        chat.say("删除记录"),
        "Privacy: privacy.confirm[确认删除|不删]"
    );
    assert_eq!(chat.state.erase, None, "not before it is confirmed");
    assert_eq!(chat.press(1), "Privacy: privacy.erasing[不删]");
    let erase = chat.state.erase.clone().unwrap();
    assert_eq!(erase.due_ms, chat.now_ms + ERASE_AFTER_MS);
    assert!(erase.receipt.starts_with("R1125-"));
    assert_eq!(chat.press(1), "Privacy: privacy.kept");
    assert_eq!(chat.state.erase, None);
    chat.say("删除记录");
    chat.press(1);
    assert_eq!(chat.wait(61, Timer::Erase), "Timer: privacy.held");
    assert_eq!(chat.state.erase, None);
}

#[test]
fn a_danger_puts_an_erasure_off_and_a_consultant_does_not() {
    let mut chat = Chat::new();
    chat.tell(
        "救命",
        read().in_danger(DangerKind::Violence, Degree::Immediate),
    );
    assert_eq!(
        chat.say("删除记录"),
        "Privacy: danger_related.violence!; privacy.confirm[确认删除|不删]"
    );
    chat.press(1);
    let due = chat.state.erase.clone().unwrap().due_ms;
    assert_eq!(due, chat.now_ms + ERASE_AFTER_DANGER_MS);
    let mut chat = Chat::new();
    chat.human();
    chat.take(lawyer("a"));
    assert_eq!(
        chat.say("删除记录"),
        "Privacy: privacy.confirm[确认删除|不删]"
    );
    assert_eq!(chat.press(1), "Privacy: privacy.erasing[不删]");
}
