//! 微信客服: the callback only says that there is something; `sync_msg` fetches it. Protocol: vendor's "接收消息和事件",
//! "读取消息", "发送消息", "发送欢迎语等事件响应消息".
//!
//! The session stays with the 智能助手 (states 0 and 1): people answer from faxun's own desk. In the platform's own human
//! states (2, 3) sending answers 95018, and what is unsent waits until the person writes again.

use super::account::{ReplyTo, Said};
use super::client::Http;
use super::wecom::Corp;
use super::{
    Channel, Inbound, Limits, Pulled, Received, Refused, Reply, Request, SendError, Target,
};
use crate::config::ConfigError;
use crate::config::channels::{Channel as Settings, Secrets};
use crate::dialogue::nouns::{Media, Millis};
use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;

const TEXT_BYTES: usize = 2_048;
/// Messages after each of the person's, within 48 hours; after entering, one, within 20 s.
const PER_MESSAGE: u32 = 5;
const PER_EVENT: u32 = 1;
const WINDOW_MS: Millis = 48 * 3_600_000;
const WELCOME_MS: Millis = 20_000;
/// Messages fetched at once: the platform's most.
const PAGE: u32 = 1_000;
/// The first fetch of all brings three days back: only what is newer than this is answered, in ms.
const FIRST_FETCH_MS: Millis = 600_000;
/// Origin of a message that the person sent.
const FROM_CUSTOMER: u32 = 3;
const EVENT: &str = "kf_msg_or_event";

/// One 客服 account.
pub struct WecomKf {
    corp: Corp,
    open_kfid: String,
}

impl WecomKf {
    pub fn new(settings: &Settings, secrets: &Secrets, http: Http) -> Result<WecomKf, ConfigError> {
        Ok(WecomKf {
            corp: Corp::new(settings, secrets, http)?,
            open_kfid: settings.open_kfid.clone(),
        })
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    next_cursor: String,
    #[serde(default)]
    has_more: u32,
    #[serde(default)]
    msg_list: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    msgid: String,
    #[serde(default)]
    open_kfid: String,
    #[serde(default)]
    external_userid: String,
    #[serde(default)]
    send_time: i64,
    #[serde(default)]
    origin: u32,
    #[serde(default)]
    msgtype: String,
    #[serde(default)]
    text: Content,
    #[serde(default)]
    event: Event,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize, Default)]
struct Content {
    #[serde(default)]
    content: String,
}

#[derive(Deserialize, Default)]
struct Event {
    #[serde(default)]
    event_type: String,
    #[serde(default)]
    external_userid: String,
    #[serde(default)]
    welcome_code: String,
    #[serde(default)]
    fail_msgid: String,
    #[serde(default)]
    fail_type: u32,
}

/// 会话已过期, 会话已关闭, 超过 5 条限制: it can be sent when the person writes again.
const LATER_TYPES: [u32; 3] = [4, 5, 6];

fn inbound(one: One, now_ms: Millis) -> Option<Inbound> {
    if one.msgtype == "event" {
        if one.event.event_type == "msg_send_fail" {
            return Some(Inbound {
                account: one.event.external_userid,
                key: one.msgid,
                said: Said::NotDelivered {
                    send_id: one.event.fail_msgid,
                    code: format!("fail_{}", one.event.fail_type),
                    later: LATER_TYPES.contains(&one.event.fail_type),
                },
                reply_to: None,
            });
        }
        let entered = one.event.event_type == "enter_session";
        return entered.then(|| Inbound {
            account: one.event.external_userid,
            key: one.msgid,
            said: Said::Greeting,
            reply_to: (!one.event.welcome_code.is_empty()).then_some(ReplyTo {
                url: one.event.welcome_code,
                until_ms: now_ms + WELCOME_MS,
            }),
        });
    }
    if one.origin != FROM_CUSTOMER {
        return None;
    }
    let reference = || {
        let inner = one.rest.get(&one.msgtype);
        let id = inner
            .and_then(|v| v.get("media_id"))
            .and_then(|v| v.as_str());
        id.unwrap_or_default().to_owned()
    };
    let media = match one.msgtype.as_str() {
        "text" => None,
        "image" => Some(Media::Image),
        "voice" => Some(Media::Voice),
        "video" => Some(Media::Video),
        "file" => Some(Media::File),
        "location" => Some(Media::Location),
        "link" => Some(Media::Link),
        _ => Some(Media::Other),
    };
    let said = match media {
        None => Said::Text {
            text: one.text.content.clone(),
        },
        Some(media) => Said::Media {
            media,
            reference: reference(),
        },
    };
    Some(Inbound {
        account: one.external_userid,
        key: one.msgid,
        said,
        reply_to: None,
    })
}

#[async_trait]
impl Channel for WecomKf {
    fn limits(&self) -> Limits {
        Limits {
            text_bytes: TEXT_BYTES,
            per_message: Some(PER_MESSAGE),
            per_event: PER_EVENT,
            window_ms: WINDOW_MS,
            event_window_ms: WELCOME_MS,
        }
    }

    fn handshake(&self, request: &Request<'_>) -> Result<Reply, Refused> {
        self.corp.callback.handshake(request)
    }

    fn receive(&self, request: &Request<'_>) -> Result<Received, Refused> {
        let fields = self.corp.callback.fields(request)?;
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let ours = field("Event") == EVENT
            && (field("OpenKfId") == self.open_kfid || field("OpenKfId").is_empty());
        Ok(Received {
            pull: ours.then(|| field("Token").to_owned()),
            ..Received::of(Vec::new(), Reply::text("success"))
        })
    }

    async fn pull(&self, cursor: &str, hint: &str, now_ms: Millis) -> Result<Pulled, SendError> {
        let mut body = json!({"cursor": cursor, "limit": PAGE, "open_kfid": self.open_kfid});
        if !hint.is_empty() {
            body["token"] = hint.into();
        }
        let value = self
            .corp
            .call("/cgi-bin/kf/sync_msg", &body, now_ms)
            .await?;
        let page: Page =
            serde_json::from_value(value).map_err(|_| SendError::retry("answer", 0))?;
        let first = cursor.is_empty();
        let wanted = |one: &One| {
            let ours = one.open_kfid.is_empty() || one.open_kfid == self.open_kfid;
            ours && !(first && now_ms - one.send_time.saturating_mul(1000) > FIRST_FETCH_MS)
        };
        let all = page.msg_list.into_iter().filter(wanted);
        Ok(Pulled {
            inbound: all
                .filter_map(|one| inbound(one, now_ms))
                .filter(|i| !i.account.is_empty())
                .collect(),
            cursor: page.next_cursor,
            more: page.has_more == 1,
        })
    }

    fn reports_failures(&self) -> bool {
        true
    }

    async fn send(&self, target: &Target<'_>, text: &str) -> Result<(), SendError> {
        let welcome = target.reply_to.filter(|r| target.now_ms < r.until_ms);
        if let Some(welcome) = welcome {
            let body = json!({"code": welcome.url, "msgid": target.send_id, "msgtype": "text", "text": {"content": text}});
            // A code that was used or has run out: the other way.
            if self
                .corp
                .call("/cgi-bin/kf/send_msg_on_event", &body, target.now_ms)
                .await
                .is_ok()
            {
                return Ok(());
            }
        }
        let body = json!({
            "touser": target.account,
            "open_kfid": self.open_kfid,
            "msgid": target.send_id,
            "msgtype": "text",
            "text": {"content": text},
        });
        self.corp
            .call("/cgi-bin/kf/send_msg", &body, target.now_ms)
            .await
            .map(drop)
    }

    async fn check(&self) -> Result<String, String> {
        self.corp.check().await
    }
}
