//! Messaging platforms: the same engine behind 公众号, 企业微信, 飞书, 钉钉 and signed webhooks.
//!
//! Inbound: a request is verified over its raw bytes, opened, and claimed under the platform's key in the account's
//! log before any work; only then the platform is acknowledged. A worker for each busy account hands the message to
//! the engine and sends what the conversation's log holds beyond the account's cursor. A crash anywhere is made good at
//! the next start: accounts with something unfinished are found by their open header, the engine knows a repeated
//! event by its id, and what was not noted as sent is sent again.
//!
//! - [`account`]: PURE: what is kept of an account; claims, batches, quotas, dead letters.
//! - [`render`]: PURE: messages as numbered text, cut into parts.
//! - [`crypto`], [`xml`]: signatures, envelopes, the platforms' XML.
//! - [`client`], [`access`]: the way out, access tokens.
//! - [`inbound`], [`slots`], [`worker`], [`outbox`]: the pipeline, one slot an account, sending, dead letters.
//! - the rest: one file a platform, each a [`Channel`].

pub mod access;
pub mod account;
pub mod client;
pub mod crypto;
pub mod dingtalk;
pub mod dingtalk_stream;
pub mod errcode;
pub mod feishu;
pub mod feishu_stream;
pub mod inbound;
pub mod metrics;
pub mod outbox;
pub mod render;
pub mod slots;
pub mod stream;
pub mod webhook;
pub mod wechat;
pub mod wecom;
pub mod wecom_bot;
pub mod wecom_kf;
pub mod worker;
pub mod xml;

use crate::config::ConfigError;
use crate::config::channels::{Channel as Settings, ChannelKind, Secrets};
use crate::dialogue::nouns::Millis;
use crate::engine::Engine;
use crate::wire::Delivery;
use account::{Quota, ReplyTo, Said};
use async_trait::async_trait;
use client::Http;
use metrics::Metrics;
use slots::Slots;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

/// Largest request a platform may send, in bytes. 微信 sends a few KiB.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Accounts whose state is kept in memory.
const ACCOUNTS_CACHED: usize = 4_096;

/// What a platform lets us send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one text.
    pub text_bytes: usize,
    /// Texts after each message of the person; `None`: as many as we like.
    pub per_message: Option<u32>,
    /// Texts after an event such as following.
    pub per_event: u32,
    /// How long after a message we may send.
    pub window_ms: Millis,
    pub event_window_ms: Millis,
}

impl Limits {
    /// No quota.
    pub const fn texts_of(text_bytes: usize) -> Limits {
        Limits {
            text_bytes,
            per_message: None,
            per_event: 0,
            window_ms: 0,
            event_window_ms: 0,
        }
    }

    /// What a message or an event opens.
    pub fn quota(&self, event: bool, now_ms: Millis) -> Quota {
        let (allowed, window_ms) = if event {
            (self.per_event, self.event_window_ms)
        } else {
            (self.per_message.unwrap_or(0), self.window_ms)
        };
        Quota {
            from_ms: now_ms,
            closes_ms: now_ms.saturating_add(window_ms),
            allowed,
            sent: 0,
        }
    }
}

/// One request of a platform, as it came.
pub struct Request<'a> {
    pub query: &'a HashMap<String, String>,
    pub header: &'a (dyn Fn(&str) -> Option<String> + Sync),
    pub body: &'a [u8],
    pub now_ms: Millis,
}

impl Request<'_> {
    /// A parameter of the address; `""` when it is missing.
    pub fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A header; `""` when it is missing.
    pub fn header(&self, name: &str) -> String {
        (self.header)(name).unwrap_or_default()
    }
}

/// Why a request was refused. Counted, and never logged with what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the signature is wrong")]
    Forged,
    #[error("the time in the request is too far from ours")]
    Stale,
    #[error("the request cannot be read: {0}")]
    Malformed(&'static str),
    #[error("the message is for another account")]
    NotOurs,
}

impl Refused {
    /// The outcome in the metrics.
    pub fn code(self) -> &'static str {
        match self {
            Refused::Forged => "forged",
            Refused::Stale => "stale",
            Refused::Malformed(_) => "malformed",
            Refused::NotOurs => "not_ours",
        }
    }
}

impl From<crypto::CryptoError> for Refused {
    fn from(error: crypto::CryptoError) -> Refused {
        match error {
            crypto::CryptoError::Receiver => Refused::NotOurs,
            _ => Refused::Malformed("the sealed part cannot be opened"),
        }
    }
}

impl From<xml::XmlError> for Refused {
    fn from(_: xml::XmlError) -> Refused {
        Refused::Malformed("no flat XML without a document type")
    }
}

/// The answer to a platform's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub content_type: &'static str,
    pub body: String,
}

impl Reply {
    pub fn text(body: impl Into<String>) -> Reply {
        Reply {
            content_type: "text/plain; charset=utf-8",
            body: body.into(),
        }
    }

    pub fn xml(body: String) -> Reply {
        Reply {
            content_type: "application/xml; charset=utf-8",
            body,
        }
    }

    pub fn json(value: &serde_json::Value) -> Reply {
        Reply {
            content_type: "application/json; charset=utf-8",
            body: value.to_string(),
        }
    }
}

/// One message or event of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The platform's id of the person.
    pub account: String,
    /// What tells a repeat: the platform's id of the message, with its sender where ids may collide.
    pub key: String,
    pub said: Said,
    pub reply_to: Option<ReplyTo>,
}

/// Makes the answer to the request carry a text; `None` when the text does not fit.
pub type Passive = Box<dyn Fn(&str) -> Reply + Send + Sync>;

/// Takes messages of a connection that we opened; answers true when one is durable and may be acknowledged.
pub type Inlet = mpsc::Sender<(Inbound, oneshot::Sender<bool>)>;

/// A request that was verified and read.
pub struct Received {
    /// Empty for what needs no answer.
    pub inbound: Vec<Inbound>,
    /// The acknowledgement, sent when everything was claimed.
    pub ack: Reply,
    /// Where the platform takes the reply in the answer to its request.
    pub passive: Option<Passive>,
    /// Messages are to be fetched ([`Channel::pull`]), with this hint.
    pub pull: Option<String>,
}

impl Received {
    pub fn of(inbound: Vec<Inbound>, ack: Reply) -> Received {
        Received {
            inbound,
            ack,
            passive: None,
            pull: None,
        }
    }
}

/// To whom a text goes.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    pub account: &'a str,
    pub reply_to: Option<&'a ReplyTo>,
    /// The same for every try of the same part: 32 hex digits, for platforms that tell repeats themselves.
    pub send_id: &'a str,
    pub now_ms: Millis,
}

/// Why a text was not taken. The code is the platform's, or one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// May succeed later, not before `after_ms` from now.
    #[error("later: {code}")]
    Retry { code: String, after_ms: Millis },
    /// Nothing can be sent until the person writes again.
    #[error("window closed: {code}")]
    Window { code: String },
    /// Will not succeed.
    #[error("refused: {code}")]
    Refused { code: String },
}

impl SendError {
    pub fn retry(code: impl Into<String>, after_ms: Millis) -> SendError {
        SendError::Retry {
            code: code.into(),
            after_ms,
        }
    }

    pub fn refused(code: impl Into<String>) -> SendError {
        SendError::Refused { code: code.into() }
    }

    pub fn code(&self) -> &str {
        match self {
            SendError::Retry { code, .. }
            | SendError::Window { code }
            | SendError::Refused { code } => code,
        }
    }
}

impl From<client::HttpError> for SendError {
    fn from(error: client::HttpError) -> SendError {
        SendError::retry(error.code(), 0)
    }
}

/// Messages fetched from the platform.
#[derive(Debug, Default)]
pub struct Pulled {
    pub inbound: Vec<Inbound>,
    /// Where to go on; kept after the messages were claimed.
    pub cursor: String,
    pub more: bool,
}

/// One account on a messaging platform.
#[async_trait]
pub trait Channel: Send + Sync {
    fn limits(&self) -> Limits;

    /// The platform proves by GET that the address is ours.
    fn handshake(&self, _request: &Request<'_>) -> Result<Reply, Refused> {
        Err(Refused::Malformed("this platform asks nothing by GET"))
    }

    /// Verifies and reads a POST. No I/O.
    fn receive(&self, request: &Request<'_>) -> Result<Received, Refused>;

    /// Whether the platform may say afterwards that a text did not arrive.
    fn reports_failures(&self) -> bool {
        false
    }

    /// Sends one text within the limits.
    async fn send(&self, target: &Target<'_>, text: &str) -> Result<(), SendError>;

    /// Fetches what came since `cursor`, where the platform sends only a notice.
    async fn pull(&self, _cursor: &str, _hint: &str, _now_ms: Millis) -> Result<Pulled, SendError> {
        Ok(Pulled::default())
    }

    /// Keeps a connection to the platform open, where messages come over one. Returns at once where they do not.
    async fn stream(&self, _inlet: Inlet) {}

    /// Tries the credentials with the platform; the error says in plain words what to do.
    async fn check(&self) -> Result<String, String>;
}

/// A channel with its name.
pub(crate) struct Entry {
    pub name: String,
    pub kind: ChannelKind,
    pub channel: Box<dyn Channel>,
    /// Serialises fetching.
    pub pulling: tokio::sync::Mutex<()>,
}

/// All channels of this process.
pub struct Channels {
    pub(crate) engine: Arc<Engine>,
    pub(crate) entries: HashMap<String, Arc<Entry>>,
    pub(crate) slots: Slots,
    /// Hides the platforms' ids in names of logs.
    pub(crate) key: Vec<u8>,
    pub metrics: Metrics,
    /// What the desk is shown, by conversation; only of accounts whose header is open.
    pub(crate) deliveries: Mutex<HashMap<String, Delivery>>,
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channels")
            .field("names", &self.entries.keys())
            .finish_non_exhaustive()
    }
}

impl Channels {
    /// The channels of the settings. `key` hides the platforms' ids; `env` looks up secrets.
    pub fn new(
        engine: Arc<Engine>,
        settings: &[Settings],
        key: Vec<u8>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Arc<Channels>, ConfigError> {
        let http = Http::default();
        let mut entries = HashMap::new();
        for one in settings {
            let entry = Entry {
                name: one.name.clone(),
                kind: one.kind,
                channel: build(one, &one.secrets(env)?, &http)?,
                pulling: tokio::sync::Mutex::default(),
            };
            entries.insert(one.name.clone(), Arc::new(entry));
        }
        Ok(Arc::new(Channels {
            engine,
            entries,
            slots: Slots::new(ACCOUNTS_CACHED),
            key,
            metrics: Metrics::default(),
            deliveries: Mutex::default(),
        }))
    }
}

/// Makes a channel of its settings.
pub fn build(
    settings: &Settings,
    secrets: &Secrets,
    http: &Http,
) -> Result<Box<dyn Channel>, ConfigError> {
    Ok(match settings.kind {
        ChannelKind::Wechat | ChannelKind::Miniprogram => {
            Box::new(wechat::Wechat::new(settings, secrets, http.clone())?)
        }
        ChannelKind::Wecom => Box::new(wecom::Wecom::new(settings, secrets, http.clone())?),
        ChannelKind::WecomKf => Box::new(wecom_kf::WecomKf::new(settings, secrets, http.clone())?),
        ChannelKind::WecomBot => {
            Box::new(wecom_bot::WecomBot::new(settings, secrets, http.clone())?)
        }
        ChannelKind::Dingtalk => {
            Box::new(dingtalk::Dingtalk::new(settings, secrets, http.clone())?)
        }
        ChannelKind::Feishu => Box::new(feishu::Feishu::new(settings, secrets, http.clone())?),
        ChannelKind::Webhook => Box::new(webhook::Webhook::new(settings, secrets, http.clone())?),
    })
}
