//! Messages that are left: from a citizen whom nobody could answer to the answer he reads when he comes back.

mod support;

use faxun::dialogue::nouns::{Body, From, HandoffState};
use faxun::wire::{ClientFrame, ServerFrame};
use serde_json::json;
use support::staff::{Staff, add};
use support::{Client, Data, Server};

async fn until(client: &mut Client, wanted: impl Fn(&Body) -> bool) -> Body {
    loop {
        if let Some(message) = client.messages.iter().find(|m| wanted(&m.body)) {
            return message.body.clone();
        }
        client.frame().await;
    }
}

fn off_duty(body: &Body) -> bool {
    matches!(
        body,
        Body::Handoff {
            state: HandoffState::OffDuty,
            ..
        }
    )
}

fn text(wanted: &'static str) -> impl Fn(&Body) -> bool {
    move |body| matches!(body, Body::Text { text } if text == wanted)
}

async fn leave(server: &Server, question: &str) -> Client {
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.say(question).await;
    client.say("转人工").await;
    client
}

#[tokio::test]
async fn a_message_is_left_answered_and_read_after_kill_9() {
    let data = Data::new();
    add(&data, "li", "consultant");
    let mut server = Server::start(&data);
    let mut client = leave(&server, "老板欠我三万块不给").await;
    let Body::Handoff { text: told, .. } = until(&mut client, off_duty).await else {
        unreachable!("just matched")
    };
    let li = Staff::sign_in(&server, "li").await;
    let tickets = li.tickets("?status=open").await;
    let ticket = &tickets[0];
    let number = ticket["number"].as_str().expect("a number");
    assert!(
        told.contains(number) && told.contains("期限不会停"),
        "{told}"
    );
    let line = ticket.to_string();
    assert!(
        !line.contains("老板") && !line.contains("三万"),
        "a line holds no text: {line}"
    );
    assert_eq!(
        (tickets.len(), ticket["contact"].as_bool()),
        (1, Some(false))
    );
    // The citizen goes; the answer is written, the server dies, and nothing is lost.
    let (token, conversation) = (client.token.clone(), client.conversation.clone());
    let seen = client.messages.last().expect("messages").seq;
    drop(client);
    let messages = li
        .ask(
            "GET",
            &format!("/api/v1/tickets/{conversation}/messages"),
            None,
        )
        .await;
    assert!(messages.body.to_string().contains("老板欠我三万块不给"));
    let answer = json!({ "kind": "answer", "text": "可以去劳动监察投诉" });
    let done = li.act(&conversation, "a-1", answer.clone()).await;
    assert_eq!(
        (done.status, &done.body["ticket"]["status"]),
        (200, &json!("answered"))
    );
    let again = li.act(&conversation, "a-1", answer).await;
    assert_eq!(again.status, 200, "a repeat is harmless");
    server.kill();
    let server = Server::start(&data);
    let mut back = server.client().await;
    let hello = ClientFrame::Hello {
        token: Some(token),
        after: Some(seen),
        identity: None,
    };
    back.send(&hello).await;
    let ServerFrame::Welcome { unread, .. } = back.frame().await else {
        panic!("no welcome")
    };
    assert!(unread.is_some_and(|seq| seq > seen), "{unread:?}");
    until(&mut back, text("可以去劳动监察投诉")).await;
    let answers = back
        .messages
        .iter()
        .filter(|m| matches!(m.from, From::Consultant { .. }));
    assert_eq!(answers.count(), 1, "answered once");
    // He writes again: it is open again, under the same number.
    back.say("监察大队不管怎么办").await;
    let li = Staff::sign_in(&server, "li").await;
    let tickets = li.tickets("?status=open,reopened").await;
    assert_eq!(tickets[0]["status"], "reopened");
    assert_eq!(tickets[0]["number"].as_str(), Some(number));
    let closed = li
        .act(
            &conversation,
            "c-1",
            json!({ "kind": "close", "reason": "已答复" }),
        )
        .await;
    assert_eq!(closed.body["ticket"]["status"], "closed");
    assert!(li.tickets("?status=open,reopened").await.is_empty());
}

#[tokio::test]
async fn an_answer_reaches_an_open_socket_at_once() {
    let data = Data::new();
    add(&data, "li", "consultant");
    let server = Server::start(&data);
    let mut client = leave(&server, "房东不退押金").await;
    until(&mut client, off_duty).await;
    let li = Staff::sign_in(&server, "li").await;
    let answer = json!({ "kind": "answer", "text": "先看合同" });
    assert_eq!(li.act(&client.conversation, "a", answer).await.status, 200);
    until(&mut client, text("先看合同")).await;
}

#[tokio::test]
async fn a_danger_is_no_ticket() {
    let data = Data::new();
    add(&data, "li", "consultant");
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.say("我老公拿着刀在砸门 救命").await;
    client.say("我要留言").await;
    until(
        &mut client,
        |b| matches!(b, Body::Notice { code, .. } if code == "danger.nobody_online"),
    )
    .await;
    let li = Staff::sign_in(&server, "li").await;
    assert!(li.tickets("").await.is_empty());
}

#[tokio::test]
async fn tickets_are_for_those_who_may() {
    let data = Data::new();
    for (staff, role) in [
        ("li", "consultant"),
        ("wang", "consultant"),
        ("zhao", "supervisor"),
        ("qian", "editor"),
        ("sun", "lawyer"),
    ] {
        add(&data, staff, role);
    }
    let server = Server::start(&data);
    assert_eq!(server.get("/api/v1/tickets").await.0, 401);
    let client = leave(&server, "租房押金不退").await;
    let c = client.conversation.as_str();
    let (li, wang) = (
        Staff::sign_in(&server, "li").await,
        Staff::sign_in(&server, "wang").await,
    );
    let zhao = Staff::sign_in(&server, "zhao").await;
    let qian = Staff::sign_in(&server, "qian").await;
    assert_eq!(qian.ask("GET", "/api/v1/tickets", None).await.status, 403);
    let to_li = json!({ "kind": "assign", "staff": "li" });
    assert_eq!(wang.act(c, "1", to_li.clone()).await.status, 403);
    assert_eq!(zhao.act(c, "1", to_li).await.status, 200);
    assert_eq!(
        zhao.act(c, "2", json!({ "kind": "assign", "staff": "qian" }))
            .await
            .status,
        422
    );
    assert_eq!(
        wang.act(c, "2", json!({ "kind": "answer", "text": "a" }))
            .await
            .status,
        409
    );
    let path = format!("/api/v1/tickets/{c}/messages");
    assert_eq!(wang.ask("GET", &path, None).await.status, 409);
    assert_eq!(li.ask("GET", &path, None).await.status, 200);
    assert_eq!(li.tickets("?staff=me").await.len(), 1);
    assert!(li.tickets("?staff=none").await.is_empty());
    assert_eq!(
        li.act(c, "3", json!({ "kind": "answer", "text": " " }))
            .await
            .status,
        422
    );
    assert_eq!(
        li.ask("GET", "/api/v1/tickets?no_such=1", None)
            .await
            .status,
        422
    );
    // What somebody said of a crime of his own is listed to lawyers alone.
    let mut confessing = server.client().await;
    confessing.hello(None, None).await;
    confessing.say("我偷了公司的钱，要不要自首").await;
    until(&mut confessing, off_duty).await;
    let secret = confessing.conversation.as_str();
    for other in [&li, &zhao] {
        let seen = other.tickets("").await;
        assert!(seen.iter().all(|t| t["conversation"] != secret), "{seen:?}");
        let path = format!("/api/v1/tickets/{secret}/messages");
        assert_eq!(other.ask("GET", &path, None).await.status, 404);
    }
    let sun = Staff::sign_in(&server, "sun").await;
    assert_eq!(sun.tickets("?kind=prompt").await.len(), 1);
}

#[tokio::test]
async fn everyone_dissatisfied_is_on_the_list() {
    let data = Data::new();
    add(&data, "zhao", "supervisor");
    let server = Server::start(&data);
    let mut client = server.client().await;
    client.hello(None, None).await;
    let of = client.ask("公司拖欠我三个月工资怎么办").await.seq;
    client
        .send(&ClientFrame::Rate {
            id: "r".into(),
            of,
            score: 1,
            reason: None,
        })
        .await;
    client.acked("r").await;
    let zhao = Staff::sign_in(&server, "zhao").await;
    let list = zhao.tickets("?callback=true").await;
    assert_eq!((list.len(), list[0]["score"].as_u64()), (1, Some(1)));
    let done = zhao
        .act(&client.conversation, "1", json!({ "kind": "reviewed" }))
        .await;
    assert_eq!(done.status, 200);
    assert!(zhao.tickets("?callback=true").await.is_empty());
}
