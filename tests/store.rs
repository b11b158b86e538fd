//! Every store keeps the same promises: one suite, run against each of them, and random interleavings against a model.

#[path = "store/conformance.rs"]
mod conformance;
#[path = "store/model.rs"]
mod model;
#[path = "store/sled_only.rs"]
mod sled_only;

use faxun::store::memory::MemoryStore;
use faxun::store::sled::{SledOptions, SledStore};
use faxun::store::{Header, LogId, NewRecord, OwnerTag, Record, Revision, Store};

/// A sled store in a directory of its own.
struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    fn new() -> Disk {
        Disk {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn options(&self) -> SledOptions {
        SledOptions::new(
            self.dir.path().join("data"),
            self.dir.path().join("keys/master.key"),
        )
    }

    fn open(&self) -> SledStore {
        SledStore::open(&self.options()).unwrap()
    }
}

macro_rules! conformance {
    ($($check:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $check() {
                super::conformance::$check(&super::MemoryStore::new()).await;
            })*
        }
        mod sled {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $check() {
                let disk = super::Disk::new();
                super::conformance::$check(&disk.open()).await;
            })*
        }
    };
}

conformance!(
    a_new_log_is_empty,
    what_was_appended_is_read_back,
    an_append_needs_the_last_revision,
    of_racing_appends_one_wins,
    history_is_paged_both_ways,
    turns_without_messages_are_kept,
    seq_never_goes_back,
    the_open_index_follows_the_header,
    due_is_ordered_and_limited,
    erasing_leaves_a_tombstone,
    rotating_keeps_everything_readable,
    rotating_while_appending_loses_nothing,
    logs_are_listed_by_prefix,
    what_is_too_large_is_refused,
    a_closed_store_takes_no_appends,
);

fn log(id: &str) -> LogId {
    LogId::new(id).unwrap()
}

fn record(last_seq: u64, body: &str) -> NewRecord {
    NewRecord {
        last_seq,
        body: body.into(),
        header: None,
    }
}

fn header(last_seq: u64) -> Header {
    Header {
        open: true,
        owner: OwnerTag::Queue,
        waiting_since_ms: 1_000,
        next_due_ms: None,
        urgent: false,
        reason: "asked".into(),
        area: None,
        division: None,
        ticket: None,
        consultant: None,
        lawyer_only: false,
        last_seq,
    }
}

/// Appends where the log must be at `revision`; the new revision.
async fn append(store: &dyn Store, id: &LogId, at: Revision, new: NewRecord) -> Revision {
    match store.append(id, at, new).await.unwrap() {
        faxun::store::Appended::Done(next) => next,
        other => panic!("append to {id}: {other:?}"),
    }
}

/// `(turn, last_seq, body)` of records, for comparing.
fn plain(records: &[Record]) -> Vec<(u64, u64, String)> {
    let text = |r: &Record| String::from_utf8(r.body.clone()).unwrap();
    records
        .iter()
        .map(|r| (r.turn, r.last_seq, text(r)))
        .collect()
}
