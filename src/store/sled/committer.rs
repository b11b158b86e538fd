//! The one thread that writes: it collects waiting turns, checks their revisions, writes them, flushes, syncs, and only
//! then wakes their callers. While one round syncs the next one gathers, so batches form by themselves.

use super::durable::DurableStep;
use super::inner::{Held, Inner};
use super::layout;
use crate::store::{Erased, Header, LogId, StoreError};
use lru::LruCache;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Most commands in one round.
const ROUND_COMMANDS_MAX: usize = 512;
/// When turns come close together, a round waits this long for more: flush and sync cost as much for one turn as for
/// sixty. A turn that comes alone does not wait.
const GATHER: Duration = Duration::from_micros(400);
/// From this many on, a round waits for no more.
const GATHERED_ENOUGH: usize = 48;
/// Commands that may wait for the committer; more wait in their callers.
pub const QUEUE_COMMANDS_MAX: usize = 1024;
/// Logs whose last position the committer remembers.
const HEADS_MAX: NonZeroUsize = NonZeroUsize::new(16 * 1024).unwrap();

/// What callers ask of the committer.
pub enum Command {
    Append(Append),
    Erase {
        log: LogId,
        reply: Reply<Erased>,
    },
    /// Replaces wrapped keys that have not changed. Empty: a barrier after all that was handed in before.
    Rewrap {
        rows: Vec<Rewrap>,
        reply: Reply<()>,
    },
    Close {
        reply: Reply<()>,
    },
}

pub type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// One sealed record on its way.
pub struct Append {
    pub log: LogId,
    /// The turn the log must be at.
    pub expect: u64,
    pub last_seq: u64,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    /// Of a log's first record: its key and the generation that wraps it.
    pub new_key: Option<(u32, Vec<u8>)>,
    /// The header and how it is stored.
    pub header: Option<Box<(Header, Vec<u8>)>>,
    pub reply: Reply<Outcome>,
}

/// A wrapped key to be replaced.
pub struct Rewrap {
    pub key: Vec<u8>,
    pub old: Vec<u8>,
    pub new: Vec<u8>,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    Conflict,
    Gone,
    SeqBackwards,
    /// The log's new key is wrapped under a generation that a rotation has just replaced: wrap it again.
    StaleKey,
}

/// Where a log stands, in-flight records of the current round included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    At { turn: u64, last_seq: u64 },
    Erased,
}

/// State of the committer's thread.
pub struct Committer {
    inner: Arc<Inner>,
    durable: Box<dyn DurableStep>,
    heads: LruCache<LogId, Head>,
}

impl Committer {
    pub fn new(inner: Arc<Inner>, durable: Box<dyn DurableStep>) -> Committer {
        Committer {
            inner,
            durable,
            heads: LruCache::sparse(HEADS_MAX),
        }
    }

    /// Serves commands until all senders are gone or the store is closed.
    pub fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut round = Vec::with_capacity(ROUND_COMMANDS_MAX);
        let mut appends = Vec::with_capacity(ROUND_COMMANDS_MAX);
        let mut crowded = false;
        while commands.blocking_recv_many(&mut round, ROUND_COMMANDS_MAX) > 0 {
            if crowded && round.len() < GATHERED_ENOUGH {
                std::thread::sleep(GATHER);
                while round.len() < ROUND_COMMANDS_MAX
                    && let Ok(command) = commands.try_recv()
                {
                    round.push(command);
                }
            }
            crowded = round.len() > 1;
            for command in round.drain(..) {
                if let Command::Append(append) = command {
                    appends.push(append);
                    continue;
                }
                self.append(&mut appends);
                match command {
                    Command::Append(_) => {}
                    Command::Erase { log, reply } => answer(reply, self.erase(&log)),
                    Command::Rewrap { rows, reply } => answer(reply, self.rewrap(rows)),
                    Command::Close { reply } => {
                        answer(reply, self.guarded(|_| Ok(())));
                        self.inner.close();
                        commands.close();
                    }
                }
            }
            self.append(&mut appends);
        }
    }

    /// One round of appends, emptied: answers each of them.
    fn append(&mut self, round: &mut Vec<Append>) {
        if round.is_empty() {
            return;
        }
        let mut accepted = Vec::with_capacity(round.len());
        let mut refused = Vec::new();
        let mut barred = self
            .inner
            .usable()
            .err()
            .or_else(|| self.inner.space.shortage());
        for append in round.drain(..) {
            let verdict = match &barred {
                Some(error) => Err(error.clone()),
                None => self.verdict(&append),
            };
            match verdict {
                Ok(Outcome::Done) => accepted.push(append),
                Err(error) => {
                    barred = Some(error.clone());
                    refused.push((append.reply, Err(error)));
                }
                Ok(outcome) => refused.push((append.reply, Ok(outcome))),
            }
        }
        if !accepted.is_empty() {
            self.commit(accepted);
        }
        // Only now: who is told of a conflict with a turn of this round must find that turn when reading.
        refused
            .into_iter()
            .for_each(|(reply, outcome)| answer(reply, outcome));
    }

    /// Whether an append may be written; if so the log's head moves on.
    fn verdict(&mut self, append: &Append) -> Result<Outcome, StoreError> {
        let Head::At { turn, last_seq } = self.head(&append.log)? else {
            return Ok(Outcome::Gone);
        };
        if turn != append.expect {
            return Ok(Outcome::Conflict);
        }
        if append.last_seq < last_seq {
            return Ok(Outcome::SeqBackwards);
        }
        if append
            .new_key
            .as_ref()
            .is_some_and(|(under, _)| *under != self.inner.generation())
        {
            return Ok(Outcome::StaleKey);
        }
        let head = Head::At {
            turn: turn + 1,
            last_seq: append.last_seq,
        };
        self.heads.put(append.log.clone(), head);
        Ok(Outcome::Done)
    }

    fn head(&mut self, log: &LogId) -> Result<Head, StoreError> {
        if let Some(head) = self.heads.get(log) {
            return Ok(*head);
        }
        let head = match self.inner.last_position(log)? {
            Some((last_seq, turn)) => Head::At { turn, last_seq },
            None if self.inner.is_erased(log)? => Head::Erased,
            None => Head::At {
                turn: 0,
                last_seq: 0,
            },
        };
        self.heads.put(log.clone(), head);
        Ok(head)
    }

    /// Makes accepted appends durable, shows them, and wakes their callers; or fails them all.
    fn commit(&mut self, mut accepted: Vec<Append>) {
        let held = accepted
            .iter()
            .map(|a| (a.log.clone(), Held::After(a.expect)));
        self.inner.hold(held);
        let result = self.guarded(|inner| write(inner, &mut accepted));
        match result {
            Ok(()) => {
                self.inner.release(|index| {
                    for append in &mut accepted {
                        let header = append.header.take().map(|header| header.0);
                        if index.header(&append.log) != header.as_ref() {
                            index.set(&append.log, header);
                        }
                    }
                });
                accepted
                    .into_iter()
                    .for_each(|a| answer(a.reply, Ok(Outcome::Done)));
            }
            Err(error) => {
                accepted
                    .into_iter()
                    .for_each(|a| answer(a.reply, Err(error.clone())));
            }
        }
    }

    fn erase(&mut self, log: &LogId) -> Result<Erased, StoreError> {
        self.inner.usable()?;
        match self.head(log)? {
            Head::Erased => return Ok(Erased::Already),
            Head::At { turn: 0, .. } => return Ok(Erased::Absent),
            Head::At { .. } => {}
        }
        self.inner.hold([(log.clone(), Held::Erasing)]);
        self.guarded(|inner| {
            let mut batch = sled::Batch::default();
            for row in inner.tree.range(layout::records_from(log, 0)).keys() {
                batch.remove(row?);
            }
            batch.remove(layout::row(layout::KEY, log));
            batch.remove(layout::row(layout::HEADER, log));
            batch.insert(layout::row(layout::TOMBSTONE, log), &[]);
            inner.tree.apply_batch(batch)
        })?;
        self.heads.put(log.clone(), Head::Erased);
        self.inner.release(|index| index.set(log, None));
        Ok(Erased::Done)
    }

    fn rewrap(&mut self, rows: Vec<Rewrap>) -> Result<(), StoreError> {
        self.inner.usable()?;
        if rows.is_empty() {
            return Ok(());
        }
        self.guarded(|inner| {
            for row in rows {
                if inner.tree.get(&row.key)?.is_some_and(|now| *now == row.old) {
                    inner.tree.insert(row.key, row.new)?;
                }
            }
            Ok(())
        })
    }

    /// Writes, flushes and syncs. After any error, or a panic in sled, the store takes nothing more: what is in memory
    /// and what is on disk may differ from now on.
    fn guarded(
        &mut self,
        write: impl FnOnce(&Inner) -> Result<(), sled::Error>,
    ) -> Result<(), StoreError> {
        self.inner.usable()?;
        self.inner.note_round(Some(Instant::now()));
        let in_sled = |step: &str, error: sled::Error| Fault {
            why: format!("{step}: {error}"),
            in_sled: true,
        };
        let steps = AssertUnwindSafe(|| -> Result<(), Fault> {
            write(&self.inner).map_err(|e| in_sled("write", e))?;
            self.inner.tree.flush().map_err(|e| in_sled("flush", e))?;
            self.durable.sync().map_err(|e| Fault {
                why: format!("sync: {e}"),
                in_sled: false,
            })
        });
        let panicked = |_| {
            Err(Fault {
                why: "panic while writing".into(),
                in_sled: true,
            })
        };
        let result = catch_unwind(steps).unwrap_or_else(panicked);
        self.inner.note_round(None);
        result.map_err(|fault| {
            if fault.in_sled {
                // Dropped after an error of its own, sled flushes once more and may wait for ever.
                std::mem::forget(self.inner.tree.clone());
            }
            self.inner.fail(fault.why.clone());
            StoreError::Unknown(fault.why)
        })
    }
}

/// Why a round could not be made durable.
struct Fault {
    why: String,
    in_sled: bool,
}

/// Writes the rows of a round. A record alone, or with its new key before it, is plain inserts: sled's log recovers
/// in order, so no record comes back without its key, and a key without a record is overwritten by the next try. Where the header
/// changes, all rows go into one atomic batch.
fn write(inner: &Inner, accepted: &mut [Append]) -> Result<(), sled::Error> {
    let mut batch = None;
    for append in accepted {
        let key_row = append.new_key.take().map(|(_, wrapped)| {
            let key = layout::row(layout::KEY, &append.log);
            (key, wrapped)
        });
        let record_row = (
            std::mem::take(&mut append.key),
            std::mem::take(&mut append.value),
        );
        let rows = key_row.into_iter().chain([record_row]);
        let header = append.header.as_deref();
        if inner.header_is(&append.log, header.map(|(header, _)| header)) {
            for (key, value) in rows {
                inner.tree.insert(key, value)?;
            }
            continue;
        }
        let batch = batch.get_or_insert_with(sled::Batch::default);
        rows.for_each(|(key, value)| batch.insert(key, value));
        let header_row = layout::row(layout::HEADER, &append.log);
        match header {
            Some((_, stored)) => batch.insert(header_row, stored.as_slice()),
            None => batch.remove(header_row),
        }
    }
    batch.map_or(Ok(()), |batch| inner.tree.apply_batch(batch))
}

/// A caller that stopped waiting needs no answer.
fn answer<T>(reply: Reply<T>, result: Result<T, StoreError>) {
    let _ = reply.send(result);
}

#[cfg(test)]
mod tests {
    use super::super::open::{SledOptions, open};
    use super::*;

    /// A caller may have wrapped its log's new key just before a rotation and hand it in just after.
    #[test]
    fn a_key_wrapped_under_an_old_generation_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let options = SledOptions::new(dir.path().join("data"), dir.path().join("master.key"));
        let (inner, durable) = open(&options).unwrap();
        let inner = Arc::new(inner);
        inner
            .change_master(|master| master.add_generation())
            .unwrap();
        let mut committer = Committer::new(inner.clone(), Box::new(durable));
        let log = LogId::new("conv/a").unwrap();
        let mut append = |under| {
            let (reply, mut answer) = oneshot::channel();
            committer.append(&mut vec![Append {
                log: log.clone(),
                expect: 0,
                last_seq: 1,
                key: layout::record(&log, 1, 1),
                value: vec![1],
                new_key: Some((under, vec![2])),
                header: None,
                reply,
            }]);
            answer.try_recv().unwrap().unwrap()
        };
        assert_eq!(append(1), Outcome::StaleKey);
        assert_eq!(inner.last_position(&log).unwrap(), None);
        assert_eq!(append(2), Outcome::Done);
    }
}
