//! One slot for each account in use: its last record, its worker, and who waits for an answer.

use super::account::{Account, FORMAT};
use super::crypto::{hex, hmac_sha256};
use crate::dialogue::nouns::Millis;
use crate::store::{Appended, Header, LogId, NewRecord, OwnerTag, Revision, Store, StoreError};
use lru::LruCache;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, oneshot};

/// Prefix of the logs of accounts.
pub const PREFIX: &str = "chan/";
/// Prefix of the logs that name a conversation's account, for erasing both.
const ROUTE_PREFIX: &str = "chan-of/";
/// How often a change is made again because another process made one in between.
const CONFLICT_TRIES: u32 = 8;
/// An account can be erased and come back so often.
const GENERATIONS_MAX: u32 = 1_000;
/// A repeat after this long means that the platform did not get our answer: it is given again. A repeat that comes
/// sooner is a copy of a request that we are answering.
const LOST_FROM_MS: Millis = 4_500;
/// The platform's last repeat comes before this.
const LOST_UNTIL_MS: Millis = 20_000;
/// Bytes of the digest that names an account.
const DIGEST_BYTES: usize = 16;

/// The last record of an account.
#[derive(Debug, Clone)]
pub struct Loaded {
    log: LogId,
    revision: Revision,
    records: u64,
    account: Account,
}

/// A text offered as the answer to the platform's request.
#[derive(Debug)]
pub struct Offer {
    pub text: String,
    /// Told when the answer is on its way.
    pub taken: oneshot::Sender<()>,
}

/// A request whose answer may carry the reply.
#[derive(Debug)]
pub struct Waiter {
    pub key: u64,
    pub offer: oneshot::Sender<Offer>,
}

/// A reply given in the answer to a request.
#[derive(Debug, Clone)]
pub struct Answered {
    pub key: u64,
    pub text: String,
    /// When the message first came.
    pub claimed_ms: Millis,
}

impl Answered {
    /// Whether a repeat of its message, coming now, means that the answer did not arrive.
    pub fn was_lost(&self, key: u64, now_ms: Millis) -> bool {
        self.key == key && (LOST_FROM_MS..LOST_UNTIL_MS).contains(&(now_ms - self.claimed_ms))
    }
}

/// An account in use.
#[derive(Debug, Default)]
pub struct Slot {
    /// Held while a message is claimed and its waiter noted.
    pub door: tokio::sync::Mutex<()>,
    last: tokio::sync::Mutex<Option<Loaded>>,
    pub waiter: Mutex<Option<Waiter>>,
    pub answered: Mutex<Option<Answered>>,
    pub running: AtomicBool,
    pub dirty: AtomicBool,
    pub wake: Notify,
}

impl Slot {
    /// The request that waits for a reply now, if any.
    pub fn take_waiter(&self) -> Option<Waiter> {
        self.waiter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// Names an account within the process and on disk: `<channel>/<digest>`, without the platform's id.
pub fn name_of(key: &[u8], channel: &str, account: &str) -> String {
    let digest = hmac_sha256(key, &[channel.as_bytes(), &[0], account.as_bytes()]);
    format!("{channel}/{}", hex(&digest[..DIGEST_BYTES]))
}

/// The name and the generation of an account's log, or `None` for other logs.
pub fn name_of_log(log: &LogId) -> Option<&str> {
    let (name, _generation) = log.as_str().strip_prefix(PREFIX)?.rsplit_once('-')?;
    Some(name)
}

fn log_of(name: &str, generation: u32) -> Result<LogId, StoreError> {
    LogId::new(&format!("{PREFIX}{name}-{generation}"))
        .map_err(|e| StoreError::Damaged(e.to_string()))
}

/// Slots by name; those nobody holds are forgotten when there are too many.
#[derive(Debug)]
pub struct Slots {
    slots: Mutex<LruCache<String, Arc<Slot>>>,
    capacity: usize,
}

impl Slots {
    pub fn new(capacity: usize) -> Slots {
        Slots {
            slots: Mutex::new(LruCache::unbounded()),
            capacity,
        }
    }

    /// The slot of an account. As long as anybody holds it, everybody gets the same one.
    pub fn get(&self, name: &str) -> Arc<Slot> {
        // The map is whole after every operation, poisoned or not.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(name) {
            return Arc::clone(slot);
        }
        for _ in 0..(slots.len() + 1).saturating_sub(self.capacity).min(4) {
            let Some((name, oldest)) = slots.pop_lru() else {
                break;
            };
            if Arc::strong_count(&oldest) > 1 {
                slots.put(name, oldest);
            }
        }
        let slot = Arc::new(Slot::default());
        slots.put(name.to_owned(), Arc::clone(&slot));
        slot
    }
}

/// Reads an account and changes it, durably; `change` may be called again after another process's change.
/// An account that has no log yet is made with `account`, where it is known.
pub async fn change<R>(
    store: &dyn Store,
    slot: &Slot,
    name: &str,
    account: Option<&str>,
    mut change: impl FnMut(&mut Account) -> R,
) -> Result<(R, Account), StoreError> {
    let mut last = slot.last.lock().await;
    for _ in 0..CONFLICT_TRIES {
        // Taken out while the append is under way: whoever comes after a cancelled one reads the store.
        let loaded = match last.take() {
            Some(loaded) => loaded,
            None => load(store, name, account).await?,
        };
        let mut next = loaded.account.clone();
        let result = change(&mut next);
        if next == loaded.account {
            *last = Some(loaded);
            return Ok((result, next));
        }
        let record = NewRecord {
            last_seq: loaded.records + 1,
            // Proof: no map has non-string keys and no Serialize here fails.
            body: serde_json::to_vec(&next).expect("an account always serialises"),
            header: next.open.then(|| header(loaded.records + 1)),
        };
        match store.append(&loaded.log, loaded.revision, record).await? {
            Appended::Done(revision) => {
                *last = Some(Loaded {
                    log: loaded.log,
                    revision,
                    records: loaded.records + 1,
                    account: next.clone(),
                });
                return Ok((result, next));
            }
            // Erased or changed elsewhere: read again.
            Appended::Conflict | Appended::Gone => {}
        }
    }
    Err(StoreError::Unavailable(
        "the account is changed by too many at once".into(),
    ))
}

async fn load(store: &dyn Store, name: &str, account: Option<&str>) -> Result<Loaded, StoreError> {
    for generation in 0..GENERATIONS_MAX {
        let log = log_of(name, generation)?;
        match store.last(&log).await {
            Err(StoreError::Gone) => {}
            Err(error) => return Err(error),
            Ok(Some((record, revision))) => {
                let account: Account = serde_json::from_slice(&record.body)
                    .map_err(|e| StoreError::Damaged(e.to_string()))?;
                if account.format > FORMAT {
                    return Err(StoreError::Damaged(
                        "an account of a newer faxun: update".into(),
                    ));
                }
                return Ok(Loaded {
                    log,
                    revision,
                    records: record.last_seq,
                    account,
                });
            }
            Ok(None) => {
                let channel = name.split('/').next().unwrap_or_default();
                let account = account
                    .ok_or_else(|| StoreError::Damaged("an account without a log".into()))?;
                return Ok(Loaded {
                    log,
                    revision: Revision::START,
                    records: 0,
                    account: Account::new(channel, account),
                });
            }
        }
    }
    Err(StoreError::Gone)
}

/// The id of an account's log as of now.
pub async fn current_log(store: &dyn Store, name: &str) -> Result<LogId, StoreError> {
    Ok(load(store, name, Some("")).await?.log)
}

fn header(records: u64) -> Header {
    Header {
        open: true,
        owner: OwnerTag::Bot,
        waiting_since_ms: 0,
        next_due_ms: None,
        urgent: false,
        reason: String::new(),
        area: None,
        division: None,
        ticket: None,
        consultant: None,
        lawyer_only: false,
        last_seq: records,
    }
}

/// Notes whose conversation it is, so that erasing the one erases the other.
pub async fn note_route(
    store: &dyn Store,
    conversation: &str,
    account_log: &LogId,
) -> Result<(), StoreError> {
    let log = route_log(conversation)?;
    let record = NewRecord {
        last_seq: 1,
        body: account_log.as_str().as_bytes().to_vec(),
        header: None,
    };
    store.append(&log, Revision::START, record).await.map(drop)
}

fn route_log(conversation: &str) -> Result<LogId, StoreError> {
    LogId::new(&format!("{ROUTE_PREFIX}{conversation}"))
        .map_err(|e| StoreError::Damaged(e.to_string()))
}

/// Erases what channels keep about a conversation's account. The conversation itself is erased by its owner.
pub async fn erase_route(store: &dyn Store, conversation: &str) -> Result<(), StoreError> {
    let route = route_log(conversation)?;
    let Some((record, _)) = store.last(&route).await.or_else(|e| match e {
        StoreError::Gone => Ok(None),
        error => Err(error),
    })?
    else {
        return Ok(());
    };
    let account = std::str::from_utf8(&record.body)
        .ok()
        .and_then(|id| LogId::new(id).ok());
    if let Some(account) = account {
        store.erase(&account).await?;
    }
    store.erase(&route).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;

    #[test]
    fn an_answer_is_lost_when_the_platform_asks_again_in_time() {
        let answered = Answered {
            key: 7,
            text: String::new(),
            claimed_ms: 100_000,
        };
        assert!(!answered.was_lost(7, 101_000), "a copy");
        assert!(answered.was_lost(7, 105_000), "the first repeat");
        assert!(answered.was_lost(7, 115_000), "the last repeat");
        assert!(!answered.was_lost(7, 200_000), "a replay");
        assert!(!answered.was_lost(8, 105_000), "another message");
    }

    #[tokio::test]
    async fn an_erased_account_begins_anew_and_two_processes_lose_no_change() {
        let store = MemoryStore::new();
        let name = name_of(b"key", "wx", "openid");
        assert!(!name.contains("openid"));
        let (here, there) = (Slot::default(), Slot::default());
        for slot in [&here, &there, &here, &there] {
            change(&store, slot, &name, Some("openid"), |a| a.cursor += 1)
                .await
                .unwrap();
        }
        let (cursor, account) = change(&store, &here, &name, None, |a| a.cursor)
            .await
            .unwrap();
        assert_eq!(
            (cursor, account.account.as_str()),
            (3, "openid"),
            "read before the other's change"
        );
        let (cursor, _) = change(&store, &Slot::default(), &name, None, |a| a.cursor)
            .await
            .unwrap();
        assert_eq!(cursor, 4);
        let log = current_log(&store, &name).await.unwrap();
        assert_eq!(name_of_log(&log), Some(name.as_str()));
        note_route(&store, "c1", &log).await.unwrap();
        erase_route(&store, "c1").await.unwrap();
        assert_ne!(current_log(&store, &name).await.unwrap(), log);
        let (cursor, _) = change(&store, &Slot::default(), &name, Some("openid"), |a| {
            a.cursor
        })
        .await
        .unwrap();
        assert_eq!(cursor, 0);
    }
}
