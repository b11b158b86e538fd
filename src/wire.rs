//! Protocol `faxun.v1`: JSON text frames between clients and the server, and the stable error codes.
//!
//! `docs/asyncapi.yaml` describes it; `web/src/wire.ts` is generated from here by `make wire` and a test keeps
//! it fresh. A frame is an object whose `type` names it. Sequence numbers and times fit into 53 bits.

use crate::dialogue::desk::matter::Target;
use crate::dialogue::desk::routing::Standpoint;
use crate::dialogue::nouns::{HandoffReason, Message, Millis, Owner, Seq, StaffRole, Verdict};
use crate::dialogue::ticket::Ticket;
use serde::{Deserialize, Serialize};

/// WebSocket subprotocol of the citizen's socket.
pub const PROTOCOL: &str = "faxun.v1";
/// WebSocket subprotocol of the desk's socket.
pub const DESK_PROTOCOL: &str = "faxun.desk.v1";
/// Largest frame a client may send, in bytes. A larger one closes the socket with 1009.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Events of one socket that may be waiting for their ack; beyond it the socket is not read.
pub const UNACKED_MAX: usize = 32;
/// Most messages in one `page`.
pub const PAGE_MESSAGES_MAX: u32 = 100;

/// What a citizen's client sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// First, and once per socket unless it was answered by a token error.
    Hello {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        token: Option<String>,
        /// Replays every message with a greater seq.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        after: Option<Seq>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        identity: Option<Identity>,
    },
    Say {
        id: String,
        text: String,
    },
    Choose {
        id: String,
        #[cfg_attr(test, ts(type = "number"))]
        of: Seq,
        option: u32,
    },
    Rate {
        id: String,
        #[cfg_attr(test, ts(type = "number"))]
        of: Seq,
        /// 1 (bad) to 5 (good).
        score: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        reason: Option<String>,
    },
    Human {
        id: String,
    },
    End {
        id: String,
    },
    Typing,
    /// Asks for a `page` of messages with seq below `before`, oldest first.
    More {
        #[cfg_attr(test, ts(type = "number"))]
        before: Seq,
        limit: u32,
    },
}

/// A visitor whom the embedding website vouches for: `hash` is the hex HMAC-SHA256 of `user` under the secret
/// in `[identity] secret`. The same user comes back to the same conversation on any device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Identity {
    pub user: String,
    pub hash: String,
}

/// What the server sends to a citizen's client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    Welcome {
        conversation: String,
        /// Valid for 30 days, renewed at each welcome.
        token: String,
        /// Seq of the last message; 0 in a new conversation.
        #[cfg_attr(test, ts(type = "number"))]
        seq: Seq,
        owner: Owner,
        /// To be shown before the first message is sent; only in a new conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        notice: Option<Notice>,
        /// Seq of an answer to a left message, above `after`: show that something is unread.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        unread: Option<Seq>,
    },
    /// The event is durable; `seq` is the message it made.
    Ack {
        id: String,
        #[cfg_attr(test, ts(type = "number"))]
        seq: Seq,
    },
    Message(Message),
    Page {
        messages: Vec<Message>,
        /// There are older ones.
        more: bool,
    },
    State {
        owner: Owner,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        queue: Option<QueueInfo>,
    },
    /// The other side is typing. Never stored.
    Typing,
    Error(ErrorFrame),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Notice {
    pub version: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct QueueInfo {
    /// From 1, in the order in which consultants are asked.
    pub position: u32,
    /// Expected wait in seconds, whole minutes; absent while nobody who may take it is on duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expected_s: Option<u32>,
}

impl QueueInfo {
    pub fn of(standpoint: Standpoint) -> QueueInfo {
        let whole_minutes = |ms: Millis| {
            let minutes = u32::try_from((ms.max(0) + 59_999) / 60_000).unwrap_or(u32::MAX / 60);
            minutes.saturating_mul(60)
        };
        QueueInfo {
            position: standpoint.position,
            expected_s: standpoint.expected_ms.map(whole_minutes),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ErrorFrame {
    pub code: ErrorCode,
    /// Says what to do, in Chinese.
    pub message: String,
    /// The same frame may succeed later.
    pub retry: bool,
    /// The client id of the frame it answers, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub id: Option<String>,
    /// Reference of the server's log line, for `internal`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub reference: Option<String>,
}

/// Stable error codes. Documented in `docs/protocol.md`; a code is never reused with another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    BadJson,
    UnknownType,
    BadField,
    HelloFirst,
    HelloTwice,
    TokenInvalid,
    TokenExpired,
    Gone,
    IdentityInvalid,
    IdReused,
    TextEmpty,
    TextTooLong,
    TextInvalid,
    RateLimited,
    Busy,
    Unavailable,
    NotFound,
    NotOwner,
    NotWaiting,
    NobodyThere,
    NotAllowed,
    NoArticle,
    NoStatutes,
    CodeNeeded,
    Internal,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [ErrorCode; 25] = [
        ErrorCode::BadJson,
        ErrorCode::UnknownType,
        ErrorCode::BadField,
        ErrorCode::HelloFirst,
        ErrorCode::HelloTwice,
        ErrorCode::TokenInvalid,
        ErrorCode::TokenExpired,
        ErrorCode::Gone,
        ErrorCode::IdentityInvalid,
        ErrorCode::IdReused,
        ErrorCode::TextEmpty,
        ErrorCode::TextTooLong,
        ErrorCode::TextInvalid,
        ErrorCode::RateLimited,
        ErrorCode::Busy,
        ErrorCode::Unavailable,
        ErrorCode::NotFound,
        ErrorCode::NotOwner,
        ErrorCode::NotWaiting,
        ErrorCode::NobodyThere,
        ErrorCode::NotAllowed,
        ErrorCode::NoArticle,
        ErrorCode::NoStatutes,
        ErrorCode::CodeNeeded,
        ErrorCode::Internal,
    ];

    /// What the client's user should do.
    pub fn message(self) -> &'static str {
        match self {
            ErrorCode::BadJson => "发来的不是有效的 JSON，请检查后重发。",
            ErrorCode::UnknownType => "不认识这种消息类型，请查看协议说明。",
            ErrorCode::BadField => "有字段缺失、类型不对或超出范围，请改正后重发。",
            ErrorCode::HelloFirst => "请先发送 hello。",
            ErrorCode::HelloTwice => "这个连接已经打过招呼，不能再发 hello。",
            ErrorCode::TokenInvalid => "会话凭证无效，请不带凭证重新开始。",
            ErrorCode::TokenExpired => "会话凭证已过期，请不带凭证重新开始。",
            ErrorCode::Gone => "这个会话已被删除，请不带凭证重新开始。",
            ErrorCode::IdentityInvalid => "网站提供的身份签名不对，请联系网站。",
            ErrorCode::IdReused => "同一个编号已用于另一条内容，请换一个编号。",
            ErrorCode::TextEmpty => "消息是空的，请写点内容再发。",
            ErrorCode::TextTooLong => "消息太长，请分成几条发送（每条最多 4000 字）。",
            ErrorCode::TextInvalid => "消息里有无法显示的控制字符，请删掉后重发。",
            ErrorCode::RateLimited => "发得太快了，请稍等一下再发。紧急情况请直接拨打 110 或 120。",
            ErrorCode::Busy => "系统正忙，这条消息还没有收到，请稍后重发。",
            ErrorCode::Unavailable => "暂时无法保存消息，这条消息还没有收到，请稍后重发。",
            ErrorCode::NotFound => "没有找到这个会话或留言。",
            ErrorCode::NotOwner => "这个会话现在不由你负责。",
            ErrorCode::NotWaiting => "这个会话已被接走或已不在等待。",
            ErrorCode::NobodyThere => "对方现在不在线，请转给别人或转给一个组。",
            ErrorCode::NotAllowed => "你没有权限做这件事。",
            ErrorCode::NoArticle => "没有找到这一条，请核对法律名称和条号。",
            ErrorCode::NoStatutes => "这台服务器没有导入法条全文。",
            ErrorCode::CodeNeeded => "请再输入手机验证器上的 6 位数字。",
            ErrorCode::Internal => "服务器出了差错，请稍后重试；仍不行请报出编号。",
        }
    }

    /// Whether sending the same frame later may succeed.
    pub fn retry(self) -> bool {
        matches!(
            self,
            ErrorCode::RateLimited | ErrorCode::Busy | ErrorCode::Unavailable | ErrorCode::Internal
        )
    }
}

impl ErrorFrame {
    pub fn new(code: ErrorCode, id: Option<String>) -> ErrorFrame {
        ErrorFrame {
            code,
            message: code.message().to_owned(),
            retry: code.retry(),
            id,
            reference: None,
        }
    }
}

/// An article as `GET /api/v1/laws/{law}/{article}` gives it: the version in force on the day, else the newest one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ArticleText {
    /// Full title.
    pub law: String,
    /// 第四十七条, 第二百七十六条之一.
    pub article: String,
    /// The day that was asked about, `2026-11-23` as the other days.
    pub on: String,
    pub verdict: Verdict,
    /// Paragraphs split by line breaks.
    pub text: String,
    /// First day of this version, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub effective_date: Option<String>,
    /// The day this version was passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub version_date: Option<String>,
    /// The first day on which a newer version applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub superseded_on: Option<String>,
    /// Where the text was taken from.
    pub source: String,
}

/// Close codes of our own; the others are WebSocket's (1001 shutdown, 1002 protocol, 1003 binary, 1007 UTF-8, 1009 size).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// The client read too slowly: reconnect and say hello with the last seq. Nothing is lost.
    Resync,
    /// No hello within the time allowed.
    HelloTimeout,
    /// Too many bad frames in a row.
    TooManyErrors,
}

impl CloseCode {
    pub fn number(self) -> u16 {
        match self {
            CloseCode::Resync => 4001,
            CloseCode::HelloTimeout => 4002,
            CloseCode::TooManyErrors => 4003,
        }
    }

    pub fn reason(self) -> &'static str {
        match self {
            CloseCode::Resync => "resync",
            CloseCode::HelloTimeout => "hello_timeout",
            CloseCode::TooManyErrors => "too_many_errors",
        }
    }
}

/// What the desk's client sends; the socket is opened with the session cookie of a signed-in consultant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DeskClientFrame {
    /// Loads a conversation's newest messages and follows it. Only one that is waiting or one's own.
    Open {
        conversation: String,
        /// Only messages with a greater seq (after a reconnect); otherwise the newest page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional, type = "number"))]
        after: Option<Seq>,
    },
    Take {
        id: String,
        conversation: String,
    },
    Reply {
        id: String,
        conversation: String,
        text: String,
    },
    HandBack {
        id: String,
        conversation: String,
    },
    Close {
        id: String,
        conversation: String,
        reason: String,
        /// An intent id, or empty.
        topic: String,
    },
    /// Does not take what one was invited to take. `conflict`: one must not have it at all (利益冲突).
    Decline {
        id: String,
        conversation: String,
        conflict: bool,
    },
    /// Gives one's conversation to a consultant on duty or to a group. The citizen never sees the note.
    Transfer {
        id: String,
        conversation: String,
        to: Target,
        /// At most 200 characters; may be empty.
        note: String,
    },
    /// Asks for `colleagues`.
    Colleagues,
    Typing {
        conversation: String,
    },
    More {
        conversation: String,
        #[cfg_attr(test, ts(type = "number"))]
        before: Seq,
        limit: u32,
    },
}

/// What the server sends to the desk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DeskServerFrame {
    Welcome {
        staff: String,
        name: String,
        role: StaffRole,
    },
    /// Who waits, what one is invited to take, and one's own conversations. The whole of it, whenever it changes.
    Queue {
        /// The first 50 that one may take, in the order in which they are served.
        waiting: Vec<QueueItem>,
        /// How many wait in all.
        waiting_total: u32,
        mine: Vec<QueueItem>,
        invitations: Vec<InvitationItem>,
        /// No invitations come because one let some lapse; any frame ends it.
        resting: bool,
    },
    /// Consultants on duty, oneself excluded, by sign-in name; at most 200.
    Colleagues {
        colleagues: Vec<Colleague>,
    },
    Conversation {
        conversation: String,
        owner: Owner,
        messages: Vec<Message>,
        more: bool,
        /// What the consultant before wrote for the next.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        note: Option<TransferNote>,
    },
    Message {
        conversation: String,
        message: Message,
    },
    State {
        conversation: String,
        owner: Owner,
    },
    /// Danger was named in this conversation: banner and sound.
    Urgent {
        conversation: String,
    },
    Ack {
        id: String,
        conversation: String,
        #[cfg_attr(test, ts(type = "number"))]
        seq: Seq,
    },
    Typing {
        conversation: String,
    },
    /// How many messages left wait for somebody; again whenever it changes.
    Tickets(TicketCounts),
    /// How far a messaging platform has taken the conversation's messages; only where it came over one.
    Delivery(Delivery),
    Error(ErrorFrame),
}

/// What became of a conversation's messages on the platform it came over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Delivery {
    pub conversation: String,
    /// Name of the channel in the settings.
    pub channel: String,
    /// What the channel is, in Chinese: 微信公众号, 飞书, …
    pub label: String,
    /// The platform has taken every message up to this seq.
    #[cfg_attr(test, ts(type = "number"))]
    pub through: Seq,
    pub state: DeliveryState,
    /// The platform's code, or one of ours, where something stands in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub code: Option<String>,
    /// Messages that may still be sent before the person writes again, where the platform counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub left: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// The platform has taken everything.
    Delivered,
    Sending,
    /// The platform could not take it and is tried again.
    Retrying,
    /// The platform takes nothing more until the person writes again; then it is sent.
    Held,
    /// Given up: listed by `GET /api/v1/outbox`, can be sent again.
    Failed,
    /// The person unfollowed and cannot be reached.
    Left,
}

/// Messages that a platform did not take and that were given up. Never their text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// For `POST /api/v1/outbox/{id}/resend`.
    pub id: String,
    pub channel: String,
    pub conversation: String,
    /// Messages after this seq …
    pub after: Seq,
    /// … up to this one.
    pub through: Seq,
    pub at_ms: Millis,
    /// The platform's code.
    pub code: String,
}

/// How many tickets wait for somebody, as far as one's role may know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TicketCounts {
    /// Open or reopened, callbacks not counted.
    pub pending: u32,
    /// Of `pending`: due within a day.
    pub soon: u32,
    /// Of `pending`: past the promised day.
    pub overdue: u32,
    /// Dissatisfied citizens to be called back.
    pub callback: u32,
    /// Sampled for review.
    pub review: u32,
}

/// One line of the list of tickets: never a text, never a name of a citizen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TicketItem {
    pub conversation: String,
    #[serde(flatten)]
    pub ticket: Ticket,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub area: Option<String>,
    /// Only a lawyer sees it.
    pub lawyer_only: bool,
    #[cfg_attr(test, ts(type = "number"))]
    pub last_seq: Seq,
}

/// One line of the queue: never a text, never a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct QueueItem {
    pub conversation: String,
    #[cfg_attr(test, ts(type = "number"))]
    pub since_ms: Millis,
    pub urgent: bool,
    pub reason: HandoffReason,
    /// Area of law, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub area: Option<String>,
    #[cfg_attr(test, ts(type = "number"))]
    pub last_seq: Seq,
    /// Only a lawyer may take it.
    pub lawyer_only: bool,
    /// The messaging platform it came over, in Chinese; the widget's have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub channel: Option<String>,
}

/// A waiting conversation one is asked to take: `take` accepts, `decline` does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct InvitationItem {
    pub item: QueueItem,
    /// Milliseconds left to accept when the frame was made.
    pub left_ms: u32,
}

/// A note for the next consultant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TransferNote {
    /// Name of who wrote it.
    pub by: String,
    pub text: String,
}

/// A consultant on duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Colleague {
    pub staff: String,
    pub name: String,
    pub role: StaffRole,
    /// Areas of law; empty for all.
    pub skills: Vec<String>,
    /// Conversations that can still be taken.
    pub free: u32,
}
