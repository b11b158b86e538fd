//! Acked writes per second and CPU per write of the sled store, fdatasync included: `cargo bench --bench store`.
//!
//! Each writer appends 1.5 KB records to conversations of six turns, one after the other. With an argument N, N turns
//! are stored first, and the times to open the store again are printed: once as after a kill, once more.

use faxun::store::sled::{SledOptions, SledStore};
use faxun::store::{Appended, LogId, NewRecord, Revision, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const RECORD_BYTES: usize = 1536;
const TURNS_PER_LOG: u64 = 6;
const RUN_TIME: Duration = Duration::from_secs(3);

fn main() {
    let turns = std::env::args().find_map(|arg| arg.parse::<u64>().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!("| writers | acked writes/s | CPU µs per write |\n|---|---|---|");
    for writers in [1, 8, 64, 512] {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SledStore::open(&options(&dir)).unwrap());
        let (start, cpu) = (Instant::now(), cpu_time());
        let acked = runtime.block_on(write(&store, writers, move |_| start.elapsed() < RUN_TIME));
        let (elapsed, cpu) = (start.elapsed(), cpu_time() - cpu);
        let per_s = acked as f64 / elapsed.as_secs_f64();
        let cpu_us = cpu.as_secs_f64() * 1e6 / acked as f64;
        println!("| {writers} | {per_s:.0} | {cpu_us:.1} |");
    }
    if let Some(turns) = turns {
        reopen(&runtime, turns);
    }
}

fn options(dir: &tempfile::TempDir) -> SledOptions {
    SledOptions::new(dir.path().join("data"), dir.path().join("master.key"))
}

/// Runs writers while `go` says so of the number of writes begun; returns the number acked.
async fn write(
    store: &Arc<SledStore>,
    writers: usize,
    go: impl Fn(u64) -> bool + Clone + Send + 'static,
) -> u64 {
    let begun = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (store, go, begun) = (store.clone(), go.clone(), begun.clone());
        tasks.push(tokio::spawn(async move {
            let mut acked = 0;
            for conversation in 0.. {
                let log = LogId::new(&format!("conv/{conversation:08x}-{writer}")).unwrap();
                let mut revision = Revision::START;
                for turn in 1..=TURNS_PER_LOG {
                    if !go(begun.fetch_add(1, Ordering::Relaxed)) {
                        return acked;
                    }
                    let body = vec![b'x'; RECORD_BYTES];
                    let record = NewRecord {
                        last_seq: turn * 2,
                        body,
                        header: None,
                    };
                    match store.append(&log, revision, record).await.unwrap() {
                        Appended::Done(next) => revision = next,
                        other => panic!("{other:?}"),
                    }
                    acked += 1;
                }
            }
            acked
        }));
    }
    let mut acked = 0;
    for task in tasks {
        acked += task.await.unwrap();
    }
    acked
}

fn reopen(runtime: &tokio::runtime::Runtime, turns: u64) {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(SledStore::open(&options(&dir)).unwrap());
    let start = Instant::now();
    runtime.block_on(write(&store, 64, move |begun| begun < turns));
    println!("{turns} turns in {:.1?}", start.elapsed());
    drop(store);
    for _ in 0..2 {
        let start = Instant::now();
        let store = SledStore::open(&options(&dir)).unwrap();
        println!(
            "opened in {:.2?}, {} MB resident",
            start.elapsed(),
            resident_mb()
        );
        drop(store);
    }
}

/// User and system time of this process.
fn cpu_time() -> Duration {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(usage.tv_sec as u64, usage.tv_nsec as u32)
}

fn resident_mb() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * rustix::param::page_size() as u64 / 1_000_000
}
