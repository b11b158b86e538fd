//! The store on one machine's disk: sled 0.34.7 under one committer thread.
//!
//! The way of a record: its caller seals it (`seal`, in parallel), hands it to the committer (`committer`), which
//! checks its revision, writes it with its key and header rows (`layout`), flushes, syncs (`durable`) and only then
//! answers. From the write to the sync the record is held back from readers (`inner`). After any error in these steps
//! the store takes nothing more: the process should end and open it again. (After an error of its own sled cannot even be
//! dropped safely, so it is not, and its lock stays until the process ends.)
//!
//! Erasing removes a log's records and key at once, but sled keeps old bytes until it reuses their space, the wrapped
//! key among them: an erasure is final once [`Store::rotate`] has destroyed the master generation that wrapped it
//! (`master`). What stays readable is the log's id in its tombstone, and old headers, which hold no text.

mod committer;
mod durable;
mod inner;
mod layout;
mod master;
mod open;
mod seal;

pub use durable::{DurableStep, Fdatasync};
pub use master::MasterError;
pub use open::{CACHE_BYTES, DISK_RESERVE_BYTES, OpenError, SledOptions};

use super::*;
use committer::{Append, Command, Committer, Outcome, QUEUE_COMMANDS_MAX, Reply, Rewrap};
use inner::{Inner, ROUND_STALL};
use seal::Key;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Keys wrapped anew in one step of a rotation; appends go on between the steps.
const ROTATE_STEP_KEYS: usize = 1000;

/// How often dropping looks whether the committer has finished.
const DROP_POLL: Duration = Duration::from_millis(1);

/// See the module's documentation.
pub struct SledStore {
    inner: Arc<Inner>,
    /// Taken only by `drop`.
    commands: Option<mpsc::Sender<Command>>,
    committer: Option<JoinHandle<()>>,
    rotating: tokio::sync::Mutex<()>,
}

impl SledStore {
    /// Opens or creates a store. Blocks: sled reads what was written since it was last opened.
    pub fn open(options: &SledOptions) -> Result<SledStore, OpenError> {
        SledStore::open_with(options, |step| Box::new(step))
    }

    /// Like [`SledStore::open`] with the durable step wrapped, for tests that watch, hold or fail it.
    pub fn open_with(
        options: &SledOptions,
        wrap: impl FnOnce(Fdatasync) -> Box<dyn DurableStep>,
    ) -> Result<SledStore, OpenError> {
        let (inner, durable) = open::open(options)?;
        let inner = Arc::new(inner);
        let committer = Committer::new(inner.clone(), wrap(durable));
        let (commands, receiver) = mpsc::channel(QUEUE_COMMANDS_MAX);
        let thread = std::thread::Builder::new().name("store-committer".into());
        let committer = thread.spawn(move || committer.run(receiver));
        let committer = committer.map_err(|source| OpenError::Io {
            dir: options.dir.clone(),
            source,
        })?;
        Ok(SledStore {
            inner,
            commands: Some(commands),
            committer: Some(committer),
            rotating: tokio::sync::Mutex::new(()),
        })
    }

    fn commands(&self) -> &mpsc::Sender<Command> {
        // Proof: only `drop` takes it, and nothing runs after that.
        self.commands
            .as_ref()
            .expect("the store is not being dropped")
    }

    /// Hands a command to the committer and waits for its answer.
    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, StoreError> {
        self.inner.usable()?;
        let (reply, answer) = oneshot::channel();
        let sent = self.commands().send(command(reply)).await;
        sent.map_err(|_| StoreError::Unavailable("closed".into()))?;
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::Unknown("the committer ended".into())))
    }

    /// Runs a read that may take long, off the async threads.
    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Inner) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = self.inner.clone();
        let joined = tokio::task::spawn_blocking(move || read(&inner)).await;
        joined.unwrap_or_else(|_| Err(StoreError::Unavailable("a read did not finish".into())))
    }
}

#[async_trait]
impl Store for SledStore {
    async fn last(&self, log: &LogId) -> Result<Option<(Record, Revision)>, StoreError> {
        let last = self.inner.last(log)?;
        Ok(last.map(|record| {
            let revision = Revision(record.turn);
            (record, revision)
        }))
    }

    async fn append(
        &self,
        log: &LogId,
        expect: Revision,
        record: NewRecord,
    ) -> Result<Appended, StoreError> {
        let stored_header = encode_checked(&record)?;
        let NewRecord {
            last_seq,
            body,
            header,
        } = record;
        let header = header.zip(stored_header);
        let turn = expect.0 + 1;
        loop {
            let new_key = (expect == Revision::START).then(seal::random_key);
            let key = match &new_key {
                Some(bytes) => Arc::new(Key::new(bytes)),
                None => match self.inner.key(log)? {
                    Some(key) => key,
                    None if self.inner.is_erased(log)? => return Ok(Appended::Gone),
                    None => return Ok(Appended::Conflict),
                },
            };
            let new_key = new_key.map(|bytes| {
                self.inner
                    .master(|master| (master.current(), master.wrap(log, &bytes)))
            });
            let append = |reply| {
                Command::Append(Append {
                    log: log.clone(),
                    expect: expect.0,
                    last_seq,
                    key: layout::record(log, last_seq, turn),
                    value: key.seal_record(log, last_seq, turn, &body),
                    new_key,
                    header: header.clone().map(Box::new),
                    reply,
                })
            };
            return match self.ask(append).await? {
                Outcome::Done => {
                    self.inner.remember_key(log, &key);
                    Ok(Appended::Done(Revision(turn)))
                }
                Outcome::Conflict => Ok(Appended::Conflict),
                Outcome::Gone => Ok(Appended::Gone),
                Outcome::SeqBackwards => Err(StoreError::SeqBackwards),
                // At most once for each rotation that goes on meanwhile.
                Outcome::StaleKey => continue,
            };
        }
    }

    async fn after(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let log = log.clone();
        self.blocking(move |inner| inner.after(&log, seq, limit))
            .await
    }

    async fn before(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let log = log.clone();
        self.blocking(move |inner| inner.before(&log, seq, limit))
            .await
    }

    async fn open(&self) -> Result<Vec<(LogId, Header)>, StoreError> {
        Ok(self.inner.index(|index| index.open()))
    }

    async fn due(&self, until_ms: i64, limit: usize) -> Result<Vec<(i64, LogId)>, StoreError> {
        Ok(self.inner.index(|index| index.due(until_ms, limit)))
    }

    async fn erase(&self, log: &LogId) -> Result<Erased, StoreError> {
        let erased = self
            .ask(|reply| Command::Erase {
                log: log.clone(),
                reply,
            })
            .await?;
        self.inner.forget_key(log);
        Ok(erased)
    }

    async fn rotate(&self) -> Result<Rotated, StoreError> {
        let _one_at_a_time = self.rotating.lock().await;
        self.inner.usable()?;
        let file = |e: std::io::Error| StoreError::Unavailable(format!("master key file: {e}"));
        self.blocking(move |inner| inner.change_master(|m| m.add_generation()).map_err(file))
            .await?;
        // After this, no key wrapped under the old generation is on its way any more.
        self.ask(|reply| Command::Rewrap {
            rows: Vec::new(),
            reply,
        })
        .await?;
        let mut after = None;
        let mut keys = 0;
        loop {
            let from = after.take();
            let step = move |inner: &Inner| rewrapped(inner, from.as_ref());
            let (last, rows) = self.blocking(step).await?;
            keys += rows.len() as u64;
            self.ask(|reply| Command::Rewrap { rows, reply }).await?;
            if last.is_none() {
                break;
            }
            after = last;
        }
        self.blocking(move |inner| inner.change_master(|m| m.destroy_old()).map_err(file))
            .await?;
        Ok(Rotated {
            generation: self.inner.generation(),
            keys,
        })
    }

    async fn logs(
        &self,
        prefix: &str,
        after: Option<&LogId>,
        limit: usize,
    ) -> Result<Vec<LogId>, StoreError> {
        let (prefix, after) = (prefix.to_owned(), after.cloned());
        self.blocking(move |inner| inner.logs(&prefix, after.as_ref(), limit))
            .await
    }

    fn health(&self) -> Health {
        let trouble = self.inner.trouble();
        trouble.map_or(Health::Ok, |e| Health::Failed(e.to_string()))
    }

    async fn close(&self) -> Result<(), StoreError> {
        let close = self.ask(|reply| Command::Close { reply });
        let closed = tokio::time::timeout(ROUND_STALL, close).await;
        let stalled = |_| Err(StoreError::Unknown("writing does not end".into()));
        match closed.unwrap_or_else(stalled) {
            Err(_) if self.inner.is_closed() => Ok(()),
            closed => closed,
        }
    }
}

impl Drop for SledStore {
    /// Lets the committer finish what was handed in, unless it is stuck.
    fn drop(&mut self) {
        self.commands.take();
        let running = || {
            self.committer
                .as_ref()
                .is_some_and(|thread| !thread.is_finished())
        };
        while running() && !self.inner.is_stalled() {
            std::thread::sleep(DROP_POLL);
        }
    }
}

/// The next keys after a log, wrapped anew where they are not under the current generation, and the last log looked
/// at; `None` at the end.
fn rewrapped(
    inner: &Inner,
    after: Option<&LogId>,
) -> Result<(Option<LogId>, Vec<Rewrap>), StoreError> {
    let mut rows = Vec::new();
    let mut looked_at = 0;
    let mut last = None;
    for row in inner.key_rows("", after).take(ROTATE_STEP_KEYS) {
        let (log, old) = row?;
        looked_at += 1;
        let damaged = |e| StoreError::Damaged(format!("key of {log}: {e}"));
        if seal::generation_of(&old).map_err(damaged)? != inner.generation() {
            let new = inner.master(|m| m.unwrap(&log, &old).map(|key| m.wrap(&log, &key)));
            let new = new.map_err(damaged)?;
            rows.push(Rewrap {
                key: layout::row(layout::KEY, &log),
                old: old.to_vec(),
                new,
            });
        }
        last = Some(log);
    }
    Ok((last.filter(|_| looked_at == ROTATE_STEP_KEYS), rows))
}
