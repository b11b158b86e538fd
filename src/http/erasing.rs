//! Carries out erasures: those citizens asked for, and those whose time of keeping is over.

use super::App;
use super::sign_in::note;
use crate::people::audit::Action;
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
        note(app, "", action, &subject, now_ms).await;
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
                Ok(_) => note(&app, "", Action::Expired, conversation, now_ms).await,
                Err(error) => tracing::error!(%error, conversation, "could not be erased"),
            }
        }
        tracing::info!(
            count = expired.len(),
            "conversations whose time was over were erased"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::Channels;
    use crate::config::Config;
    use crate::dialogue::nouns::{Author, Event, What};
    use crate::engine::{Engine, HandleError, Settings};
    use crate::http::token::Tokens;
    use crate::knowledge::{self, Knowledge, Sources};
    use crate::people::staff::Accounts;
    use crate::store::memory::MemoryStore;

    const NOW_MS: i64 = 1_764_000_000_000;

    async fn app(dir: &std::path::Path) -> App {
        let today = crate::clock::china_date(NOW_MS);
        let settings = knowledge::Settings::default();
        let knowledge = Knowledge::build(&Sources::embedded(), None, &settings, today).unwrap();
        let settings = Settings {
            conversations_cached: 8,
            desk_capacity: 5,
            lost_after_s: 30,
        };
        let store = Arc::new(MemoryStore::default());
        let engine = Engine::start(store, knowledge, &settings, NOW_MS)
            .await
            .unwrap();
        let tokens = Tokens::open(&dir.join("token")).unwrap();
        let channels = Channels::new(Arc::clone(&engine), &[], Vec::new(), &|_| None).unwrap();
        App::new(
            engine,
            channels,
            Config::default(),
            tokens,
            Accounts::default(),
        )
    }

    async fn ask_for_erasure(app: &App, conversation: &str) {
        for (n, text) in ["公司拖欠我三个月工资怎么办", "删除我的记录", "1"]
            .into_iter()
            .enumerate()
        {
            let event = Event {
                id: format!("e{n}"),
                by: Author::Citizen,
                what: What::Say { text: text.into() },
            };
            app.engine
                .handle(conversation, event, None, NOW_MS)
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn what_a_citizen_wants_erased_is_gone_after_a_minute_unless_law_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let app = app(dir.path()).await;
        let (free, held) = ("0".repeat(32), "1".repeat(32));
        ask_for_erasure(&app, &free).await;
        ask_for_erasure(&app, &held).await;
        let store = Arc::clone(app.engine.store());
        holds::hold(&*store, &held, "made-up file 1", NOW_MS)
            .await
            .unwrap();
        carry_out(&app, NOW_MS + 59_000).await;
        assert!(
            app.engine.status(&free).await.is_ok(),
            "it can still be taken back"
        );
        carry_out(&app, NOW_MS + 60_000).await;
        assert_eq!(app.engine.status(&free).await, Err(HandleError::Gone));
        let (seq, _) = app.engine.status(&held).await.unwrap();
        let (told, _) = app.engine.messages_before(&held, seq + 1, 1).await.unwrap();
        let told = serde_json::to_string(&told).unwrap();
        assert!(told.contains("privacy.held"), "{told}");
        carry_out(&app, NOW_MS + 120_000).await;
        assert!(app.engine.due_erasures(NOW_MS + 120_000).await.is_empty());
        let chain = crate::people::audit::chain(&*store, None).await.unwrap();
        assert_eq!(
            (chain.lines, chain.broken),
            (2, None),
            "each receipt is in the audit"
        );
    }
}
