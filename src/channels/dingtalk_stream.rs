//! 钉钉 Stream: a connection that we open, so the server needs no public address. Protocol: vendor's "Stream 模式协议接入".
//!
//! `POST /v1.0/gateway/connections/open` gives an endpoint and a ticket; frames are JSON with `type`, `headers` and `data` (JSON as a
//! string). A message is acknowledged when it is claimed; unacknowledged ones come again after a minute. Before the platform
//! closes a connection it says so: the new one is opened first, and the old one is read to its end.

use super::Inlet;
use super::dingtalk::Dingtalk;
use super::stream::{self, Socket};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio_tungstenite::tungstenite::Message as Frame;

/// Topic of what is said to a robot.
pub const MESSAGES: &str = "/v1.0/im/bot/messages/get";
/// The platform pings far more often; a silent connection is dead.
const IDLE: Duration = Duration::from_secs(60);
/// How long a connection is read on after the platform said that it will close it.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Keeps a connection open for as long as the server runs.
pub async fn run(robot: &Dingtalk, inlet: &Inlet) {
    let replace = Notify::new();
    stream::keep_open(
        "dingtalk",
        || connect(robot),
        |socket| serve(socket, robot, inlet, &replace),
        &replace,
    )
    .await;
}

/// A new connection. The error is a code, without address or ticket.
async fn connect(robot: &Dingtalk) -> Result<Socket, String> {
    let body = json!({
        "clientId": robot.app_key,
        "clientSecret": robot.app_secret,
        "ua": concat!("faxun/", env!("CARGO_PKG_VERSION")),
        "subscriptions": [{"type": "CALLBACK", "topic": MESSAGES}],
    });
    let url = format!("{}/v1.0/gateway/connections/open", robot.base);
    let answer = robot
        .http
        .post(&url, &[], &body)
        .await
        .map_err(|e| e.code().to_owned())?;
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let (Some(endpoint), Some(ticket)) = (text("endpoint"), text("ticket")) else {
        return Err(format!("http_{}", answer.status));
    };
    stream::connect(&format!("{endpoint}?ticket={}", escaped(ticket))).await
}

/// A value in an address.
fn escaped(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(|b| {
            if plain(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

async fn serve(mut socket: Socket, robot: &Dingtalk, inlet: &Inlet, replace: &Notify) {
    let mut silence = IDLE;
    let mut closing = false;
    // Until it ends, is silent for too long, or speaks what is no frame.
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(silence, socket.next()).await {
        let Frame::Text(text) = frame else {
            if frame.is_close() {
                break;
            }
            continue;
        };
        let Ok(frame) = serde_json::from_str::<Value>(text.as_str()) else {
            continue;
        };
        let at = |path: &str| frame.pointer(path).and_then(Value::as_str).unwrap_or("");
        let answer = match (at("/type"), at("/headers/topic")) {
            ("SYSTEM", "disconnect") => {
                closing = true;
                silence = LAST_WORDS;
                replace.notify_one();
                None
            }
            ("SYSTEM", _) => Some(at("/data").to_owned()),
            ("CALLBACK", MESSAGES) => claimed(robot, inlet, at("/data"))
                .await
                .then(|| "{\"response\":null}".to_owned()),
            _ => Some("{\"status\":\"SUCCESS\"}".to_owned()),
        };
        let Some(data) = answer else { continue };
        let ack = json!({
            "code": 200,
            "headers": {"contentType": "application/json", "messageId": at("/headers/messageId")},
            "message": "OK",
            "data": data,
        });
        if socket.send(Frame::text(ack.to_string())).await.is_err() {
            break;
        }
    }
    if !closing {
        tracing::info!(
            channel = "dingtalk",
            "the platform's stream ended; a new one is opened"
        );
    }
    // The other side may be gone already.
    let _ = socket.close(None).await;
}

/// True when the message is durable, or needs no answer.
async fn claimed(robot: &Dingtalk, inlet: &Inlet, data: &str) -> bool {
    let Ok(body) = serde_json::from_str::<Value>(data) else {
        return true;
    };
    let Ok(Some(inbound)) = robot.inbound(&body) else {
        return true;
    };
    let (done, claimed) = oneshot::channel();
    if inlet.send((inbound, done)).await.is_err() {
        return false;
    }
    claimed.await.unwrap_or(false)
}
