//! 微信公众号 and 小程序客服: plain, compatible and safe mode; the reply in the answer when it is ready, else by a
//! customer service message. Protocol: vendor's "接收消息", "消息加解密", "客服消息", "稳定版接口调用凭据".

use super::access::{AccessToken, Ask, Fresh};
use super::account::Said;
use super::client::{Answer, Http};
use super::crypto::{Envelope, same, sorted_sha1};
use super::errcode::{self, Said as Code};
use super::{
    Channel, Inbound, Limits, Passive, Received, Refused, Reply, Request, SendError, Target, xml,
};
use crate::config::ConfigError;
use crate::config::channels::{Channel as Settings, ChannelKind, MessageMode, Secrets};
use crate::dialogue::nouns::{Media, Millis};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Longest text of a message, in bytes.
const TEXT_BYTES: usize = 2_048;
/// Customer service messages after a message of the person, within 48 hours; after an event, within a minute.
const PER_MESSAGE: u32 = 5;
const PER_EVENT: u32 = 3;
const WINDOW_MS: Millis = 48 * 3_600_000;
const EVENT_WINDOW_MS: Millis = 60_000;
/// A request whose time differs more from ours is refused, in ms; shorter than keys of messages are remembered.
const SKEW_MS: Millis = 3_600_000;
/// Key of a menu button or word that asks for a person.
const HUMAN_KEY: &str = "human";
/// The acknowledgement that stops repeats.
const SUCCESS: &str = "success";

/// One 公众号 or 小程序.
pub struct Wechat {
    app_id: String,
    base: String,
    mode: MessageMode,
    token: String,
    app_secret: String,
    envelope: Option<Envelope>,
    /// 小程序 takes no text in the answer to its request.
    passive: bool,
    customer_service: bool,
    access: AccessToken,
    http: Http,
}

impl Wechat {
    pub fn new(settings: &Settings, secrets: &Secrets, http: Http) -> Result<Wechat, ConfigError> {
        let envelope = match settings.message_mode {
            MessageMode::Plain => None,
            MessageMode::Compatible | MessageMode::Safe => {
                let envelope = Envelope::new(secrets.need("aes_key")?, &settings.app_id);
                Some(envelope.map_err(|e| settings.invalid(&format!("aes_key: {e}")))?)
            }
        };
        let app_secret = if settings.customer_service {
            secrets.need("app_secret")?.to_owned()
        } else {
            String::new()
        };
        Ok(Wechat {
            app_id: settings.app_id.clone(),
            base: settings.base().to_owned(),
            mode: settings.message_mode,
            token: secrets.need("token")?.to_owned(),
            app_secret,
            envelope,
            passive: settings.kind == ChannelKind::Wechat,
            customer_service: settings.customer_service,
            access: AccessToken::default(),
            http,
        })
    }

    /// Checks `signature`, or `msg_signature` over what is sealed, and the time.
    fn verify(
        &self,
        request: &Request<'_>,
        name: &str,
        sealed: Option<&str>,
    ) -> Result<(), Refused> {
        let (timestamp, nonce) = (request.query("timestamp"), request.query("nonce"));
        let mut parts = vec![self.token.as_str(), timestamp, nonce];
        parts.extend(sealed);
        if !same(
            sorted_sha1(&parts).as_bytes(),
            request.query(name).as_bytes(),
        ) {
            return Err(Refused::Forged);
        }
        fresh(timestamp, request.now_ms, SKEW_MS)
    }

    async fn access(&self, refused: Option<&str>, now_ms: Millis) -> Result<String, SendError> {
        let fetch = |ask| async move {
            let body = json!({
                "grant_type": "client_credential",
                "appid": self.app_id,
                "secret": self.app_secret,
                "force_refresh": ask == Ask::Forced,
            });
            let url = format!("{}/cgi-bin/stable_token", self.base);
            let answer = self.http.post(&url, &[], &body).await?;
            granted(&answer)
        };
        self.access.get(refused, now_ms, fetch).await
    }

    /// The fields of a message, opened.
    fn fields(&self, request: &Request<'_>) -> Result<(HashMap<String, String>, bool), Refused> {
        let sealed = request.query("encrypt_type") == "aes";
        // The address alone is signed: before anything of the body is parsed.
        if !sealed || !request.query("signature").is_empty() {
            self.verify(request, "signature", None)?;
        }
        let body = std::str::from_utf8(request.body).map_err(|_| Refused::Malformed("no UTF-8"))?;
        let outer = parse(body)?;
        match (&self.envelope, sealed) {
            (Some(envelope), true) => {
                let encrypted = outer
                    .get("Encrypt")
                    .ok_or(Refused::Malformed("no Encrypt"))?;
                self.verify(request, "msg_signature", Some(encrypted))?;
                Ok((parse(&envelope.open(encrypted)?)?, true))
            }
            (Some(_), false) if self.mode == MessageMode::Safe => {
                Err(Refused::Malformed("plain text in safe mode"))
            }
            (None, true) => Err(Refused::Malformed("sealed, but message_mode is plain")),
            (_, false) => Ok((outer, false)),
        }
    }

    fn passive(&self, to: &str, from: &str, sealed: bool) -> Passive {
        let (to, from, token) = (to.to_owned(), from.to_owned(), self.token.clone());
        let envelope = self.envelope.clone().filter(|_| sealed);
        Box::new(move |text| {
            let seconds = crate::clock::now_ms() / 1000;
            let plain = text_message(&to, &from, text, seconds);
            Reply::xml(match &envelope {
                None => plain,
                Some(envelope) => sealed_reply(envelope, &token, &plain, seconds),
            })
        })
    }
}

/// A text as 微信 and 企业微信 read it in the answer to a message.
pub fn text_message(to: &str, from: &str, text: &str, seconds: i64) -> String {
    format!(
        "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{seconds}</CreateTime>\
         <MsgType><![CDATA[text]]></MsgType><Content>{}</Content></xml>",
        xml::cdata(to),
        xml::cdata(from),
        xml::cdata(text)
    )
}

/// The vendor's XML around a sealed reply.
pub fn sealed_reply(envelope: &Envelope, token: &str, plain: &str, seconds: i64) -> String {
    let encrypted = envelope.seal(plain);
    let (timestamp, nonce) = (seconds.to_string(), nonce());
    let signature = sorted_sha1(&[token, &timestamp, &nonce, &encrypted]);
    format!(
        "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
         <TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )
}

/// A number for one signature.
pub fn nonce() -> String {
    let mut bytes = [0; 8];
    // A nonce that repeats does no harm: the signature covers the text.
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes).to_string()
}

/// Whether a time in seconds is within `skew_ms` of ours.
pub fn fresh(seconds: &str, now_ms: Millis, skew_ms: Millis) -> Result<(), Refused> {
    let at = seconds
        .parse::<i64>()
        .map_err(|_| Refused::Malformed("no timestamp"))?;
    let near = (now_ms - at.saturating_mul(1000)).abs() <= skew_ms;
    if near { Ok(()) } else { Err(Refused::Stale) }
}

/// What an answer to the request for an access token gives. A wrong secret can be put right while the message waits.
pub fn granted(answer: &Answer) -> Result<Fresh, SendError> {
    let (said, value) = errcode::read(answer);
    match said {
        Code::Done => token_of(&value),
        // Here the secret is no good, not a token.
        Code::Token(code) => Err(SendError::retry(code.to_string(), 0)),
        Code::Failed(SendError::Refused { code }) => Err(SendError::retry(code, 0)),
        Code::Failed(error) => Err(error),
    }
}

/// `{"access_token", "expires_in"}`.
fn token_of(value: &Value) -> Result<Fresh, SendError> {
    let token = value
        .get("access_token")
        .and_then(Value::as_str)
        .filter(|t| !t.is_empty());
    let token = token
        .ok_or_else(|| SendError::retry("no_token", 0))?
        .to_owned();
    let lives_s = value
        .get("expires_in")
        .and_then(Value::as_i64)
        .unwrap_or(7_200);
    Ok(Fresh { token, lives_s })
}

/// XML, or the JSON that a 小程序 may be set to.
fn parse(body: &str) -> Result<HashMap<String, String>, Refused> {
    if !body.trim_start().starts_with('{') {
        return Ok(xml::fields(body)?);
    }
    let value: Value = serde_json::from_str(body).map_err(|_| Refused::Malformed("no JSON"))?;
    let object = value
        .as_object()
        .ok_or(Refused::Malformed("no JSON object"))?;
    let field = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Some((name.clone(), text.clone())),
        Value::Number(number) => Some((name.clone(), number.to_string())),
        _ => None,
    };
    Ok(object.iter().filter_map(field).collect())
}

/// What the fields of a message of 微信 or 企业微信 say; `None` for what needs nothing.
pub fn said(fields: &HashMap<String, String>) -> Option<Said> {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let media = |media, name: &str| {
        let reference = field(name);
        Some(Said::Media { media, reference })
    };
    match fields.get("MsgType").map_or("", String::as_str) {
        "text" => Some(Said::Text {
            text: field("Content"),
        }),
        // With speech recognition on, the platform gives the words as well.
        "voice" => match field("Recognition") {
            words if words.trim().is_empty() => media(Media::Voice, "MediaId"),
            text => Some(Said::Text { text }),
        },
        "image" => media(Media::Image, "MediaId"),
        "video" | "shortvideo" => media(Media::Video, "MediaId"),
        "location" => media(Media::Location, "Label"),
        "link" => media(Media::Link, "Url"),
        "file" => media(Media::File, "MediaId"),
        "event" => event(&field("Event"), &field("EventKey")),
        "" => None,
        _ => media(Media::Other, "MediaId"),
    }
}

fn event(event: &str, key: &str) -> Option<Said> {
    match event.to_ascii_lowercase().as_str() {
        "subscribe" | "user_enter_tempsession" => Some(Said::Greeting),
        "unsubscribe" => Some(Said::Left),
        "click" if key == HUMAN_KEY => Some(Said::Human),
        // A menu button whose key is a question in plain words.
        "click" if !key.is_empty() => Some(Said::Text {
            text: key.to_owned(),
        }),
        _ => None,
    }
}

/// The key that tells repeats: ids of messages may collide between senders, events have none.
pub fn key(fields: &HashMap<String, String>) -> String {
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let sender = field("FromUserName");
    match field("MsgId") {
        "" => format!(
            "{sender}/{}/{}/{}",
            field("CreateTime"),
            field("Event"),
            field("EventKey")
        ),
        id => format!("{sender}/{id}"),
    }
}

#[async_trait]
impl Channel for Wechat {
    fn limits(&self) -> Limits {
        let allowed = |n| if self.customer_service { n } else { 0 };
        Limits {
            text_bytes: TEXT_BYTES,
            per_message: Some(allowed(PER_MESSAGE)),
            per_event: allowed(PER_EVENT),
            window_ms: WINDOW_MS,
            event_window_ms: EVENT_WINDOW_MS,
        }
    }

    fn handshake(&self, request: &Request<'_>) -> Result<Reply, Refused> {
        self.verify(request, "signature", None)?;
        Ok(Reply::text(request.query("echostr")))
    }

    fn receive(&self, request: &Request<'_>) -> Result<Received, Refused> {
        let (fields, sealed) = self.fields(request)?;
        let ack = Reply::text(SUCCESS);
        let (from, to) = (fields.get("FromUserName"), fields.get("ToUserName"));
        let (Some(from), Some(to)) = (from, to) else {
            return Err(Refused::Malformed("no FromUserName or ToUserName"));
        };
        let Some(said) = said(&fields) else {
            return Ok(Received::of(Vec::new(), ack));
        };
        let inbound = Inbound {
            account: from.clone(),
            key: key(&fields),
            said,
            reply_to: None,
        };
        Ok(Received {
            passive: self.passive.then(|| self.passive(from, to, sealed)),
            ..Received::of(vec![inbound], ack)
        })
    }

    async fn send(&self, target: &Target<'_>, text: &str) -> Result<(), SendError> {
        let body = json!({"touser": target.account, "msgtype": "text", "text": {"content": text}});
        let mut refused: Option<String> = None;
        loop {
            let access = self.access(refused.as_deref(), target.now_ms).await?;
            let url = format!(
                "{}/cgi-bin/message/custom/send?access_token={access}",
                self.base
            );
            match errcode::read(&self.http.post(&url, &[], &body).await?).0 {
                Code::Done => return Ok(()),
                Code::Failed(error) => return Err(error),
                // Renewed once, never in a loop.
                Code::Token(code) if refused.is_some() => {
                    return Err(SendError::retry(code.to_string(), 0));
                }
                Code::Token(_) => refused = Some(access),
            }
        }
    }

    async fn check(&self) -> Result<String, String> {
        if !self.customer_service {
            return Ok("不发客服消息，只在 5 秒内直接回复；密钥无法在线核对。".into());
        }
        match self.access(None, crate::clock::now_ms()).await {
            Ok(_) => Ok("AppID 和 AppSecret 正确，能取到 access_token。".into()),
            Err(error) => Err(format!(
                "取不到 access_token（{}）。{}",
                error.code(),
                errcode::advice(error.code())
            )),
        }
    }
}
