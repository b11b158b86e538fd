//! kill -9 and cut connections: every acked message is there once, in order, and clients that resume see each
//! message exactly once. `FAXUN_ROUNDS` sets the rounds.

mod support;

use faxun::wire::{ClientFrame, ServerFrame};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Client, Data, Received, Server, own_texts, rounds};

const SOCKETS: usize = 64;
const ROUNDS: u32 = 5;
/// The server lives this long before it is killed, in ms.
const LIFE_MS: std::ops::Range<u64> = 150..900;
/// One in so many sends is followed by a cut connection.
const CUT_ONE_IN: u32 = 12;

/// What one citizen did, and what a client that resumed again and again saw of it.
struct Citizen {
    client: Client,
    /// Texts in the order in which they were acked.
    acked: Vec<String>,
}

async fn connect(address: &str) -> Client {
    loop {
        if let Ok(client) = Client::connect(address).await {
            return client;
        }
        // The server is being restarted: there is nothing to wait on but its port.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sends until told to stop; resumes after every loss and sends what was not acked once more under its id.
async fn citizen(
    address: String,
    number: usize,
    seed: u64,
    cuts: bool,
    stop: Arc<AtomicBool>,
) -> Citizen {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut client = connect(&address).await;
    let mut acked = Vec::new();
    let mut count = 0;
    let mut greeted = false;
    let mut pending: Option<(String, String)> = None;
    loop {
        if !greeted {
            greeted = resume(&mut client, &address).await;
            continue;
        }
        if pending.is_none() {
            if stop.load(Ordering::Relaxed) {
                return Citizen { client, acked };
            }
            count += 1;
            pending = Some((
                format!("m{count}"),
                format!("citizen {number} says {count} 你好"),
            ));
        }
        let (id, text) = pending.clone().expect("just set");
        let frame = ClientFrame::Say {
            id: id.clone(),
            text: text.clone(),
        };
        let sent = client.try_send(&frame).await.is_ok();
        let cut = cuts && rng.u32(0..CUT_ONE_IN) == 0;
        if !sent || cut || !acked_or_lost(&mut client, &id).await {
            greeted = false;
            continue;
        }
        acked.push(text);
        pending = None;
    }
}

/// False when the connection ended first.
async fn acked_or_lost(client: &mut Client, id: &str) -> bool {
    loop {
        match client.receive().await {
            Received::Frame(ServerFrame::Ack { id: acked, .. }) if acked == id => return true,
            Received::Frame(ServerFrame::Error(error)) if error.retry => return false,
            Received::Frame(ServerFrame::Error(error)) => panic!("{error:?}"),
            Received::Frame(_) => {}
            Received::Closed(_) => return false,
        }
    }
}

/// A new socket for the same conversation, from the last seq that was seen.
async fn resume(client: &mut Client, address: &str) -> bool {
    let mut fresh = connect(address).await;
    fresh.messages = std::mem::take(&mut client.messages);
    fresh.token = std::mem::take(&mut client.token);
    fresh.conversation = std::mem::take(&mut client.conversation);
    *client = fresh;
    let token = (!client.token.is_empty()).then(|| client.token.clone());
    let after = client.messages.last().map_or(0, |m| m.seq);
    let hello = ClientFrame::Hello {
        token,
        after: Some(after),
        identity: None,
    };
    if client.try_send(&hello).await.is_err() {
        return false;
    }
    match client.receive().await {
        Received::Frame(ServerFrame::Welcome {
            token,
            conversation,
            ..
        }) => {
            client.token = token;
            client.conversation = conversation;
            true
        }
        Received::Frame(other) => panic!("no welcome: {other:?}"),
        Received::Closed(_) => false,
    }
}

/// Every acked text is in the log once and in order; the resumed client saw the log itself.
async fn verify(server: &Server, citizens: Vec<Citizen>) {
    for mut citizen in citizens {
        let mut reader = server.client().await;
        let last = reader
            .hello(Some(citizen.client.token.clone()), Some(0))
            .await;
        while reader.messages.last().is_none_or(|m| m.seq < last) {
            reader.frame().await;
        }
        assert_eq!(own_texts(&reader.messages), citizen.acked);
        while citizen.client.messages.last().is_none_or(|m| m.seq < last) {
            citizen.client.frame().await;
        }
        assert_eq!(citizen.client.messages, reader.messages);
    }
}

fn start_citizens(
    server: &Server,
    seed: u64,
    cuts: bool,
    stop: &Arc<AtomicBool>,
) -> Vec<tokio::task::JoinHandle<Citizen>> {
    (0..SOCKETS)
        .map(|number| {
            let address = server.address.clone();
            let seed = seed.wrapping_add(number as u64);
            tokio::spawn(citizen(address, number, seed, cuts, Arc::clone(stop)))
        })
        .collect()
}

async fn finish(tasks: Vec<tokio::task::JoinHandle<Citizen>>) -> Vec<Citizen> {
    let mut citizens = Vec::new();
    for task in tasks {
        citizens.push(task.await.expect("a citizen ends well"));
    }
    citizens
}

fn seed() -> u64 {
    let seed = std::env::var("FAXUN_SEED")
        .ok()
        .and_then(|s| s.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("FAXUN_SEED={seed}");
    seed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acked_messages_survive_kill_9_once_and_in_order() {
    let seed = seed();
    let mut rng = fastrand::Rng::with_seed(seed);
    let data = Data::new();
    let mut server = Server::start(&data);
    let address = server.address.clone();
    let stop = Arc::new(AtomicBool::new(false));
    let tasks = start_citizens(&server, seed, false, &stop);
    for _ in 0..rounds(ROUNDS) {
        tokio::time::sleep(Duration::from_millis(rng.u64(LIFE_MS))).await;
        server.kill();
        server = Server::start_at(&data, &address, &[]);
    }
    stop.store(true, Ordering::Relaxed);
    let citizens = finish(tasks).await;
    let acked: usize = citizens.iter().map(|c| c.acked.len()).sum();
    println!("{acked} acked messages over {} kills", rounds(ROUNDS));
    assert!(acked > SOCKETS, "the citizens got something done");
    verify(&server, citizens).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_and_double_nothing() {
    let seed = seed();
    let data = Data::new();
    let server = Server::start(&data);
    let stop = Arc::new(AtomicBool::new(false));
    let tasks = start_citizens(&server, seed, true, &stop);
    tokio::time::sleep(Duration::from_secs(u64::from(rounds(ROUNDS)))).await;
    stop.store(true, Ordering::Relaxed);
    let citizens = finish(tasks).await;
    verify(&server, citizens).await;
}
