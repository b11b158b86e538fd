//! What consultants see of platforms, and what they can do about it.

use crate::driver::{bot, request, say, text_xml};
use crate::setup::{SEND, Setup, content, settled};
use crate::support::{self, Server};
use serde_json::{Value, json};
use std::time::Duration;

/// A consultant's socket.
struct Desk(
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>,
);

impl Desk {
    async fn open(server: &Server, staff: &str) -> Desk {
        use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
        let cookie = support::staff::cookie_of(&server.address, staff).await;
        let mut request = format!("ws://{}/desk/ws", server.address)
            .into_client_request()
            .expect("an address");
        request
            .headers_mut()
            .insert("cookie", cookie.parse().expect("a header"));
        let protocol = faxun::wire::DESK_PROTOCOL.parse().expect("a header");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        Desk(
            tokio_tungstenite::connect_async(request)
                .await
                .expect("accepted")
                .0,
        )
    }

    async fn send(&mut self, frame: Value) {
        use futures_util::SinkExt as _;
        let frame = tokio_tungstenite::tungstenite::Message::text(frame.to_string());
        self.0.send(frame).await.expect("sends");
    }

    /// The next frame of a type that holds.
    async fn until(&mut self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        use futures_util::StreamExt as _;
        let look = async {
            loop {
                let frame = self.0.next().await.expect("open").expect("a frame");
                let frame: Value =
                    serde_json::from_str(frame.to_text().unwrap_or("{}")).unwrap_or(Value::Null);
                if frame["type"] == name && holds(&frame) {
                    return frame;
                }
            }
        };
        tokio::time::timeout(support::PATIENCE, look)
            .await
            .expect("the frame comes")
    }
}

#[tokio::test]
async fn the_desk_sees_the_platform_what_was_delivered_and_what_is_left() {
    let setup = Setup::new().await;
    support::staff::add(&setup.data, "li", "consultant");
    let server = setup.start();
    let at = &server.address;
    let mut desk = Desk::open(&server, "li").await;
    say(at, "mini", &text_xml("o1", "1", "转人工"))
        .await
        .expect("an answer");
    let waits = |f: &Value| {
        f["waiting"]
            .get(0)
            .is_some_and(|i| i["channel"] == "小程序客服")
    };
    let queue = desk.until("queue", waits).await;
    let conversation = queue["waiting"][0]["conversation"].clone();
    desk.send(json!({"type": "open", "conversation": conversation}))
        .await;
    desk.until("delivery", |f| f["channel"] == "mini").await;
    desk.send(json!({"type": "take", "id": "t1", "conversation": conversation}))
        .await;
    desk.until("ack", |f| f["id"] == "t1").await;
    let taken = async {
        while !setup
            .platform
            .taken(SEND)
            .iter()
            .any(|c| content(c).contains("li"))
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(support::PATIENCE, taken)
        .await
        .expect("the citizen reads who took it");
    setup.platform.script(SEND, json!({"errcode": 45_047}));
    desk.send(
        json!({"type": "reply", "id": "r1", "conversation": conversation, "text": "您好，请说"}),
    )
    .await;
    let held = desk.until("delivery", |f| f["state"] == "held").await;
    assert_eq!(held["code"], "45047");
    say(at, "mini", &text_xml("o1", "2", "在吗"))
        .await
        .expect("an answer");
    let done = desk.until("delivery", |f| f["state"] == "delivered").await;
    assert!(
        done["left"].as_u64().is_some_and(|left| left <= 4),
        "{done}"
    );
    let texts: String = setup.platform.taken(SEND).iter().map(content).collect();
    assert_eq!(
        texts.matches("【咨询员 li】您好，请说").count(),
        1,
        "{texts}"
    );
    desk.send(json!({"type": "close", "id": "c1", "conversation": conversation, "reason": "", "topic": ""})).await;
    desk.until("ack", |f| f["id"] == "c1").await;
    settled(&server).await;
    say(at, "mini", &text_xml("o1", "3", "你好"))
        .await
        .expect("an answer");
    settled(&server).await;
    drop(server);
    assert_eq!(setup.undelivered().await, 0);
    assert_eq!(
        setup.conversations().await.len(),
        2,
        "a new one after closing"
    );
}

#[tokio::test]
async fn what_the_platform_refuses_is_listed_and_can_be_sent_again() {
    let setup = Setup::new().await;
    support::staff::add(&setup.data, "li", "consultant");
    let server = setup.start();
    let at = &server.address;
    setup.platform.script(SEND, json!({"errcode": 48_001}));
    say(at, "mini", &text_xml("o1", "1", "你好"))
        .await
        .expect("an answer");
    setup.platform.wait_calls(SEND, 1).await;
    assert_eq!(
        request(at, "GET /api/v1/outbox", &[], b"")
            .await
            .expect("an answer")
            .0,
        401
    );
    let cookie = support::staff::cookie_of(at, "li").await;
    let headers = [("Cookie", cookie.as_str())];
    let dead = loop {
        let (status, body) = request(at, "GET /api/v1/outbox", &headers, b"")
            .await
            .expect("an answer");
        assert_eq!(status, 200);
        let body: Value = serde_json::from_str(&body).expect("JSON");
        if let Some(one) = body["dead"].get(0) {
            break one.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(dead["code"], "48001");
    assert_eq!(dead["channel"], "mini");
    let resend = format!(
        "POST /api/v1/outbox/{}/resend",
        dead["id"].as_str().expect("an id")
    );
    assert_eq!(
        request(at, &resend, &headers, b"")
            .await
            .expect("an answer")
            .0,
        202
    );
    let taken = setup.platform.wait_taken(SEND, 1).await;
    assert_eq!(taken[0].body["touser"], "o1");
    assert_eq!(
        request(at, &resend, &headers, b"")
            .await
            .expect("an answer")
            .0,
        404,
        "once"
    );
    let nothing = request(at, "POST /api/v1/outbox/nonsense/resend", &headers, b"").await;
    assert_eq!(nothing.expect("an answer").0, 404);
}

#[tokio::test]
async fn a_robot_answers_at_once_and_a_consultant_once_for_each_message() {
    let setup = Setup::new().await;
    support::staff::add(&setup.data, "li", "consultant");
    let server = setup.start();
    let at = &server.address;
    let response = format!("{}/response", setup.platform.url);
    let message = |id: &str, text: &str| {
        json!({
            "msgid": id, "aibotid": "b1", "chattype": "single", "from": {"userid": "zhang"},
            "response_url": response, "msgtype": "text", "text": {"content": text},
        })
    };
    let (status, answer) = bot(at, &message("1", "你好")).await.expect("an answer");
    assert_eq!(status, 200);
    assert_eq!(
        (&answer["msgtype"], &answer["stream"]["finish"]),
        (&json!("stream"), &json!(true))
    );
    assert!(
        answer["stream"]["content"]
            .as_str()
            .is_some_and(|t| !t.is_empty())
    );
    let mut group = message("2", "你好");
    group["chattype"] = "group".into();
    assert_eq!(bot(at, &group).await, Some((200, Value::Null)));
    let entered = json!({
        "msgid": "e1", "chattype": "single", "from": {"userid": "wang"}, "msgtype": "event",
        "event": {"eventtype": "enter_chat"},
    });
    let (_, welcome) = bot(at, &entered).await.expect("an answer");
    assert_eq!(welcome["msgtype"], "text");

    let mut desk = Desk::open(&server, "li").await;
    bot(at, &message("3", "转人工")).await.expect("an answer");
    let queue = desk.until("queue", |f| f["waiting"].get(0).is_some()).await;
    let conversation = queue["waiting"][0]["conversation"].clone();
    desk.send(json!({"type": "open", "conversation": conversation}))
        .await;
    desk.send(json!({"type": "take", "id": "t1", "conversation": conversation}))
        .await;
    let taken = setup.platform.wait_taken("/response", 1).await;
    assert_eq!(taken[0].body["msgtype"], "markdown");
    desk.send(
        json!({"type": "reply", "id": "r1", "conversation": conversation, "text": "您好，请说"}),
    )
    .await;
    desk.until("delivery", |f| f["state"] == "held").await;
    // What was held comes with the next message, in its answer.
    let (_, answer) = bot(at, &message("4", "在吗")).await.expect("an answer");
    let text = answer["stream"]["content"].as_str().unwrap_or_default();
    assert!(text.contains("您好，请说"), "{answer}");
    assert_eq!(setup.platform.calls("/response").len(), 1);
}
