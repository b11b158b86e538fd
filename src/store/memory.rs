//! A store without a disk, for tests of the layers above and for `eval`. The same promises, except that nothing
//! outlives the process.

use super::index::Index;
use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Logs in memory.
#[derive(Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    logs: BTreeMap<LogId, Vec<Record>>,
    erased: BTreeSet<LogId>,
    index: Index,
    generation: u32,
    closed: bool,
}

impl MemoryStore {
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    /// A panic while the lock was held cannot leave a log half changed: each change is one push or one remove.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn records(&self, log: &LogId) -> Result<&[Record], StoreError> {
        if self.erased.contains(log) {
            return Err(StoreError::Gone);
        }
        Ok(self.logs.get(log).map_or(&[], Vec::as_slice))
    }

    fn takes_writes(&self) -> Result<(), StoreError> {
        if self.closed {
            return Err(StoreError::Unavailable("closed".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn last(&self, log: &LogId) -> Result<Option<(Record, Revision)>, StoreError> {
        let inner = self.lock();
        let last = inner.records(log)?.last();
        Ok(last.map(|r| (r.clone(), Revision(r.turn))))
    }

    async fn append(
        &self,
        log: &LogId,
        expect: Revision,
        record: NewRecord,
    ) -> Result<Appended, StoreError> {
        encode_checked(&record)?;
        let mut inner = self.lock();
        inner.takes_writes()?;
        let records = match inner.records(log) {
            Ok(records) => records,
            Err(_) => return Ok(Appended::Gone),
        };
        let (turn, last_seq) = records.last().map_or((0, 0), |r| (r.turn, r.last_seq));
        if turn != expect.0 {
            return Ok(Appended::Conflict);
        }
        if record.last_seq < last_seq {
            return Err(StoreError::SeqBackwards);
        }
        inner.index.set(log, record.header);
        inner.logs.entry(log.clone()).or_default().push(Record {
            turn: turn + 1,
            last_seq: record.last_seq,
            body: record.body,
        });
        Ok(Appended::Done(Revision(turn + 1)))
    }

    async fn after(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let inner = self.lock();
        let records = inner.records(log)?;
        let from = records.partition_point(|r| r.last_seq <= seq);
        Ok(records[from..].iter().take(limit).cloned().collect())
    }

    async fn before(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let inner = self.lock();
        let records = inner.records(log)?;
        let below = records.partition_point(|r| r.last_seq < seq);
        let seq_below = below
            .checked_sub(1)
            .map_or(0, |last| records[last].last_seq);
        let reaches_in = below < records.len() && seq_below + 1 < seq;
        let end = below + usize::from(reaches_in);
        Ok(records[end.saturating_sub(limit)..end].to_vec())
    }

    async fn open(&self) -> Result<Vec<(LogId, Header)>, StoreError> {
        Ok(self.lock().index.open())
    }

    async fn due(&self, until_ms: i64, limit: usize) -> Result<Vec<(i64, LogId)>, StoreError> {
        Ok(self.lock().index.due(until_ms, limit))
    }

    async fn erase(&self, log: &LogId) -> Result<Erased, StoreError> {
        let mut inner = self.lock();
        inner.takes_writes()?;
        if inner.erased.contains(log) {
            return Ok(Erased::Already);
        }
        if inner.logs.remove(log).is_none() {
            return Ok(Erased::Absent);
        }
        inner.index.set(log, None);
        inner.erased.insert(log.clone());
        Ok(Erased::Done)
    }

    async fn rotate(&self) -> Result<Rotated, StoreError> {
        let mut inner = self.lock();
        inner.takes_writes()?;
        inner.generation += 1;
        Ok(Rotated {
            generation: inner.generation,
            keys: inner.logs.len() as u64,
        })
    }

    async fn logs(
        &self,
        prefix: &str,
        after: Option<&LogId>,
        limit: usize,
    ) -> Result<Vec<LogId>, StoreError> {
        let inner = self.lock();
        let logs = inner
            .logs
            .keys()
            .filter(|log| log.as_str().starts_with(prefix));
        Ok(logs
            .filter(|log| Some(*log) > after)
            .take(limit)
            .cloned()
            .collect())
    }

    fn health(&self) -> Health {
        match self.lock().takes_writes() {
            Ok(()) => Health::Ok,
            Err(e) => Health::Failed(e.to_string()),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.lock().closed = true;
        Ok(())
    }
}
