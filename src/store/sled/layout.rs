//! Keys of the one sled tree. All begin with a letter that tells the kind; numbers are big-endian, so that bytes sort
//! like numbers.
//!
//! | key | value |
//! |---|---|
//! | `r` log `0x00` last_seq(8) turn(8) | a record, sealed with the log's key |
//! | `k` log | the log's key, wrapped by the master key; written with the first record, removed by erasing |
//! | `h` log | the log's header as JSON, unsealed; only while the log is open or due |
//! | `t` log | nothing: the tombstone of an erased log |
//!
//! A log id has no zero byte, so no log's records mix with another's. `last_seq` first makes history by seq a range
//! and the last record the last key; records of the same `last_seq` lie in the order of their turns.

use crate::store::LogId;
use std::ops::RangeInclusive;

pub const KEY: u8 = b'k';
pub const HEADER: u8 = b'h';
pub const TOMBSTONE: u8 = b't';
const RECORD: u8 = b'r';

/// Bytes of `last_seq` and `turn` at the end of a record's key.
const POSITION_BYTES: usize = 16;

/// Key of the log's one row of a kind.
pub fn row(kind: u8, log: &LogId) -> Vec<u8> {
    prefix(kind, log.as_str())
}

/// What the keys of a kind begin with for ids beginning with `start`.
pub fn prefix(kind: u8, start: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + start.len());
    key.push(kind);
    key.extend_from_slice(start.as_bytes());
    key
}

/// Key of a record.
pub fn record(log: &LogId, last_seq: u64, turn: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(2 + log.as_str().len() + POSITION_BYTES);
    key.push(RECORD);
    key.extend_from_slice(log.as_str().as_bytes());
    key.push(0);
    key.extend_from_slice(&last_seq.to_be_bytes());
    key.extend_from_slice(&turn.to_be_bytes());
    key
}

/// Keys of a log's records from the first with `last_seq` at or above `seq`.
pub fn records_from(log: &LogId, seq: u64) -> RangeInclusive<Vec<u8>> {
    record(log, seq, 0)..=record(log, u64::MAX, u64::MAX)
}

/// Keys of a log's records with `last_seq` below `seq`.
pub fn records_below(log: &LogId, seq: u64) -> std::ops::Range<Vec<u8>> {
    record(log, 0, 0)..record(log, seq, 0)
}

/// `last_seq` and `turn` from a record's key.
pub fn position(key: &[u8]) -> Option<(u64, u64)> {
    let at = key.len().checked_sub(POSITION_BYTES)?;
    let (last_seq, turn) = key[at..].split_at(8);
    Some((
        u64::from_be_bytes(last_seq.try_into().ok()?),
        u64::from_be_bytes(turn.try_into().ok()?),
    ))
}

/// The log of a key, header or tombstone row.
pub fn log_of_row(key: &[u8]) -> Option<LogId> {
    LogId::new(std::str::from_utf8(key.get(1..)?).ok()?).ok()
}
