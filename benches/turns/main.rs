//! The promised ratios, measured side by side in one run: `cargo bench --bench turns`.
//!
//! References are built in: a bare axum echo, and an echo that commits a 1.5 KB record through the store's own
//! committer. Each runs as a process of its own; the load comes from this one. Rounds alternate, medians are
//! printed. `FAXUN_BENCH_SEED` sets the seed, `FAXUN_BENCH_SECONDS` the length of a round,
//! `FAXUN_BENCH_LAWS` a file of statutes (by default `../shared/laws/statutes.jsonl.gz` where it exists).

mod load;
mod process;
mod reference;
mod start;
mod texts;

use load::Load;
use process::Process;
use std::time::Duration;

/// Rounds of each server; odd, so that the median is one of them.
const ROUNDS: usize = 3;
const SOCKETS: usize = 64;
/// Turns a second of the paced round.
const PACED_PER_S: u64 = 1_000;
/// Citizens who only said hello.
const IDLE: usize = 10_000;

fn main() {
    if let Some(kind) = std::env::args().nth(1).filter(|a| a.starts_with("serve-")) {
        return reference::serve(&kind);
    }
    process::raise_open_files(2 * IDLE as u64 + 4_096);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run());
    start::measure();
}

/// What one round of one server showed.
#[derive(Debug, Clone, Copy, Default)]
struct Round {
    per_s: f64,
    cpu_us: f64,
    p50_us: f64,
    p99_us: f64,
}

async fn run() {
    let seed = number("FAXUN_BENCH_SEED").unwrap_or(20_261_123);
    let length = Duration::from_secs(number("FAXUN_BENCH_SECONDS").unwrap_or(6));
    let laws = process::laws();
    let mix = texts::Mix::new(seed, laws.as_deref());
    println!(
        "seed {seed}, {} s a round, {ROUNDS} rounds; {mix}",
        length.as_secs()
    );
    let data = tempfile::tempdir().expect("a directory");
    let servers = [
        ("echo", Process::reference("serve-echo", data.path())),
        (
            "committing echo",
            Process::reference("serve-commit", data.path()),
        ),
        ("faxun", Process::faxun(data.path(), laws.as_deref())),
    ];
    let mut closed = vec![Vec::new(); servers.len()];
    let mut paced = vec![Vec::new(); servers.len()];
    for round in 0..ROUNDS {
        for (at, (_, server)) in servers.iter().enumerate() {
            let load = Load::new(server, &mix, seed + round as u64);
            closed[at].push(load.closed(SOCKETS, length).await);
            paced[at].push(load.paced(SOCKETS, PACED_PER_S, length).await);
        }
    }
    table(&servers.each_ref().map(|s| s.0), &closed, &paced);
    let idle = load::idle_bytes(&servers[2].1, IDLE).await;
    goal(
        "memory of a citizen idle after hello, KB",
        idle / 1024.0,
        8.0,
        false,
    );
}

fn table(names: &[&str; 3], closed: &[Vec<Round>], paced: &[Vec<Round>]) {
    println!(
        "| server | turns/s at {SOCKETS} sockets | CPU µs a turn | p50 µs at {PACED_PER_S}/s | p99 µs |"
    );
    println!("|---|---|---|---|---|");
    for (at, name) in names.iter().enumerate() {
        println!(
            "| {name} | {:.0} | {:.1} | {:.0} | {:.0} |",
            median(&closed[at], |r| r.per_s),
            median(&closed[at], |r| r.cpu_us),
            median(&paced[at], |r| r.p50_us),
            median(&paced[at], |r| r.p99_us),
        );
    }
    println!("\n| ratio, median of rounds | measured | goal |\n|---|---|---|");
    let share = ratio(&closed[2], &closed[0], |r| r.per_s);
    goal(
        "durable answered turns/s to the bare echo's",
        share,
        0.20,
        true,
    );
    let cpu = ratio(&closed[2], &closed[0], |r| r.cpu_us);
    goal("server CPU a turn to the bare echo's", cpu, 7.0, false);
    let p99 = ratio(&paced[2], &paced[1], |r| r.p99_us);
    goal(
        "p99 at 1,000 turns/s to the committing echo's",
        p99,
        3.0,
        false,
    );
}

/// One line of the table of goals.
fn goal(what: &str, measured: f64, goal: f64, at_least: bool) {
    let met = if at_least {
        measured >= goal
    } else {
        measured <= goal
    };
    let bound = if at_least { "≥" } else { "≤" };
    let mark = if met { "met" } else { "not met" };
    println!("| {what} | {measured:.3} | {bound} {goal} {mark} |");
}

fn ratio(a: &[Round], b: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    let pairs = a.iter().zip(b).map(|(a, b)| figure(a) / figure(b));
    middle(pairs.collect())
}

fn median(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    middle(rounds.iter().map(figure).collect())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
