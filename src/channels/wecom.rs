//! 企业微信自建应用: sealed callbacks, the reply in the answer when it is ready, else `/cgi-bin/message/send`.
//! Protocol: vendor's "接收消息与事件", "加解密方案说明", "发送应用消息".

use super::access::AccessToken;
use super::client::Http;
use super::crypto::{Envelope, same, sorted_sha1};
use super::errcode::{self, Said as Code};
use super::wechat::{self, fresh, granted, sealed_reply, text_message};
use super::{
    Channel, Inbound, Limits, Passive, Received, Refused, Reply, Request, SendError, Target, xml,
};
use crate::config::ConfigError;
use crate::config::channels::{Channel as Settings, Secrets};
use crate::dialogue::nouns::Millis;
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Longest text, in bytes; the platform cuts what is beyond.
const TEXT_BYTES: usize = 2_048;
/// A request whose time differs more from ours is refused, in ms.
const SKEW_MS: Millis = 3_600_000;

/// Sealed and signed callbacks of 企业微信.
#[derive(Clone)]
pub struct Callback {
    pub token: String,
    pub envelope: Envelope,
}

impl Callback {
    pub fn new(
        settings: &Settings,
        secrets: &Secrets,
        receiver: &str,
    ) -> Result<Callback, ConfigError> {
        let envelope = Envelope::new(secrets.need("aes_key")?, receiver);
        Ok(Callback {
            token: secrets.need("token")?.to_owned(),
            envelope: envelope.map_err(|e| settings.invalid(&format!("aes_key: {e}")))?,
        })
    }

    pub fn signature(&self, timestamp: &str, nonce: &str, sealed: &str) -> String {
        sorted_sha1(&[&self.token, timestamp, nonce, sealed])
    }

    pub fn verify(&self, request: &Request<'_>, sealed: &str) -> Result<(), Refused> {
        let (timestamp, nonce) = (request.query("timestamp"), request.query("nonce"));
        let expected = self.signature(timestamp, nonce, sealed);
        if !same(
            expected.as_bytes(),
            request.query("msg_signature").as_bytes(),
        ) {
            return Err(Refused::Forged);
        }
        fresh(timestamp, request.now_ms, SKEW_MS)
    }

    /// The opened `echostr`, without quotes, byte order mark or line end.
    pub fn handshake(&self, request: &Request<'_>) -> Result<Reply, Refused> {
        // A `+` that was not escaped in the address arrives as a space.
        let sealed = request.query("echostr").replace(' ', "+");
        self.verify(request, &sealed)?;
        Ok(Reply::text(self.envelope.open(&sealed)?))
    }

    /// The fields of an XML callback, verified and opened.
    pub fn fields(&self, request: &Request<'_>) -> Result<HashMap<String, String>, Refused> {
        let body = std::str::from_utf8(request.body).map_err(|_| Refused::Malformed("no UTF-8"))?;
        let outer = xml::fields(body)?;
        let sealed = outer
            .get("Encrypt")
            .ok_or(Refused::Malformed("no Encrypt"))?;
        self.verify(request, sealed)?;
        Ok(xml::fields(&self.envelope.open(sealed)?)?)
    }
}

/// Callbacks and access token of a 企业, for an app or for 微信客服.
pub struct Corp {
    pub callback: Callback,
    corp_id: String,
    base: String,
    secret: String,
    access: AccessToken,
    http: Http,
}

impl Corp {
    pub fn new(settings: &Settings, secrets: &Secrets, http: Http) -> Result<Corp, ConfigError> {
        Ok(Corp {
            callback: Callback::new(settings, secrets, &settings.corp_id)?,
            corp_id: settings.corp_id.clone(),
            base: settings.base().to_owned(),
            secret: secrets.need("app_secret")?.to_owned(),
            access: AccessToken::default(),
            http,
        })
    }

    pub async fn access(&self, refused: Option<&str>, now_ms: Millis) -> Result<String, SendError> {
        let fetch = |_| async move {
            let url = format!(
                "{}/cgi-bin/gettoken?corpid={}&corpsecret={}",
                self.base, self.corp_id, self.secret
            );
            granted(&self.http.get(&url).await?)
        };
        self.access.get(refused, now_ms, fetch).await
    }

    /// Calls an interface; a refused access token is renewed once.
    pub async fn call(&self, path: &str, body: &Value, now_ms: Millis) -> Result<Value, SendError> {
        let mut refused: Option<String> = None;
        loop {
            let access = self.access(refused.as_deref(), now_ms).await?;
            let url = format!("{}{path}?access_token={access}", self.base);
            let (said, value) = errcode::read(&self.http.post(&url, &[], body).await?);
            match said {
                Code::Done => return Ok(value),
                Code::Failed(error) => return Err(error),
                Code::Token(code) if refused.is_some() => {
                    return Err(SendError::retry(code.to_string(), 0));
                }
                Code::Token(_) => refused = Some(access),
            }
        }
    }

    pub async fn check(&self) -> Result<String, String> {
        match self.access(None, crate::clock::now_ms()).await {
            Ok(_) => Ok("CorpID 和 Secret 正确，能取到 access_token。".into()),
            Err(error) => Err(format!(
                "取不到 access_token（{}）。{}",
                error.code(),
                errcode::advice(error.code())
            )),
        }
    }
}

/// One app.
pub struct Wecom {
    corp: Corp,
    agent_id: u64,
}

impl Wecom {
    pub fn new(settings: &Settings, secrets: &Secrets, http: Http) -> Result<Wecom, ConfigError> {
        Ok(Wecom {
            corp: Corp::new(settings, secrets, http)?,
            agent_id: settings.agent_id.unwrap_or_default(),
        })
    }

    fn passive(&self, to: &str, from: &str) -> Passive {
        let (to, from) = (to.to_owned(), from.to_owned());
        let Callback { token, envelope } = self.corp.callback.clone();
        Box::new(move |text| {
            let seconds = crate::clock::now_ms() / 1000;
            let plain = text_message(&to, &from, text, seconds);
            Reply::xml(sealed_reply(&envelope, &token, &plain, seconds))
        })
    }
}

#[async_trait]
impl Channel for Wecom {
    fn limits(&self) -> Limits {
        Limits::texts_of(TEXT_BYTES)
    }

    fn handshake(&self, request: &Request<'_>) -> Result<Reply, Refused> {
        self.corp.callback.handshake(request)
    }

    fn receive(&self, request: &Request<'_>) -> Result<Received, Refused> {
        let fields = self.corp.callback.fields(request)?;
        // An empty body with 200 stops repeats.
        let ack = Reply::text("");
        let (from, to) = (fields.get("FromUserName"), fields.get("ToUserName"));
        let (Some(from), Some(to)) = (from, to) else {
            return Ok(Received::of(Vec::new(), ack));
        };
        let agent = fields.get("AgentID").and_then(|id| id.parse::<u64>().ok());
        if agent.is_some_and(|agent| agent != self.agent_id) {
            return Err(Refused::NotOurs);
        }
        let Some(said) = wechat::said(&fields) else {
            return Ok(Received::of(Vec::new(), ack));
        };
        let inbound = Inbound {
            account: from.clone(),
            key: wechat::key(&fields),
            said,
            reply_to: None,
        };
        Ok(Received {
            passive: Some(self.passive(from, to)),
            ..Received::of(vec![inbound], ack)
        })
    }

    async fn send(&self, target: &Target<'_>, text: &str) -> Result<(), SendError> {
        let body = json!({
            "touser": target.account,
            "msgtype": "text",
            "agentid": self.agent_id,
            "text": {"content": text},
        });
        let value = self
            .corp
            .call("/cgi-bin/message/send", &body, target.now_ms)
            .await?;
        // Taken, but nobody of that id is there to read it.
        let invalid = value
            .get("invaliduser")
            .and_then(Value::as_str)
            .unwrap_or("");
        if invalid.is_empty() {
            Ok(())
        } else {
            Err(SendError::refused("invaliduser"))
        }
    }

    async fn check(&self) -> Result<String, String> {
        self.corp.check().await
    }
}
