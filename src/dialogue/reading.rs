//! What was understood of one citizen message, compact enough to be kept in its turn.

use super::bounds::{self, ID_BYTES_MAX};
use super::nouns::{Citation, Concern, Danger, Degree};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Most intents, hits and statutes kept in a reading.
pub const TOP_MAX: usize = 5;
/// Most facts kept in a reading.
pub const FACTS_MAX: usize = 8;
/// Most dangers kept in a turn, gravest first.
const DANGERS_MAX: usize = 4;
/// Most concerns kept in a turn.
const CONCERNS_MAX: usize = 6;
/// Longest law title and article kept in a turn, in bytes of JSON.
const LAW_BYTES_MAX: usize = 120;
const ARTICLE_BYTES_MAX: usize = 48;
/// Most characters of what a follow-up names.
pub const ABOUT_CHARS_MAX: usize = 12;
/// Largest serialised reading inside a turn, in bytes.
pub const READING_BYTES_MAX: usize = 2 * 1024;

/// Everything `step` may know about a text. Filled by the `reading` and `kb` modules.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Best first, at most [`TOP_MAX`]; probabilities over all intents sum to 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intents: Vec<IntentScore>,
    /// Best first, at most [`TOP_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hits: Vec<Hit>,
    /// Articles found by search, best first, at most [`TOP_MAX`]; only asked for when no hit is sure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statutes: Vec<Citation>,
    /// Probability that the text is a legal matter at all, 0 to 1.
    #[serde(default)]
    pub legal: f32,
    /// No words could be made out of the text.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unintelligible: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dangers: Vec<Danger>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concerns: Vec<Concern>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Amounts, dates, durations, places as told; personal numbers are never kept here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<Fact>,
    /// Equal for texts that say the same words, whatever their punctuation.
    #[serde(default)]
    pub digest: u64,
    /// The text asks something (a question mark or a question word).
    #[serde(default, skip_serializing_if = "is_false")]
    pub question: bool,
    /// The message hangs on what was said before. Of a correction, intents, hits, `legal` and `digest` are of what
    /// is meant; of a follow-up they are read together with the matter before. All else is always of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lean: Option<Lean>,
    /// The best entries of several questions in one message, in their order; empty unless there are two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub several: Vec<Hit>,
    /// There were questions besides those of `several`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub more_questions: bool,
    /// The statutes search did not finish before its deadline.
    #[serde(default, skip_serializing_if = "is_false")]
    pub statutes_missed: bool,
}

fn is_false(b: &bool) -> bool {
    !b
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntentScore {
    pub intent: String,
    /// Calibrated probability, 0 to 1.
    pub p: f32,
}

/// An entry of the knowledge base that may answer the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    pub entry: String,
    /// Calibrated probability that this entry is the right answer, 0 to 1.
    pub p: f32,
    /// Places of the entry's citations in the order in which they matter for this question; empty: in its own order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<u8>,
}

/// How a message hangs on what was said before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Lean {
    /// 不是，我是说…: what comes after is the question.
    Corrected,
    /// 我问的不是这个, and nothing after it.
    Rejected,
    /// 不是，是三万: a fact is put right, nothing is asked.
    FactCorrected,
    /// 那要多少钱: asks for a side of the matter before; `about` is what it names besides, at most
    /// [`ABOUT_CHARS_MAX`] characters.
    FollowUp { aspect: Aspect, about: String },
}

/// A side of a matter that a follow-up asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// 多少钱
    Money,
    /// 要多久, 期限
    Time,
    /// 什么材料, 证据
    Proof,
    /// 去哪办, 找谁
    Where,
    /// 对方不同意呢
    Refusal,
    /// 请不起律师
    Lawyer,
    /// 为什么
    Why,
    /// 怎么办
    How,
    /// 还有呢
    More,
    /// 我是女方
    Role,
    /// 那孩子呢: what it names.
    Other,
}

/// A whole message that is a command, in any wording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Command {
    /// 转人工, 找真人, 0, …
    Human,
    /// 取消, 不填了
    Cancel,
    /// 跳过
    Skip,
    /// 上一步, 改一下
    Back,
    Yes,
    No,
    /// 不等了, 继续问机器人
    Resume,
    /// 留言
    Ticket,
    /// 我的数据怎么办
    Privacy,
    /// 导出我的记录
    Export,
    /// 删除我的记录
    Erase,
    /// A bare number: 1, １, 一, ①, 第一个.
    Digit(u32),
}

/// A fact told in passing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub kind: FactKind,
    /// As told, at most 24 characters.
    pub text: String,
    /// Amounts in fen, durations in days, dates as days since the Unix epoch (China time), numbers as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    Amount,
    Date,
    Duration,
    Place,
    /// A bare number of people or things.
    Number,
    /// 我是老板, 我是女方, …
    Role,
    /// How far the matter has come: 已经起诉, 已离职, 判了.
    Stage,
}

impl Reading {
    /// The gravest danger of `degree` or above.
    pub fn danger(&self, degree: Degree) -> Option<Danger> {
        self.dangers
            .iter()
            .copied()
            .filter(|d| d.degree >= degree)
            .max_by_key(|d| (d.degree, Reverse(d.kind)))
    }

    /// Probability of one intent, 0 when it is not among the best.
    pub fn intent_p(&self, intent: &str) -> f32 {
        self.intents
            .iter()
            .find(|i| i.intent == intent)
            .map_or(0.0, |i| i.p)
    }

    /// The reading as it is kept in a turn: statutes without their text, never above [`READING_BYTES_MAX`]. What
    /// explains the turn least goes first when it is too long.
    pub fn compact(&self) -> Reading {
        let known_id = |id: &str| bounds::fits(id, ID_BYTES_MAX);
        let mut dangers = self.dangers.clone();
        dangers.sort_by_key(|x| (Reverse(x.degree), x.kind));
        dangers.truncate(DANGERS_MAX);
        let mut concerns = self.concerns.clone();
        concerns.truncate(CONCERNS_MAX);
        let intents = self.intents.iter().filter(|i| known_id(&i.intent));
        let hits = self.hits.iter().filter(|h| known_id(&h.entry));
        let mut kept = Reading {
            intents: intents.take(TOP_MAX).map(IntentScore::kept).collect(),
            hits: hits.take(TOP_MAX).map(Hit::kept).collect(),
            statutes: self
                .statutes
                .iter()
                .take(TOP_MAX)
                .map(without_text)
                .collect(),
            legal: finite(self.legal),
            lean: self.lean.as_ref().map(Lean::kept),
            several: self
                .several
                .iter()
                .filter(|h| known_id(&h.entry))
                .take(TOP_MAX)
                .map(Hit::kept)
                .collect(),
            dangers,
            concerns,
            facts: self.facts.iter().take(FACTS_MAX).map(Fact::kept).collect(),
            ..*self
        };
        while json_len(&kept) > READING_BYTES_MAX {
            let dropped = kept.facts.pop().is_some()
                || kept.statutes.pop().is_some()
                || kept.intents.pop().is_some();
            if !dropped {
                break;
            }
        }
        kept
    }
}

impl Lean {
    fn kept(&self) -> Lean {
        match self {
            Lean::FollowUp { aspect, about } => Lean::FollowUp {
                aspect: *aspect,
                about: bounds::clip_fact(about)
                    .chars()
                    .take(ABOUT_CHARS_MAX)
                    .collect(),
            },
            other => other.clone(),
        }
    }
}

impl IntentScore {
    fn kept(&self) -> IntentScore {
        IntentScore {
            intent: self.intent.clone(),
            p: finite(self.p),
        }
    }
}

impl Hit {
    fn kept(&self) -> Hit {
        Hit {
            entry: self.entry.clone(),
            p: finite(self.p),
            // Shown by then: the message has the citations in this order.
            cites: Vec::new(),
        }
    }
}

impl Fact {
    /// The fact within its bounds.
    pub(super) fn kept(&self) -> Fact {
        Fact {
            kind: self.kind,
            text: bounds::clip_fact(&self.text).to_owned(),
            value: self.value,
        }
    }
}

/// JSON has no NaN and no infinity: a record with one could not be read back.
fn finite(p: f32) -> f32 {
    if p.is_finite() { p } else { 0.0 }
}

fn without_text(citation: &Citation) -> Citation {
    Citation {
        law: bounds::clip(&citation.law, LAW_BYTES_MAX).to_owned(),
        article: bounds::clip(&citation.article, ARTICLE_BYTES_MAX).to_owned(),
        verdict: citation.verdict,
        text: None,
    }
}

/// Bytes of a reading as JSON, counted without keeping them.
fn json_len(reading: &Reading) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // A reading always serialises; were it not so, the longest would be assumed and cut.
    serde_json::to_writer(&mut counter, reading).map_or(usize::MAX, |()| counter.0)
}
