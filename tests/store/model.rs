//! Random interleavings of everything a store does, reopening included, against the memory store as the model.

use super::{Disk, header, log};
use faxun::store::memory::MemoryStore;
use faxun::store::*;
use proptest::prelude::*;

const LOGS: usize = 4;

#[derive(Debug, Clone)]
enum Op {
    /// `stale`: with a revision from before.
    Append {
        log: usize,
        messages: u64,
        bytes: usize,
        stale: bool,
        header: Option<(bool, Option<i64>)>,
    },
    Erase {
        log: usize,
    },
    Rotate,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let header = proptest::option::of((any::<bool>(), proptest::option::of(0..20i64)));
    let append = (
        0..LOGS,
        0..3u64,
        0..5000usize,
        prop::bool::weighted(0.1),
        header,
    );
    let append = append.prop_map(|(log, messages, bytes, stale, header)| Op::Append {
        log,
        messages,
        bytes,
        stale,
        header,
    });
    prop_oneof![
        30 => append,
        1 => (0..LOGS).prop_map(|log| Op::Erase { log }),
        1 => Just(Op::Rotate),
        2 => Just(Op::Reopen),
    ]
}

fn ids() -> [LogId; LOGS] {
    ["a", "a/b", "ab", "b"].map(log)
}

/// All that can be read of a store.
async fn seen(store: &dyn Store) -> String {
    let mut seen = format!("{:?} {:?}", store.open().await, store.due(10, 3).await);
    seen += &format!("{:?}", store.logs("a", None, 9).await);
    for id in ids() {
        let last = store
            .last(&id)
            .await
            .map(|last| last.map(|(record, _)| record));
        let pages = [store.after(&id, 3, 4).await, store.before(&id, 5, 3).await];
        seen += &format!(
            "\n{id}: {last:?} {pages:?} {:?}",
            store.after(&id, 0, usize::MAX).await
        );
    }
    seen
}

async fn apply(store: &dyn Store, op: &Op) -> String {
    match op {
        Op::Append {
            log,
            messages,
            bytes,
            stale,
            header: shown,
        } => {
            let id = &ids()[*log];
            let last = store.last(id).await.ok().flatten();
            let (last_seq, at) = last.map_or((0, Revision::START), |(r, at)| (r.last_seq, at));
            let at = if *stale { Revision::START } else { at };
            let last_seq = last_seq + messages;
            let header = shown.map(|(open, next_due_ms)| Header {
                open,
                next_due_ms,
                ..header(last_seq)
            });
            let body = vec![*bytes as u8; *bytes];
            let appended = store
                .append(
                    id,
                    at,
                    NewRecord {
                        last_seq,
                        body,
                        header,
                    },
                )
                .await;
            match appended.unwrap() {
                Appended::Done(_) => "done".into(),
                other => format!("{other:?}"),
            }
        }
        Op::Erase { log } => format!("{:?}", store.erase(&ids()[*log]).await),
        Op::Rotate => format!("{:?}", store.rotate().await.map(|rotated| rotated.keys)),
        Op::Reopen => String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn sled_does_what_the_model_does(ops in prop::collection::vec(op(), 1..80)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let disk = Disk::new();
        let model = MemoryStore::new();
        let mut store = disk.open();
        for op in &ops {
            let (expected, got) = runtime.block_on(async { (apply(&model, op).await, apply(&store, op).await) });
            prop_assert_eq!(expected, got, "{:?}", op);
            if matches!(op, Op::Reopen) {
                drop(store);
                store = disk.open();
                let (expected, got) = runtime.block_on(async { (seen(&model).await, seen(&store).await) });
                prop_assert_eq!(expected, got);
            }
        }
        let (expected, got) = runtime.block_on(async { (seen(&model).await, seen(&store).await) });
        prop_assert_eq!(expected, got);
    }
}
