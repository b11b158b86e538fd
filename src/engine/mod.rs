//! Lock, load, read, step, append, deliver. The only place where a turn is made.

pub mod board;
pub mod metrics;
pub mod slots;
pub mod tickets;
pub mod timers;

use crate::dialogue::nouns::{Author, Effect, Event, Message, Millis, Owner, Seq, What};
use crate::dialogue::reading::Reading;
use crate::dialogue::script::Context;
use crate::dialogue::state::State;
use crate::dialogue::step::{self, Admission, Refusal, Step};
use crate::dialogue::turn::{FORMAT, Rule, Turn};
use crate::hub::{Ack, Delivery, Hub, SocketId};
use crate::knowledge::{Found, Knowledge};
use crate::reading::text::Text;
use crate::store::{Appended, Header, LogId, NewRecord, Revision, Store, StoreError};
use arc_swap::ArcSwap;
use board::Board;
use metrics::Metrics;
use slots::{Loaded, Slot, Slots};
use std::sync::Arc;
use std::time::Duration;
use tickets::Tickets;
use tokio::sync::Semaphore;

/// An event that is not done by then is answered `busy`; its turn may still have been committed.
const DEADLINE: Duration = Duration::from_secs(10);
/// How often a turn is made again because another one was committed in between.
const CONFLICT_TRIES: u32 = 4;
/// Statute searches at once.
const STATUTE_SEARCHES_MAX: usize = 2;
/// How long a turn waits for the statutes, in milliseconds.
const STATUTES_DEADLINE: Duration = Duration::from_millis(300);
/// Articles asked of the statute search.
const STATUTES_TOP: usize = 5;
/// Longest text read on an async worker, in bytes; reading takes some 0.1 µs a byte.
const INLINE_BYTES_MAX: usize = 1_500;
/// Records read from the store at once when history is paged.
const HISTORY_RECORDS: usize = 64;

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// Seq of the message the event made (of its first, when it made several).
    pub seq: Seq,
    /// The event had been handled before; nothing new was committed.
    pub repeat: bool,
    pub owner: Owner,
}

/// Why an event made no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    #[error("refused: {0:?}")]
    Refused(Refusal),
    #[error("too many events wait for this conversation, or it took too long")]
    Busy,
    #[error("the store takes nothing now")]
    Unavailable,
    #[error("the conversation was erased")]
    Gone,
    #[error("a record could not be read")]
    Damaged,
}

/// Settings the engine needs of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    pub conversations_cached: usize,
    pub desk_capacity: u32,
    pub lost_after_s: u64,
}

pub struct Engine {
    store: Arc<dyn Store>,
    knowledge: ArcSwap<Knowledge>,
    pub hub: Arc<Hub>,
    pub board: Board,
    pub tickets: Tickets,
    pub metrics: Metrics,
    slots: Slots,
    statutes: Arc<Semaphore>,
    lost_after_s: u64,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine over a store; takes over what the store calls open.
    pub async fn start(
        store: Arc<dyn Store>,
        knowledge: Knowledge,
        settings: &Settings,
        now_ms: Millis,
    ) -> Result<Arc<Engine>, StoreError> {
        let board = Board::new(settings.desk_capacity);
        let open = open_with_states(&*store).await?;
        let tickets = Tickets::default();
        for (conversation, header, _) in &open {
            tickets.update(conversation, Some(header));
        }
        board.restore(open, now_ms);
        Ok(Arc::new(Engine {
            store,
            knowledge: ArcSwap::from_pointee(knowledge),
            hub: Arc::default(),
            board,
            tickets,
            metrics: Metrics::default(),
            slots: Slots::new(settings.conversations_cached),
            statutes: Arc::new(Semaphore::new(STATUTE_SEARCHES_MAX)),
            lost_after_s: settings.lost_after_s,
        }))
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The knowledge in use now. Turns in flight keep the one they began with.
    pub fn knowledge(&self) -> arc_swap::Guard<Arc<Knowledge>> {
        self.knowledge.load()
    }

    pub fn swap_knowledge(&self, knowledge: Knowledge) {
        self.knowledge.store(Arc::new(knowledge));
    }

    /// Makes and commits the turn of an event, then shows it. Events of one conversation are handled in the
    /// order of their calls. `origin` is the socket to be acked, if it was one of ours.
    pub async fn handle(
        &self,
        conversation: &str,
        event: Event,
        origin: Option<SocketId>,
        now_ms: Millis,
    ) -> Result<Handled, HandleError> {
        let slot = self.slots.get(conversation);
        let Some(_place) = slot.wait() else {
            return Err(HandleError::Busy);
        };
        let started = std::time::Instant::now();
        let turn = self.handle_locked(conversation, &slot, &event, origin, now_ms);
        let handled = tokio::time::timeout(DEADLINE, turn)
            .await
            .unwrap_or(Err(HandleError::Busy));
        self.metrics.handled(&handled, started.elapsed());
        handled
    }

    async fn handle_locked(
        &self,
        conversation: &str,
        slot: &Slot,
        event: &Event,
        origin: Option<SocketId>,
        now_ms: Millis,
    ) -> Result<Handled, HandleError> {
        let log = log_of(conversation).ok_or(HandleError::Gone)?;
        let mut last = slot.last.lock().await;
        for _ in 0..CONFLICT_TRIES {
            // Taken out while the append is under way: whoever comes after a cancelled one reads the store.
            let loaded = match last.take() {
                Some(loaded) => loaded,
                None => self.load(&log).await?,
            };
            match step::admit(&loaded.state, event) {
                Admission::Go => {}
                Admission::Repeat(seq) => {
                    let owner = loaded.state.owner.clone();
                    *last = Some(loaded);
                    return Ok(Handled {
                        seq,
                        repeat: true,
                        owner,
                    });
                }
                Admission::Refuse(refusal) => {
                    *last = Some(loaded);
                    return Err(HandleError::Refused(refusal));
                }
            }
            match self
                .commit(conversation, &log, &loaded, event, origin, now_ms)
                .await?
            {
                Some((next, handled)) => {
                    *last = Some(next);
                    return Ok(handled);
                }
                None => self.metrics.conflict(),
            }
        }
        Err(HandleError::Busy)
    }

    /// One try. `None` when another turn was committed in between.
    async fn commit(
        &self,
        conversation: &str,
        log: &LogId,
        loaded: &Loaded,
        event: &Event,
        origin: Option<SocketId>,
        now_ms: Millis,
    ) -> Result<Option<(Loaded, Handled)>, HandleError> {
        let knowledge = self.knowledge.load_full();
        let (reading, step) = self
            .decide(&knowledge, conversation, &loaded.state, event, now_ms)
            .await;
        let first_seq = loaded.state.last_seq + 1;
        if step.rule == Rule::Nothing && step.messages.is_empty() && step.state == loaded.state {
            let handled = Handled {
                seq: loaded.state.last_seq,
                repeat: false,
                owner: step.state.owner,
            };
            return Ok(Some((loaded.clone(), handled)));
        }
        let area = step.state.topic.as_ref().and_then(|topic| {
            let card = knowledge.script().intents.get(topic)?;
            card.area.as_deref()
        });
        let header = board::header(&step.state, area, loaded.header.as_ref());
        let urgent = step.effects.iter().any(|e| {
            matches!(
                e,
                Effect::Desk { urgent: true } | Effect::AlertOnCall { .. }
            )
        });
        let turn = Turn {
            format: FORMAT,
            turn: loaded.turn + 1,
            at_ms: now_ms,
            event: event.clone(),
            reading: reading.compact(),
            rule: step.rule,
            messages: step.messages,
            effects: step.effects,
            state: step.state,
            knowledge: knowledge.version().to_owned(),
        };
        let record = NewRecord {
            last_seq: turn.state.last_seq,
            body: turn.to_bytes(),
            header: header.clone(),
        };
        let revision = match self.store.append(log, loaded.revision, record).await {
            Ok(Appended::Done(revision)) => revision,
            Ok(Appended::Conflict) => return Ok(None),
            Ok(Appended::Gone) => return Err(HandleError::Gone),
            Err(StoreError::Unknown(_)) => match self.read_back(log, &turn).await? {
                Some(revision) => revision,
                None => return Err(HandleError::Unavailable),
            },
            Err(error) => return Err(self.store_error(&error)),
        };
        self.metrics.turn(turn.rule);
        self.board
            .update(conversation, header.as_ref(), &turn.state, now_ms);
        if let (Author::Consultant { staff, .. }, What::Decline { .. }) = (&event.by, &event.what) {
            self.board.declined(conversation, staff, now_ms);
        }
        self.tickets.update(conversation, header.as_ref());
        let owner = turn.state.owner.clone();
        let handled = Handled {
            seq: first_seq.min(turn.state.last_seq),
            repeat: false,
            owner: owner.clone(),
        };
        let next = Loaded {
            state: turn.state,
            revision,
            turn: turn.turn,
            header,
        };
        // Inside the conversation's lock, so that its sockets hear the turns in order; nothing awaits here.
        self.hub.deliver(
            conversation,
            Delivery {
                messages: turn.messages,
                owner: (owner != loaded.state.owner).then_some(owner),
                urgent,
                ack: origin.map(|socket| Ack {
                    socket,
                    id: turn.event.id,
                    seq: handled.seq,
                }),
            },
        );
        Ok(Some((next, handled)))
    }

    /// Reads the text and decides. The statutes are asked where no entry is sure to answer.
    pub async fn decide(
        &self,
        knowledge: &Arc<Knowledge>,
        conversation: &str,
        state: &State,
        event: &Event,
        now_ms: Millis,
    ) -> (Reading, Step) {
        let ctx = Context {
            script: Arc::clone(knowledge.script()),
            duty: self.board.duty(conversation),
        };
        let What::Say { text } = &event.what else {
            let reading = Reading::default();
            let step = step::step(&ctx, state, event, &reading, now_ms);
            return (reading, step);
        };
        let (text, found, mut reading) = read(knowledge, state, text, now_ms).await;
        if let Some(found) = found.filter(|_| knowledge.wants_statutes(&reading)) {
            self.consult(knowledge, text, found, &mut reading, now_ms)
                .await;
        }
        let step = step::step(&ctx, state, event, &reading, now_ms);
        (reading, step)
    }

    /// On the bounded blocking pool, with a deadline; a missed one is recorded and the turn goes on without.
    async fn consult(
        &self,
        knowledge: &Arc<Knowledge>,
        text: Text,
        found: Found,
        reading: &mut Reading,
        now_ms: Millis,
    ) {
        let knowledge = Arc::clone(knowledge);
        let pool = Arc::clone(&self.statutes);
        let mut asked = reading.clone();
        let search = async move {
            let permit = pool.acquire_owned().await.ok()?;
            let today = crate::clock::china_date(now_ms);
            let consult = move || {
                knowledge.consult(&text, &found, &mut asked, today, STATUTES_TOP);
                drop(permit);
                asked
            };
            tokio::task::spawn_blocking(consult).await.ok()
        };
        match tokio::time::timeout(STATUTES_DEADLINE, search).await {
            Ok(Some(consulted)) => *reading = consulted,
            _ => {
                reading.statutes_missed = true;
                self.metrics.statutes_missed();
            }
        }
    }

    async fn load(&self, log: &LogId) -> Result<Loaded, HandleError> {
        let last = self.store.last(log).await;
        let Some((record, revision)) = last.map_err(|e| self.store_error(&e))? else {
            return Ok(Loaded {
                state: State::default(),
                revision: Revision::START,
                turn: 0,
                header: None,
            });
        };
        let turn = read_turn(&record.body)?;
        let conversation = conversation_of(log).unwrap_or_default();
        Ok(Loaded {
            state: turn.state,
            revision,
            turn: turn.turn,
            header: self.board.header(conversation),
        })
    }

    /// After an append whose end is unknown: the revision if it was ours that got in.
    async fn read_back(&self, log: &LogId, turn: &Turn) -> Result<Option<Revision>, HandleError> {
        let last = self.store.last(log).await;
        let Some((record, revision)) = last.map_err(|e| self.store_error(&e))? else {
            return Ok(None);
        };
        let found = read_turn(&record.body)?;
        let ours = found.turn == turn.turn && found.event == turn.event;
        Ok(ours.then_some(revision))
    }

    fn store_error(&self, error: &StoreError) -> HandleError {
        match error {
            StoreError::Gone => HandleError::Gone,
            error => {
                tracing::error!(%error, "the store refused");
                HandleError::Unavailable
            }
        }
    }

    /// Last seq and owner of a conversation; a new one has seq 0 and belongs to the bot.
    pub async fn status(&self, conversation: &str) -> Result<(Seq, Owner), HandleError> {
        let state = self.state(conversation).await?;
        Ok((state.last_seq, state.owner))
    }

    /// What a conversation remembers now.
    async fn state(&self, conversation: &str) -> Result<State, HandleError> {
        let log = log_of(conversation).ok_or(HandleError::Gone)?;
        let slot = self.slots.get(conversation);
        let mut last = slot.last.lock().await;
        let loaded = match last.take() {
            Some(loaded) => loaded,
            None => self.load(&log).await?,
        };
        let state = loaded.state.clone();
        *last = Some(loaded);
        Ok(state)
    }

    /// The messages with a seq greater than `after`, oldest first; some at a time, empty at the end.
    pub async fn messages_after(
        &self,
        conversation: &str,
        after: Seq,
    ) -> Result<Vec<Message>, HandleError> {
        let log = log_of(conversation).ok_or(HandleError::Gone)?;
        let records = self.store.after(&log, after, HISTORY_RECORDS).await;
        let mut messages = messages_of(records.map_err(|e| self.store_error(&e))?)?;
        messages.retain(|m| m.seq > after);
        Ok(messages)
    }

    /// At most `limit` messages with a seq below `before`, oldest first, and whether there are older ones.
    pub async fn messages_before(
        &self,
        conversation: &str,
        before: Seq,
        limit: usize,
    ) -> Result<(Vec<Message>, bool), HandleError> {
        let log = log_of(conversation).ok_or(HandleError::Gone)?;
        // Every turn but the system's makes a message, so `limit` records hold enough of them.
        let records = self.store.before(&log, before, limit).await;
        let mut messages = messages_of(records.map_err(|e| self.store_error(&e))?)?;
        messages.retain(|m| m.seq < before);
        let surplus = messages.len().saturating_sub(limit);
        messages.drain(..surplus);
        let more = messages.first().is_some_and(|m| m.seq > 1);
        Ok((messages, more))
    }

    /// The note that came with the last transfer among the newest records: who wrote it, and what.
    pub async fn note(&self, conversation: &str) -> Result<Option<(String, String)>, HandleError> {
        let log = log_of(conversation).ok_or(HandleError::Gone)?;
        let records = self.store.before(&log, Seq::MAX, HISTORY_RECORDS).await;
        for record in records.map_err(|e| self.store_error(&e))?.iter().rev() {
            let event = read_turn(&record.body)?.event;
            if let (Author::Consultant { name, .. }, What::Transfer { note, .. }) =
                (event.by, event.what)
            {
                return Ok((!note.is_empty()).then_some((name, note)));
            }
        }
        Ok(None)
    }

    /// Removes a conversation for good; what follows it reads `gone`.
    pub async fn erase(&self, conversation: &str) -> Result<crate::store::Erased, HandleError> {
        let log = log_of(conversation).ok_or(HandleError::Gone)?;
        let slot = self.slots.get(conversation);
        let mut last = slot.last.lock().await;
        *last = None;
        let erased = self.store.erase(&log).await;
        self.board.erased(conversation, crate::clock::now_ms());
        self.tickets.update(conversation, None);
        erased.map_err(|e| self.store_error(&e))
    }
}

/// Reads a text: inline, unless it is so long that an async worker would be held up.
async fn read(
    knowledge: &Arc<Knowledge>,
    state: &State,
    text: &str,
    now_ms: Millis,
) -> (Text, Option<Found>, Reading) {
    let today = crate::clock::china_date(now_ms);
    if text.len() > INLINE_BYTES_MAX {
        let (shared, state, text) = (Arc::clone(knowledge), state.clone(), text.to_owned());
        let read = move || shared.read(&state, &text, today);
        if let Ok(done) = tokio::task::spawn_blocking(read).await {
            return done;
        }
    }
    knowledge.read(state, text, today)
}

/// What the store calls open, with the last state of each: a record apiece, no history.
async fn open_with_states(
    store: &dyn Store,
) -> Result<Vec<(String, Header, Option<State>)>, StoreError> {
    let mut open = Vec::new();
    for (log, header) in store.open().await? {
        let Some(conversation) = conversation_of(&log) else {
            continue;
        };
        let last = match store.last(&log).await {
            Ok(last) => last,
            Err(StoreError::Damaged(_) | StoreError::Gone) => None,
            Err(error) => return Err(error),
        };
        let state = last.and_then(|(record, _)| Some(read_turn(&record.body).ok()?.state));
        open.push((conversation.to_owned(), header, state));
    }
    Ok(open)
}

fn messages_of(records: Vec<crate::store::Record>) -> Result<Vec<Message>, HandleError> {
    let mut messages = Vec::new();
    for record in records {
        messages.append(&mut read_turn(&record.body)?.messages);
    }
    Ok(messages)
}

fn read_turn(bytes: &[u8]) -> Result<Turn, HandleError> {
    Turn::from_bytes(bytes).map_err(|error| {
        tracing::error!(%error, "a record could not be read");
        HandleError::Damaged
    })
}

/// The log of a conversation, or `None` when the id cannot be one.
pub fn log_of(conversation: &str) -> Option<LogId> {
    LogId::new(&format!("conv/{conversation}")).ok()
}

/// The conversation of a log, or `None` for other logs.
pub fn conversation_of(log: &LogId) -> Option<&str> {
    log.as_str().strip_prefix("conv/")
}
