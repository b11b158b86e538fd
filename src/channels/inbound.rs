//! A platform's request: verify, claim, acknowledge, and give the reply in the answer where the platform takes it.

use super::account::{Account, Claimed, ReplyTo, Said, Waiting};
use super::crypto::{hex, hmac_sha256};
use super::slots::{self, Answered, Offer, Slot, Waiter};
use super::{Channels, Entry, Inbound, Passive, Refused, Reply, Request, SendError};
use crate::dialogue::nouns::{Media, Millis, Owner, TEXT_CHARS_MAX};
use crate::engine::HandleError;
use crate::store::{Appended, LogId, NewRecord, Revision, StoreError};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// The platform cuts at 5 s; an answer of ours that comes by then must be on its way.
const PASSIVE_WAIT: Duration = Duration::from_millis(4_000);
/// Messages of a stream that may wait to be claimed; more wait in the connection.
const STREAM_QUEUE: usize = 16;
/// Fetches after one notice; more are left to the next.
const PULLS_MAX: u32 = 64;
/// Events that one message may become, each of [`TEXT_CHARS_MAX`] characters; what is beyond is not taken, and said so.
const CHUNKS_MAX: usize = 8;
/// Said when the end of a message was not taken.
const TOO_LONG: &str = "channel.too_long";

/// The answer to a platform, for the edge to put into HTTP.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    Ok(Reply),
    /// No such channel.
    Unknown,
    Refused(Refused),
    /// Nothing was lost and nothing was kept: the platform is to send it again.
    Again,
}

/// Why a message could not be claimed.
#[derive(Debug, thiserror::Error)]
enum Unclaimed {
    #[error("too many messages of this account wait")]
    Full,
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Engine(HandleError),
}

/// A message as it is claimed.
struct Message {
    key: u64,
    waiting: Vec<Waiting>,
    reply_to: Option<ReplyTo>,
    /// A fixed text that it makes us owe.
    owed: Option<String>,
}

/// What a claim led to.
enum Claim {
    New,
    Duplicate,
    /// Answered before, and the platform has not got it.
    Lost(String),
}

impl Channels {
    /// A GET by which a platform proves that the address is ours.
    pub fn handshake(&self, name: &str, request: &Request<'_>) -> Answer {
        let Some(entry) = self.entries.get(name) else {
            return Answer::Unknown;
        };
        match entry.channel.handshake(request) {
            Ok(reply) => {
                self.metrics.inbound(name, "handshake");
                Answer::Ok(reply)
            }
            Err(refused) => self.refuse(name, refused),
        }
    }

    fn refuse(&self, name: &str, refused: Refused) -> Answer {
        self.metrics.inbound(name, refused.code());
        tracing::warn!(
            channel = name,
            reason = refused.code(),
            "a request was refused"
        );
        Answer::Refused(refused)
    }

    /// A POST with messages or events. Returns when everything in it is durable.
    pub async fn receive(self: &Arc<Self>, name: &str, request: &Request<'_>) -> Answer {
        let began = Instant::now();
        let Some(entry) = self.entries.get(name).map(Arc::clone) else {
            return Answer::Unknown;
        };
        let received = match entry.channel.receive(request) {
            Ok(received) => received,
            Err(refused) => return self.refuse(name, refused),
        };
        if let Some(hint) = received.pull {
            // The answer must not wait for the platform's own interface.
            tokio::spawn(Arc::clone(self).pull(entry, hint));
            return Answer::Ok(received.ack);
        }
        let alone = received.inbound.len() == 1;
        for inbound in received.inbound {
            let (offer, offered) = oneshot::channel();
            let waits = received.passive.is_some() && alone;
            let claim = Arc::clone(self).claim(Arc::clone(&entry), inbound, waits.then_some(offer));
            // A task of its own: a platform that hangs up must not leave a claimed message without a worker.
            let claimed = match tokio::spawn(claim).await {
                Ok(claimed) => claimed,
                Err(_) => return Answer::Again,
            };
            match (claimed, &received.passive) {
                (Ok(Claim::Lost(text)), Some(passive)) => {
                    self.metrics.inbound(name, "lost");
                    return Answer::Ok(passive(&text));
                }
                (Ok(_), Some(passive)) if waits => {
                    let wait = PASSIVE_WAIT.saturating_sub(began.elapsed());
                    if let Some(reply) = answer_in_time(offered, passive, wait).await {
                        return Answer::Ok(reply);
                    }
                }
                (Ok(_), _) => {}
                (Err(error), _) => return self.unclaimed(name, &error),
            }
        }
        Answer::Ok(received.ack)
    }

    fn unclaimed(&self, name: &str, error: &Unclaimed) -> Answer {
        let outcome = match error {
            Unclaimed::Full => "full",
            Unclaimed::Store(_) | Unclaimed::Engine(_) => "unavailable",
        };
        self.metrics.inbound(name, outcome);
        tracing::error!(channel = name, %error, "a message could not be claimed");
        Answer::Again
    }

    async fn claim(
        self: Arc<Self>,
        entry: Arc<Entry>,
        inbound: Inbound,
        offer: Option<oneshot::Sender<Offer>>,
    ) -> Result<Claim, Unclaimed> {
        let now_ms = crate::clock::now_ms();
        let name = slots::name_of(&self.key, &entry.name, &inbound.account);
        let slot = self.slots.get(&name);
        let digest = hmac_sha256(
            &self.key,
            &[
                b"message\0",
                entry.name.as_bytes(),
                &[0],
                inbound.key.as_bytes(),
            ],
        );
        let (key, _) = digest
            .split_first_chunk::<8>()
            .map_or((0, &[][..]), |(k, r)| (u64::from_le_bytes(*k), r));
        if let Said::NotDelivered { code, .. } = &inbound.said {
            self.metrics.sent(&entry.name, code);
        }
        let cut = matches!(&inbound.said, Said::Text { text } if text.chars().nth(CHUNKS_MAX * TEXT_CHARS_MAX).is_some());
        let message = Message {
            key,
            waiting: waiting(&hex(&digest[..16]), inbound.said, now_ms),
            reply_to: inbound.reply_to,
            owed: cut.then(|| TOO_LONG.to_owned()),
        };
        let door = slot.door.lock().await;
        let claimed = self
            .claim_in(&entry, &slot, &name, &inbound.account, &message, now_ms)
            .await?;
        let claim = match claimed {
            Claimed::Full => return Err(Unclaimed::Full),
            Claimed::New => {
                self.metrics.inbound(&entry.name, "accepted");
                set_waiter(&slot, key, offer);
                Claim::New
            }
            Claimed::Duplicate => {
                self.metrics.inbound(&entry.name, "duplicate");
                let answered = slot
                    .answered
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                let lost = answered.filter(|a| a.was_lost(key, now_ms));
                // The newest request for a message answers it: the platform has given the older ones up.
                if lost.is_none() && awaits(&slot, key) {
                    set_waiter(&slot, key, offer);
                }
                lost.map_or(Claim::Duplicate, |a| Claim::Lost(a.text))
            }
        };
        drop(door);
        self.kick(&entry, &name, &slot);
        Ok(claim)
    }

    async fn claim_in(
        &self,
        entry: &Entry,
        slot: &Slot,
        name: &str,
        account: &str,
        message: &Message,
        now_ms: Millis,
    ) -> Result<Claimed, Unclaimed> {
        let store = &**self.engine.store();
        let limits = entry.channel.limits();
        let look = |a: &mut Account| a.conversation.clone();
        let (conversation, _) = slots::change(store, slot, name, Some(account), look)
            .await
            .map_err(Unclaimed::Store)?;
        let over = match &conversation {
            None => Some(0),
            Some(conversation) => match self.engine.status(conversation).await {
                Ok((last_seq, Owner::Closed { .. })) => Some(last_seq),
                Ok(_) => None,
                Err(HandleError::Gone) => Some(0),
                Err(error) => return Err(Unclaimed::Engine(error)),
            },
        };
        let speaks = message
            .waiting
            .iter()
            .any(|w| matches!(w.said, Said::Text { .. } | Said::Human | Said::Media { .. }));
        let fresh = match over {
            Some(last_seq) if speaks => Some((
                self.new_conversation(name)
                    .await
                    .map_err(Unclaimed::Store)?,
                last_seq,
            )),
            _ => None,
        };
        let claim = |a: &mut Account| {
            let idle = a.inbox.is_empty();
            let claimed = a.claim(message.key, message.waiting.clone(), &limits, now_ms);
            if claimed == Claimed::New {
                a.owed.extend(message.owed.clone());
                if message.reply_to.is_some() {
                    a.reply_to.clone_from(&message.reply_to);
                }
                if let Some((fresh, last_seq)) = &fresh
                    && idle
                    && a.conversation == conversation
                {
                    a.begin(fresh.clone(), *last_seq, now_ms);
                }
            }
            claimed
        };
        let claimed = slots::change(store, slot, name, Some(account), claim).await;
        claimed
            .map(|(claimed, _)| claimed)
            .map_err(Unclaimed::Store)
    }

    /// The id of a new conversation, noted as this account's.
    pub(super) async fn new_conversation(&self, name: &str) -> Result<String, StoreError> {
        let store = &**self.engine.store();
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|e| StoreError::Unavailable(e.to_string()))?;
        let conversation = hex(&id);
        let log = slots::current_log(store, name).await?;
        slots::note_route(store, &conversation, &log).await?;
        Ok(conversation)
    }

    /// Starts the account's worker, or wakes it.
    pub(super) fn kick(self: &Arc<Self>, entry: &Arc<Entry>, name: &str, slot: &Arc<Slot>) {
        slot.dirty.store(true, Ordering::SeqCst);
        if slot.running.swap(true, Ordering::SeqCst) {
            slot.wake.notify_one();
            return;
        }
        self.metrics.open.inc();
        self.metrics.busy.inc();
        let worker = Arc::clone(self).work(Arc::clone(entry), name.to_owned(), Arc::clone(slot));
        tokio::spawn(worker);
    }

    /// Listens where messages come over a connection that we open. Ends when the channel has none.
    pub(super) async fn listen(self: Arc<Self>, entry: Arc<Entry>) {
        let (inlet, mut messages) = mpsc::channel(STREAM_QUEUE);
        let streaming = entry.channel.stream(inlet);
        let claiming = async {
            while let Some((inbound, done)) = messages.recv().await {
                let claimed = Arc::clone(&self)
                    .claim(Arc::clone(&entry), inbound, None)
                    .await;
                if let Err(error) = &claimed {
                    self.unclaimed(&entry.name, error);
                }
                // Who no longer waits gets the message again and is told of the repeat.
                let _ = done.send(claimed.is_ok());
            }
        };
        tokio::join!(streaming, claiming);
    }

    /// Fetches messages after a notice until there are no more. The cursor is kept after they were claimed.
    pub(super) async fn pull(self: Arc<Self>, entry: Arc<Entry>, hint: String) {
        let _one_at_a_time = entry.pulling.lock().await;
        for _ in 0..PULLS_MAX {
            match self.pull_once(&entry, &hint).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    self.metrics.inbound(&entry.name, "pull_failed");
                    tracing::warn!(channel = entry.name, %error, "messages could not be fetched; the next notice tries again");
                    return;
                }
            }
        }
    }

    async fn pull_once(
        self: &Arc<Self>,
        entry: &Arc<Entry>,
        hint: &str,
    ) -> Result<bool, SendError> {
        let store = &**self.engine.store();
        let unavailable = |_| SendError::retry("store", 0);
        let log = LogId::new(&format!("chan-cursor/{}", entry.name))
            .map_err(|_| SendError::refused("name"))?;
        let last = store.last(&log).await.map_err(unavailable)?;
        let (cursor, revision, records) = match &last {
            Some((record, revision)) => (
                String::from_utf8_lossy(&record.body).into_owned(),
                *revision,
                record.last_seq,
            ),
            None => (String::new(), Revision::START, 0),
        };
        let pulled = entry
            .channel
            .pull(&cursor, hint, crate::clock::now_ms())
            .await?;
        for inbound in pulled.inbound {
            let claim = Arc::clone(self)
                .claim(Arc::clone(entry), inbound, None)
                .await;
            if let Err(error) = claim {
                self.unclaimed(&entry.name, &error);
                return Err(SendError::retry("claim", 0));
            }
        }
        if pulled.cursor.is_empty() || pulled.cursor == cursor {
            return Ok(false);
        }
        let record = NewRecord {
            last_seq: records + 1,
            body: pulled.cursor.into_bytes(),
            header: None,
        };
        match store
            .append(&log, revision, record)
            .await
            .map_err(unavailable)?
        {
            Appended::Done(_) => Ok(pulled.more),
            // Another process fetched as well; what it claimed is claimed.
            Appended::Conflict | Appended::Gone => Ok(false),
        }
    }
}

fn set_waiter(slot: &Slot, key: u64, offer: Option<oneshot::Sender<Offer>>) {
    if let Some(offer) = offer {
        *slot.waiter.lock().unwrap_or_else(PoisonError::into_inner) = Some(Waiter { key, offer });
    }
}

fn awaits(slot: &Slot, key: u64) -> bool {
    let waiter = slot.waiter.lock().unwrap_or_else(PoisonError::into_inner);
    waiter.as_ref().is_some_and(|w| w.key == key)
}

async fn answer_in_time(
    offered: oneshot::Receiver<Offer>,
    passive: &Passive,
    wait: Duration,
) -> Option<Reply> {
    let offer = tokio::time::timeout(wait, offered).await.ok()?.ok()?;
    let reply = passive(&offer.text);
    // From here on the answer is written without another wait.
    offer.taken.send(()).ok()?;
    Some(reply)
}

/// What the engine is to be told: a text without control characters, in pieces that fit one event.
fn waiting(id: &str, said: Said, at_ms: Millis) -> Vec<Waiting> {
    let Said::Text { text } = said else {
        let id = id.to_owned();
        return vec![Waiting { id, at_ms, said }];
    };
    if text.chars().all(|c| c.is_whitespace() || c.is_control()) {
        let said = Said::Media {
            media: Media::Other,
            reference: String::new(),
        };
        let id = id.to_owned();
        return vec![Waiting { id, at_ms, said }];
    }
    let clean: Vec<char> = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let chunks = clean
        .chunks(TEXT_CHARS_MAX)
        .take(CHUNKS_MAX)
        .map(|c| c.iter().collect::<String>());
    let said = chunks.filter(|c| !c.trim().is_empty());
    let numbered = said.enumerate().map(|(n, text)| Waiting {
        id: if n == 0 {
            id.to_owned()
        } else {
            format!("{id}-{n}")
        },
        at_ms,
        said: Said::Text { text },
    });
    numbered.collect()
}

/// A reply that went out as the answer to a request, kept for a repeat of that request.
pub(super) fn note_answered(slot: &Slot, key: u64, text: String, claimed_ms: Millis) {
    *slot.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Answered {
        key,
        text,
        claimed_ms,
    });
}
