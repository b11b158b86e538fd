//! The nouns that two or more layers share: what happened, what is said, who owns a conversation.
//!
//! Upper layers fill these in; nothing here knows how. Times are milliseconds since the Unix epoch (`*_ms`).

use super::desk::matter::Target;
use super::ticket::TicketAct;
use serde::{Deserialize, Serialize};

/// Position of a message in its conversation: 1, 2, … without gaps, the citizen's own included.
pub type Seq = u64;

/// Milliseconds since the Unix epoch.
pub type Millis = i64;

/// Longest client-chosen event id, in bytes.
pub const CLIENT_ID_BYTES_MAX: usize = 64;
/// Longest note to the next consultant, in characters.
pub const NOTE_CHARS_MAX: usize = 200;
/// Longest citizen text, in characters. Longer text is refused at the edge with `text_too_long`.
pub const TEXT_CHARS_MAX: usize = 4_000;

/// Who caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Author {
    Citizen,
    /// `staff` is the sign-in name, `name` what the citizen is shown.
    Consultant {
        staff: String,
        name: String,
        role: StaffRole,
    },
    /// The server itself: timers, lost heartbeats.
    System,
}

/// What a member of staff may call himself. 律师 only with a checked licence (律师法 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// 咨询员
    Consultant,
    /// 律师
    Lawyer,
    /// Edits answers; cannot take conversations.
    Editor,
    /// Approves what an editor wrote.
    Approver,
    /// Gives tickets to others and reviews them; takes no conversations.
    Supervisor,
    /// Manages staff; cannot read conversations of others.
    Admin,
}

impl StaffRole {
    /// The role as the citizen reads it.
    pub fn label(self) -> &'static str {
        match self {
            StaffRole::Consultant => "咨询员",
            StaffRole::Lawyer => "律师",
            StaffRole::Editor => "编辑",
            StaffRole::Approver => "审核",
            StaffRole::Supervisor => "主管",
            StaffRole::Admin => "管理员",
        }
    }
}

/// One thing that happened to a conversation. `id` is chosen by the client and makes a repeat harmless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub by: Author,
    pub what: What,
}

/// The content of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    // by the citizen
    Say {
        text: String,
    },
    /// `of` is the seq of the message that offered the options, `option` its number as shown (from 1).
    Choose {
        of: Seq,
        option: u32,
    },
    /// `score` from 1 (bad) to 5 (good).
    Rate {
        of: Seq,
        score: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Human,
    End,
    /// Sent something that is no text, over a channel that can; `reference` is the channel's name of it.
    Attach {
        media: Media,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reference: String,
    },
    // by a consultant
    Take,
    Reply {
        text: String,
    },
    HandBack,
    Close {
        reason: String,
        topic: String,
    },
    /// An invitation is not accepted. `conflict`: he must not have the conversation at all.
    Decline {
        conflict: bool,
    },
    /// To another consultant or a group. The note is for whoever takes it, never for the citizen.
    Transfer {
        to: Target,
        note: String,
    },
    /// What staff do to the conversation's ticket, without taking the conversation.
    Ticket {
        act: TicketAct,
    },
    // by the system
    Timer {
        timer: Timer,
    },
    /// The owner's heartbeat was lost: back to the head of the queue.
    OwnerLost {
        staff: String,
    },
    /// A waiting conversation is offered to a consultant until then.
    Invite {
        staff: String,
        until_ms: Millis,
    },
    /// That offer is over.
    Lapse {
        staff: String,
    },
}

/// What is sent instead of words. It stays where it is: only its kind and the channel's name of it are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Media {
    Image,
    Voice,
    Video,
    File,
    Location,
    Link,
    Other,
}

impl Media {
    /// Every kind, in no particular order.
    pub const ALL: [Media; 7] = [
        Media::Image,
        Media::Voice,
        Media::Video,
        Media::File,
        Media::Location,
        Media::Link,
        Media::Other,
    ];

    /// The stable name used in text keys and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Media::Image => "image",
            Media::Voice => "voice",
            Media::Video => "video",
            Media::File => "file",
            Media::Location => "location",
            Media::Link => "link",
            Media::Other => "other",
        }
    }

    /// The kind as people read it.
    pub fn label(self) -> &'static str {
        match self {
            Media::Image => "图片",
            Media::Voice => "语音",
            Media::Video => "视频",
            Media::File => "文件",
            Media::Location => "位置",
            Media::Link => "链接",
            Media::Other => "其他内容",
        }
    }
}

/// What a timer is for. At most one of a kind runs in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// An urgent conversation was queued and nobody accepted it in time.
    UrgentUnaccepted,
    /// Danger was named under a consultant who has not answered in time.
    UrgentUnanswered,
    /// An answered ticket is closed, or a closed one put away.
    Ticket,
    /// An erasure that was asked for is due, and law wants the conversation kept. Otherwise it is erased instead.
    Erase,
}

/// Who answers now. Exactly one at a time, enforced by the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Owner {
    Bot,
    Queue {
        #[cfg_attr(test, ts(type = "number"))]
        since_ms: Millis,
        urgent: bool,
        reason: HandoffReason,
    },
    Consultant {
        staff: String,
        name: String,
        role: StaffRole,
    },
    Closed {
        #[cfg_attr(test, ts(type = "number"))]
        at_ms: Millis,
    },
}

/// Why a conversation left the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HandoffReason {
    /// The citizen asked.
    Asked,
    /// Danger to a person.
    Danger,
    /// What care reserves for people.
    Required,
    /// Two turns in a row not understood, or the same question for the third time.
    NotUnderstood,
    /// The consultant's connection was lost.
    OwnerLost,
    /// A consultant transferred it.
    Transferred,
}

/// Kinds of danger, each with its own reviewed text (`danger.<kind>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DangerKind {
    Violence,
    Threat,
    Weapon,
    SelfHarm,
    SexualAssault,
    Child,
    Confined,
    Poisoning,
    Injury,
    Traffic,
    Fire,
    Swindle,
    Eviction,
    Detained,
}

impl DangerKind {
    /// Every kind, in no particular order.
    pub const ALL: [DangerKind; 14] = [
        DangerKind::Violence,
        DangerKind::Threat,
        DangerKind::Weapon,
        DangerKind::SelfHarm,
        DangerKind::SexualAssault,
        DangerKind::Child,
        DangerKind::Confined,
        DangerKind::Poisoning,
        DangerKind::Injury,
        DangerKind::Traffic,
        DangerKind::Fire,
        DangerKind::Swindle,
        DangerKind::Eviction,
        DangerKind::Detained,
    ];

    /// The stable name used in text keys, logs and JSON.
    pub fn name(self) -> &'static str {
        match self {
            DangerKind::Violence => "violence",
            DangerKind::Threat => "threat",
            DangerKind::Weapon => "weapon",
            DangerKind::SelfHarm => "self_harm",
            DangerKind::SexualAssault => "sexual_assault",
            DangerKind::Child => "child",
            DangerKind::Confined => "confined",
            DangerKind::Poisoning => "poisoning",
            DangerKind::Injury => "injury",
            DangerKind::Traffic => "traffic",
            DangerKind::Fire => "fire",
            DangerKind::Swindle => "swindle",
            DangerKind::Eviction => "eviction",
            DangerKind::Detained => "detained",
        }
    }
}

/// How near a danger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Degree {
    /// Past, somebody else's, or a question of law: the normal answer with a safety line.
    Related,
    /// Cannot be told apart: one question, 你现在安全吗.
    Ask,
    /// Now or about to happen: fixed text and an urgent handoff before anything else.
    Immediate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Danger {
    pub kind: DangerKind,
    pub degree: Degree,
}

/// What a bot must not answer alone, or must refuse. Each has a fixed text (`concern.<name>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    Minor,
    SexualOffence,
    Detained,
    /// 自述犯罪: visible only to the lawyer who accepts; the bot does not probe.
    Confession,
    Sentencing,
    Death,
    DeadlineNear,
    DeadlinePassed,
    Capacity,
    ChildTaken,
    WagesOfMany,
    ExpropriationOfMany,
    Foreign,
    Signing,
    BothSpouses,
    RefuseHideAssets,
    RefuseLocate,
    RefuseForge,
    RefuseWeapon,
    RefuseEvade,
}

impl Concern {
    /// Every concern, in no particular order.
    pub const ALL: [Concern; 20] = [
        Concern::Minor,
        Concern::SexualOffence,
        Concern::Detained,
        Concern::Confession,
        Concern::Sentencing,
        Concern::Death,
        Concern::DeadlineNear,
        Concern::DeadlinePassed,
        Concern::Capacity,
        Concern::ChildTaken,
        Concern::WagesOfMany,
        Concern::ExpropriationOfMany,
        Concern::Foreign,
        Concern::Signing,
        Concern::BothSpouses,
        Concern::RefuseHideAssets,
        Concern::RefuseLocate,
        Concern::RefuseForge,
        Concern::RefuseWeapon,
        Concern::RefuseEvade,
    ];

    /// The stable name used in text keys, logs and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Concern::Minor => "minor",
            Concern::SexualOffence => "sexual_offence",
            Concern::Detained => "detained",
            Concern::Confession => "confession",
            Concern::Sentencing => "sentencing",
            Concern::Death => "death",
            Concern::DeadlineNear => "deadline_near",
            Concern::DeadlinePassed => "deadline_passed",
            Concern::Capacity => "capacity",
            Concern::ChildTaken => "child_taken",
            Concern::WagesOfMany => "wages_of_many",
            Concern::ExpropriationOfMany => "expropriation_of_many",
            Concern::Foreign => "foreign",
            Concern::Signing => "signing",
            Concern::BothSpouses => "both_spouses",
            Concern::RefuseHideAssets => "refuse_hide_assets",
            Concern::RefuseLocate => "refuse_locate",
            Concern::RefuseForge => "refuse_forge",
            Concern::RefuseWeapon => "refuse_weapon",
            Concern::RefuseEvade => "refuse_evade",
        }
    }

    /// The request itself is refused.
    pub fn refuses(self) -> bool {
        matches!(
            self,
            Concern::RefuseHideAssets
                | Concern::RefuseLocate
                | Concern::RefuseForge
                | Concern::RefuseWeapon
                | Concern::RefuseEvade
        )
    }

    /// A refusal after which a person should still look, because somebody may be at risk.
    pub fn someone_at_risk(self) -> bool {
        matches!(self, Concern::RefuseLocate | Concern::RefuseWeapon)
    }
}

/// What the data say about a cited article on a given day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// 现行有效
    InForce,
    /// 按2025-04版本有效，未复核
    Unreviewed,
    /// 已废止或已修改
    Repealed,
    /// 尚未施行
    NotYetInForce,
    /// 查无此条
    Absent,
    /// 未能核实: no statutes are loaded, or none that could tell.
    Unverified,
}

impl Verdict {
    /// The verdict as a citizen reads it.
    pub fn label(self) -> &'static str {
        match self {
            Verdict::InForce => "现行有效",
            Verdict::Unreviewed => "按2025-04版本有效，未复核",
            Verdict::Repealed => "已废止或已修改",
            Verdict::NotYetInForce => "尚未施行",
            Verdict::Absent => "查无此条",
            Verdict::Unverified => "未能核实",
        }
    }
}

/// A cited article with its verdict on the day of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Citation {
    /// Title without 中华人民共和国.
    pub law: String,
    /// 第四十七条, 第二百七十六条之一.
    pub article: String,
    pub verdict: Verdict,
    /// The article's text where a message is to show it (pointers), shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub text: Option<String>,
}

/// Who speaks in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum From {
    Citizen,
    Bot,
    Consultant { name: String, role: StaffRole },
    System,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Message {
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: Seq,
    /// Milliseconds since the Unix epoch.
    #[cfg_attr(test, ts(type = "number"))]
    pub at: Millis,
    pub from: From,
    pub body: Body,
}

/// A numbered choice. `option` is what `choose` sends back and what a digit typed as text means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Choice {
    pub option: u32,
    pub label: String,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    Text {
        text: String,
    },
    /// The citizen chose `option` of message `of`; `label` is what it said.
    Choice {
        #[cfg_attr(test, ts(type = "number"))]
        of: Seq,
        option: u32,
        label: String,
    },
    /// The citizen pressed 转人工.
    Request {
        what: String,
    },
    Rating {
        #[cfg_attr(test, ts(type = "number"))]
        of: Seq,
        score: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        reason: Option<String>,
    },
    End,
    /// The citizen sent something that is no text.
    Attachment {
        media: Media,
        /// The channel's name of it; may be empty.
        #[serde(default)]
        reference: String,
    },
    /// A prepared answer of the knowledge base.
    Answer {
        entry: String,
        title: String,
        markdown: String,
        citations: Vec<Citation>,
        /// Follow-on questions, numbered.
        next: Vec<Choice>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        safety: Option<String>,
    },
    Clarify {
        text: String,
        options: Vec<Choice>,
    },
    /// One question of a form.
    Form {
        form: String,
        title: String,
        slot: String,
        text: String,
        options: Vec<Choice>,
        /// From 1.
        step: u32,
        steps: u32,
    },
    /// Articles found by search: said plainly to be no answer.
    Pointer {
        text: String,
        citations: Vec<Citation>,
    },
    /// A fixed text; `code` is its key in `intents/texts.yml`.
    Notice {
        code: String,
        text: String,
        urgent: bool,
        options: Vec<Choice>,
    },
    Handoff {
        state: HandoffState,
        text: String,
        options: Vec<Choice>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HandoffState {
    Queued,
    /// Queued, but nobody is on duty now.
    OffDuty,
    Taken,
    Returned,
    Closed,
}

/// What the edge must do after the turn is durable, beyond showing its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// The desk's queue or one of its conversations changed.
    Desk { urgent: bool },
    /// Alert the on-call list: danger, and no live consultant.
    AlertOnCall { danger: DangerKind },
    /// Run `timer` at `due_ms` unless the state has dropped it by then.
    Schedule { timer: Timer, due_ms: Millis },
}
