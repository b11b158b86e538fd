//! Staff, their sign-in, the audit of what they did; how long conversations are kept and which law holds.

pub mod audit;
pub mod holds;
pub mod retention;
pub mod session;
pub mod staff;
pub mod throttle;
pub mod totp;

use crate::store::{Appended, LogId, NewRecord, Revision, Store, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Records read from a log at once.
const RECORDS: usize = 256;
/// How often an append is tried again because another one came first.
const CONFLICT_TRIES: u32 = 8;

/// Why staff or audit could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a record of log {log} is damaged: {source}")]
    Damaged {
        log: &'static str,
        source: serde_json::Error,
    },
    #[error("the log {0} is being written by too many at once, try again")]
    Contended(&'static str),
    #[error("the log {0} was erased")]
    Gone(&'static str),
    #[error("{0}")]
    Invalid(String),
    #[error("cannot hash the password: {0}")]
    Hash(argon2::password_hash::Error),
}

fn log_id(log: &'static str) -> LogId {
    // Proof: all names are constants of lower-case letters.
    LogId::new(log).expect("a constant log id is valid")
}

/// Every record of a log, oldest first.
async fn read_all<T: DeserializeOwned>(
    store: &dyn Store,
    log: &'static str,
) -> Result<Vec<T>, PeopleError> {
    let id = log_id(log);
    let mut all = Vec::new();
    let mut after = 0;
    loop {
        let records = store.after(&id, after, RECORDS).await?;
        let Some(last) = records.last() else {
            return Ok(all);
        };
        after = last.last_seq;
        for record in &records {
            let item = serde_json::from_slice(&record.body);
            all.push(item.map_err(|source| PeopleError::Damaged { log, source })?);
        }
    }
}

/// Appends what `make` makes of the last record; made again when another append came first.
async fn append<T: Serialize>(
    store: &dyn Store,
    log: &'static str,
    make: impl Fn(Option<&[u8]>) -> T,
) -> Result<(), PeopleError> {
    let id = log_id(log);
    for _ in 0..CONFLICT_TRIES {
        let last = store.last(&id).await?;
        let (seq, revision) = last
            .as_ref()
            .map_or((0, Revision::START), |(r, rev)| (r.last_seq, *rev));
        let item = make(last.as_ref().map(|(r, _)| r.body.as_slice()));
        let body =
            serde_json::to_vec(&item).map_err(|source| PeopleError::Damaged { log, source })?;
        let record = NewRecord {
            last_seq: seq + 1,
            body,
            header: None,
        };
        match store.append(&id, revision, record).await? {
            Appended::Done(_) => return Ok(()),
            Appended::Conflict => {}
            Appended::Gone => return Err(PeopleError::Gone(log)),
        }
    }
    Err(PeopleError::Contended(log))
}
