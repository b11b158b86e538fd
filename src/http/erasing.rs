//! Carries out erasures: those citizens asked for, and those whose time of keeping is over.

use super::App;
use crate::people::audit::{self, Action};
use crate::people::{holds, retention};
use std::sync::Arc;
use std::time::Duration;

/// Between looks at erasures that were asked for.
const LOOK: Duration = Duration::from_secs(5);
/// Between looks at all conversations for those whose time is over.
const RETAIN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Erases what citizens asked for, until the task is dropped.
pub async fn run_requests(app: Arc<App>) {
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        carry_out(&app, crate::clock::now_ms()).await;
    }
}

async fn carry_out(app: &App, now_ms: i64) {
    let due = app.engine.due_erasures(now_ms).await;
    if due.is_empty() {
        return;
    }
    let store = app.engine.store();
    let held = match holds::held(&**store).await {
        Ok(held) => held,
        Err(error) => {
            return tracing::error!(%error, "legal holds could not be read: nothing is erased");
        }
    };
    for (conversation, receipt) in due {
        let action = if held.contains_key(&conversation) {
            if let Err(error) = app.engine.refuse_erasure(&conversation, now_ms).await {
                tracing::warn!(%error, conversation, "an erasure could not be refused");
                continue;
            }
            Action::ErasureRefused
        } else {
            if let Err(error) = app.engine.erase(&conversation).await {
                tracing::error!(%error, conversation, "an erasure could not be carried out");
                continue;
            }
            Action::ErasedOnRequest
        };
        let subject = format!("{conversation} {receipt}");
        super::sign_in::note(audit::record(&**store, "", action, &subject, now_ms).await);
    }
}

/// Once a day erases the conversations whose time is over, until the task is dropped.
pub async fn run_retention(app: Arc<App>, terms: retention::Terms) {
    if !terms.any() {
        return;
    }
    let mut tick = tokio::time::interval(RETAIN_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let now_ms = crate::clock::now_ms();
        let store = app.engine.store();
        let expired = match retention::expired(&**store, &terms, now_ms).await {
            Ok(expired) => expired,
            Err(error) => {
                tracing::error!(%error, "what has expired could not be read");
                continue;
            }
        };
        for conversation in &expired {
            match app.engine.erase(conversation).await {
                Ok(_) => super::sign_in::note(
                    audit::record(&**store, "", Action::Expired, conversation, now_ms).await,
                ),
                Err(error) => tracing::error!(%error, conversation, "could not be erased"),
            }
        }
        tracing::info!(
            count = expired.len(),
            "conversations whose time was over were erased"
        );
    }
}
