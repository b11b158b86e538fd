//! Timers of conversations, invitations, and consultants who were lost. Everything here is an event like any other.

use super::Engine;
use crate::dialogue::desk::routing::Move;
use crate::dialogue::nouns::{Author, Event, Timer, What};
use crate::dialogue::state::RunningTimer;
use crate::hub::Push;
use crate::wire::QueueInfo;
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// How often due timers are looked for.
const TICK: Duration = Duration::from_millis(500);
/// Timers fired in one look.
const DUE_MAX: usize = 256;
/// Invitations committed at once.
const MOVES_AT_ONCE: usize = 64;

impl Engine {
    /// Fires timers and returns lost conversations until the task is dropped.
    pub async fn run_timers(self: Arc<Self>) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let now_ms = crate::clock::now_ms();
            self.fire_due(now_ms).await;
            self.return_lost(now_ms).await;
        }
    }

    /// Fires every timer due at `now_ms`.
    pub async fn fire_due(&self, now_ms: i64) {
        let due = match self.store.due(now_ms, DUE_MAX).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "cannot read due timers");
                return;
            }
        };
        for (_, log) in due {
            let Some(conversation) = super::conversation_of(&log) else {
                continue;
            };
            if let Err(error) = self.fire(conversation, now_ms).await {
                tracing::warn!(%error, conversation, "a timer could not fire");
            }
        }
    }

    async fn fire(&self, conversation: &str, now_ms: i64) -> Result<(), super::HandleError> {
        let running = self.timers_of(conversation).await?;
        // An erasure is not this loop's: see `due_erasures`.
        let fires = |t: &RunningTimer| t.due_ms <= now_ms && t.timer != Timer::Erase;
        for due in running.into_iter().filter(fires) {
            let timer = due.timer;
            let event = Event {
                id: format!("timer-{timer:?}-{}", due.due_ms),
                by: Author::System,
                what: What::Timer { timer },
            };
            self.handle(conversation, event, None, now_ms).await?;
        }
        Ok(())
    }

    async fn timers_of(&self, conversation: &str) -> Result<Vec<RunningTimer>, super::HandleError> {
        Ok(self.state(conversation).await?.running().collect())
    }

    /// Erasures that citizens asked for and whose time has come: conversation and receipt.
    pub async fn due_erasures(&self, now_ms: i64) -> Vec<(String, String)> {
        let due = self.store.due(now_ms, DUE_MAX).await.unwrap_or_default();
        let mut erasures = Vec::new();
        for (_, log) in due {
            let Some(conversation) = super::conversation_of(&log) else {
                continue;
            };
            let erase = self.state(conversation).await.ok().and_then(|s| s.erase);
            if let Some(erase) = erase.filter(|e| e.due_ms <= now_ms) {
                erasures.push((conversation.to_owned(), erase.receipt));
            }
        }
        erasures
    }

    /// Tells a citizen that law keeps what he wanted erased.
    pub async fn refuse_erasure(
        &self,
        conversation: &str,
        now_ms: i64,
    ) -> Result<(), super::HandleError> {
        let timer = Timer::Erase;
        let event = Event {
            id: format!("held-{now_ms}"),
            by: Author::System,
            what: What::Timer { timer },
        };
        self.handle(conversation, event, None, now_ms).await?;
        Ok(())
    }

    /// Gives the conversations of consultants who went away back to the queue.
    pub async fn return_lost(&self, now_ms: i64) {
        for (conversation, staff) in self.board.lost(now_ms, self.lost_after_s) {
            let event = Event {
                id: format!("lost-{staff}-{now_ms}"),
                by: Author::System,
                what: What::OwnerLost { staff },
            };
            if let Err(error) = self.handle(&conversation, event, None, now_ms).await {
                tracing::warn!(%error, conversation, "a lost conversation could not be returned");
            }
        }
    }

    /// Invites consultants to take who waits, whenever the board changes and as time goes by, until the task is dropped.
    pub async fn run_routing(self: Arc<Self>) {
        let mut changed = self.board.watch();
        loop {
            let looked = tokio::time::timeout(TICK, changed.changed()).await;
            if matches!(looked, Ok(Err(_))) {
                return;
            }
            self.deal(crate::clock::now_ms()).await;
        }
    }

    /// Commits the moves that routing makes now.
    pub async fn deal(&self, now_ms: i64) {
        let moves = self.board.deal(now_ms);
        futures_util::stream::iter(moves)
            .for_each_concurrent(MOVES_AT_ONCE, |step| self.make(step, now_ms))
            .await;
    }

    async fn make(&self, step: Move, now_ms: i64) {
        let (conversation, staff, what) = match &step {
            Move::Invite {
                conversation,
                staff,
                until_ms,
            } => {
                let invite = What::Invite {
                    staff: staff.to_string(),
                    until_ms: *until_ms,
                };
                (conversation, staff, invite)
            }
            Move::Lapse {
                conversation,
                staff,
            } => {
                let lapse = What::Lapse {
                    staff: staff.to_string(),
                };
                (conversation, staff, lapse)
            }
        };
        let event = Event {
            id: format!("move-{staff}-{now_ms}"),
            by: Author::System,
            what,
        };
        if let Err(error) = self.handle(conversation, event, None, now_ms).await {
            tracing::warn!(%error, %conversation, %staff, "an invitation could not be committed");
            self.board.declined(conversation, staff, now_ms);
        }
    }

    /// Tells the waiting citizens where they stand whenever that changes, until the task is dropped.
    pub async fn run_positions(self: Arc<Self>) {
        let mut changed = self.board.watch();
        let mut told: HashMap<String, QueueInfo> = HashMap::new();
        while changed.changed().await.is_ok() {
            let mut now = HashMap::new();
            for (conversation, standpoint) in self.board.standpoints() {
                let info = QueueInfo::of(standpoint);
                if told.get(&conversation) != Some(&info) {
                    self.hub
                        .push(&conversation, None, Push::Standing(info.clone()));
                }
                now.insert(conversation, info);
            }
            told = now;
            // Many changes at once are told as one.
            tokio::time::sleep(TICK).await;
        }
    }
}
