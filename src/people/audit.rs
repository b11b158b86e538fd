//! A hash-chained log of what staff did. Each record names the hash of the one before, so that a cut or a change
//! in the middle is noticed by [`verify`].

use super::{PeopleError, append, read_all};
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

/// Every line, oldest first.
pub async fn entries(store: &dyn Store) -> Result<Vec<Entry>, PeopleError> {
    read_all(store, LOG).await
}

/// The number of the first line (from 1) that does not follow from the one before, if any.
pub fn verify(entries: &[Entry]) -> Option<usize> {
    let mut before = String::new();
    for (number, entry) in (1..).zip(entries) {
        if entry.before != before {
            return Some(number);
        }
        before = hex_sha256(&serde_json::to_vec(entry).ok()?);
    }
    None
}

fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
            hex
        })
}
