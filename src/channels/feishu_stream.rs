//! 飞书长连接: events over a connection that we open, so the server needs no public address. Protocol: the vendor's SDK (lark-oapi,
//! `ws/client.py`, `pbbp2.proto`).
//!
//! `POST /callback/ws/endpoint` gives an address; frames are protobuf. A long event comes in parts of one `message_id` (`sum`, `seq`). An event is
//! answered with code 200 when it is claimed, else with 500, and it comes again. Each event goes to one of an app's connections.

use super::Inlet;
use super::feishu::Feishu;
use super::stream::{self, Socket};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Until the platform says how often it wants to be pinged.
const PING_EVERY: Duration = Duration::from_secs(120);
/// Pings without any answer after which a connection is dead.
const SILENT_PINGS: u32 = 3;
/// Parts of one event come within this time.
const PARTS_KEPT: Duration = Duration::from_secs(5);
/// Parts of one event, events in parts at once, and bytes of an event.
const PARTS_MAX: usize = 64;
const PARTED_MAX: usize = 32;
const EVENT_BYTES_MAX: usize = 4 << 20;
const CONTROL: u64 = 0;
const DATA: u64 = 1;

/// Keeps a connection open for as long as the server runs.
pub async fn run(app: &Feishu, inlet: &Inlet) {
    let never = tokio::sync::Notify::new();
    stream::keep_open(
        "feishu",
        || connect(app),
        |open| serve(open, app, inlet),
        &never,
    )
    .await;
}

/// An open connection, its service and how often it is to be pinged.
struct Open {
    socket: Socket,
    service: u64,
    ping_every: Duration,
}

async fn connect(app: &Feishu) -> Result<Open, String> {
    let body = json!({"AppID": app.app_id, "AppSecret": app.app_secret});
    let url = format!("{}/callback/ws/endpoint", app.base);
    let answer = app
        .http
        .post(&url, &[("locale", "zh")], &body)
        .await
        .map_err(|e| e.code().to_owned())?;
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let code = value.get("code").and_then(Value::as_i64);
    let address = value.pointer("/data/URL").and_then(Value::as_str);
    let (Some(0), Some(address)) = (code, address) else {
        return Err(code.map_or_else(|| format!("http_{}", answer.status), |c| c.to_string()));
    };
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let service = query.split('&').find_map(|p| p.strip_prefix("service_id="));
    let service = service.and_then(|s| s.parse().ok()).ok_or("no_service")?;
    Ok(Open {
        socket: stream::connect(address).await?,
        service,
        ping_every: ping_every(value.pointer("/data/ClientConfig")).unwrap_or(PING_EVERY),
    })
}

fn ping_every(config: Option<&Value>) -> Option<Duration> {
    let seconds = config?.get("PingInterval")?.as_u64()?;
    (1..=3_600)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

async fn serve(open: Open, app: &Feishu, inlet: &Inlet) {
    let Open {
        mut socket,
        service,
        mut ping_every,
    } = open;
    let mut parts = Parts::default();
    let mut ping_at = Instant::now();
    let mut silent = 0;
    loop {
        let bytes = tokio::select! {
            () = tokio::time::sleep_until(ping_at) => {
                silent += 1;
                let ping = Frame::ping(service).to_bytes();
                if silent > SILENT_PINGS || socket.send(Message::binary(ping)).await.is_err() {
                    break;
                }
                ping_at = Instant::now() + ping_every;
                continue;
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => bytes,
                Some(Ok(message)) if !message.is_close() => continue,
                _ => break,
            },
        };
        silent = 0;
        let Some(mut frame) = Frame::from_bytes(&bytes) else {
            continue;
        };
        match (frame.method, frame.header("type")) {
            (CONTROL, "pong") => {
                let config: Option<Value> = serde_json::from_slice(&frame.payload).ok();
                ping_every = self::ping_every(config.as_ref()).unwrap_or(ping_every);
            }
            (DATA, "event") => {
                let Some(event) = parts.join(&frame) else {
                    continue;
                };
                let code = if claimed(app, inlet, &event).await {
                    200
                } else {
                    500
                };
                frame.payload = json!({"code": code, "headers": null, "data": null})
                    .to_string()
                    .into_bytes();
                if socket
                    .send(Message::binary(frame.to_bytes()))
                    .await
                    .is_err()
                {
                    break;
                }
            }
            _ => {}
        }
    }
    tracing::info!(
        channel = "feishu",
        "the platform's stream ended; a new one is opened"
    );
}

/// True when the message is durable, or needs no answer.
async fn claimed(app: &Feishu, inlet: &Inlet, event: &[u8]) -> bool {
    let Ok(event) = serde_json::from_slice::<Value>(event) else {
        return true;
    };
    let Ok(Some(inbound)) = app.inbound(&event) else {
        return true;
    };
    let (done, claimed) = oneshot::channel();
    if inlet.send((inbound, done)).await.is_err() {
        return false;
    }
    claimed.await.unwrap_or(false)
}

/// Events that come in parts.
#[derive(Default)]
struct Parts(HashMap<String, Parted>);

/// When the first part came, and the parts by their number.
type Parted = (Instant, Vec<Option<Vec<u8>>>);

impl Parts {
    /// The whole event when this frame completes it.
    fn join(&mut self, frame: &Frame) -> Option<Vec<u8>> {
        let number = |name| frame.header(name).parse::<usize>().ok();
        let sum = number("sum").unwrap_or(1);
        if sum <= 1 {
            return Some(frame.payload.clone());
        }
        let now = Instant::now();
        self.0
            .retain(|_, (at, _)| now.duration_since(*at) < PARTS_KEPT);
        let id = frame.header("message_id");
        if sum > PARTS_MAX || (self.0.len() >= PARTED_MAX && !self.0.contains_key(id)) {
            return None;
        }
        let (_, parts) = self
            .0
            .entry(id.to_owned())
            .or_insert_with(|| (now, vec![None; sum]));
        *parts.get_mut(number("seq")?)? = Some(frame.payload.clone());
        let bytes: usize = parts.iter().flatten().map(Vec::len).sum();
        let whole = parts.iter().all(Option::is_some);
        if !whole && bytes <= EVENT_BYTES_MAX {
            return None;
        }
        let (_, parts) = self.0.remove(id)?;
        whole.then(|| parts.into_iter().flatten().flatten().collect())
    }
}

/// `pbbp2.Frame`, proto2; all nine fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Frame {
    seq_id: u64,
    log_id: u64,
    service: u64,
    method: u64,
    headers: Vec<(String, String)>,
    payload_encoding: String,
    payload_type: String,
    payload: Vec<u8>,
    log_id_new: String,
}

const VARINT: u64 = 0;
const BYTES: u64 = 2;

impl Frame {
    fn ping(service: u64) -> Frame {
        Frame {
            service,
            method: CONTROL,
            headers: vec![("type".into(), "ping".into())],
            ..Frame::default()
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Frame> {
        let mut frame = Frame::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (field, value) = next(&mut rest)?;
            match (field, value) {
                (1, Field::Number(n)) => frame.seq_id = n,
                (2, Field::Number(n)) => frame.log_id = n,
                (3, Field::Number(n)) => frame.service = n,
                (4, Field::Number(n)) => frame.method = n,
                (5, Field::Bytes(b)) => frame.headers.push(pair(b)?),
                (6, Field::Bytes(b)) => frame.payload_encoding = text(b)?,
                (7, Field::Bytes(b)) => frame.payload_type = text(b)?,
                (8, Field::Bytes(b)) => frame.payload = b.to_vec(),
                (9, Field::Bytes(b)) => frame.log_id_new = text(b)?,
                // Fields of a newer protocol.
                _ => {}
            }
        }
        Some(frame)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let numbers = [
            (1, self.seq_id),
            (2, self.log_id),
            (3, self.service),
            (4, self.method),
        ];
        for (field, number) in numbers {
            varint(&mut out, (field << 3) | VARINT);
            varint(&mut out, number);
        }
        for (key, value) in &self.headers {
            let mut inner = Vec::new();
            put(&mut inner, 1, key.as_bytes());
            put(&mut inner, 2, value.as_bytes());
            put(&mut out, 5, &inner);
        }
        let optional = [
            (6, self.payload_encoding.as_bytes()),
            (7, self.payload_type.as_bytes()),
            (8, self.payload.as_slice()),
            (9, self.log_id_new.as_bytes()),
        ];
        for (field, bytes) in optional.into_iter().filter(|(_, b)| !b.is_empty()) {
            put(&mut out, field, bytes);
        }
        out
    }
}

/// A field's value as it lies in the bytes.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let key = read_varint(rest)?;
    let value = match key & 7 {
        VARINT => Field::Number(read_varint(rest)?),
        BYTES => {
            let length = usize::try_from(read_varint(rest)?).ok()?;
            let (bytes, left) = rest.split_at_checked(length)?;
            *rest = left;
            Field::Bytes(bytes)
        }
        _ => return None,
    };
    Some((key >> 3, value))
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, left) = rest.split_first()?;
        *rest = left;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        // The low seven bits.
        out.push(((number & 0x7f) as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, (field << 3) | BYTES);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn pair(mut rest: &[u8]) -> Option<(String, String)> {
    let (mut key, mut value) = (String::new(), String::new());
    while !rest.is_empty() {
        match next(&mut rest)? {
            (1, Field::Bytes(b)) => key = text(b)?,
            (2, Field::Bytes(b)) => value = text(b)?,
            _ => {}
        }
    }
    Some((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fixture(name: &str) -> Vec<u8> {
        let all = include_str!("../../tests/fixtures/channels/lark_frames.json");
        let all: HashMap<String, String> = serde_json::from_str(all).unwrap();
        let hex = &all[name];
        (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn frames_are_those_of_the_vendor_s_library() {
        for name in ["event", "first_half", "second_half", "ping", "pong"] {
            let bytes = fixture(name);
            let frame = Frame::from_bytes(&bytes).unwrap();
            assert_eq!(frame.to_bytes(), bytes, "{name}");
        }
        assert_eq!(Frame::ping(33_554_678).to_bytes(), fixture("ping"));
        let pong = Frame::from_bytes(&fixture("pong")).unwrap();
        let config: Value = serde_json::from_slice(&pong.payload).unwrap();
        assert_eq!(ping_every(Some(&config)), Some(Duration::from_secs(90)));
    }

    #[tokio::test]
    async fn parts_are_joined_in_any_order() {
        let [first, second] =
            ["first_half", "second_half"].map(|n| Frame::from_bytes(&fixture(n)).unwrap());
        for order in [[&first, &second], [&second, &first]] {
            let mut parts = Parts::default();
            assert_eq!(parts.join(order[0]), None);
            let event: Value = serde_json::from_slice(&parts.join(order[1]).unwrap()).unwrap();
            assert_eq!(event["event"]["message"]["message_id"], "om_10");
            assert!(parts.0.is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(frame) = Frame::from_bytes(&bytes) {
                prop_assert_eq!(Frame::from_bytes(&frame.to_bytes()), Some(frame));
            }
        }
    }
}
