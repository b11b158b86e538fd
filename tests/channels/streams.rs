//! Connections that we open.

use crate::setup::{Setup, settled};
use crate::support;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The platform's end of a stream.
struct Gateway(tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>);

impl Gateway {
    async fn accept(listener: &tokio::net::TcpListener) -> Gateway {
        use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
        let accept = async {
            let (stream, _) = listener.accept().await.expect("a connection");
            #[allow(clippy::result_large_err, reason = "the library's signature")]
            let check = |request: &Request, response: Response| {
                assert_eq!(request.uri().query(), Some("ticket=t%201"));
                Ok(response)
            };
            tokio_tungstenite::accept_hdr_async(stream, check)
                .await
                .expect("a handshake")
        };
        Gateway(
            tokio::time::timeout(support::PATIENCE, accept)
                .await
                .expect("in time"),
        )
    }

    async fn send(&mut self, kind: &str, topic: &str, id: &str, data: &Value) {
        use futures_util::SinkExt as _;
        let frame = json!({
            "specVersion": "1.0", "type": kind, "headers": {"topic": topic, "messageId": id}, "data": data.to_string(),
        });
        let frame = tokio_tungstenite::tungstenite::Message::text(frame.to_string());
        self.0.send(frame).await.expect("sends");
    }

    async fn ack(&mut self) -> Value {
        use futures_util::StreamExt as _;
        let frame = tokio::time::timeout(support::PATIENCE, self.0.next())
            .await
            .expect("in time");
        serde_json::from_str(
            frame
                .expect("open")
                .expect("a frame")
                .to_text()
                .expect("text"),
        )
        .expect("JSON")
    }
}

#[tokio::test]
async fn dingtalk_s_stream_is_acknowledged_when_durable_and_replaced_without_a_gap() {
    const OPEN: &str = "/v1.0/gateway/connections/open";
    const BATCH: &str = "/v1.0/robot/oToMessages/batchSend";
    const TOPIC: &str = "/v1.0/im/bot/messages/get";
    let setup = Setup::with(&[("dingtalk", "stream", "app_id = \"dingkey\"\nstream = true")]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let endpoint = format!(
        "ws://{}/connect",
        listener.local_addr().expect("an address")
    );
    // The first try fails: it is tried again.
    setup
        .platform
        .script(OPEN, json!({"code": "ServiceUnavailable"}));
    setup
        .platform
        .fix(OPEN, json!({"endpoint": endpoint, "ticket": "t 1"}));
    let server = setup.start();
    let mut old = Gateway::accept(&listener).await;
    assert_eq!(
        setup.platform.calls(OPEN)[1].body["subscriptions"][0]["topic"],
        TOPIC
    );
    old.send("SYSTEM", "ping", "p1", &json!({"opaque": "x"}))
        .await;
    let pong = old.ack().await;
    assert_eq!(pong["headers"]["messageId"], "p1");
    assert_eq!(pong["data"], "{\"opaque\":\"x\"}");
    let message = |id: &str| json!({"msgtype": "text", "text": {"content": "你好"}, "msgId": id, "conversationType": "1", "senderStaffId": "s1"});
    for id in ["a", "again"] {
        old.send("CALLBACK", TOPIC, id, &message("1")).await;
        let ack = old.ack().await;
        assert_eq!(
            (&ack["code"], &ack["headers"]["messageId"]),
            (&json!(200), &json!(id))
        );
    }
    settled(&server).await;
    assert_eq!(
        setup.platform.taken(BATCH).len(),
        1,
        "the repeat is not answered again"
    );
    old.send(
        "SYSTEM",
        "disconnect",
        "d1",
        &json!({"reason": "maintenance"}),
    )
    .await;
    let mut new = Gateway::accept(&listener).await;
    old.send("CALLBACK", TOPIC, "b", &message("2")).await;
    assert_eq!(
        old.ack().await["headers"]["messageId"],
        "b",
        "the old one is read to its end"
    );
    drop(old);
    new.send("CALLBACK", TOPIC, "c", &message("3")).await;
    assert_eq!(new.ack().await["headers"]["messageId"], "c");
    settled(&server).await;
    drop(new);
    Gateway::accept(&listener).await;
    drop(server);
    assert_eq!(setup.conversations().await[0].0.len(), 3);
    assert_eq!(setup.undelivered().await, 0);
}

#[tokio::test]
async fn feishu_s_long_connection_joins_parts_and_acknowledges_what_is_durable() {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message as Frame;
    const OPEN: &str = "/callback/ws/endpoint";
    const MESSAGES: &str = "/open-apis/im/v1/messages";
    let setup = Setup::with(&[("feishu", "long", "app_id = \"cli_1\"\nstream = true")]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!(
        "ws://{}/ws?device_id=1&service_id=33554678",
        listener.local_addr().expect("an address")
    );
    let open = json!({"code": 0, "data": {"URL": url, "ClientConfig": {"PingInterval": 120}}});
    setup.platform.fix(OPEN, open);
    let server = setup.start();
    let (stream, _) = listener.accept().await.expect("a connection");
    let mut socket = tokio_tungstenite::accept_async(stream)
        .await
        .expect("a handshake");
    let frames: HashMap<String, String> =
        serde_json::from_str(include_str!("../fixtures/channels/lark_frames.json"))
            .expect("a fixture");
    let bytes = |name: &str| -> Vec<u8> {
        let hex = &frames[name];
        let byte = |i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex");
        (0..hex.len()).step_by(2).map(byte).collect()
    };
    let ping = socket.next().await.expect("open").expect("a frame");
    assert_eq!(
        ping,
        Frame::binary(bytes("ping")),
        "as the vendor's library pings"
    );
    for name in ["event", "event", "second_half", "first_half"] {
        socket
            .send(Frame::binary(bytes(name)))
            .await
            .expect("sends");
        if name == "second_half" {
            continue;
        }
        let ack = tokio::time::timeout(support::PATIENCE, socket.next())
            .await
            .expect("in time");
        let ack = ack.expect("open").expect("a frame").into_data();
        let holds = |part: &[u8]| ack.windows(part.len()).any(|w| w == part);
        assert!(holds(b"\"code\":200"), "{ack:?}");
    }
    setup.platform.wait_taken(MESSAGES, 1).await;
    settled(&server).await;
    let calls = setup.platform.taken(MESSAGES);
    assert!(calls.len() <= 2, "the repeat is not answered");
    assert!(calls.iter().all(|c| c.body["receive_id"] == "ou_9"));
    drop(server);
    assert_eq!(setup.conversations().await[0].0.len(), 2);
    assert_eq!(setup.undelivered().await, 0);
}
