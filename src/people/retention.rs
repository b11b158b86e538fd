//! How long conversations are kept, by class, counted from their last turn. What is held by law stays.

use super::{PeopleError, holds};
use crate::dialogue::nouns::Millis;
use crate::dialogue::turn::Turn;
use crate::store::{LogId, Store, StoreError};

/// Conversations looked at between two reads of the list.
const PAGE: usize = 256;
const DAY_MS: Millis = 24 * 60 * 60 * 1000;
const PREFIX: &str = "conv/";

/// Days each class is kept after the last turn; 0: for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// Only the bot answered.
    pub bot_days: u32,
    /// A person answered, or a message was left.
    pub consulted_days: u32,
    /// Danger was named, or a crime of one's own.
    pub grave_days: u32,
}

impl Terms {
    /// Whether anything is ever erased.
    pub fn any(&self) -> bool {
        self.bot_days + self.consulted_days + self.grave_days > 0
    }

    /// Days a conversation of this last turn is kept.
    fn days(&self, last: &Turn) -> u32 {
        let state = &last.state;
        let grave = state.confession || state.danger.is_some() || state.safety.is_some();
        if grave {
            self.grave_days
        } else if state.last_staff.is_some() || state.ticket.is_some() {
            self.consulted_days
        } else {
            self.bot_days
        }
    }

    fn expired(&self, last: &Turn, now_ms: Millis) -> bool {
        let days = self.days(last);
        // Who waits, is served or is promised an answer is never cut off.
        let waits = !matches!(
            last.state.owner,
            crate::dialogue::nouns::Owner::Bot | crate::dialogue::nouns::Owner::Closed { .. }
        );
        let promised = last.state.ticket.as_ref().is_some_and(|t| t.pending());
        days > 0 && !waits && !promised && last.at_ms + Millis::from(days) * DAY_MS <= now_ms
    }
}

/// Conversations whose time is over and that no law holds. Reads the last record of every conversation.
pub async fn expired(
    store: &dyn Store,
    terms: &Terms,
    now_ms: Millis,
) -> Result<Vec<String>, PeopleError> {
    let held = holds::held(store).await?;
    let mut expired = Vec::new();
    let mut after: Option<LogId> = None;
    loop {
        let logs = store.logs(PREFIX, after.as_ref(), PAGE).await?;
        let Some(last) = logs.last() else {
            return Ok(expired);
        };
        after = Some(last.clone());
        for log in &logs {
            let record = match store.last(log).await {
                Ok(Some((record, _))) => record,
                // Erased meanwhile.
                Ok(None) | Err(StoreError::Gone) => continue,
                Err(error) => return Err(error.into()),
            };
            let conversation = log.as_str().trim_start_matches(PREFIX);
            // A record that cannot be read is kept: whoever mends it decides.
            let Ok(turn) = Turn::from_bytes(&record.body) else {
                tracing::warn!(conversation, "a record that cannot be read is kept");
                continue;
            };
            if terms.expired(&turn, now_ms) && !held.contains_key(conversation) {
                expired.push(conversation.to_owned());
            }
        }
    }
}
