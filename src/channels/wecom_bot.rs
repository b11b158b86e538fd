//! 企业微信智能机器人 over its callback: the reply as a finished stream in the answer when it is ready, else once to the message's
//! `response_url`. Protocol: vendor's "回调和回复的加解密方案", "接收消息", "被动回复消息", "主动回复消息".
//!
//! What is said in groups is not answered: others would read it.

use super::account::{ReplyTo, Said};
use super::client::Http;
use super::errcode::{self, Said as Code};
use super::wechat::nonce;
use super::wecom::Callback;
use super::{
    Channel, Inbound, Limits, Passive, Received, Refused, Reply, Request, SendError, Target,
};
use crate::config::ConfigError;
use crate::config::channels::{Channel as Settings, Secrets};
use crate::dialogue::nouns::{Media, Millis};
use async_trait::async_trait;
use serde_json::{Value, json};

/// Bytes of one text.
const TEXT_BYTES: usize = 20_480;
/// A `response_url` takes one message, for an hour.
const PER_MESSAGE: u32 = 1;
const WINDOW_MS: Millis = 3_600_000;
/// Where a `response_url` may lie.
const RESPONSE_HOST: &str = "https://qyapi.weixin.qq.com/";
const SINGLE: &str = "single";
const ENTERED: &str = "enter_chat";

/// One robot.
pub struct WecomBot {
    callback: Callback,
    base: String,
    http: Http,
}

impl WecomBot {
    pub fn new(
        settings: &Settings,
        secrets: &Secrets,
        http: Http,
    ) -> Result<WecomBot, ConfigError> {
        Ok(WecomBot {
            // The platform seals for a receiver without a name.
            callback: Callback::new(settings, secrets, "")?,
            base: settings.base().to_owned(),
            http,
        })
    }

    fn is_platform(&self, url: &str) -> bool {
        url.starts_with(RESPONSE_HOST) || url.starts_with(&format!("{}/", self.base))
    }

    /// `welcome`: only a plain text may answer somebody who has just come in.
    fn passive(&self, stream_id: String, welcome: bool) -> Passive {
        let callback = self.callback.clone();
        Box::new(move |text| {
            let plain = if welcome {
                json!({"msgtype": "text", "text": {"content": text}})
            } else {
                json!({"msgtype": "stream", "stream": {"id": stream_id, "finish": true, "content": text}})
            };
            let seconds = crate::clock::now_ms() / 1000;
            let (encrypted, nonce) = (callback.envelope.seal(&plain.to_string()), nonce());
            let signature = callback.signature(&seconds.to_string(), &nonce, &encrypted);
            Reply::json(&json!({
                "encrypt": encrypted,
                "msgsignature": signature,
                "timestamp": seconds,
                "nonce": nonce,
            }))
        })
    }
}

fn said(body: &Value) -> Option<Said> {
    let text_at = |path: &str| {
        body.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let media = |media, path: &str| {
        let reference = text_at(path);
        Some(Said::Media { media, reference })
    };
    match body.get("msgtype").and_then(Value::as_str)? {
        "text" => Some(Said::Text {
            text: text_at("/text/content"),
        }),
        // The platform writes down what was spoken.
        "voice" => Some(Said::Text {
            text: text_at("/voice/content"),
        }),
        "mixed" => {
            let items = body.pointer("/mixed/msg_item").and_then(Value::as_array);
            let words: Vec<&str> = items
                .into_iter()
                .flatten()
                .filter_map(|i| i.pointer("/text/content")?.as_str())
                .collect();
            match words.join("\n") {
                words if words.is_empty() => media(Media::Image, "/msgid"),
                text => Some(Said::Text { text }),
            }
        }
        // The address of a picture is a key to it: it is not kept.
        "image" => media(Media::Image, "/msgid"),
        "file" => media(Media::File, "/msgid"),
        "video" => media(Media::Video, "/msgid"),
        "event" => (text_at("/event/eventtype") == ENTERED).then_some(Said::Greeting),
        // Asks how far a stream is: ours are finished.
        "stream" => None,
        _ => media(Media::Other, "/msgid"),
    }
}

#[async_trait]
impl Channel for WecomBot {
    fn limits(&self) -> Limits {
        Limits {
            text_bytes: TEXT_BYTES,
            per_message: Some(PER_MESSAGE),
            per_event: 0,
            window_ms: WINDOW_MS,
            event_window_ms: 0,
        }
    }

    fn handshake(&self, request: &Request<'_>) -> Result<Reply, Refused> {
        self.callback.handshake(request)
    }

    fn receive(&self, request: &Request<'_>) -> Result<Received, Refused> {
        let outer: Value =
            serde_json::from_slice(request.body).map_err(|_| Refused::Malformed("no JSON"))?;
        let sealed = outer
            .get("encrypt")
            .and_then(Value::as_str)
            .ok_or(Refused::Malformed("no encrypt"))?;
        self.callback.verify(request, sealed)?;
        let plain = self.callback.envelope.open(sealed)?;
        let body: Value =
            serde_json::from_str(&plain).map_err(|_| Refused::Malformed("no JSON inside"))?;
        let text_at = |path: &str| {
            body.pointer(path)
                .and_then(Value::as_str)
                .filter(|t| !t.is_empty())
        };
        let ack = Reply::text("");
        let private = text_at("/chattype").is_none_or(|chat| chat == SINGLE);
        let (Some(said), true) = (said(&body), private) else {
            return Ok(Received::of(Vec::new(), ack));
        };
        let account = text_at("/from/userid").ok_or(Refused::Malformed("no from.userid"))?;
        let id = text_at("/msgid").ok_or(Refused::Malformed("no msgid"))?;
        let response = text_at("/response_url").filter(|url| self.is_platform(url));
        let welcome = said == Said::Greeting;
        let inbound = Inbound {
            account: account.to_owned(),
            key: id.to_owned(),
            said,
            reply_to: response.map(|url| ReplyTo {
                url: url.to_owned(),
                until_ms: request.now_ms + WINDOW_MS,
            }),
        };
        Ok(Received {
            passive: Some(self.passive(id.to_owned(), welcome)),
            ..Received::of(vec![inbound], ack)
        })
    }

    async fn send(&self, target: &Target<'_>, text: &str) -> Result<(), SendError> {
        let response = target
            .reply_to
            .filter(|r| target.now_ms < r.until_ms && self.is_platform(&r.url));
        let Some(response) = response else {
            return Err(SendError::Window {
                code: "no_response_url".into(),
            });
        };
        let body = json!({"msgtype": "markdown", "markdown": {"content": text}});
        match errcode::read(&self.http.post(&response.url, &[], &body).await?).0 {
            Code::Done => Ok(()),
            Code::Failed(error @ SendError::Retry { .. }) => Err(error),
            // Used or run out: there is no other way before the person writes again.
            Code::Failed(error) => Err(SendError::Window {
                code: error.code().to_owned(),
            }),
            Code::Token(code) => Err(SendError::Window {
                code: code.to_string(),
            }),
        }
    }

    async fn check(&self) -> Result<String, String> {
        Ok("智能机器人没有可以在线核对的密钥：在后台保存回调地址时会验证 Token 和 EncodingAESKey。".into())
    }
}
