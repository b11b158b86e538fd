//! What a platform does to us: signed requests, copies, retries, forgeries.

use faxun::channels::crypto::{Envelope, base64, hmac_sha256, sha256_hex, sorted_sha1};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub const TOKEN: &str = "a-token";
/// The vendor's sample key: its last character carries bits beyond the data.
pub const AES_KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

/// Status and body of one request on a fresh connection; `None` when the server was not there or cut it.
pub async fn request(
    address: &str,
    line: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<(u16, String)> {
    let (status, _, body) = request_whole(address, line, headers, body).await?;
    Some((status, body))
}

/// Status, head and body.
pub async fn request_whole(
    address: &str,
    line: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<(u16, String, String)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let mut head = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    // A server that refuses a large body may stop reading it.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((status, head.to_owned(), body.to_owned()))
}

pub fn now_s() -> i64 {
    faxun::clock::now_ms() / 1000
}

/// A text message of 微信 or 企业微信.
pub fn text_xml(from: &str, id: &str, text: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_us]]></ToUserName><FromUserName><![CDATA[{from}]]></FromUserName>\
         <CreateTime>{}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>\
         <MsgId>{id}</MsgId><AgentID>7</AgentID></xml>",
        now_s()
    )
}

pub fn event_xml(from: &str, event: &str) -> String {
    format!(
        "<xml><ToUserName>gh_us</ToUserName><FromUserName>{from}</FromUserName><CreateTime>{}</CreateTime>\
         <MsgType>event</MsgType><Event>{event}</Event></xml>",
        now_s()
    )
}

/// The address of a plain request, signed.
pub fn plain_line(method: &str, channel: &str, more: &str) -> String {
    let (timestamp, nonce) = (now_s().to_string(), fastrand::u32(..).to_string());
    let signature = sorted_sha1(&[TOKEN, &timestamp, &nonce]);
    format!(
        "{method} /channels/{channel}?signature={signature}&timestamp={timestamp}&nonce={nonce}{more}"
    )
}

/// Posts a plain message and gives status and answer.
pub async fn say(address: &str, channel: &str, xml: &str) -> Option<(u16, String)> {
    request(
        address,
        &plain_line("POST", channel, ""),
        &[],
        xml.as_bytes(),
    )
    .await
}

/// Line and body of a sealed message for `receiver`.
pub fn sealed(channel: &str, receiver: &str, xml: &str) -> (String, String) {
    let encrypted = Envelope::new(AES_KEY, receiver).expect("a key").seal(xml);
    let (timestamp, nonce) = (now_s().to_string(), fastrand::u32(..).to_string());
    let signature = sorted_sha1(&[TOKEN, &timestamp, &nonce, &encrypted]);
    let line = format!(
        "POST /channels/{channel}?encrypt_type=aes&msg_signature={signature}&timestamp={timestamp}&nonce={nonce}"
    );
    let body =
        format!("<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>");
    (line, body)
}

/// The text of a passive answer, opened where `receiver` is given; its signature must hold.
pub fn passive(answer: &str, receiver: Option<&str>) -> Option<String> {
    let fields = faxun::channels::xml::fields(answer).ok()?;
    let Some(receiver) = receiver else {
        return fields.get("Content").cloned();
    };
    let sealed = fields.get("Encrypt")?;
    let expected = sorted_sha1(&[
        TOKEN,
        fields.get("TimeStamp")?,
        fields.get("Nonce")?,
        sealed,
    ]);
    assert_eq!(
        fields.get("MsgSignature"),
        Some(&expected),
        "our own signature holds"
    );
    let plain = Envelope::new(AES_KEY, receiver)
        .expect("a key")
        .open(sealed)
        .expect("opens");
    faxun::channels::xml::fields(&plain)
        .ok()?
        .get("Content")
        .cloned()
}

/// The secret of the signed webhook and its key.
pub const SIGNING_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAA";

pub fn webhook_signature(id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = faxun::channels::crypto::unbase64(&SIGNING_SECRET[6..]).expect("base64");
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    format!("v1,{}", base64(&hmac_sha256(&key, &parts)))
}

pub async fn webhook(address: &str, id: &str, body: &str) -> Option<(u16, String)> {
    let timestamp = now_s().to_string();
    let signature = webhook_signature(id, &timestamp, body.as_bytes());
    let headers = [
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    request(address, "POST /channels/partner", &headers, body.as_bytes()).await
}

pub const DING_SECRET: &str = "ding-secret";

pub async fn ding(address: &str, body: &serde_json::Value) -> Option<(u16, String)> {
    let timestamp = faxun::clock::now_ms().to_string();
    let parts = [timestamp.as_bytes(), b"\n", DING_SECRET.as_bytes()];
    let sign = base64(&hmac_sha256(DING_SECRET.as_bytes(), &parts));
    let headers = [("timestamp", timestamp.as_str()), ("sign", sign.as_str())];
    request(
        address,
        "POST /channels/ding",
        &headers,
        body.to_string().as_bytes(),
    )
    .await
}

pub const LARK_KEY: &str = "lark-key";

/// Posts a signed 飞书 request with a body that is sealed already.
pub async fn lark(address: &str, body: &str, key: &str) -> Option<(u16, String)> {
    let (timestamp, nonce) = (now_s().to_string(), "n1");
    let signature = sha256_hex(&[
        timestamp.as_bytes(),
        nonce.as_bytes(),
        key.as_bytes(),
        body.as_bytes(),
    ]);
    let headers = [
        ("X-Lark-Request-Timestamp", timestamp.as_str()),
        ("X-Lark-Request-Nonce", nonce),
        ("X-Lark-Signature", signature.as_str()),
    ];
    request(address, "POST /channels/lark", &headers, body.as_bytes()).await
}

/// Posts a message of 企业微信智能机器人: status and the opened reply, if there is one.
pub async fn bot(address: &str, body: &serde_json::Value) -> Option<(u16, serde_json::Value)> {
    let envelope = Envelope::new(AES_KEY, "").expect("a key");
    let encrypted = envelope.seal(&body.to_string());
    let (timestamp, nonce) = (now_s().to_string(), fastrand::u32(..).to_string());
    let signature = sorted_sha1(&[TOKEN, &timestamp, &nonce, &encrypted]);
    let line =
        format!("POST /channels/bot?msg_signature={signature}&timestamp={timestamp}&nonce={nonce}");
    let sealed = serde_json::json!({"encrypt": encrypted}).to_string();
    let (status, answer) = request(address, &line, &[], sealed.as_bytes()).await?;
    let Ok(answer) = serde_json::from_str::<serde_json::Value>(&answer) else {
        return Some((status, serde_json::Value::Null));
    };
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let timestamp = answer["timestamp"].to_string();
    let expected = sorted_sha1(&[TOKEN, &timestamp, &text("nonce"), &text("encrypt")]);
    assert_eq!(text("msgsignature"), expected, "our own signature holds");
    let plain = envelope.open(&text("encrypt")).expect("opens");
    Some((status, serde_json::from_str(&plain).expect("JSON")))
}
