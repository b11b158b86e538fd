//! A committed turn: what is kept of one step, for ever in this shape or upcast from an older one.

use super::nouns::{Effect, Event, Message, Millis, Seq};
use super::reading::Reading;
use super::state::State;
use serde::{Deserialize, Serialize};

/// Number of the record format this build writes. Older ones are upcast by [`Turn::from_bytes`].
pub const FORMAT: u16 = 1;

/// One committed turn of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub format: u16,
    /// 1, 2, …
    pub turn: u64,
    pub at_ms: Millis,
    pub event: Event,
    pub reading: Reading,
    pub rule: Rule,
    pub messages: Vec<Message>,
    pub effects: Vec<Effect>,
    pub state: State,
    /// Version of the knowledge snapshot that was asked.
    pub knowledge: String,
}

/// The row of the decision table that fired, or what else made the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Row 1, immediate.
    Danger,
    /// Row 1, when it cannot be told apart: 你现在安全吗.
    SafetyQuestion,
    /// Row 2.
    Human,
    /// Row 3.
    Form,
    /// Row 4.
    Service,
    /// Row 5.
    SmallTalk,
    /// Row 6, what is refused.
    Refused,
    /// Row 6, what a bot must not answer alone.
    Required,
    /// Row 7.
    Answer,
    /// Row 7, a follow-up answered out of the matter before.
    FollowUp,
    /// Row 7, several questions in one message, one by one.
    Several,
    /// Row 7, the rest of an answer, on demand.
    Details,
    /// 不是，是三万: a fact was put right.
    Corrected,
    /// Row 7, the same question again.
    Repeated,
    /// Row 8.
    Clarify,
    /// Row 9.
    Pointer,
    /// Row 10, not a legal matter.
    NotLegal,
    /// Row 10, legal but nothing fits, or unintelligible.
    NotUnderstood,
    /// Said while waiting for a human: kept and shown to the desk.
    Waiting,
    /// Said to, or by, the consultant who owns the conversation.
    Consultant,
    /// An invitation to take the conversation was made, declined or is over.
    Invitation,
    Taken,
    Transferred,
    HandedBack,
    Closed,
    Rated,
    /// Something that is no text.
    Attached,
    /// A choice whose options are no longer known.
    StaleChoice,
    /// A citizen chose to go on with the bot instead of waiting.
    Resumed,
    /// A message was left, or something was done to it.
    Ticket,
    /// Export or erasure of what is kept.
    Privacy,
    Timer,
    /// An event that changes nothing any more (a timer that came late).
    Nothing,
}

/// Why a stored record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    #[error("record format {found} is newer than this build's {FORMAT}: update faxun")]
    Newer { found: u16 },
    #[error("record is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
}

impl Turn {
    /// First and last seq of the turn's messages; `None` when it made no message.
    pub fn seqs(&self) -> Option<(Seq, Seq)> {
        Some((self.messages.first()?.seq, self.messages.last()?.seq))
    }

    /// The record as bytes: JSON, so that a later build can upcast it field by field.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Proof: no map has non-string keys and no Serialize here fails.
        serde_json::to_vec(self).expect("a turn always serialises")
    }

    /// Reads a record of this or an older format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Turn, TurnError> {
        #[derive(Deserialize)]
        struct Peek {
            format: u16,
        }
        let found = serde_json::from_slice::<Peek>(bytes)?.format;
        if found > FORMAT {
            return Err(TurnError::Newer { found });
        }
        Ok(serde_json::from_slice(bytes)?)
    }
}
