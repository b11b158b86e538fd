//! Legal holds: conversations that are neither erased on request nor by retention (个人信息保护法 47).

use super::{PeopleError, append, read_all};
use crate::dialogue::nouns::Millis;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const LOG: &str = "holds";
/// Longest reason, in characters.
pub const HOLD_REASON_CHARS_MAX: usize = 200;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Change {
    Held {
        at_ms: Millis,
        conversation: String,
        /// Which duty: a file number, a letter. Never what a citizen wrote.
        reason: String,
    },
    Released {
        at_ms: Millis,
        conversation: String,
    },
}

/// The conversations that are held, with the reason.
pub async fn held(store: &dyn Store) -> Result<BTreeMap<String, String>, PeopleError> {
    let mut held = BTreeMap::new();
    for change in read_all::<Change>(store, LOG).await? {
        match change {
            Change::Held {
                conversation,
                reason,
                ..
            } => held.insert(conversation, reason),
            Change::Released { conversation, .. } => held.remove(&conversation),
        };
    }
    Ok(held)
}

pub async fn hold(
    store: &dyn Store,
    conversation: &str,
    reason: &str,
    at_ms: Millis,
) -> Result<(), PeopleError> {
    if reason.trim().is_empty() || reason.chars().count() > HOLD_REASON_CHARS_MAX {
        return Err(PeopleError::Invalid(format!(
            "a hold needs a reason of 1 to {HOLD_REASON_CHARS_MAX} characters: which duty to keep"
        )));
    }
    append(store, LOG, |_| Change::Held {
        at_ms,
        conversation: conversation.to_owned(),
        reason: reason.to_owned(),
    })
    .await
}

pub async fn release(
    store: &dyn Store,
    conversation: &str,
    at_ms: Millis,
) -> Result<(), PeopleError> {
    if !held(store).await?.contains_key(conversation) {
        return Err(PeopleError::Invalid(format!("{conversation} is not held")));
    }
    append(store, LOG, |_| Change::Released {
        at_ms,
        conversation: conversation.to_owned(),
    })
    .await
}
