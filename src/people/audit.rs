//! A hash-chained log of what staff did. Each record names the hash of the one before, so that a cut or a change
//! in the middle is noticed by [`chain`].

use super::{PeopleError, append};
use crate::dialogue::nouns::Millis;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const LOG: &str = "audit";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    SignIn,
    SignInFailed,
    SignOut,
    StaffAdded,
    StaffChanged,
    StaffRemoved,
    Opened,
    Taken,
    Declined,
    Transferred,
    HandedBack,
    Closed,
    Exported,
    Erased,
    KeysRotated,
    /// A reply that a messaging platform had not taken was sent again.
    Resent,
    PasswordChanged,
    TotpOn,
    TotpOff,
    /// Messages of a ticket were read.
    TicketRead,
    TicketAnswered,
    TicketClosed,
    TicketAssigned,
    TicketPromised,
    TicketReviewed,
    /// A citizen's own wish; the subject ends with the receipt.
    ErasedOnRequest,
    /// Law keeps what a citizen wanted erased; the subject ends with the receipt.
    ErasureRefused,
    /// The time it is kept was over.
    Expired,
    Held,
    Released,
}

/// One line of the audit. `subject` is an id (a conversation, an account), never a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at_ms: Millis,
    /// Who did it; empty for the operator at the command line.
    pub staff: String,
    pub action: Action,
    pub subject: String,
    /// SHA-256 of the record before, hex; empty for the first.
    pub before: String,
}

/// Appends a line.
pub async fn record(
    store: &dyn Store,
    staff: &str,
    action: Action,
    subject: &str,
    at_ms: Millis,
) -> Result<(), PeopleError> {
    append(store, LOG, |last| Entry {
        at_ms,
        staff: staff.to_owned(),
        action,
        subject: subject.to_owned(),
        before: last.map(hex_sha256).unwrap_or_default(),
    })
    .await
}

/// What the whole chain looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub lines: usize,
    /// The first line (from 1) that does not follow from the one before.
    pub broken: Option<usize>,
    /// SHA-256 of the last line, hex. Noted elsewhere, it also shows a cut at the end.
    pub head: String,
    /// A head that was noted earlier is the hash of one of the lines.
    pub known: bool,
}

/// Checks the stored bytes themselves, line by line. `noted`: a head from an earlier check.
pub async fn chain(store: &dyn Store, noted: Option<&str>) -> Result<Chain, PeopleError> {
    let mut chain = Chain {
        lines: 0,
        broken: None,
        head: String::new(),
        known: noted.is_none(),
    };
    let id = super::log_id(LOG);
    let mut after = 0;
    loop {
        let records = store.after(&id, after, super::RECORDS).await?;
        let Some(last) = records.last() else {
            return Ok(chain);
        };
        after = last.last_seq;
        for record in &records {
            chain.lines += 1;
            let entry: Result<Entry, _> = serde_json::from_slice(&record.body);
            let follows = entry.is_ok_and(|e| e.before == chain.head);
            if !follows && chain.broken.is_none() {
                chain.broken = Some(chain.lines);
            }
            chain.head = hex_sha256(&record.body);
            chain.known |= noted.is_some_and(|n| n.eq_ignore_ascii_case(&chain.head));
        }
    }
}

fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
            hex
        })
}
