//! PURE: what is kept of one account on one channel, and what is to be sent to it next.
//!
//! One log for each account, one record for each change, the state after it in full. The conditional append makes a
//! message's claim atomic, also between several processes; the header stays open while anything may have to be sent,
//! so that a start finds what is unfinished without reading history.
//!
//! Outgoing texts are not kept here: they lie in the conversation's log, and `cursor` says how far the platform has
//! taken them. So a reply that was committed cannot be forgotten between two logs.

mod claims;

use super::Limits;
use crate::dialogue::nouns::{Media, Millis, Seq};
pub use claims::Claims;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Number of the record format.
pub const FORMAT: u16 = 1;
/// How long a message's key is remembered: 飞书 sends again for up to 7.1 hours.
pub const CLAIM_KEPT_MS: Millis = 9 * 3_600_000;
/// Keys remembered for one account; who sends more in nine hours loses the oldest.
pub const CLAIMS_MAX: usize = 2_000;
/// Messages of one account that may wait to be handled; the next one is refused and sent again by the platform.
pub const INBOX_MAX: usize = 64;
/// Bytes of text that may wait; the rest of a record is far smaller.
pub const INBOX_BYTES_MAX: usize = 160 * 1024;
/// Dead letters kept for one account; the oldest goes first.
pub const DEAD_MAX: usize = 50;
/// Texts remembered in case they did not arrive.
pub const SENT_MAX: usize = 10;
/// Tries of one part before it becomes a dead letter: some 14 hours.
pub const TRIES_MAX: u32 = 24;
/// Code of an account that cannot be reached because the person left.
pub const LEFT: &str = "left";
/// What asks for the rest of a text that was cut.
const GO_ON: [&str; 4] = ["继续", "更多", "接着", "1 继续"];
/// Pause after the first failure, doubled after each further one, in ms.
const RETRY_FIRST_MS: Millis = 500;
const RETRY_MAX_MS: Millis = 3_600_000;

/// One account of a platform that talks with us.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    pub format: u16,
    /// Name of the channel.
    pub channel: String,
    /// The platform's id of the person.
    pub account: String,
    /// The conversation it has now; none before the first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Every message up to this seq was taken by the platform, or became a dead letter.
    #[serde(default)]
    pub cursor: Seq,
    #[serde(default)]
    pub claims: Claims,
    /// Claimed and not handled yet, oldest first.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub inbox: VecDeque<Waiting>,
    /// The batch that is being sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<Sending>,
    #[serde(default)]
    pub quota: Quota,
    /// Where the platform wants replies for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ReplyTo>,
    /// Fixed texts owed to the person, keys of `intents/texts.yml`, sent after the next batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<String>,
    /// The notice on data was sent or is owed.
    #[serde(default)]
    pub noticed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dead: Vec<Dead>,
    /// Ranges to be sent before anything else: revived dead letters, and what a closed conversation still owed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Dead>,
    /// The last texts that were taken, where the platform may say afterwards that they did not arrive.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub sent: VecDeque<Sent>,
    /// Why nothing can be sent until the person writes: the platform's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Something may have to be sent without the person writing: the header is open.
    #[serde(default)]
    pub open: bool,
}

/// One message from outside, claimed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Id of the event it becomes.
    pub id: String,
    pub at_ms: Millis,
    pub said: Said,
}

impl Waiting {
    fn bytes(&self) -> usize {
        match &self.said {
            Said::Text { text } => text.len(),
            Said::Media { reference, .. } => reference.len(),
            Said::Human | Said::Greeting | Said::Left | Said::NotDelivered { .. } => 0,
        }
    }
}

/// What an account sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said {
    Text {
        text: String,
    },
    /// Pressed 转人工 in a menu.
    Human,
    /// Not text; `reference` is the platform's id of it.
    Media {
        media: Media,
        reference: String,
    },
    /// Followed or entered: is greeted.
    Greeting,
    /// Unfollowed: cannot be reached.
    Left,
    /// The platform says afterwards that a text did not arrive: its [`super::Target::send_id`], a code, and whether
    /// it can be sent when the person writes again.
    NotDelivered {
        send_id: String,
        code: String,
        later: bool,
    },
}

/// A batch: the messages after `after` up to `through`, as one text in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    pub conversation: String,
    pub after: Seq,
    pub through: Seq,
    /// Fixed texts sent with it: so many of `owed`.
    #[serde(default)]
    pub owed: usize,
    /// Parts that the platform has taken.
    #[serde(default)]
    pub parts_done: usize,
    #[serde(default)]
    pub tries: u32,
    /// Not before, in ms since the Unix epoch.
    #[serde(default)]
    pub next_ms: Millis,
}

/// A text that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub send_id: String,
    pub conversation: String,
    pub after: Seq,
    pub through: Seq,
    /// Its place in the batch, from 0.
    pub part: usize,
    /// Fixed texts that went with the batch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<String>,
}

/// Messages that were given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    pub conversation: String,
    /// Messages after this seq …
    pub after: Seq,
    /// … up to this one.
    pub through: Seq,
    pub parts_done: usize,
    pub at_ms: Millis,
    /// The platform's code.
    pub code: String,
    /// Fixed texts that went with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<String>,
}

/// Sends that the platform still allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// When the person's last message or event opened it.
    pub from_ms: Millis,
    /// After this nothing may be sent.
    pub closes_ms: Millis,
    pub allowed: u32,
    pub sent: u32,
}

/// A reply address that came with a message; its host is checked before it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    pub url: String,
    pub until_ms: Millis,
}

/// What a claim turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    New,
    Duplicate,
    /// Too many are waiting: the platform is to send it again.
    Full,
}

/// How many sends are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    Some(u32),
    Unlimited,
}

impl Account {
    pub fn new(channel: &str, account: &str) -> Account {
        Account {
            format: FORMAT,
            channel: channel.to_owned(),
            account: account.to_owned(),
            conversation: None,
            cursor: 0,
            claims: Claims::default(),
            inbox: VecDeque::new(),
            sending: None,
            quota: Quota::default(),
            reply_to: None,
            owed: Vec::new(),
            noticed: false,
            dead: Vec::new(),
            again: Vec::new(),
            sent: VecDeque::new(),
            held: None,
            open: false,
        }
    }

    /// Claims a message under its key, before any work on it.
    pub fn claim(
        &mut self,
        key: u64,
        waiting: Vec<Waiting>,
        limits: &Limits,
        now_ms: Millis,
    ) -> Claimed {
        if self.claims.has(key, now_ms) {
            return Claimed::Duplicate;
        }
        let bytes: usize = self.inbox.iter().chain(&waiting).map(Waiting::bytes).sum();
        if self.inbox.len() + waiting.len() > INBOX_MAX || bytes > INBOX_BYTES_MAX {
            return Claimed::Full;
        }
        self.claims.add(key, now_ms);
        if let Some(Said::NotDelivered {
            send_id,
            code,
            later,
        }) = waiting.first().map(|w| &w.said)
        {
            self.not_delivered(send_id, code, *later, now_ms);
            return Claimed::New;
        }
        let greeting = waiting.iter().any(|w| w.said == Said::Greeting);
        self.open = true;
        if waiting.iter().any(|w| w.said == Said::Left) {
            self.quota.allowed = 0;
            self.held = Some(LEFT.into());
            return Claimed::New;
        }
        let fresh = limits.quota(greeting, now_ms);
        // An event opens less than a message: it must not take away what the last message opened.
        let kept = greeting && self.left(limits, now_ms) >= Left::Some(fresh.allowed);
        if !kept {
            self.quota = fresh;
        }
        self.held = None;
        if let Some(sending) = &mut self.sending {
            sending.next_ms = now_ms;
            sending.tries = 0;
        }
        if greeting {
            self.owed.push("channel.welcome".into());
        }
        if !self.noticed {
            self.noticed = true;
            self.owed.push("notice".into());
        }
        let asked = waiting.into_iter().filter(|w| w.said != Said::Greeting);
        self.inbox.extend(asked);
        Claimed::New
    }

    /// 继续 after a text that was cut asks for its rest, not for an answer. Asked when the message is handled: at its
    /// claim the part before may not be noted as sent yet.
    pub fn asks_for_rest(&self, waiting: &Waiting) -> bool {
        let cut = self.sending.as_ref().is_some_and(|s| s.parts_done > 0);
        cut && matches!(&waiting.said, Said::Text { text } if GO_ON.contains(&text.trim()))
    }

    /// A text that was taken did not arrive: it waits for the person, or becomes a dead letter.
    fn not_delivered(&mut self, send_id: &str, code: &str, later: bool, now_ms: Millis) {
        let Some(at) = self.sent.iter().position(|s| s.send_id == send_id) else {
            return;
        };
        let Some(sent) = self.sent.remove(at) else {
            return;
        };
        let list = if later {
            &mut self.again
        } else {
            &mut self.dead
        };
        let same = |d: &&mut Dead| d.conversation == sent.conversation && d.after == sent.after;
        if let Some(known) = list.iter_mut().find(same) {
            known.parts_done = known.parts_done.min(sent.part);
        } else {
            list.push(Dead {
                conversation: sent.conversation,
                after: sent.after,
                through: sent.through,
                parts_done: sent.part,
                at_ms: now_ms,
                code: code.to_owned(),
                owed: sent.owed,
            });
        }
        let surplus = self.dead.len().saturating_sub(DEAD_MAX);
        self.dead.drain(..surplus);
        if later {
            self.held = Some(code.to_owned());
            self.quota.sent = self.quota.allowed;
        }
        self.open = true;
    }

    /// Remembers a text that was taken, in case the platform takes that back.
    pub fn note_sent(&mut self, send_id: String, batch: &Sending) {
        if self.sent.len() >= SENT_MAX {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent {
            send_id,
            conversation: batch.conversation.clone(),
            after: batch.after,
            through: batch.through,
            part: batch.parts_done,
            owed: self.owed.iter().take(batch.owed).cloned().collect(),
        });
    }

    /// The conversation was erased: there is nothing of it to send.
    pub fn forget(&mut self, conversation: &str) {
        if self.conversation.as_deref() == Some(conversation) {
            self.conversation = None;
            self.sending = None;
            self.cursor = 0;
        }
    }

    /// Begins a new conversation; what the old one still owes up to `last_seq` is sent first.
    pub fn begin(&mut self, conversation: String, last_seq: Seq, now_ms: Millis) {
        if let Some(old) = self.conversation.replace(conversation) {
            let sending = self.sending.as_ref().filter(|s| s.conversation == old);
            let after = sending.map_or(0, |s| s.through).max(self.cursor);
            if after < last_seq {
                self.again.push(Dead {
                    conversation: old,
                    after,
                    through: last_seq,
                    parts_done: 0,
                    at_ms: now_ms,
                    code: String::new(),
                    owed: Vec::new(),
                });
            }
        }
        self.cursor = 0;
    }

    /// Sends left now.
    pub fn left(&self, limits: &Limits, now_ms: Millis) -> Left {
        if limits.per_message.is_none() {
            return Left::Unlimited;
        }
        if now_ms >= self.quota.closes_ms {
            return Left::Some(0);
        }
        Left::Some(self.quota.allowed.saturating_sub(self.quota.sent))
    }

    /// Makes `batch`, as it was planned and worked on, the one under way, whatever was claimed meanwhile.
    pub fn adopt(&mut self, batch: &Sending) {
        if let Some(sending) = &mut self.sending {
            sending.through = batch.through;
            sending.owed = batch.owed;
            return;
        }
        let same = |d: &Dead| d.conversation == batch.conversation && d.after == batch.after;
        if let Some(at) = self.again.iter().position(same) {
            if self.again[at].through > batch.through {
                self.again[at].after = batch.through;
            } else {
                let old = self.again.remove(at);
                self.owed.splice(0..0, old.owed);
            }
        }
        self.sending = Some(batch.clone());
    }

    /// One part was taken by the platform; as the answer to its request (`passive`) it counts for no quota.
    pub fn part_sent(&mut self, passive: bool) {
        self.quota.sent = self.quota.sent.saturating_add(u32::from(!passive));
        if let Some(sending) = &mut self.sending {
            sending.parts_done += 1;
            sending.tries = 0;
            sending.next_ms = 0;
        }
    }

    /// The batch is over: sent, or given up.
    pub fn batch_done(&mut self) {
        if let Some(sending) = self.sending.take() {
            if self.conversation.as_ref() == Some(&sending.conversation) {
                self.cursor = self.cursor.max(sending.through);
            }
            let told = sending.owed.min(self.owed.len());
            self.owed.drain(..told);
        }
    }

    /// A part was not taken and may be later. True when it was tried too often.
    pub fn part_failed(&mut self, at_least_ms: Millis, jitter: f64, now_ms: Millis) -> bool {
        let Some(sending) = &mut self.sending else {
            return false;
        };
        sending.tries += 1;
        sending.next_ms = now_ms + backoff_ms(sending.tries, jitter).max(at_least_ms);
        sending.tries >= TRIES_MAX
    }

    /// Gives the batch up; it can be sent again from the list of dead letters.
    pub fn bury(&mut self, code: &str, now_ms: Millis) {
        let Some(sending) = &self.sending else {
            return;
        };
        if self.dead.len() >= DEAD_MAX {
            self.dead.remove(0);
        }
        self.dead.push(Dead {
            conversation: sending.conversation.clone(),
            after: sending.after,
            through: sending.through,
            parts_done: sending.parts_done,
            at_ms: now_ms,
            code: code.to_owned(),
            owed: self.owed.iter().take(sending.owed).cloned().collect(),
        });
        self.batch_done();
    }

    /// Takes a dead letter back to be sent again. False when there is none.
    pub fn revive(&mut self, conversation: &str, after: Seq) -> bool {
        let one = |d: &Dead| d.conversation == conversation && d.after == after;
        let Some(at) = self.dead.iter().position(one) else {
            return false;
        };
        let dead = self.dead.remove(at);
        self.again.push(dead);
        self.held = None;
        self.open = true;
        true
    }

    /// The batch to work on: the one under way, else one to be sent again, else what came after the cursor.
    /// `last_seq` is the conversation's last message. `None` when everything was sent.
    pub fn next_batch(&mut self, last_seq: Seq) -> Option<&Sending> {
        let conversation = self.conversation.clone().unwrap_or_default();
        if let Some(sending) = &mut self.sending {
            // Nothing of it was taken yet: what came meanwhile goes with it.
            if sending.parts_done == 0
                && sending.conversation == conversation
                && sending.after == self.cursor
            {
                sending.through = sending.through.max(last_seq);
                sending.owed = self.owed.len();
            }
            return self.sending.as_ref();
        }
        let fresh = |conversation, after, through, parts_done, owed| Sending {
            conversation,
            after,
            through,
            owed,
            parts_done,
            tries: 0,
            next_ms: 0,
        };
        if !self.again.is_empty() {
            let old = self.again.remove(0);
            let owed = old.owed.len();
            self.owed.splice(0..0, old.owed);
            self.sending = Some(fresh(
                old.conversation,
                old.after,
                old.through,
                old.parts_done,
                owed,
            ));
        } else if self.cursor < last_seq || !self.owed.is_empty() {
            let through = last_seq.max(self.cursor);
            self.sending = Some(fresh(
                conversation,
                self.cursor,
                through,
                0,
                self.owed.len(),
            ));
        }
        self.sending.as_ref()
    }
}

/// Milliseconds before the next try; `jitter` from 0 to 1 spreads many over a quarter of it.
pub fn backoff_ms(tries: u32, jitter: f64) -> Millis {
    let doubled = RETRY_FIRST_MS.saturating_mul(1 << tries.saturating_sub(1).min(20));
    let pause = doubled.min(RETRY_MAX_MS);
    // At most an hour, which an f64 holds exactly.
    pause + (pause as f64 * 0.25 * jitter.clamp(0.0, 1.0)) as Millis
}

#[cfg(test)]
mod tests;
