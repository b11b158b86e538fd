//! The open and due indexes: what the queue and the timers see, held in memory and rebuilt from the headers on disk.
//!
//! Only logs in the queue, with a consultant or with a running timer have a header, so this stays small however
//! many logs there are.

use super::{Header, LogId};
use std::collections::{BTreeMap, BTreeSet};

/// Headers of all logs that have one, by id and by next due time. Holds durable headers only.
#[derive(Debug, Default)]
pub(super) struct Index {
    headers: BTreeMap<LogId, Header>,
    due: BTreeSet<(i64, LogId)>,
}

impl Index {
    /// The log's header as of its last durable record.
    pub fn header(&self, log: &LogId) -> Option<&Header> {
        self.headers.get(log)
    }

    /// Replaces or removes a log's header.
    pub fn set(&mut self, log: &LogId, header: Option<Header>) {
        let new_due = header.as_ref().and_then(|h| h.next_due_ms);
        let old = match header {
            Some(header) => self.headers.insert(log.clone(), header),
            None => self.headers.remove(log),
        };
        if let Some(due_ms) = old.and_then(|h| h.next_due_ms) {
            self.due.remove(&(due_ms, log.clone()));
        }
        if let Some(due_ms) = new_due {
            self.due.insert((due_ms, log.clone()));
        }
    }

    /// See [`super::Store::open`].
    pub fn open(&self) -> Vec<(LogId, Header)> {
        let open = self
            .headers
            .iter()
            .filter(|(_, h)| h.open || h.ticket.is_some());
        open.map(|(log, h)| (log.clone(), h.clone())).collect()
    }

    /// See [`super::Store::due`].
    pub fn due(&self, until_ms: i64, limit: usize) -> Vec<(i64, LogId)> {
        let due = self
            .due
            .iter()
            .take_while(|(due_ms, _)| *due_ms <= until_ms);
        due.take(limit).cloned().collect()
    }
}
