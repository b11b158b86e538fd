//! From the citizen to the consultant and back, on a real server.

mod support;

use faxun::dialogue::desk::matter::Target;
use faxun::dialogue::nouns::{Body, From, HandoffState};
use faxun::wire::{
    ClientFrame, DESK_PROTOCOL, DeskClientFrame, DeskServerFrame, ErrorCode, ServerFrame,
};
use futures_util::{SinkExt as _, StreamExt as _};
use std::process::Stdio;
use support::staff::{PASSWORD, sign_in, try_add};
use support::{Client, Data, PATIENCE, Server, command};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

struct Desk {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    number: u32,
    /// Ids are the consultant's, not the socket's: another socket must not use them again.
    tag: u64,
}

impl Desk {
    async fn open(server: &Server, name: &str) -> Desk {
        let (status, cookie) = sign_in(&server.address, name, PASSWORD).await;
        assert_eq!(status, 204);
        let mut request = format!("ws://{}/desk/ws", server.address)
            .into_client_request()
            .expect("an address");
        let headers = request.headers_mut();
        headers.insert(
            "cookie",
            cookie.expect("a cookie").parse().expect("a header"),
        );
        headers.insert(
            "sec-websocket-protocol",
            DESK_PROTOCOL.parse().expect("a header"),
        );
        let (socket, _) = tokio_tungstenite::connect_async(request)
            .await
            .expect("accepted");
        let tag = fastrand::u64(..);
        let mut desk = Desk {
            socket,
            number: 0,
            tag,
        };
        desk.until(|f| matches!(f, DeskServerFrame::Welcome { .. }))
            .await;
        desk
    }

    fn id(&mut self) -> String {
        self.number += 1;
        format!("d{}-{}", self.tag, self.number)
    }

    async fn send(&mut self, frame: &DeskClientFrame) {
        let text = serde_json::to_string(frame).expect("serialises");
        self.socket.send(Frame::text(text)).await.expect("sends");
    }

    async fn frame(&mut self) -> DeskServerFrame {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let next = next.expect("in time").expect("open").expect("a frame");
            if let Frame::Text(text) = next {
                return serde_json::from_str(text.as_str()).expect("a documented frame");
            }
        }
    }

    async fn until(&mut self, wanted: impl Fn(&DeskServerFrame) -> bool) -> DeskServerFrame {
        loop {
            let frame = self.frame().await;
            if wanted(&frame) {
                return frame;
            }
        }
    }

    /// Waits until a conversation waits and returns it.
    async fn waiting(&mut self) -> String {
        let frame = self
            .until(|f| matches!(f, DeskServerFrame::Queue { waiting, .. } if !waiting.is_empty()))
            .await;
        let DeskServerFrame::Queue { waiting, .. } = frame else {
            unreachable!("just matched")
        };
        waiting[0].conversation.clone()
    }

    /// Waits until this desk is asked to take somebody and returns the conversation.
    async fn invited(&mut self) -> String {
        let frame = self
            .until(|f| matches!(f, DeskServerFrame::Queue { invitations, .. } if !invitations.is_empty()))
            .await;
        let DeskServerFrame::Queue { invitations, .. } = frame else {
            unreachable!("just matched")
        };
        invitations[0].item.conversation.clone()
    }

    async fn take(&mut self, conversation: &str) -> Result<(), ErrorCode> {
        let id = self.id();
        let take = DeskClientFrame::Take {
            id: id.clone(),
            conversation: conversation.to_owned(),
        };
        self.send(&take).await;
        self.done(&id).await
    }

    async fn done(&mut self, id: &str) -> Result<(), ErrorCode> {
        let mine = |f: &DeskServerFrame| match f {
            DeskServerFrame::Ack { id: acked, .. } => acked == id,
            DeskServerFrame::Error(error) => error.id.as_deref() == Some(id),
            _ => false,
        };
        match self.until(mine).await {
            DeskServerFrame::Error(error) => Err(error.code),
            _ => Ok(()),
        }
    }

    async fn reply(&mut self, conversation: &str, text: &str) -> Result<(), ErrorCode> {
        let id = self.id();
        let reply = DeskClientFrame::Reply {
            id: id.clone(),
            conversation: conversation.to_owned(),
            text: text.to_owned(),
        };
        self.send(&reply).await;
        self.done(&id).await
    }
}

async fn until_message(client: &mut Client, wanted: impl Fn(&Body) -> bool) -> From {
    loop {
        if let Some(message) = client.messages.iter().find(|m| wanted(&m.body)) {
            return message.from.clone();
        }
        client.frame().await;
    }
}

fn handoff(wanted: HandoffState) -> impl Fn(&Body) -> bool {
    move |body| matches!(body, Body::Handoff { state, .. } if *state == wanted)
}

async fn ask_for_human(server: &Server) -> Client {
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.say("转人工").await;
    client
}

#[tokio::test]
async fn a_citizen_is_taken_answered_and_handed_back() {
    let data = Data::new();
    assert!(try_add(&data, "li", "lawyer"));
    let server = Server::start(&data);
    let mut desk = Desk::open(&server, "li").await;
    let mut client = ask_for_human(&server).await;
    until_message(&mut client, handoff(HandoffState::Queued)).await;
    let conversation = desk.waiting().await;
    assert_eq!(conversation, client.conversation);
    let open = DeskClientFrame::Open {
        conversation: conversation.clone(),
        after: None,
    };
    desk.send(&open).await;
    let opened = desk
        .until(|f| matches!(f, DeskServerFrame::Conversation { .. }))
        .await;
    let DeskServerFrame::Conversation { messages, .. } = opened else {
        unreachable!("just matched")
    };
    assert_eq!(
        messages.first().map(|m| m.seq),
        Some(1),
        "the whole history"
    );
    desk.take(&conversation).await.expect("taken");
    until_message(&mut client, handoff(HandoffState::Taken)).await;
    desk.reply(&conversation, "您好，请说").await.expect("said");
    let from = until_message(
        &mut client,
        |b| matches!(b, Body::Text { text } if text == "您好，请说"),
    )
    .await;
    assert!(matches!(from, From::Consultant { .. }));
    client.say("公司拖欠我三个月工资").await;
    desk.until(|f| {
        matches!(f, DeskServerFrame::Message { message, .. }
            if matches!(&message.body, Body::Text { text } if text == "公司拖欠我三个月工资"))
    })
    .await;
    let answered = |b: &Body| matches!(b, Body::Answer { .. });
    assert!(
        !client.messages.iter().any(|m| answered(&m.body)),
        "one owner at a time"
    );
    let id = desk.id();
    let back = DeskClientFrame::HandBack {
        id: id.clone(),
        conversation: conversation.clone(),
    };
    desk.send(&back).await;
    desk.done(&id).await.expect("handed back");
    until_message(&mut client, handoff(HandoffState::Returned)).await;
    client.say("公司拖欠我三个月工资怎么办").await;
    until_message(&mut client, answered).await;
    assert_eq!(
        desk.reply(&conversation, "还在吗").await,
        Err(ErrorCode::NotOwner)
    );
}

#[tokio::test]
async fn only_one_of_two_consultants_gets_a_conversation() {
    const RACES: usize = 20;
    let data = Data::new();
    assert!(try_add(&data, "li", "consultant") && try_add(&data, "wang", "consultant"));
    let roomy = [("FAXUN_DESK__CAPACITY", "50")];
    let server = Server::start_at(&data, "127.0.0.1:0", &roomy);
    let mut li = Desk::open(&server, "li").await;
    let mut wang = Desk::open(&server, "wang").await;
    for race in 0..RACES {
        let client = ask_for_human(&server).await;
        let (one, two) = tokio::join!(
            li.take(&client.conversation),
            wang.take(&client.conversation)
        );
        let won = matches!(
            (&one, &two),
            (Ok(()), Err(ErrorCode::NotWaiting)) | (Err(ErrorCode::NotWaiting), Ok(()))
        );
        assert!(won, "race {race}: {one:?} {two:?}");
    }
}

#[tokio::test]
async fn who_waits_is_offered_to_one_then_to_the_next_and_told_where_he_stands() {
    let data = Data::new();
    assert!(try_add(&data, "li", "consultant") && try_add(&data, "wang", "consultant"));
    let server = Server::start(&data);
    let mut desks = [
        Desk::open(&server, "li").await,
        Desk::open(&server, "wang").await,
    ];
    let mut client = ask_for_human(&server).await;
    let stands = loop {
        let frame = client.frame().await;
        if let ServerFrame::State {
            queue: Some(queue), ..
        } = frame
        {
            break queue;
        }
    };
    assert_eq!((stands.position, stands.expected_s), (1, Some(60)));
    // Least loaded, longest idle: li came first.
    assert_eq!(desks[0].invited().await, client.conversation);
    let id = desks[0].id();
    let decline = DeskClientFrame::Decline {
        id: id.clone(),
        conversation: client.conversation.clone(),
        conflict: true,
    };
    desks[0].send(&decline).await;
    desks[0].done(&id).await.expect("declined");
    assert_eq!(desks[1].invited().await, client.conversation);
    let refused = desks[0].take(&client.conversation).await;
    assert_eq!(refused, Err(ErrorCode::NotAllowed), "he recused himself");
    desks[1].take(&client.conversation).await.expect("accepted");
    until_message(&mut client, handoff(HandoffState::Taken)).await;
}

#[tokio::test]
async fn a_transfer_goes_to_whom_it_names_with_a_note_the_citizen_never_sees() {
    const NOTE: &str = "问过工资了，请接着看";
    let data = Data::new();
    assert!(try_add(&data, "li", "consultant") && try_add(&data, "wang", "consultant"));
    let server = Server::start(&data);
    let mut li = Desk::open(&server, "li").await;
    let mut client = ask_for_human(&server).await;
    assert_eq!(li.invited().await, client.conversation);
    li.take(&client.conversation).await.expect("taken");
    let transfer = |id: &str, staff: &str| DeskClientFrame::Transfer {
        id: id.to_owned(),
        conversation: client.conversation.clone(),
        to: Target::Staff {
            staff: staff.to_owned(),
        },
        note: NOTE.to_owned(),
    };
    let (early, late) = (transfer("t1", "wang"), transfer("t2", "wang"));
    li.send(&early).await;
    assert_eq!(li.done("t1").await, Err(ErrorCode::NobodyThere));
    let mut wang = Desk::open(&server, "wang").await;
    li.send(&late).await;
    li.done("t2").await.expect("transferred");
    assert_eq!(wang.invited().await, client.conversation);
    wang.take(&client.conversation).await.expect("taken");
    let open = DeskClientFrame::Open {
        conversation: client.conversation.clone(),
        after: None,
    };
    wang.send(&open).await;
    let opened = wang
        .until(|f| matches!(f, DeskServerFrame::Conversation { .. }))
        .await;
    let DeskServerFrame::Conversation { note, messages, .. } = opened else {
        unreachable!("just matched")
    };
    assert_eq!(note.map(|n| n.text).as_deref(), Some(NOTE));
    let shown = serde_json::to_string(&messages).expect("serialises");
    assert!(!shown.contains(NOTE), "{shown}");
    until_message(
        &mut client,
        |b| matches!(b, Body::Handoff { text, .. } if text.contains("wang")),
    )
    .await;
    let seen = serde_json::to_string(&client.messages).expect("serialises");
    assert!(!seen.contains(NOTE), "{seen}");
}

#[test]
fn what_an_account_answers_for_is_set_at_the_command_line() {
    let data = Data::new();
    assert!(try_add(&data, "li", "consultant"));
    let set = |args: &[&str]| {
        let mut command = command(&data);
        command.args(["staff", "set", "li"]).args(args);
        command.status().expect("runs").success()
    };
    assert!(set(&[
        "--skill",
        "劳动与工资",
        "--region",
        "3702",
        "--conflict",
        "某某公司"
    ]));
    assert!(set(&["--capacity", "3"]));
    assert!(!set(&["--region", "山东"]), "codes, no names");
    let list = command(&data).args(["staff", "list"]).output();
    let list = String::from_utf8(list.expect("runs").stdout).expect("text");
    assert!(list.contains("劳动与工资\t3702\t-\t3\t1"), "{list}");
    assert!(!list.contains("某某公司"), "{list}");
}

#[tokio::test]
async fn a_consultant_who_goes_away_gives_the_conversation_back_to_the_queue() {
    let data = Data::new();
    assert!(try_add(&data, "li", "consultant"));
    let soon = [("FAXUN_DESK__LOST_AFTER_S", "1")];
    let server = Server::start_at(&data, "127.0.0.1:0", &soon);
    let mut desk = Desk::open(&server, "li").await;
    let mut client = ask_for_human(&server).await;
    desk.take(&client.conversation).await.expect("taken");
    until_message(&mut client, handoff(HandoffState::Taken)).await;
    drop(desk);
    let taken = client.messages.len();
    loop {
        // The only consultant is gone, so nobody is on duty.
        let again = handoff(HandoffState::OffDuty);
        if client.messages[taken..].iter().any(|m| again(&m.body)) {
            break;
        }
        client.frame().await;
    }
    let mut back = Desk::open(&server, "li").await;
    assert_eq!(back.waiting().await, client.conversation);
}

#[tokio::test]
async fn ownership_survives_kill_9() {
    let data = Data::new();
    assert!(try_add(&data, "li", "consultant"));
    let mut server = Server::start(&data);
    let mut desk = Desk::open(&server, "li").await;
    let mut waiting = ask_for_human(&server).await;
    let mut taken = ask_for_human(&server).await;
    desk.take(&taken.conversation).await.expect("taken");
    until_message(&mut taken, handoff(HandoffState::Taken)).await;
    until_message(&mut waiting, handoff(HandoffState::Queued)).await;
    server.kill();
    let server = Server::start(&data);
    let mut desk = Desk::open(&server, "li").await;
    assert_eq!(desk.waiting().await, waiting.conversation);
    desk.reply(&taken.conversation, "我还在")
        .await
        .expect("still the owner");
}

#[tokio::test]
async fn nobody_on_duty_is_said_and_an_urgent_one_is_told_whom_to_call() {
    let data = Data::new();
    let server = Server::start(&data);
    let mut client = ask_for_human(&server).await;
    until_message(&mut client, handoff(HandoffState::OffDuty)).await;
    let mut afraid = server.client().await;
    afraid.hello(None, None).await;
    afraid.say("我老公拿着刀在砸门 救命").await;
    until_message(
        &mut afraid,
        |b| matches!(b, Body::Notice { urgent: true, text, .. } if text.contains("110")),
    )
    .await;
    until_message(
        &mut afraid,
        |b| matches!(b, Body::Notice { code, .. } if code == "danger.nobody_online"),
    )
    .await;
}

#[tokio::test]
async fn an_urgent_conversation_that_nobody_accepts_is_told_so() {
    let data = Data::new();
    assert!(try_add(&data, "li", "consultant"));
    let soon = [("FAXUN_DESK__URGENT_ACCEPT_S", "1")];
    let server = Server::start_at(&data, "127.0.0.1:0", &soon);
    let mut desk = Desk::open(&server, "li").await;
    let mut calm = ask_for_human(&server).await;
    until_message(&mut calm, handoff(HandoffState::Queued)).await;
    let mut afraid = server.client().await;
    afraid.hello(None, None).await;
    afraid.say("他拿着刀在砸门 救命").await;
    let first = desk
        .until(|f| matches!(f, DeskServerFrame::Queue { waiting, .. } if waiting.len() == 2))
        .await;
    let DeskServerFrame::Queue { waiting, .. } = first else {
        unreachable!("just matched")
    };
    assert!(waiting[0].urgent && waiting[0].conversation == afraid.conversation);
    until_message(
        &mut afraid,
        |b| matches!(b, Body::Notice { code, .. } if code == "danger.nobody_online"),
    )
    .await;
}

#[tokio::test]
async fn the_desk_is_for_staff_only() {
    let data = Data::new();
    assert!(try_add(&data, "li", "consultant"));
    let server = Server::start(&data);
    assert_eq!(
        sign_in(&server.address, "li", "wrong password").await.0,
        401
    );
    assert_eq!(sign_in(&server.address, "nobody", PASSWORD).await.0, 401);
    assert_eq!(server.get("/desk/session").await.0, 401);
    let request = format!("ws://{}/desk/ws", server.address);
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
    let mut desk = Desk::open(&server, "li").await;
    let mut client = server.client().await;
    client.hello(None, None).await;
    client.say("你好").await;
    let open = DeskClientFrame::Open {
        conversation: client.conversation.clone(),
        after: None,
    };
    desk.send(&open).await;
    let refused = desk.until(|f| matches!(f, DeskServerFrame::Error(_))).await;
    let DeskServerFrame::Error(error) = refused else {
        unreachable!("just matched")
    };
    assert_eq!(
        error.code,
        ErrorCode::NotAllowed,
        "what the bot handles is not read along"
    );
    let human = ClientFrame::Human { id: "h".into() };
    client.send(&human).await;
    client.acked("h").await;
    assert_eq!(desk.waiting().await, client.conversation);
}

#[tokio::test]
async fn bad_accounts_are_refused_at_the_command_line() {
    let data = Data::new();
    assert!(!try_add(&data, "Bad Name", "consultant"));
    let lawyer = command(&data)
        .args([
            "staff",
            "add",
            "zhao",
            "--role",
            "lawyer",
            "--password-stdin",
        ])
        .stdin(Stdio::null())
        .status();
    assert!(!lawyer.expect("runs").success(), "no licence, no 律师");
}
