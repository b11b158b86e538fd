//! The append logs everything rests on: bytes by log and turn, durable when the append says so.
//!
//! `Store` knows bytes, not dialogue. A log is a conversation (`conv/…`), the staff list, the audit trail or a
//! ticket; a record is one turn of it. [`Store::append`] is conditional on the revision the caller has read, so two
//! writers never both win, and it answers only when the record would survive a loss of power. Readers see a log up to
//! its last durable turn, never further.
//!
//! - [`sled`]: the store on one machine's disk, with sealed records.
//! - [`memory`]: the same promises without a disk.
//!
//! One suite of checks, `tests/store.rs`, is passed by every store.

pub mod memory;
pub mod sled;

mod index;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Largest body of one record, in bytes.
pub const RECORD_BYTES_MAX: usize = 256 * 1024;
/// Largest header of a log as stored, in bytes.
pub const HEADER_BYTES_MAX: usize = 4 * 1024;
/// Longest log id, in bytes.
pub const LOG_ID_BYTES_MAX: usize = 80;

/// Name of a log: `conv/<id>`, `staff`, `audit`, `ticket/<id>`; 1 to 80 bytes of `[a-z0-9/_-]`. Cheap to clone.
///
/// Ids that begin with their time of creation keep what is written together close together on disk.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogId(Arc<str>);

/// A name that is not a [`LogId`]. The name itself is not repeated: it may come from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a log id is 1 to {LOG_ID_BYTES_MAX} bytes of a-z, 0-9, '/', '_' and '-'")]
pub struct InvalidLogId;

impl LogId {
    /// Checks a name and makes it a log id.
    pub fn new(id: &str) -> Result<LogId, InvalidLogId> {
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'/' | b'_' | b'-');
        if id.is_empty() || id.len() > LOG_ID_BYTES_MAX || !id.bytes().all(allowed) {
            return Err(InvalidLogId);
        }
        Ok(LogId(id.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogId({})", self.0)
    }
}

impl std::str::FromStr for LogId {
    type Err = InvalidLogId;

    fn from_str(id: &str) -> Result<LogId, InvalidLogId> {
        LogId::new(id)
    }
}

/// How far a log has come, as its store counts. Opaque: only given back to [`Store::append`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Revision(u64);

impl Revision {
    /// The revision of a log without records.
    pub const START: Revision = Revision(0);
}

/// One record as read back, unsealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// 1, 2, … without gaps in its log.
    pub turn: u64,
    /// Seq of the last message up to and with this record.
    pub last_seq: u64,
    pub body: Vec<u8>,
}

/// One record to be appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecord {
    /// Seq of the last message up to and with this record: never below the one before. A record that makes no
    /// message repeats it. Logs without messages of their own (`staff`, `audit`) count their records.
    pub last_seq: u64,
    /// At most [`RECORD_BYTES_MAX`]; sealed before it leaves the process.
    pub body: Vec<u8>,
    /// What the queue and the timers may see of the log from this record on; `None`: the log is in neither.
    pub header: Option<Header>,
}

/// What the queue and the timers see of a log without opening it. Stored unsealed: no text, no name of a citizen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Shown by [`Store::open`]: somebody waits, or a consultant has it.
    pub open: bool,
    pub owner: OwnerTag,
    pub waiting_since_ms: i64,
    /// When [`Store::due`] should show the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_due_ms: Option<i64>,
    pub urgent: bool,
    /// Stable code of the reason of the handoff.
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub division: Option<String>,
    /// Id of the consultant who has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consultant: Option<String>,
    /// Only a consultant with the role of lawyer may see it.
    pub lawyer_only: bool,
    pub last_seq: u64,
    /// The ticket of the log as the desk lists it; the store does not look inside. No text, no name of a citizen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<serde_json::Value>,
}

/// Who answers, as far as the store is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerTag {
    Bot,
    Queue,
    Consultant,
    Closed,
}

/// What became of a conditional append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The record is durable; the revision is the log's new one.
    Done(Revision),
    /// The log is not at the expected revision. Nothing was written.
    Conflict,
    /// The log was erased. Nothing was written.
    Gone,
}

/// What became of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// Records, key and header are gone, a tombstone stays. Old bytes on disk are unreadable for good after the next
    /// [`Store::rotate`].
    Done,
    /// It had been erased before.
    Already,
    /// No such log. No tombstone was left.
    Absent,
}

/// What a rotation of the master key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// The only master generation alive now.
    pub generation: u32,
    /// Keys of logs wrapped anew.
    pub keys: u64,
}

/// Whether the store takes appends (`/readyz`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    Ok,
    /// It takes none; why, in words for the operator.
    Failed(String),
}

/// Why a store could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Reading a log that was erased.
    #[error("the log was erased")]
    Gone,
    /// Whether the append or erasure happened cannot be known before the store is opened again: read back then.
    #[error("it cannot be known whether the write happened: {0}")]
    Unknown(String),
    /// The store failed or was closed; nothing was written.
    #[error("the store takes no writes: {0}")]
    Unavailable(String),
    /// Too little disk is left; nothing was written. Erasing still works.
    #[error("the disk is full: {0}")]
    Full(String),
    #[error(
        "the record is larger than {RECORD_BYTES_MAX} bytes or its header than {HEADER_BYTES_MAX}"
    )]
    TooLarge,
    /// A new record's `last_seq` lies below the one before.
    #[error("last_seq goes backwards")]
    SeqBackwards,
    /// What is on disk cannot be read or unsealed.
    #[error("damaged: {0}")]
    Damaged(String),
}

/// Checks a record's sizes and gives its header as stored.
fn encode_checked(record: &NewRecord) -> Result<Option<Vec<u8>>, StoreError> {
    let header = record.header.as_ref().map(|header| {
        // Proof: strings, numbers and flags always serialise.
        serde_json::to_vec(header).expect("a header always serialises")
    });
    let header_bytes = header.as_ref().map_or(0, Vec::len);
    if record.body.len() > RECORD_BYTES_MAX || header_bytes > HEADER_BYTES_MAX {
        return Err(StoreError::TooLarge);
    }
    Ok(header)
}

/// Append logs by id. All methods may be called from any number of tasks at once.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The last durable record and the revision to append after. `None` for a log without records, whose revision is
    /// [`Revision::START`]; [`StoreError::Gone`] for an erased one.
    async fn last(&self, log: &LogId) -> Result<Option<(Record, Revision)>, StoreError>;

    /// Appends a record if the log is still at `expect`; returns when it is durable. A caller that stops waiting does
    /// not stop the write.
    async fn append(
        &self,
        log: &LogId,
        expect: Revision,
        record: NewRecord,
    ) -> Result<Appended, StoreError>;

    /// The first `limit` records with `last_seq` above `seq`, ascending: those that hold messages after `seq`, and
    /// records without messages between them.
    async fn after(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<Record>, StoreError>;

    /// The newest `limit` records that hold messages before `seq` (and records without messages between them),
    /// ascending.
    async fn before(&self, log: &LogId, seq: u64, limit: usize) -> Result<Vec<Record>, StoreError>;

    /// Every log whose header is open or holds a ticket, by id.
    async fn open(&self) -> Result<Vec<(LogId, Header)>, StoreError>;

    /// The first `limit` logs whose `next_due_ms` is at or before `until_ms`, earliest first.
    async fn due(&self, until_ms: i64, limit: usize) -> Result<Vec<(i64, LogId)>, StoreError>;

    /// Removes a log's records, key and header and leaves a tombstone; returns when that is durable.
    async fn erase(&self, log: &LogId) -> Result<Erased, StoreError>;

    /// Wraps the keys of all living logs under a new master generation and destroys the old ones, which makes earlier
    /// erasures final.
    async fn rotate(&self) -> Result<Rotated, StoreError>;

    /// The first `limit` living logs whose id starts with `prefix` and is above `after`, by id.
    async fn logs(
        &self,
        prefix: &str,
        after: Option<&LogId>,
        limit: usize,
    ) -> Result<Vec<LogId>, StoreError>;

    /// Whether appends are taken.
    fn health(&self) -> Health;

    /// Finishes what was handed in, takes nothing more, and leaves everything on disk.
    async fn close(&self) -> Result<(), StoreError>;
}
