//! What readers and the committer share: the tree, the keys, the indexes, and what is not durable yet.

use super::layout;
use super::master::MasterKeys;
use super::seal::{Key, Unsealable};
use crate::store::index::Index;
use crate::store::{Header, LogId, Record, StoreError};
use lru::LruCache;
use sled::{Db, IVec};
use std::collections::HashMap;
use std::fs::File;
use std::num::NonZeroUsize;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Unwrapped keys kept in memory.
const KEYS_MAX: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// The reason why a closed store takes nothing.
const CLOSED: &str = "closed";

/// A round that takes longer is taken for stuck: the disk does not answer, or sled has lost a buffer.
pub const ROUND_STALL: Duration = Duration::from_secs(10);

/// A log in the round that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Records after this turn are not durable yet.
    After(u64),
    Erasing,
}

/// The free space of the file system under the store.
pub struct Space {
    pub dir: PathBuf,
    /// Appends stop when less than this is free, in bytes.
    pub reserve_bytes: u64,
}

impl Space {
    /// Why appends must wait for the operator to make room; `None` when there is room.
    pub fn shortage(&self) -> Option<StoreError> {
        if self.reserve_bytes == 0 {
            return None;
        }
        // If it cannot be asked, the write itself will tell.
        let stat = rustix::fs::statvfs(&self.dir).ok()?;
        let free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
        let reserve_bytes = self.reserve_bytes;
        (free_bytes < reserve_bytes).then(|| {
            StoreError::Full(format!(
                "{free_bytes} bytes free, {reserve_bytes} are kept in reserve"
            ))
        })
    }
}

/// A record's row: last_seq, turn, sealed body.
type Row = (u64, u64, IVec);

/// The open store without its committer.
pub struct Inner {
    pub tree: Db,
    pub space: Space,
    master: RwLock<MasterKeys>,
    keys: Mutex<LruCache<LogId, Arc<Key>>>,
    index: RwLock<Index>,
    held: RwLock<HashMap<LogId, Held>>,
    failed: OnceLock<String>,
    round_began: Mutex<Option<Instant>>,
    /// Held for its lock on the directory; last, so that it is let go after sled.
    _lock: File,
}

impl Inner {
    pub fn new(tree: Db, space: Space, master: MasterKeys, index: Index, lock: File) -> Inner {
        Inner {
            tree,
            space,
            master: RwLock::new(master),
            keys: Mutex::new(LruCache::sparse(KEYS_MAX)),
            index: RwLock::new(index),
            held: RwLock::default(),
            failed: OnceLock::new(),
            round_began: Mutex::new(None),
            _lock: lock,
        }
    }

    /// The reason why the store takes nothing more, as an error.
    pub fn usable(&self) -> Result<(), StoreError> {
        match self.failed.get() {
            Some(why) => Err(StoreError::Unavailable(why.clone())),
            None => Ok(()),
        }
    }

    /// Takes nothing more from now on. The first reason stays.
    pub fn fail(&self, why: String) {
        tracing::error!(reason = why, "the store failed and takes no more writes");
        // An earlier reason is the true one.
        let _ = self.failed.set(why);
    }

    /// Takes nothing more from now on because the store was closed.
    pub fn close(&self) {
        // A failure before stays the reason.
        let _ = self.failed.set(CLOSED.into());
    }

    /// Notes when the committer begins to write, flush and sync, and with `None` that it is done.
    pub fn note_round(&self, began: Option<Instant>) {
        *self
            .round_began
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = began;
    }

    /// Whether the round that is being written does not end.
    pub fn is_stalled(&self) -> bool {
        let began = *self
            .round_began
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        began.is_some_and(|began| began.elapsed() > ROUND_STALL)
    }

    /// The reason why appends are not taken now.
    pub fn trouble(&self) -> Option<StoreError> {
        let stalled = || {
            let why = || StoreError::Unavailable("writing does not end".into());
            self.is_stalled().then(why)
        };
        self.usable()
            .err()
            .or_else(stalled)
            .or_else(|| self.space.shortage())
    }

    pub fn is_closed(&self) -> bool {
        self.failed.get().is_some_and(|why| why == CLOSED)
    }

    // No lock below is held across anything that can leave its data half changed, so a poisoned one is still good.

    pub fn index<T>(&self, read: impl FnOnce(&Index) -> T) -> T {
        read(&self.index.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn master<T>(&self, read: impl FnOnce(&MasterKeys) -> T) -> T {
        read(&self.master.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn change_master<T>(&self, change: impl FnOnce(&mut MasterKeys) -> T) -> T {
        change(&mut self.master.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// The master generation that wraps new keys.
    pub fn generation(&self) -> u32 {
        self.master(MasterKeys::current)
    }

    pub fn header_is(&self, log: &LogId, header: Option<&Header>) -> bool {
        self.index(|index| index.header(log) == header)
    }

    /// Hides what the round is about to write. Before the write.
    pub fn hold(&self, logs: impl IntoIterator<Item = (LogId, Held)>) {
        self.held
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(logs);
    }

    /// Shows the round: its headers and its records. After the sync.
    pub fn release(&self, update: impl FnOnce(&mut Index)) {
        update(&mut self.index.write().unwrap_or_else(PoisonError::into_inner));
        self.held
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The last turn of the log that may be shown. To be asked *after* looking into the tree: whatever was seen there
    /// had been held before it was written, so it is held still, or durable.
    fn durable_turn(&self, log: &LogId) -> Result<u64, StoreError> {
        match self
            .held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(log)
        {
            None => Ok(u64::MAX),
            Some(Held::After(turn)) => Ok(*turn),
            Some(Held::Erasing) => Err(StoreError::Gone),
        }
    }

    pub fn is_erased(&self, log: &LogId) -> Result<bool, StoreError> {
        self.tree
            .contains_key(layout::row(layout::TOMBSTONE, log))
            .map_err(damaged)
    }

    fn not_erased(&self, log: &LogId) -> Result<(), StoreError> {
        if self.is_erased(log)? {
            Err(StoreError::Gone)
        } else {
            Ok(())
        }
    }

    /// last_seq and turn of the log's last record, durable or not.
    pub fn last_position(&self, log: &LogId) -> Result<Option<(u64, u64)>, StoreError> {
        let last = self
            .tree
            .range(layout::records_from(log, 0))
            .keys()
            .next_back();
        last.map(|key| position(&key.map_err(damaged)?)).transpose()
    }

    /// The log's last durable record.
    pub fn last(&self, log: &LogId) -> Result<Option<Record>, StoreError> {
        let mut rows = self.tree.range(layout::records_from(log, 0)).rev();
        let row = loop {
            let Some(row) = rows.next().transpose().map_err(damaged)? else {
                break None;
            };
            let (last_seq, turn) = position(&row.0)?;
            if turn <= self.durable_turn(log)? {
                break Some((last_seq, turn, row.1));
            }
        };
        self.finish(log, row.into_iter().collect())
            .map(|mut records| records.pop())
    }

    /// See [`crate::store::Store::after`].
    pub fn after(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let Some(from) = seq.checked_add(1) else {
            return Ok(Vec::new());
        };
        let rows = self.tree.range(layout::records_from(log, from)).take(limit);
        let rows = rows.map(row).collect::<Result<Vec<_>, _>>()?;
        self.finish(log, rows)
    }

    /// See [`crate::store::Store::before`].
    pub fn before(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        // The first record at or above `seq` holds earlier messages too when the one before it ends below `seq - 1`.
        let at = self
            .tree
            .range(layout::records_from(log, seq))
            .next()
            .map(row)
            .transpose()?;
        let below = self.tree.range(layout::records_below(log, seq)).rev();
        // One more than asked for: one record of a log can be in flight, and is cut off again.
        let below = below
            .take(limit.saturating_add(1))
            .map(row)
            .collect::<Result<Vec<_>, _>>()?;
        let seq_below = below.first().map_or(0, |(last_seq, ..)| *last_seq);
        let at = at.filter(|_| seq_below.saturating_add(1) < seq);
        let rows: Vec<Row> = below.into_iter().rev().chain(at).collect();
        let mut records = self.finish(log, rows)?;
        records.drain(..records.len().saturating_sub(limit));
        Ok(records)
    }

    /// Cuts off what is not durable and opens the rest.
    fn finish(&self, log: &LogId, mut rows: Vec<Row>) -> Result<Vec<Record>, StoreError> {
        let durable_turn = self.durable_turn(log)?;
        rows.retain(|(_, turn, _)| *turn <= durable_turn);
        self.not_erased(log)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = self.key(log)? else {
            self.not_erased(log)?;
            return Err(StoreError::Damaged(format!("{log} has records and no key")));
        };
        let open = |(last_seq, turn, sealed): Row| {
            let body = key.open_record(log, last_seq, turn, &sealed);
            let body = body.map_err(|e| StoreError::Damaged(format!("{log} turn {turn}: {e}")))?;
            Ok(Record {
                turn,
                last_seq,
                body,
            })
        };
        let records = rows.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        self.remember_key(log, &key);
        Ok(records)
    }

    /// The log's key, from memory or from disk.
    pub fn key(&self, log: &LogId) -> Result<Option<Arc<Key>>, StoreError> {
        if let Some(key) = self.keys().get(log) {
            return Ok(Some(key.clone()));
        }
        let Some(wrapped) = self
            .tree
            .get(layout::row(layout::KEY, log))
            .map_err(damaged)?
        else {
            return Ok(None);
        };
        let unwrapped = self.master(|master| master.unwrap(log, &wrapped));
        let bytes =
            unwrapped.map_err(|e: Unsealable| StoreError::Damaged(format!("key of {log}: {e}")))?;
        Ok(Some(Arc::new(Key::new(&bytes))))
    }

    /// Keeps a key that is known to belong to the log's records.
    pub fn remember_key(&self, log: &LogId, key: &Arc<Key>) {
        let mut keys = self.keys();
        if !keys.contains(log) {
            keys.put(log.clone(), key.clone());
        }
    }

    pub fn forget_key(&self, log: &LogId) {
        self.keys().pop(log);
    }

    fn keys(&self) -> MutexGuard<'_, LruCache<LogId, Arc<Key>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to `limit` rows of wrapped keys with an id beginning with `prefix` and above `after`.
    pub fn key_rows(
        &self,
        prefix: &str,
        after: Option<&LogId>,
    ) -> impl Iterator<Item = Result<(LogId, IVec), StoreError>> + use<> {
        let start = layout::prefix(layout::KEY, prefix);
        let from = match after.map(|log| layout::row(layout::KEY, log)) {
            Some(after) if after >= start => Bound::Excluded(after),
            _ => Bound::Included(start.clone()),
        };
        let rows = self.tree.range((from, Bound::Unbounded));
        let rows = rows.take_while(move |row| match row {
            Ok((key, _)) => key.starts_with(&start),
            Err(_) => true,
        });
        rows.map(|row| {
            let (key, wrapped) = row.map_err(damaged)?;
            let log = layout::log_of_row(&key);
            let log = log.ok_or_else(|| StoreError::Damaged("a key's row has no log id".into()))?;
            Ok((log, wrapped))
        })
    }

    /// See [`crate::store::Store::logs`].
    pub fn logs(
        &self,
        prefix: &str,
        after: Option<&LogId>,
        limit: usize,
    ) -> Result<Vec<LogId>, StoreError> {
        let mut logs = Vec::new();
        for row in self.key_rows(prefix, after) {
            if logs.len() >= limit {
                break;
            }
            let (log, _) = row?;
            // A crash can leave the key of a log whose first record was never acknowledged.
            let has_record = self.last_position(&log)?.is_some();
            if has_record && self.durable_turn(&log).is_ok_and(|turn| turn > 0) {
                logs.push(log);
            }
        }
        Ok(logs)
    }
}

fn row(row: sled::Result<(IVec, IVec)>) -> Result<Row, StoreError> {
    let (key, value) = row.map_err(damaged)?;
    let (last_seq, turn) = position(&key)?;
    Ok((last_seq, turn, value))
}

fn position(key: &[u8]) -> Result<(u64, u64), StoreError> {
    layout::position(key).ok_or_else(|| StoreError::Damaged("a record's key is too short".into()))
}

/// sled's errors while reading.
fn damaged(error: sled::Error) -> StoreError {
    StoreError::Damaged(error.to_string())
}
