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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::nouns::{Author, Event, Owner, What};
    use crate::dialogue::reading::Reading;
    use crate::dialogue::state::State;
    use crate::dialogue::turn::{FORMAT, Rule};
    use crate::store::memory::MemoryStore;
    use crate::store::{NewRecord, Revision};

    async fn put(store: &MemoryStore, conversation: &str, state: State) {
        let turn = Turn {
            format: FORMAT,
            turn: 1,
            at_ms: 0,
            event: Event {
                id: "a".into(),
                by: Author::Citizen,
                what: What::End,
            },
            reading: Reading::default(),
            rule: Rule::Closed,
            messages: Vec::new(),
            effects: Vec::new(),
            state,
            knowledge: "test".into(),
        };
        let record = NewRecord {
            last_seq: 1,
            body: turn.to_bytes(),
            header: None,
        };
        let log = LogId::new(&format!("{PREFIX}{conversation}")).unwrap();
        store.append(&log, Revision::START, record).await.unwrap();
    }

    #[tokio::test]
    async fn each_class_has_its_time_and_what_waits_or_is_held_stays() {
        let store = MemoryStore::default();
        let state = State::default;
        let consulted = State {
            last_staff: Some("li".into()),
            ..state()
        };
        let grave = State {
            confession: true,
            ..consulted.clone()
        };
        let waits = State {
            owner: Owner::Queue {
                since_ms: 0,
                urgent: false,
                reason: crate::dialogue::nouns::HandoffReason::Asked,
            },
            ..state()
        };
        for (id, state) in [
            ("bot", state()),
            ("consulted", consulted),
            ("grave", grave),
            ("held", state()),
            ("waits", waits),
        ] {
            put(&store, id, state).await;
        }
        holds::hold(&store, "held", "made-up file 1", 0)
            .await
            .unwrap();
        assert!(holds::hold(&store, "held", " ", 0).await.is_err());
        let terms = Terms {
            bot_days: 1,
            consulted_days: 2,
            grave_days: 0,
        };
        let after = |days: i64| {
            let (store, terms) = (&store, &terms);
            async move { expired(store, terms, days * DAY_MS).await.unwrap() }
        };
        assert!(
            expired(&store, &terms, DAY_MS - 1)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(after(1).await, ["bot"]);
        assert_eq!(after(999).await, ["bot", "consulted"], "0 is for ever");
        holds::release(&store, "held", 0).await.unwrap();
        assert_eq!(after(1).await, ["bot", "held"]);
        assert!(holds::release(&store, "held", 0).await.is_err());
    }
}
