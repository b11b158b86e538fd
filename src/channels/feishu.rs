//! 飞书 over HTTP, or over a 长连接 ([`super::feishu_stream`]): events `im.message.receive_v1` of private chats, replies by `im/v1/messages`. Protocol: vendor's "事件订阅",
//! "发送消息", "自建应用获取 tenant_access_token". What is said in groups is not answered: others would read it.

use super::access::{AccessToken, Fresh};
use super::account::Said;
use super::client::{Answer, Http};
use super::crypto::{open_feishu, same, sha256_hex};
use super::wechat::fresh;
use super::{
    Channel, Inbound, Inlet, Limits, Received, Refused, Reply, Request, SendError, Target,
    feishu_stream,
};
use crate::config::ConfigError;
use crate::config::channels::{Channel as Settings, Secrets};
use crate::dialogue::nouns::{Media, Millis};
use async_trait::async_trait;
use serde_json::{Value, json};

/// Bytes of one text; the platform takes 150 KB.
const TEXT_BYTES: usize = 20 * 1024;
/// Events are sent again for up to 7.1 hours; shorter than keys are remembered.
const SKEW_MS: Millis = 8 * 3_600_000;
/// Tokens that are missing, invalid or expired.
const TOKEN_CODES: [i64; 4] = [99_991_661, 99_991_663, 99_991_664, 99_991_668];
/// Too often, in all or to one person.
const RATE_CODES: [i64; 3] = [99_991_400, 230_020, 11_232];
const RATE_PAUSE_MS: Millis = 5_000;
const MESSAGE_EVENT: &str = "im.message.receive_v1";

/// One 自建应用.
pub struct Feishu {
    pub(super) app_id: String,
    pub(super) app_secret: String,
    pub(super) base: String,
    stream: bool,
    encrypt_key: Option<String>,
    verification_token: Option<String>,
    access: AccessToken,
    pub(super) http: Http,
}

impl Feishu {
    pub fn new(settings: &Settings, secrets: &Secrets, http: Http) -> Result<Feishu, ConfigError> {
        let encrypt_key = secrets.get("encrypt_key").map(str::to_owned);
        let verification_token = secrets.get("verification_token").map(str::to_owned);
        if !settings.stream && encrypt_key.is_none() && verification_token.is_none() {
            secrets.need("encrypt_key")?;
        }
        Ok(Feishu {
            app_id: settings.app_id.clone(),
            app_secret: secrets.need("app_secret")?.to_owned(),
            base: settings.base().to_owned(),
            stream: settings.stream,
            encrypt_key,
            verification_token,
            access: AccessToken::default(),
            http,
        })
    }

    /// The event, opened where it is sealed.
    fn open(&self, body: &[u8]) -> Result<Value, Refused> {
        let outer: Value =
            serde_json::from_slice(body).map_err(|_| Refused::Malformed("no JSON"))?;
        match (
            outer.get("encrypt").and_then(Value::as_str),
            &self.encrypt_key,
        ) {
            (None, None) => Ok(outer),
            (Some(sealed), Some(key)) => {
                let plain = open_feishu(key, sealed)?;
                serde_json::from_str(&plain).map_err(|_| Refused::Malformed("no JSON inside"))
            }
            (Some(_), None) => Err(Refused::Malformed("sealed, but there is no encrypt_key")),
            (None, Some(_)) => Err(Refused::Malformed(
                "not sealed, but there is an encrypt_key",
            )),
        }
    }

    fn token_holds(&self, token: Option<&Value>) -> bool {
        let given = token.and_then(Value::as_str).unwrap_or("");
        let expected = self.verification_token.as_deref();
        expected.is_none_or(|expected| same(expected.as_bytes(), given.as_bytes()))
    }

    /// What an event says; `None` where it is not answered.
    pub(super) fn inbound(&self, event: &Value) -> Result<Option<Inbound>, Refused> {
        let header = event
            .get("header")
            .ok_or(Refused::Malformed("no header: use events of version 2.0"))?;
        let app = header.get("app_id").and_then(Value::as_str);
        if app.is_some_and(|app| app != self.app_id) {
            return Err(Refused::NotOurs);
        }
        if header.get("event_type").and_then(Value::as_str) != Some(MESSAGE_EVENT) {
            return Ok(None);
        }
        let text_at = |path: &str| event.pointer(path).and_then(Value::as_str);
        let message = event
            .pointer("/event/message")
            .ok_or(Refused::Malformed("no message"))?;
        let sender =
            text_at("/event/sender/sender_id/open_id").ok_or(Refused::Malformed("no open_id"))?;
        let id = text_at("/event/message/message_id").ok_or(Refused::Malformed("no message_id"))?;
        if text_at("/event/message/chat_type").is_some_and(|chat| chat != "p2p") {
            return Ok(None);
        }
        let inbound = Inbound {
            account: sender.to_owned(),
            key: id.to_owned(),
            said: said(message),
            reply_to: None,
        };
        Ok(Some(inbound))
    }

    async fn access(&self, refused: Option<&str>, now_ms: Millis) -> Result<String, SendError> {
        let fetch = |_| async move {
            let body = json!({"app_id": self.app_id, "app_secret": self.app_secret});
            let url = format!(
                "{}/open-apis/auth/v3/tenant_access_token/internal",
                self.base
            );
            let answer = self.http.post(&url, &[], &body).await?;
            let (code, value) = code_of(&answer)?;
            let token = value.get("tenant_access_token").and_then(Value::as_str);
            match token {
                Some(token) if code == 0 => Ok(Fresh {
                    token: token.to_owned(),
                    lives_s: value.get("expire").and_then(Value::as_i64).unwrap_or(7_200),
                }),
                _ => Err(SendError::retry(code.to_string(), 0)),
            }
        };
        self.access.get(refused, now_ms, fetch).await
    }
}

/// The code of an answer, whatever its status.
fn code_of(answer: &Answer) -> Result<(i64, Value), SendError> {
    let http = || SendError::retry(format!("http_{}", answer.status), answer.retry_after_ms);
    if answer.status >= 500 || answer.status == 429 {
        return Err(http());
    }
    let value: Value = serde_json::from_slice(&answer.body).map_err(|_| http())?;
    let code = value.get("code").and_then(Value::as_i64).ok_or_else(http)?;
    Ok((code, value))
}

fn said(message: &Value) -> Said {
    let text_of = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or("");
    let content: Value = serde_json::from_str(text_of("content")).unwrap_or(Value::Null);
    let field = |name: &str| {
        content
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let media = |media, name: &str| Said::Media {
        media,
        reference: field(name),
    };
    match text_of("message_type") {
        "text" => Said::Text {
            text: field("text"),
        },
        "post" => Said::Text {
            text: post(&content),
        },
        "image" => media(Media::Image, "image_key"),
        "audio" => media(Media::Voice, "file_key"),
        "media" => media(Media::Video, "file_key"),
        "file" => media(Media::File, "file_key"),
        "location" => media(Media::Location, "name"),
        _ => media(Media::Other, "file_key"),
    }
}

/// The words of a rich text, line by line.
fn post(content: &Value) -> String {
    let mut lines = vec![
        content
            .get("title")
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned(),
    ];
    for line in content
        .get("content")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let words = line
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|part| part.get("text")?.as_str());
        lines.push(words.collect());
    }
    lines.retain(|l| !l.is_empty());
    lines.join("\n")
}

#[async_trait]
impl Channel for Feishu {
    fn limits(&self) -> Limits {
        Limits::texts_of(TEXT_BYTES)
    }

    fn receive(&self, request: &Request<'_>) -> Result<Received, Refused> {
        if self.encrypt_key.is_none() && self.verification_token.is_none() {
            return Err(Refused::Malformed(
                "this channel takes its events over a stream",
            ));
        }
        let signature = request.header("x-lark-signature");
        if let (Some(key), false) = (&self.encrypt_key, signature.is_empty()) {
            let timestamp = request.header("x-lark-request-timestamp");
            let nonce = request.header("x-lark-request-nonce");
            let parts = [
                timestamp.as_bytes(),
                nonce.as_bytes(),
                key.as_bytes(),
                request.body,
            ];
            if !same(sha256_hex(&parts).as_bytes(), signature.as_bytes()) {
                return Err(Refused::Forged);
            }
            fresh(&timestamp, request.now_ms, SKEW_MS)?;
        }
        let event = self.open(request.body)?;
        let ack = Reply::json(&json!({}));
        if event.get("type").and_then(Value::as_str) == Some("url_verification") {
            // Not signed: proven by the token, or by being sealed.
            if !self.token_holds(event.get("token")) {
                return Err(Refused::Forged);
            }
            let challenge = event.get("challenge").cloned().unwrap_or_default();
            return Ok(Received::of(
                Vec::new(),
                Reply::json(&json!({"challenge": challenge})),
            ));
        }
        if self.encrypt_key.is_some() && signature.is_empty() {
            return Err(Refused::Forged);
        }
        let header = event
            .get("header")
            .ok_or(Refused::Malformed("no header: use events of version 2.0"))?;
        if !self.token_holds(header.get("token")) {
            return Err(Refused::Forged);
        }
        let inbound = self.inbound(&event)?;
        Ok(Received::of(inbound.into_iter().collect(), ack))
    }

    async fn stream(&self, inlet: Inlet) {
        if self.stream {
            feishu_stream::run(self, &inlet).await;
        }
    }

    async fn send(&self, target: &Target<'_>, text: &str) -> Result<(), SendError> {
        // `<at …>` in a text would call people.
        let text = text.replace("<at", "＜at");
        let content = json!({"text": text}).to_string();
        let body = json!({
            "receive_id": target.account,
            "msg_type": "text",
            "content": content,
            "uuid": target.send_id,
        });
        let url = format!(
            "{}/open-apis/im/v1/messages?receive_id_type=open_id",
            self.base
        );
        let mut refused: Option<String> = None;
        loop {
            let access = self.access(refused.as_deref(), target.now_ms).await?;
            let bearer = format!("Bearer {access}");
            let answer = self
                .http
                .post(&url, &[("authorization", &bearer)], &body)
                .await?;
            match code_of(&answer)?.0 {
                0 => return Ok(()),
                code if TOKEN_CODES.contains(&code) && refused.is_none() => refused = Some(access),
                code if TOKEN_CODES.contains(&code) => {
                    return Err(SendError::retry(code.to_string(), 0));
                }
                code if RATE_CODES.contains(&code) => {
                    return Err(SendError::retry(code.to_string(), RATE_PAUSE_MS));
                }
                code => return Err(SendError::refused(code.to_string())),
            }
        }
    }

    async fn check(&self) -> Result<String, String> {
        match self.access(None, crate::clock::now_ms()).await {
            Ok(_) => Ok("App ID 和 App Secret 正确，能取到 tenant_access_token。".into()),
            Err(error) => Err(format!(
                "取不到 tenant_access_token（{}）。检查 App ID、App Secret，以及应用是否已发布。",
                error.code()
            )),
        }
    }
}
