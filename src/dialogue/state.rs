//! What a conversation remembers between turns. No history, no unbounded list.

use super::desk::matter::{Matter, Target};
use super::nouns::{Concern, DangerKind, Event, Owner, Seq, Timer};
use super::privacy::Erasure;
use super::reading::Fact;
use super::ticket::{self, Ticket};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Largest serialised state, in bytes.
pub const STATE_BYTES_MAX: usize = 9 * 1024;
/// Client ids remembered for recognising repeats.
pub const RECENT_IDS_MAX: usize = 64;
/// Offers of numbered choices that can still be chosen from.
pub const OFFERS_MAX: usize = 4;
/// Values of a form kept in the state, all together, in bytes of JSON; the whole texts stay in their messages.
pub const FORM_VALUES_BYTES_MAX: usize = 1_900;
/// Most questions of a form.
pub const FORM_SLOTS_MAX: usize = 16;
/// Facts told so far that are kept.
pub const FACTS_MAX: usize = 12;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub owner: Owner,
    /// Seq of the last message; 0 before the first.
    pub last_seq: Seq,
    #[serde(default, skip_serializing_if = "Recent::is_empty")]
    pub recent: Recent,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<FormProgress>,
    /// Newest last.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub offers: VecDeque<Offer>,
    /// Turns in a row that were not understood.
    #[serde(default)]
    pub not_understood: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Answered>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// A role or stage was told, or a fact put right, and the citizen has not been shown what is known of him.
    #[serde(default, skip_serializing_if = "is_false")]
    pub facts_news: bool,
    /// The line about legal aid was shown.
    #[serde(default, skip_serializing_if = "is_false")]
    pub aid_told: bool,
    /// The bot has said what it is.
    #[serde(default)]
    pub disclosed: bool,
    /// Immediate danger was named and no human has answered since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<DangerKind>,
    /// The text of `danger` was shown.
    #[serde(default, skip_serializing_if = "is_false")]
    pub danger_told: bool,
    /// The last 你现在安全吗: its buttons mean something however long ago it was put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety: Option<SafetyQuestion>,
    /// Was told while waiting that what he writes is kept.
    #[serde(default, skip_serializing_if = "is_false")]
    pub noted: bool,
    /// 自述犯罪 was said: for the lawyer who accepts only.
    #[serde(default)]
    pub confession: bool,
    /// The consultant who last had the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_staff: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<RunningTimer>,
    /// Topic of the last answer or of a close, for the desk (an intent id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// What routing must know.
    #[serde(default, skip_serializing_if = "Matter::is_empty")]
    pub matter: Matter,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erase: Option<Erasure>,
}

impl State {
    /// The danger that nobody has answered yet, or that the open safety question asks about.
    pub fn peril(&self) -> Option<DangerKind> {
        let asked = || Some(self.safety.filter(|q| q.open)?.kind);
        self.danger.or_else(asked)
    }

    /// Every timer that runs: those of dangers, the ticket's, an erasure's.
    pub fn running(&self) -> impl Iterator<Item = RunningTimer> + '_ {
        let ticket = self.ticket.as_ref().and_then(ticket::timer);
        let erase = self.erase.as_ref().map(|e| RunningTimer {
            timer: Timer::Erase,
            due_ms: e.due_ms,
        });
        self.timers.iter().copied().chain(ticket).chain(erase)
    }
}

impl Default for State {
    fn default() -> Self {
        State {
            owner: Owner::Bot,
            last_seq: 0,
            recent: Recent::default(),
            form: None,
            offers: VecDeque::new(),
            not_understood: 0,
            answered: None,
            facts: Vec::new(),
            facts_news: false,
            aid_told: false,
            disclosed: false,
            danger: None,
            danger_told: false,
            safety: None,
            noted: false,
            confession: false,
            last_staff: None,
            timers: Vec::new(),
            topic: None,
            matter: Matter::default(),
            ticket: None,
            erase: None,
        }
    }
}

fn is_false(b: &bool) -> bool {
    !b
}

/// 你现在安全吗, put when a danger could not be told from a question about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyQuestion {
    pub kind: DangerKind,
    /// Seq of the message that put it last.
    pub of: Seq,
    /// How often it was put since it was last answered.
    pub asked: u8,
    /// Not answered yet.
    pub open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningTimer {
    pub timer: Timer,
    pub due_ms: i64,
}

/// What was answered last, for telling a repeated question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// Empty when it was a clarifying question or a pointer.
    pub entry: String,
    pub digest: u64,
    /// How often this question was answered in a row.
    pub times: u8,
}

/// Numbered choices shown in message `of`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub of: Seq,
    pub picks: Vec<Pick>,
}

/// What one numbered choice leads to. Its label is in the message that offered it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Pick {
    Entry(String),
    Form(String),
    /// 1 安全
    Safe(DangerKind),
    /// 2 不安全
    Unsafe(DangerKind),
    Human,
    /// 都不是
    NoneOfThese,
    /// 补充情况
    TellMore,
    /// 详细说明: the rest of an entry's answer.
    Details(String),
    /// 不等了，继续问机器人
    Resume,
    /// 留言
    Ticket,
    /// 留下联系方式
    Contact,
    /// 要一份记录
    Export,
    /// 删除记录
    Erase,
    /// 确认删除
    EraseYes,
    /// 不删
    EraseNo,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormProgress {
    pub form: String,
    /// Index of the slot that is asked for now.
    pub slot: usize,
    /// Filled so far, in slot order; `None` when skipped.
    pub values: Vec<Option<String>>,
    /// Seq of the question as last shown.
    #[serde(default)]
    pub asked: Seq,
    /// Fingerprint of the questions: a form changed under a citizen starts anew instead of mixing up answers.
    #[serde(default)]
    pub shape: u64,
    /// Named on the way, told to the citizen; a person follows when the form ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concern: Option<Concern>,
}

/// The last client ids with what they stood for, packed: a repeat is recognised, a changed content too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recent(VecDeque<RecentId>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct RecentId {
    id: u64,
    content: u32,
    seq: u32,
}

/// What a client id turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    New,
    /// Said before with the same content: `seq` is the message it made.
    Repeat(Seq),
    /// Said before with another content.
    Changed,
}

impl Recent {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Looks an event's id up. Ids are scoped to their author.
    pub fn seen(&self, event: &Event) -> Seen {
        let (id, content) = fingerprint(event);
        match self.0.iter().rev().find(|r| r.id == id) {
            None => Seen::New,
            Some(r) if r.content == content => Seen::Repeat(Seq::from(r.seq)),
            Some(_) => Seen::Changed,
        }
    }

    /// Remembers an event under the seq of the message it made.
    pub fn remember(&mut self, event: &Event, seq: Seq) {
        let (id, content) = fingerprint(event);
        if self.0.len() == RECENT_IDS_MAX {
            self.0.pop_front();
        }
        let seq = u32::try_from(seq).unwrap_or(u32::MAX);
        self.0.push_back(RecentId { id, content, seq });
    }
}

/// FNV-1a over author and id, and over the content: stable across builds, cheap, and only ever compared
/// within one author's last 64 ids.
fn fingerprint(event: &Event) -> (u64, u32) {
    use super::nouns::{Author, What};
    let mut id = Fnv::default();
    match &event.by {
        Author::Citizen => id.eat(b"c"),
        Author::System => id.eat(b"s"),
        Author::Consultant { staff, .. } => {
            id.eat(b"k");
            id.eat(staff.as_bytes());
        }
    }
    id.eat(&[0]);
    id.eat(event.id.as_bytes());
    let mut content = Fnv::default();
    match &event.what {
        What::Say { text } => content.all(&[b"say", text.as_bytes()]),
        What::Choose { of, option } => {
            content.all(&[b"choose", &of.to_le_bytes(), &option.to_le_bytes()]);
        }
        What::Rate { of, score, reason } => {
            let reason = reason.as_deref().unwrap_or("");
            content.all(&[b"rate", &of.to_le_bytes(), &[*score], reason.as_bytes()]);
        }
        What::Human => content.eat(b"human"),
        What::End => content.eat(b"end"),
        What::Attach { media, reference } => {
            content.all(&[b"attach", media.name().as_bytes(), reference.as_bytes()]);
        }
        What::Take => content.eat(b"take"),
        What::Reply { text } => content.all(&[b"reply", text.as_bytes()]),
        What::HandBack => content.eat(b"hand_back"),
        What::Close { reason, topic } => {
            content.all(&[b"close", reason.as_bytes(), topic.as_bytes()]);
        }
        What::Decline { conflict } => content.all(&[b"decline", &[u8::from(*conflict)]]),
        What::Transfer { to, note } => {
            let (kind, name): (&[u8], &str) = match to {
                Target::Staff { staff } => (b"staff", staff),
                Target::Area { area } => (b"area", area),
                Target::Lawyers => (b"lawyers", ""),
            };
            content.all(&[b"transfer", kind, name.as_bytes(), note.as_bytes()]);
        }
        What::Ticket { act } => {
            content.eat(b"ticket");
            // Proof: plain strings and enums always serialise.
            content.eat(&serde_json::to_vec(act).unwrap_or_default());
        }
        What::Timer { timer } => content.all(&[b"timer", &[*timer as u8]]),
        What::OwnerLost { staff } => content.all(&[b"owner_lost", staff.as_bytes()]),
        What::Invite { staff, until_ms } => {
            content.all(&[b"invite", staff.as_bytes(), &until_ms.to_le_bytes()]);
        }
        What::Lapse { staff } => content.all(&[b"lapse", staff.as_bytes()]),
    }
    (id.0, (content.0 ^ (content.0 >> 32)) as u32)
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; public domain).
pub(super) struct Fnv(pub u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn eat(&mut self, bytes: &[u8]) {
        for b in bytes {
            self.0 = (self.0 ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub fn all(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.eat(part);
            self.eat(&[0]);
        }
    }
}

const RECENT_ID_BYTES: usize = 16;

impl Serialize for Recent {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        let mut bytes = Vec::with_capacity(self.0.len() * RECENT_ID_BYTES);
        for r in &self.0 {
            bytes.extend_from_slice(&r.id.to_le_bytes());
            bytes.extend_from_slice(&r.content.to_le_bytes());
            bytes.extend_from_slice(&r.seq.to_le_bytes());
        }
        out.serialize_str(&base64::prelude::BASE64_STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Recent {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        use serde::de::Error as _;
        let text = std::borrow::Cow::<str>::deserialize(input)?;
        let bytes = base64::prelude::BASE64_STANDARD_NO_PAD
            .decode(text.as_bytes())
            .map_err(D::Error::custom)?;
        let (rows, rest) = bytes.as_chunks::<RECENT_ID_BYTES>();
        if !rest.is_empty() {
            return Err(D::Error::custom("recent ids are cut short"));
        }
        let row = |r: &[u8; RECENT_ID_BYTES]| {
            let (id, rest) = r.split_at(8);
            let (content, seq) = rest.split_at(4);
            RecentId {
                id: u64::from_le_bytes(id.try_into().unwrap_or_default()),
                content: u32::from_le_bytes(content.try_into().unwrap_or_default()),
                seq: u32::from_le_bytes(seq.try_into().unwrap_or_default()),
            }
        };
        Ok(Recent(rows.iter().map(row).collect()))
    }
}
