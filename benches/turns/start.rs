//! Start with everything loaded and a million stored turns: time and memory, without statutes.

use super::goal;
use super::process::Process;
use faxun::store::sled::{SledOptions, SledStore};
use faxun::store::{Appended, LogId, NewRecord, Revision, Store as _};
use std::sync::Arc;
use std::time::Instant;

/// Stored turns, `FAXUN_BENCH_TURNS` sets another number.
const TURNS: u64 = 1_000_000;
const RECORD_BYTES: usize = 1_500;
const TURNS_A_CONVERSATION: u64 = 8;
const WRITERS: u64 = 256;

pub fn measure() {
    let turns = super::number("FAXUN_BENCH_TURNS").unwrap_or(TURNS);
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    fill(&data, turns);
    // The first start after the filling writes sled's snapshot; both are shown.
    for what in ["first start, s", "start, s"] {
        let started = Instant::now();
        let mut command = Process::command(&data);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        let server = Process::start(command, true);
        let took = started.elapsed().as_secs_f64();
        goal(
            &format!("{what}, with {turns} stored turns"),
            took,
            2.0,
            false,
        );
        let mib = server.resident_bytes() / 1_048_576.0;
        goal("memory after it, MiB, without statutes", mib, 150.0, false);
    }
}

fn fill(data: &std::path::Path, turns: u64) {
    let mut key = data.as_os_str().to_owned();
    key.push(".key");
    let options = SledOptions::new(data.join("store"), key);
    let store = Arc::new(SledStore::open(&options).expect("a store"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let store = Arc::clone(&store);
            let share = turns / WRITERS;
            tasks.push(tokio::spawn(async move {
                for conversation in 0..share.div_ceil(TURNS_A_CONVERSATION) {
                    one(&store, writer, conversation).await;
                }
            }));
        }
        for task in tasks {
            task.await.expect("written");
        }
        store.close().await.expect("closes");
    });
}

async fn one(store: &SledStore, writer: u64, conversation: u64) {
    let log = LogId::new(&format!("conv/{writer:016x}{conversation:016x}")).expect("a log");
    let mut revision = Revision::START;
    for turn in 1..=TURNS_A_CONVERSATION {
        let record = NewRecord {
            last_seq: 2 * turn,
            body: vec![b'x'; RECORD_BYTES],
            header: None,
        };
        match store.append(&log, revision, record).await {
            Ok(Appended::Done(next)) => revision = next,
            other => panic!("{other:?}"),
        }
    }
}
