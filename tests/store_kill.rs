//! kill -9 at random moments, while writing and while opening: every acked turn is there after opening again, once and
//! in order, and the open index tells the same as the log. `FAXUN_ROUNDS` sets the number of rounds.

use faxun::store::sled::{SledOptions, SledStore};
use faxun::store::{Appended, Header, LogId, NewRecord, OwnerTag, Revision, Store};
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: u64 = 5;
const WRITERS: u64 = 16;
const TURNS_PER_LOG: u64 = 6;
/// Kills while opening, after each kill while writing.
const KILLS_WHILE_OPENING: u64 = 4;
/// Set for the child: the directory it writes in, and what makes its logs' names its own.
const CHILD_DIR: &str = "FAXUN_KILL_TEST_DIR";
const CHILD_ROUND: &str = "FAXUN_KILL_TEST_ROUND";
const OPENED: &str = "opened";

fn options(dir: &Path) -> SledOptions {
    SledOptions::new(dir.join("data"), dir.join("master.key"))
}

/// The record of a turn, as a function of its place. Every third turn puts the log into the open index.
fn record(log: &LogId, turn: u64) -> NewRecord {
    let last_seq = turn * 2;
    let body = format!("{log} {turn} ")
        .repeat(1 + turn as usize * 7 % 40)
        .into_bytes();
    let header = turn.is_multiple_of(3).then(|| Header {
        open: true,
        owner: OwnerTag::Queue,
        waiting_since_ms: 0,
        next_due_ms: Some(turn as i64),
        urgent: false,
        reason: "asked".into(),
        area: None,
        division: None,
        ticket: None,
        consultant: None,
        lawyer_only: false,
        last_seq,
    });
    NewRecord {
        last_seq,
        body,
        header,
    }
}

/// Not a test by itself: what the child process runs until it is killed. Each ack is one line on stdout.
#[test]
#[ignore = "started by the kill test"]
fn child_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let round = std::env::var(CHILD_ROUND).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = std::sync::Arc::new(SledStore::open(&options(Path::new(&dir))).unwrap());
    say(OPENED);
    let writers = (0..WRITERS).map(|writer| {
        let (store, round) = (store.clone(), round.clone());
        runtime.spawn(async move {
            let lasting = LogId::new(&format!("staff/{writer}")).unwrap();
            for n in 0.. {
                let log = LogId::new(&format!("conv/{round}-{writer}-{n}")).unwrap();
                for _ in 0..TURNS_PER_LOG {
                    append(&store, &log).await;
                }
                append(&store, &lasting).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    for writer in writers {
        runtime.block_on(writer).unwrap();
    }
}

async fn append(store: &SledStore, log: &LogId) {
    let last = store.last(log).await.unwrap();
    let (turn, at) = last.map_or((0, Revision::START), |(last, at)| (last.turn, at));
    let appended = store.append(log, at, record(log, turn + 1)).await.unwrap();
    assert!(matches!(appended, Appended::Done(_)), "{appended:?}");
    say(&format!("{log} {}", turn + 1));
}

/// One line, past the test harness's capture.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn spawn(dir: &Path, round: u64) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "child_writes_until_it_is_killed",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD_DIR, dir)
        .env(CHILD_ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

/// Lines that end in a newline: a kill may leave half of one, which is no ack.
fn whole_line(out: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    out.read_line(&mut line)
        .ok()
        .filter(|_| line.ends_with('\n'))?;
    Some(line.trim_end().to_owned())
}

/// What is known to be there.
#[derive(Default)]
struct Acked {
    /// Last acked turn by log.
    turns: HashMap<String, u64>,
    /// Kills since the store was last read: each can leave one turn in a log whose ack was not heard.
    kills: u64,
}

/// Notes an ack; `heard`: the logs of which this child has acked something before.
fn note(acked: &mut Acked, heard: &mut HashSet<String>, line: &str) -> bool {
    let Some((log, turn)) = line.split_once(' ').filter(|(log, _)| log.contains('/')) else {
        return false;
    };
    let Ok(turn) = turn.parse::<u64>() else {
        return false;
    };
    let unheard = if heard.insert(log.to_owned()) {
        acked.kills
    } else {
        0
    };
    let last = acked.turns.entry(log.to_owned()).or_default();
    let next = *last + 1;
    assert!(
        (next..=next + unheard).contains(&turn),
        "{log}: acked {turn} after {last}"
    );
    *last = turn;
    true
}

/// Kills a child after a number of acks; notes all it acked until it was dead.
fn kill_while_writing(dir: &Path, round: u64, acks: u64, acked: &mut Acked) {
    let (mut child, mut out) = spawn(dir, round);
    let mut seen = 0;
    let mut heard = HashSet::new();
    while let Some(line) = whole_line(&mut out) {
        seen += u64::from(note(acked, &mut heard, &line));
        if seen == acks {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acked.kills += 1;
    assert!(seen >= acks, "the child ended by itself after {seen} acks");
}

/// Kills a child at a moment before it is open, or soon after; notes what it acked.
fn kill_while_opening(dir: &Path, round: u64, after: Duration, acked: &mut Acked) -> bool {
    let start = Instant::now();
    let (mut child, mut out) = spawn(dir, round);
    while start.elapsed() < after {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    let mut opened = false;
    let mut heard = HashSet::new();
    while let Some(line) = whole_line(&mut out) {
        opened |= line.ends_with(OPENED);
        note(acked, &mut heard, &line);
    }
    child.wait().unwrap();
    acked.kills += 1;
    !opened
}

/// All acked turns are there, each log is whole, and the open index agrees with the logs.
async fn check(store: &SledStore, acked: &mut Acked) {
    let open: HashMap<LogId, Header> = store.open().await.unwrap().into_iter().collect();
    let logs = store.logs("", None, usize::MAX).await.unwrap();
    for id in acked.turns.keys() {
        assert!(logs.iter().any(|log| log.as_str() == id), "{id} is lost");
    }
    for log in logs {
        let records = store.after(&log, 0, usize::MAX).await.unwrap();
        for (turn, found) in (1..).zip(&records) {
            assert_eq!(found.turn, turn, "{log}: a turn is missing or there twice");
            let wrote = record(&log, turn);
            assert_eq!(
                (found.last_seq, &found.body),
                (wrote.last_seq, &wrote.body),
                "{log} {turn}"
            );
        }
        let heard = acked.turns.entry(log.to_string()).or_default();
        let turns = records.len() as u64;
        assert!(turns >= *heard, "{log}: {heard} acked, {turns} there");
        assert!(
            turns <= *heard + acked.kills,
            "{log}: {heard} acked, {turns} there"
        );
        assert_eq!(
            open.get(&log),
            record(&log, turns).header.as_ref(),
            "{log} turn {turns}"
        );
        *heard = turns;
    }
    acked.kills = 0;
}

#[test]
fn acked_turns_survive_kill_9() {
    let rounds = std::env::var("FAXUN_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut acked = Acked::default();
    let mut killed_while_opening = 0;
    let mut opening = Duration::from_millis(50);
    for round in 0..rounds {
        let acks = 100 + u64::from(getrandom::u32().unwrap()) % 5_000;
        kill_while_writing(dir.path(), round * 100, acks, &mut acked);
        for kill in 1..=KILLS_WHILE_OPENING {
            // Before the last opening was done, at a random moment.
            let after = opening.mul_f64(f64::from(getrandom::u32().unwrap()) / f64::from(u32::MAX));
            let early = kill_while_opening(dir.path(), round * 100 + kill, after, &mut acked);
            killed_while_opening += u64::from(early);
        }
        let generating = std::fs::read_dir(dir.path().join("data"))
            .into_iter()
            .flatten();
        let generating = generating.filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .ends_with(".generating")
        });
        let generating = generating.count();
        let start = Instant::now();
        let store = SledStore::open(&options(dir.path())).unwrap();
        opening = start.elapsed() + Duration::from_millis(20);
        runtime.block_on(check(&store, &mut acked));
        let total: u64 = acked.turns.values().sum();
        println!(
            "round {round}: killed after {acks} acks; {total} turns there; {generating} unfinished snapshots"
        );
    }
    println!("{killed_while_opening} kills came before the store was open");
}
