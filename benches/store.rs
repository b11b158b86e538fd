//! Acked writes per second and CPU per write of the sled store, fdatasync included: `cargo bench --bench store`.
//!
//! Each writer appends 1.5 KB records to conversations of six turns, one after the other. Beside it, in the same run,
//! the reference: sled alone under the same kind of committer, with fdatasync, without sealing, revisions, keys or
//! watermark. With an argument N, N turns are stored, and the times to open the store again are printed, twice: the
//! first time sled reads all that was written since it was last opened.

use faxun::store::sled::{SledOptions, SledStore};
use faxun::store::{Appended, LogId, NewRecord, Revision, Store};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

const RECORD_BYTES: usize = 1536;
const TURNS_PER_LOG: u64 = 6;
/// Set for a process that only opens the store there.
const OPEN_DIR: &str = "FAXUN_BENCH_OPEN_DIR";
const RUN_TIME: Duration = Duration::from_secs(3);

fn main() {
    if let Some(dir) = std::env::var_os(OPEN_DIR) {
        return report_opening(Path::new(&dir));
    }
    let turns = std::env::args().find_map(|arg| arg.parse::<u64>().ok());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    println!(
        "| writers | acked writes/s | CPU µs per write | sled alone: writes/s | CPU µs per write |"
    );
    println!("|---|---|---|---|---|");
    for writers in [1, 8, 64, 512] {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SledStore::open(&options(dir.path())).unwrap());
        let (per_s, cpu_us) = measure(&runtime, |start| write(&store, writers, until_end(start)));
        drop(store);
        let dir = tempfile::tempdir().unwrap();
        let alone = SledAlone::open(dir.path());
        let (ref_per_s, ref_cpu_us) = measure(&runtime, |start| alone.write(writers, start));
        println!("| {writers} | {per_s:.0} | {cpu_us:.1} | {ref_per_s:.0} | {ref_cpu_us:.1} |");
    }
    if let Some(turns) = turns {
        reopen(&runtime, turns);
    }
}

fn options(dir: &Path) -> SledOptions {
    SledOptions::new(dir.join("data"), dir.join("master.key"))
}

fn until_end(start: Instant) -> impl Fn(u64) -> bool + Clone + Send + 'static {
    move |_| start.elapsed() < RUN_TIME
}

/// Writes per second, and CPU time of each in µs.
fn measure<F: Future<Output = u64>>(
    runtime: &tokio::runtime::Runtime,
    run: impl FnOnce(Instant) -> F,
) -> (f64, f64) {
    let (start, cpu) = (Instant::now(), cpu_time());
    let acked = runtime.block_on(run(start)) as f64;
    let cpu = cpu_time() - cpu;
    (
        acked / start.elapsed().as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / acked,
    )
}

/// A key, a value, and whom to wake.
type Insert = (Vec<u8>, Vec<u8>, oneshot::Sender<()>);

/// The reference.
struct SledAlone(mpsc::Sender<Insert>);

impl SledAlone {
    fn open(dir: &Path) -> SledAlone {
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(32 << 20)
            .segment_size(2 << 20);
        let tree = config.open().unwrap();
        let db = std::fs::File::open(dir.join("db")).unwrap();
        let (inserts, mut receiver) = mpsc::channel::<Insert>(1024);
        std::thread::spawn(move || {
            let mut round = Vec::new();
            while receiver.blocking_recv_many(&mut round, 512) > 0 {
                let mut waiting = Vec::new();
                for (key, value, reply) in round.drain(..) {
                    tree.insert(key, value).unwrap();
                    waiting.push(reply);
                }
                tree.flush().unwrap();
                db.sync_data().unwrap();
                waiting
                    .into_iter()
                    .for_each(|reply| reply.send(()).unwrap());
            }
        });
        SledAlone(inserts)
    }

    async fn write(&self, writers: usize, start: Instant) -> u64 {
        let mut tasks = Vec::new();
        for writer in 0..writers {
            let inserts = self.0.clone();
            tasks.push(tokio::spawn(async move {
                let mut acked = 0;
                while start.elapsed() < RUN_TIME {
                    let (conversation, turn) = (acked / TURNS_PER_LOG, acked % TURNS_PER_LOG);
                    let key = format!("rconv/{conversation:08x}-{writer}/{turn:016x}");
                    let (reply, answer) = oneshot::channel();
                    let insert = (key.into_bytes(), vec![b'x'; RECORD_BYTES], reply);
                    inserts.send(insert).await.unwrap();
                    answer.await.unwrap();
                    acked += 1;
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
    let store = Arc::new(SledStore::open(&options(dir.path())).unwrap());
    let start = Instant::now();
    runtime.block_on(write(&store, 64, move |begun| begun < turns));
    println!("{turns} turns in {:.1?}", start.elapsed());
    drop(store);
    for _ in 0..2 {
        // A process of its own, so that its memory is that of an open store.
        let mut opening = Command::new(std::env::current_exe().unwrap());
        assert!(
            opening
                .env(OPEN_DIR, dir.path())
                .status()
                .unwrap()
                .success()
        );
    }
}

fn report_opening(dir: &Path) {
    let before_mb = resident_mb();
    let start = Instant::now();
    let store = SledStore::open(&options(dir)).unwrap();
    let elapsed = start.elapsed();
    println!(
        "opened in {elapsed:.2?}, {} MB resident, {before_mb} before",
        resident_mb()
    );
    drop(store);
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
