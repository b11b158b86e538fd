//! A signed webhook for platforms of one's own (12348, mini-program back ends): Standard Webhooks 1.0 both ways.
//!
//! Inbound: `POST /channels/<name>` with `webhook-id`, `webhook-timestamp`, `webhook-signature` and
//! `{"account": "…", "kind": "text", "text": "…"}`; outbound the same headers with `{"account", "text", "id"}` to
//! `reply_url`, which stands in the settings only.

use super::account::Said;
use super::client::Http;
use super::crypto::{base64, hmac_sha256, same, unbase64};
use super::wechat::fresh;
use super::{Channel, Inbound, Limits, Received, Refused, Reply, Request, SendError, Target};
use crate::config::ConfigError;
use crate::config::channels::{Channel as Settings, Secrets};
use crate::dialogue::nouns::{Media, Millis};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

/// A request whose time differs more from ours is refused, in ms (Standard Webhooks: five minutes).
const SKEW_MS: Millis = 300_000;
/// Bytes of one text sent.
const TEXT_BYTES: usize = 16 * 1024;
/// Longest id of an account, in bytes.
const ACCOUNT_BYTES_MAX: usize = 256;
const SECRET_PREFIX: &str = "whsec_";
const VERSION: &str = "v1";

/// One partner.
pub struct Webhook {
    key: Zeroizing<Vec<u8>>,
    reply_url: String,
    http: Http,
}

#[derive(Deserialize)]
struct Body {
    account: String,
    #[serde(flatten)]
    said: Kind,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kind {
    Text {
        text: String,
    },
    Human,
    /// Followed or opened the chat.
    Greeting,
    Left,
    Media {
        media: Media,
        #[serde(default)]
        reference: String,
    },
}

impl Webhook {
    pub fn new(settings: &Settings, secrets: &Secrets, http: Http) -> Result<Webhook, ConfigError> {
        let secret = secrets.need("signing_secret")?;
        let key = unbase64(secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret));
        let key = key.filter(|k| k.len() >= 24);
        let key = key.ok_or_else(|| {
            settings.invalid("signing_secret is whsec_ and base64 of 24 bytes or more")
        })?;
        Ok(Webhook {
            key: Zeroizing::new(key),
            reply_url: settings.reply_url.clone(),
            http,
        })
    }

    fn signature(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        base64(&hmac_sha256(&self.key, &parts))
    }

    async fn post(
        &self,
        id: &str,
        now_ms: Millis,
        body: &serde_json::Value,
    ) -> Result<(), SendError> {
        let body = body.to_string().into_bytes();
        let timestamp = (now_ms / 1000).to_string();
        let signature = format!("{VERSION},{}", self.signature(id, &timestamp, &body));
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        let answer = self
            .http
            .post_bytes(&self.reply_url, &headers, body)
            .await?;
        let code = format!("http_{}", answer.status);
        match answer.status {
            200..=299 => Ok(()),
            // The person is gone for good.
            410 => Err(SendError::Window { code }),
            408 | 425 | 429 | 500..=599 => Err(SendError::retry(code, answer.retry_after_ms)),
            _ => Err(SendError::refused(code)),
        }
    }
}

#[async_trait]
impl Channel for Webhook {
    fn limits(&self) -> Limits {
        Limits::texts_of(TEXT_BYTES)
    }

    fn receive(&self, request: &Request<'_>) -> Result<Received, Refused> {
        let (id, timestamp) = (
            request.header("webhook-id"),
            request.header("webhook-timestamp"),
        );
        let expected = self.signature(&id, &timestamp, request.body);
        let given = request.header("webhook-signature");
        // Several may be given while a secret is changed; each is compared in full.
        let mut holds = false;
        for one in given.split(' ') {
            let signature = one.strip_prefix("v1,").unwrap_or("");
            holds |= same(signature.as_bytes(), expected.as_bytes());
        }
        if id.is_empty() || !holds {
            return Err(Refused::Forged);
        }
        fresh(&timestamp, request.now_ms, SKEW_MS)?;
        let body: Body = serde_json::from_slice(request.body).map_err(|_| {
            Refused::Malformed("the body is {account, kind, …}, see docs/channels/webhook.md")
        })?;
        if body.account.is_empty() || body.account.len() > ACCOUNT_BYTES_MAX {
            return Err(Refused::Malformed("account has 1 to 256 bytes"));
        }
        let said = match body.said {
            Kind::Text { text } => Said::Text { text },
            Kind::Human => Said::Human,
            Kind::Greeting => Said::Greeting,
            Kind::Left => Said::Left,
            Kind::Media { media, reference } => Said::Media { media, reference },
        };
        let inbound = Inbound {
            account: body.account,
            key: id,
            said,
            reply_to: None,
        };
        Ok(Received::of(
            vec![inbound],
            Reply::json(&json!({"ok": true})),
        ))
    }

    async fn send(&self, target: &Target<'_>, text: &str) -> Result<(), SendError> {
        let body =
            json!({"kind": "text", "account": target.account, "id": target.send_id, "text": text});
        self.post(target.send_id, target.now_ms, &body).await
    }

    async fn check(&self) -> Result<String, String> {
        let now_ms = crate::clock::now_ms();
        match self
            .post(
                &format!("check-{now_ms}"),
                now_ms,
                &json!({"kind": "check"}),
            )
            .await
        {
            Ok(()) => Ok("对方收下了签名的测试消息（kind 为 check）。".into()),
            Err(error) => Err(format!(
                "对方没有收下签名的测试消息（{}）。检查 reply_url 和双方的 signing_secret 是否一致。",
                error.code()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with the Python library standardwebhooks 1.1.0.
    #[test]
    fn signs_as_standard_webhooks_does() {
        let webhook = Webhook {
            key: Zeroizing::new(unbase64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAA").unwrap()),
            reply_url: String::new(),
            http: Http::default(),
        };
        let body = r#"{"account":"u1","kind":"text","text":"你好"}"#;
        let signature = webhook.signature("msg_1", "1700000000", body.as_bytes());
        assert_eq!(signature, "RxhgvTllaVfPtaNw2Ztsug5ZCyJQ5Ta7o0tQzM5H/Eo=");
    }
}
