//! 钉钉机器人 over HTTP, or over a stream ([`super::dingtalk_stream`]): signed requests, replies to the session's own address while it lives, else by the robot's
//! interface. Protocol: vendor's "机器人接收消息", "批量发送人与机器人会话中机器人消息".
//!
//! The body of a request is not signed, so an address in it is used only when its host is the platform's. What is said
//! in groups is not answered: others would read it.

use super::access::{AccessToken, Fresh};
use super::account::{ReplyTo, Said};
use super::client::{Answer, Http};
use super::crypto::{base64, hmac_sha256, same};
use super::{
    Channel, Inbound, Inlet, Limits, Received, Refused, Reply, Request, SendError, Target,
    dingtalk_stream,
};
use crate::config::ConfigError;
use crate::config::channels::{Channel as Settings, Secrets};
use crate::dialogue::nouns::{Media, Millis};
use async_trait::async_trait;
use serde_json::{Value, json};

/// Bytes of one text.
const TEXT_BYTES: usize = 5_000;
/// The vendor: refuse what is off by more than an hour.
const SKEW_MS: Millis = 3_600_000;
/// Hosts that a session's address may have.
const SESSION_HOSTS: [&str; 2] = ["https://oapi.dingtalk.com/", "https://api.dingtalk.com/"];
/// An address that ends so soon is not used any more, in ms.
const SESSION_MARGIN_MS: Millis = 5_000;
/// "session 不存在": the address has run out.
const SESSION_GONE: i64 = 300_001;
/// A private chat.
const PRIVATE: &str = "1";
const RATE_PAUSE_MS: Millis = 60_000;

/// One robot.
pub struct Dingtalk {
    pub(super) app_key: String,
    pub(super) app_secret: String,
    robot_code: String,
    pub(super) base: String,
    stream: bool,
    access: AccessToken,
    pub(super) http: Http,
}

impl Dingtalk {
    pub fn new(
        settings: &Settings,
        secrets: &Secrets,
        http: Http,
    ) -> Result<Dingtalk, ConfigError> {
        let robot_code = match settings.robot_code.as_str() {
            "" => settings.app_id.clone(),
            code => code.to_owned(),
        };
        Ok(Dingtalk {
            app_key: settings.app_id.clone(),
            app_secret: secrets.need("app_secret")?.to_owned(),
            robot_code,
            base: settings.base().to_owned(),
            stream: settings.stream,
            access: AccessToken::default(),
            http,
        })
    }

    /// Whether an address that came with a request is the platform's.
    fn is_platform(&self, url: &str) -> bool {
        let own = format!("{}/", self.base);
        let hosts = SESSION_HOSTS.iter().copied().chain([own.as_str()]);
        hosts.into_iter().any(|host| url.starts_with(host))
    }

    /// What a message says; `None` where it is not answered.
    pub(super) fn inbound(&self, body: &Value) -> Result<Option<Inbound>, Refused> {
        let text = |name: &str| {
            body.get(name)
                .and_then(Value::as_str)
                .filter(|t| !t.is_empty())
        };
        if text("conversationType").is_some_and(|t| t != PRIVATE) {
            return Ok(None);
        }
        let id = text("msgId").ok_or(Refused::Malformed("no msgId"))?;
        let sender = text("senderStaffId").or_else(|| text("senderId"));
        let sender = sender.ok_or(Refused::Malformed("no sender"))?;
        let until_ms = body
            .get("sessionWebhookExpiredTime")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        let reply_to = text("sessionWebhook")
            .filter(|url| self.is_platform(url))
            .map(|url| ReplyTo {
                url: url.to_owned(),
                until_ms,
            });
        let inbound = Inbound {
            account: sender.to_owned(),
            key: id.to_owned(),
            said: said(body),
            reply_to,
        };
        Ok(Some(inbound))
    }

    async fn access(&self, refused: Option<&str>, now_ms: Millis) -> Result<String, SendError> {
        let fetch = |_| async move {
            let body = json!({"appKey": self.app_key, "appSecret": self.app_secret});
            let url = format!("{}/v1.0/oauth2/accessToken", self.base);
            let answer = self.http.post(&url, &[], &body).await?;
            let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            match value.get("accessToken").and_then(Value::as_str) {
                Some(token) => Ok(Fresh {
                    token: token.to_owned(),
                    lives_s: value
                        .get("expireIn")
                        .and_then(Value::as_i64)
                        .unwrap_or(7_200),
                }),
                None => Err(SendError::retry(
                    code_of(&answer, &value),
                    answer.retry_after_ms,
                )),
            }
        };
        self.access.get(refused, now_ms, fetch).await
    }

    /// To the session's own address; false when it has run out.
    async fn by_session(&self, url: &str, text: &str) -> Result<bool, SendError> {
        let body = json!({"msgtype": "text", "text": {"content": text}});
        let answer = self.http.post(url, &[], &body).await?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        match value.get("errcode").and_then(Value::as_i64) {
            Some(0) => Ok(true),
            Some(SESSION_GONE) => Ok(false),
            // Too often: 20 a minute.
            Some(code @ (130_101 | 410_100)) => {
                Err(SendError::retry(code.to_string(), RATE_PAUSE_MS))
            }
            Some(-1) => Err(SendError::retry("-1", 0)),
            Some(code) => Err(SendError::refused(code.to_string())),
            None => Err(SendError::retry(
                format!("http_{}", answer.status),
                answer.retry_after_ms,
            )),
        }
    }

    async fn by_robot(&self, target: &Target<'_>, text: &str) -> Result<(), SendError> {
        let body = json!({
            "robotCode": self.robot_code,
            "userIds": [target.account],
            "msgKey": "sampleText",
            "msgParam": json!({"content": text}).to_string(),
        });
        let url = format!("{}/v1.0/robot/oToMessages/batchSend", self.base);
        let mut refused: Option<String> = None;
        loop {
            let access = self.access(refused.as_deref(), target.now_ms).await?;
            let headers = [("x-acs-dingtalk-access-token", access.as_str())];
            let answer = self.http.post(&url, &headers, &body).await?;
            let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            let named = |list: &str| {
                value
                    .get(list)
                    .and_then(Value::as_array)
                    .is_some_and(|l| !l.is_empty())
            };
            let code = code_of(&answer, &value);
            let rated = answer.status == 429
                || code.contains("Throttling")
                || named("flowControlledStaffIdList");
            return match answer.status {
                _ if rated => Err(SendError::retry(
                    code,
                    answer.retry_after_ms.max(RATE_PAUSE_MS),
                )),
                200..=299 if named("invalidStaffIdList") => {
                    Err(SendError::refused("invalidStaffId"))
                }
                200..=299 => Ok(()),
                500..=599 => Err(SendError::retry(code, answer.retry_after_ms)),
                401 | 403 if refused.is_none() => {
                    refused = Some(access);
                    continue;
                }
                401 => Err(SendError::retry(code, 0)),
                _ => Err(SendError::refused(code)),
            };
        }
    }
}

/// The platform's name of a failure, cut to what a label may hold; else the status.
fn code_of(answer: &Answer, value: &Value) -> String {
    let named = value.get("code").and_then(Value::as_str);
    let named = named
        .filter(|c| c.len() <= 64 && c.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'));
    named.map_or_else(|| format!("http_{}", answer.status), str::to_owned)
}

fn said(body: &Value) -> Said {
    let text_at = |path: &str| {
        body.pointer(path)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let media = |media| Said::Media {
        media,
        reference: text_at("/content/downloadCode"),
    };
    match body.get("msgtype").and_then(Value::as_str).unwrap_or("") {
        "text" => Said::Text {
            text: text_at("/text/content"),
        },
        "audio" => match text_at("/content/recognition") {
            words if words.trim().is_empty() => media(Media::Voice),
            text => Said::Text { text },
        },
        "richText" => {
            let parts = body.pointer("/content/richText").and_then(Value::as_array);
            let words = parts
                .into_iter()
                .flatten()
                .filter_map(|p| p.get("text")?.as_str());
            Said::Text {
                text: words.collect(),
            }
        }
        "picture" => media(Media::Image),
        "video" => media(Media::Video),
        "file" => media(Media::File),
        _ => media(Media::Other),
    }
}

#[async_trait]
impl Channel for Dingtalk {
    fn limits(&self) -> Limits {
        Limits::texts_of(TEXT_BYTES)
    }

    fn receive(&self, request: &Request<'_>) -> Result<Received, Refused> {
        let timestamp = request.header("timestamp");
        let parts = [timestamp.as_bytes(), b"\n", self.app_secret.as_bytes()];
        let expected = base64(&hmac_sha256(self.app_secret.as_bytes(), &parts));
        if !same(expected.as_bytes(), request.header("sign").as_bytes()) {
            return Err(Refused::Forged);
        }
        let at_ms = timestamp
            .parse::<i64>()
            .map_err(|_| Refused::Malformed("no timestamp"))?;
        if (request.now_ms - at_ms).abs() > SKEW_MS {
            return Err(Refused::Stale);
        }
        let body: Value =
            serde_json::from_slice(request.body).map_err(|_| Refused::Malformed("no JSON"))?;
        let inbound = self.inbound(&body)?;
        Ok(Received::of(
            inbound.into_iter().collect(),
            Reply::json(&json!({})),
        ))
    }

    async fn stream(&self, inlet: Inlet) {
        if self.stream {
            dingtalk_stream::run(self, &inlet).await;
        }
    }

    async fn send(&self, target: &Target<'_>, text: &str) -> Result<(), SendError> {
        let session = target
            .reply_to
            .filter(|r| target.now_ms < r.until_ms - SESSION_MARGIN_MS && self.is_platform(&r.url));
        if let Some(session) = session
            && self.by_session(&session.url, text).await?
        {
            return Ok(());
        }
        self.by_robot(target, text).await
    }

    async fn check(&self) -> Result<String, String> {
        match self.access(None, crate::clock::now_ms()).await {
            Ok(_) => Ok("AppKey 和 AppSecret 正确，能取到 accessToken。".into()),
            Err(error) => Err(format!(
                "取不到 accessToken（{}）。检查 AppKey（Client ID）和 AppSecret（Client Secret）是否属于同一个应用。",
                error.code()
            )),
        }
    }
}
