//! The worker of one busy account: messages to the engine, replies to the platform, in order, until nothing is left.
//!
//! It runs while the account's header is open: while something is unfinished, or while a consultant may write.

use super::account::{Account, LEFT, Left, Said, Sending, Waiting};
use super::crypto::{hex, hmac_sha256};
use super::inbound::note_answered;
use super::slots::{self, Offer, Slot};
use super::{Channels, Entry, SendError, Target, render};
use crate::dialogue::nouns::{Author, Event, From, Message, Millis, Owner, Seq, What};
use crate::engine::HandleError;
use crate::hub::{Pushed, Subscription};
use crate::store::StoreError;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Sends of a quota that the bot leaves for a human.
const KEPT_FOR_HUMAN: u32 = 1;
/// Said at the end of a part when the platform lets no more be sent now.
const CUT: &str = "\n（未完，回复“继续”看余下内容）";
/// Pause after the store or the engine could not be used.
const TROUBLE_PAUSE: Duration = Duration::from_millis(500);
/// Turns that may wait in the worker's queue; it reads the log anyway.
const QUEUE: usize = 4;
/// An answer that was taken by the edge is on the wire at once.
const TAKEN_WAIT: Duration = Duration::from_secs(2);

/// What the worker does next.
enum Next {
    Again,
    /// Sleeps until then, or until woken.
    Wait(Option<Millis>),
    /// Nothing can happen before the person writes.
    Idle,
}

/// Why a step could not be finished; it is tried again.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Engine(#[from] HandleError),
}

struct Worker {
    channels: Arc<Channels>,
    entry: Arc<Entry>,
    name: String,
    slot: Arc<Slot>,
    /// Ids of the inbox that the engine has committed; taken out with the next change.
    handled: Vec<String>,
    /// When the oldest of them was claimed, for the time that its answer took.
    asked_ms: Option<Millis>,
    followed: Option<(String, Subscription)>,
    turns: (mpsc::Sender<Box<Pushed>>, mpsc::Receiver<Box<Pushed>>),
    overrun: Arc<tokio::sync::Notify>,
}

impl Channels {
    /// Starts the workers of accounts that a stop or a crash left unfinished.
    pub async fn resume(self: &Arc<Self>) -> Result<(), StoreError> {
        for (log, _) in self.engine.store().open().await? {
            let Some(name) = slots::name_of_log(&log) else {
                continue;
            };
            let channel = name.split('/').next().unwrap_or_default();
            let Some(entry) = self.entries.get(channel) else {
                tracing::warn!(
                    channel,
                    "an account waits for a channel that is not configured any more"
                );
                continue;
            };
            let slot = self.slots.get(name);
            self.kick(entry, name, &slot);
        }
        let all: Vec<_> = self.entries.values().cloned().collect();
        for entry in all {
            // What came while the server was down and is only to be had by asking.
            tokio::spawn(Arc::clone(self).pull(Arc::clone(&entry), String::new()));
            tokio::spawn(Arc::clone(self).listen(entry));
        }
        Ok(())
    }

    pub(super) async fn work(self: Arc<Self>, entry: Arc<Entry>, name: String, slot: Arc<Slot>) {
        let mut worker = Worker {
            channels: Arc::clone(&self),
            entry,
            name,
            slot: Arc::clone(&slot),
            handled: Vec::new(),
            asked_ms: None,
            followed: None,
            turns: mpsc::channel(QUEUE),
            overrun: Arc::default(),
        };
        loop {
            slot.dirty.store(false, Ordering::SeqCst);
            let next = match worker.step().await {
                Ok(next) => next,
                Err(trouble) => {
                    tracing::warn!(account = worker.name, %trouble, "an account could not be served; it is tried again");
                    tokio::time::sleep(TROUBLE_PAUSE).await;
                    Next::Again
                }
            };
            match next {
                Next::Again => {}
                Next::Wait(None) => {
                    self.metrics.busy.dec();
                    worker.wait(None).await;
                    self.metrics.busy.inc();
                }
                Next::Wait(until_ms) => worker.wait(until_ms).await,
                Next::Idle => {
                    slot.running.store(false, Ordering::SeqCst);
                    let woken = slot.dirty.load(Ordering::SeqCst);
                    if !woken || slot.running.swap(true, Ordering::SeqCst) {
                        break;
                    }
                }
            }
        }
        self.metrics.open.dec();
        self.metrics.busy.dec();
    }
}

impl Worker {
    fn store(&self) -> &dyn crate::store::Store {
        &**self.channels.engine.store()
    }

    /// Changes the account, and takes out what was handled.
    async fn change<R>(
        &mut self,
        mut change: impl FnMut(&mut Account) -> R,
    ) -> Result<(R, Account), StoreError> {
        let handled = &self.handled;
        let changed = slots::change(self.store(), &self.slot, &self.name, None, |account| {
            account.inbox.retain(|w| !handled.contains(&w.id));
            change(account)
        })
        .await?;
        self.handled.clear();
        Ok(changed)
    }

    async fn look(&self) -> Result<Account, StoreError> {
        let (_, mut account) =
            slots::change(self.store(), &self.slot, &self.name, None, |_| ()).await?;
        account.inbox.retain(|w| !self.handled.contains(&w.id));
        Ok(account)
    }

    async fn step(&mut self) -> Result<Next, Trouble> {
        let account = self.look().await?;
        if let Some(waiting) = account.inbox.front() {
            let waiting = waiting.clone();
            if account.asks_for_rest(&waiting) {
                self.handled.push(waiting.id);
                return Ok(Next::Again);
            }
            self.handle(&account, &waiting).await?;
            return Ok(Next::Again);
        }
        let Some(conversation) = account.conversation.clone() else {
            return self.send_or_end(account, 0, Owner::Bot).await;
        };
        // Before the log is read, so that nothing falls between.
        self.follow(&conversation);
        match self.channels.engine.status(&conversation).await {
            Ok((last_seq, owner)) => self.send_or_end(account, last_seq, owner).await,
            Err(HandleError::Gone) => {
                let forget = |a: &mut Account| {
                    a.forget(&conversation);
                    a.open = !a.inbox.is_empty();
                };
                self.change(forget).await?;
                self.slot.take_waiter();
                Ok(Next::Idle)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn follow(&mut self, conversation: &str) {
        if self
            .followed
            .as_ref()
            .is_some_and(|(c, _)| c == conversation)
        {
            return;
        }
        let hub = &self.channels.engine.hub;
        let subscription = hub.subscribe(
            conversation,
            hub.socket_id(),
            self.turns.0.clone(),
            Arc::clone(&self.overrun),
        );
        self.followed = Some((conversation.to_owned(), subscription));
    }

    /// Gives one claimed message to the engine. A repeat after a crash is known by its id.
    async fn handle(&mut self, account: &Account, waiting: &Waiting) -> Result<(), Trouble> {
        let what = match &waiting.said {
            Said::Text { text } => Some(What::Say { text: text.clone() }),
            Said::Human => Some(What::Human),
            Said::Media { media, reference } => Some(What::Attach {
                media: *media,
                reference: reference.clone(),
            }),
            Said::Greeting | Said::Left | Said::NotDelivered { .. } => None,
        };
        let conversation = match &account.conversation {
            Some(conversation) => conversation.clone(),
            None => {
                let fresh = self.channels.new_conversation(&self.name).await?;
                let begin = |a: &mut Account| a.begin(fresh.clone(), 0, waiting.at_ms);
                self.change(begin).await?;
                fresh
            }
        };
        if let Some(what) = what {
            let event = Event {
                id: waiting.id.clone(),
                by: Author::Citizen,
                what,
            };
            let now_ms = crate::clock::now_ms();
            match self
                .channels
                .engine
                .handle(&conversation, event, None, now_ms)
                .await
            {
                Ok(_) => {}
                Err(HandleError::Gone) => {
                    self.change(|a| a.forget(&conversation)).await?;
                    return Ok(());
                }
                Err(error @ (HandleError::Busy | HandleError::Unavailable)) => {
                    return Err(error.into());
                }
                Err(error @ (HandleError::Refused(_) | HandleError::Damaged)) => {
                    self.channels
                        .metrics
                        .inbound(&self.entry.name, "not_handled");
                    tracing::error!(account = self.name, conversation, %error, "a message made no turn");
                }
            }
        }
        self.handled.push(waiting.id.clone());
        self.asked_ms.get_or_insert(waiting.at_ms);
        Ok(())
    }

    /// Sends the next part, or ends.
    async fn send_or_end(
        &mut self,
        account: Account,
        last_seq: Seq,
        owner: Owner,
    ) -> Result<Next, Trouble> {
        let human = matches!(owner, Owner::Consultant { .. });
        let live = human || matches!(owner, Owner::Queue { .. });
        let now_ms = crate::clock::now_ms();
        let mut planned = account;
        let Some(batch) = planned.next_batch(last_seq).cloned() else {
            return self.end(live).await;
        };
        if batch.next_ms > now_ms && !self.waits_for_answer() {
            self.keep(&planned).await?;
            return Ok(Next::Wait(Some(batch.next_ms)));
        }
        let messages = self.messages(&batch).await?;
        let urgent = messages.iter().any(|m| {
            matches!(
                &m.body,
                crate::dialogue::nouns::Body::Notice { urgent: true, .. }
            )
        });
        let text = self.text(&messages, &planned, &batch);
        let limits = self.entry.channel.limits();
        let parts = render::split(&text, limits.text_bytes.saturating_sub(CUT.len()));
        let Some(part) = parts.get(batch.parts_done) else {
            // Only the citizen's own messages, or everything was sent.
            self.change(|a| {
                a.adopt(&batch);
                a.batch_done();
            })
            .await?;
            return Ok(Next::Again);
        };
        let remaining = parts.len() - batch.parts_done;
        let last = remaining == 1;
        let few = planned.quota.allowed <= KEPT_FOR_HUMAN;
        let reserve = if human || urgent || few {
            0
        } else {
            KEPT_FOR_HUMAN
        };
        let left = match planned.left(&limits, now_ms) {
            Left::Unlimited => u32::MAX,
            Left::Some(left) => left.saturating_sub(reserve),
        };
        let passive = self.slot.take_waiter();
        if passive.is_none() && (left == 0 || planned.held.as_deref() == Some(LEFT)) {
            return self.hold(&planned, &batch, "quota", live).await;
        }
        // A passive answer counts for no quota, so the rest may use all that is left.
        let more_after = if passive.is_some() {
            left
        } else {
            left.saturating_sub(1)
        };
        let cut = !last && more_after == 0;
        let part = if cut {
            format!("{part}{CUT}")
        } else {
            (*part).to_owned()
        };
        if let Some(waiter) = passive {
            let (taken, was_taken) = oneshot::channel();
            let offer = Offer {
                text: part.clone(),
                taken,
            };
            let offered = waiter.offer.send(offer).is_ok();
            if offered
                && matches!(
                    tokio::time::timeout(TAKEN_WAIT, was_taken).await,
                    Ok(Ok(()))
                )
            {
                let claimed_ms = self.asked_ms.unwrap_or(now_ms);
                note_answered(&self.slot, waiter.key, part, claimed_ms);
                return self.sent(&batch, last, true).await;
            }
            // The platform hung up: the text goes the other way.
            return Ok(Next::Again);
        }
        let send_id = self.send_id(&batch);
        let target = Target {
            account: &planned.account,
            reply_to: planned.reply_to.as_ref(),
            send_id: &send_id,
            now_ms,
        };
        match self.entry.channel.send(&target, &part).await {
            Ok(()) => self.sent(&batch, last, false).await,
            Err(error) => self.failed(error, &planned, &batch, live).await,
        }
    }

    fn waits_for_answer(&self) -> bool {
        let waiter = self
            .slot
            .waiter
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        waiter.is_some()
    }

    async fn sent(&mut self, batch: &Sending, last: bool, passive: bool) -> Result<Next, Trouble> {
        let code = if passive { "passive" } else { "ok" };
        self.channels.metrics.sent(&self.entry.name, code);
        if let Some(asked_ms) = self.asked_ms.take_if(|_| last) {
            self.channels
                .metrics
                .delivered(crate::clock::now_ms() - asked_ms);
        }
        let reported =
            (!passive && self.entry.channel.reports_failures()).then(|| self.send_id(batch));
        let (_, account) = self
            .change(|a| {
                a.adopt(batch);
                if let Some(send_id) = &reported {
                    a.note_sent(send_id.clone(), batch);
                }
                a.part_sent(passive);
                a.held = None;
                if last {
                    a.batch_done();
                }
            })
            .await?;
        self.publish(&account);
        Ok(Next::Again)
    }

    async fn failed(
        &mut self,
        error: SendError,
        planned: &Account,
        batch: &Sending,
        live: bool,
    ) -> Result<Next, Trouble> {
        self.channels.metrics.sent(&self.entry.name, error.code());
        let now_ms = crate::clock::now_ms();
        tracing::warn!(
            account = self.name,
            code = error.code(),
            "the platform did not take a text"
        );
        let (code, after_ms) = match &error {
            SendError::Window { code } => return self.hold(planned, batch, code, live).await,
            SendError::Refused { code } => (code, None),
            SendError::Retry { code, after_ms } => (code, Some(*after_ms)),
        };
        let jitter = random();
        let (dead, account) = self
            .change(|a| {
                a.adopt(batch);
                let over = match after_ms {
                    None => true,
                    Some(after_ms) => a.part_failed(after_ms, jitter, now_ms),
                };
                if over {
                    a.bury(code, now_ms);
                } else {
                    a.held = Some(code.clone());
                }
                over
            })
            .await?;
        if dead {
            self.channels.metrics.dead.inc();
            tracing::error!(
                account = self.name,
                code,
                "a reply was given up; it is listed and can be sent again"
            );
        }
        self.publish(&account);
        Ok(Next::Again)
    }

    /// Nothing can be sent until the person writes; a consultant is told so.
    async fn hold(
        &mut self,
        planned: &Account,
        batch: &Sending,
        code: &str,
        live: bool,
    ) -> Result<Next, Trouble> {
        let left = planned.held.as_deref() == Some(LEFT);
        let (_, account) = self
            .change(|a| {
                a.adopt(batch);
                if !left {
                    a.held = Some(code.to_owned());
                }
                a.open = live || !a.inbox.is_empty();
            })
            .await?;
        self.publish(&account);
        self.asked_ms = None;
        Ok(if live { Next::Wait(None) } else { Next::Idle })
    }

    /// Keeps what was planned, so that a start finds it.
    async fn keep(&mut self, planned: &Account) -> Result<(), Trouble> {
        self.publish(planned);
        if !self.handled.is_empty() {
            self.change(|_| ()).await?;
        }
        Ok(())
    }

    async fn end(&mut self, live: bool) -> Result<Next, Trouble> {
        self.asked_ms = None;
        let (_, account) = self
            .change(|a| a.open = live || !a.inbox.is_empty())
            .await?;
        self.publish(&account);
        // A request that waited for a reply gets its acknowledgement now.
        if account.inbox.is_empty() {
            self.slot.take_waiter();
        }
        Ok(match (account.inbox.is_empty(), live) {
            (false, _) => Next::Again,
            (true, true) => Next::Wait(None),
            (true, false) => Next::Idle,
        })
    }

    async fn wait(&mut self, until_ms: Option<Millis>) {
        let pause = until_ms.map(|until_ms| {
            let left_ms = until_ms - crate::clock::now_ms();
            Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))
        });
        let sleep = async {
            match pause {
                Some(pause) => tokio::time::sleep(pause).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.slot.wake.notified() => {}
            () = sleep => {}
            _ = self.turns.1.recv() => {}
            () = self.overrun.notified() => self.followed = None,
        }
        // Many turns at once are read at once.
        while self.turns.1.try_recv().is_ok() {}
    }

    async fn messages(&self, batch: &Sending) -> Result<Vec<Message>, Trouble> {
        let mut all = Vec::new();
        let mut after = batch.after;
        while after < batch.through {
            let some = match self
                .channels
                .engine
                .messages_after(&batch.conversation, after)
                .await
            {
                Ok(some) => some,
                // Erased: there is nothing to send any more.
                Err(HandleError::Gone) => break,
                Err(error) => return Err(error.into()),
            };
            let Some(last) = some.last() else { break };
            after = last.seq;
            all.extend(
                some.into_iter()
                    .filter(|m| m.seq <= batch.through && m.from != From::Citizen),
            );
        }
        Ok(all)
    }

    fn text(&self, messages: &[Message], account: &Account, batch: &Sending) -> String {
        let knowledge = self.channels.engine.knowledge();
        let mut text = render::text(messages);
        for key in account.owed.iter().take(batch.owed) {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(knowledge.script().text(key).trim());
        }
        text
    }

    /// The same for every try of a part, another for every part.
    fn send_id(&self, batch: &Sending) -> String {
        let numbers = format!("{}/{}/{}", batch.after, batch.through, batch.parts_done);
        let digest = hmac_sha256(
            &self.channels.key,
            &[
                b"send\0",
                self.name.as_bytes(),
                batch.conversation.as_bytes(),
                numbers.as_bytes(),
            ],
        );
        hex(&digest[..16])
    }

    fn publish(&self, account: &Account) {
        self.channels.publish(&self.entry, account);
    }
}

/// From 0 to 1, to spread tries.
pub(super) fn random() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness the tries are only less spread.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}
