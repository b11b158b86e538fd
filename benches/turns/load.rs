//! The load: citizens who ask and wait, citizens who ask by the clock, citizens who only said hello.

use super::Round;
use super::process::Process;
use super::texts::Mix;
use faxun::wire::PROTOCOL;
use futures_util::{SinkExt as _, StreamExt as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Turns a citizen asks before a new conversation begins: conversations are short.
const TURNS_A_CONVERSATION: usize = 12;

pub struct Load<'a> {
    server: &'a Process,
    texts: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
}

impl<'a> Load<'a> {
    pub fn new(server: &'a Process, mix: &Mix, seed: u64) -> Load<'a> {
        Load {
            server,
            texts: Arc::new(mix.shuffled(seed)),
            next: Arc::default(),
        }
    }

    /// Every socket asks, waits for ack and answer, and asks again.
    pub async fn closed(&self, sockets: usize, length: Duration) -> Round {
        let cpu = self.server.cpu_s();
        let started = Instant::now();
        let mut tasks = Vec::new();
        for _ in 0..sockets {
            let mut citizen = self.citizen().await;
            tasks.push(tokio::spawn(async move {
                let mut turns = 0usize;
                while started.elapsed() < length {
                    citizen.turn().await;
                    turns += 1;
                }
                turns
            }));
        }
        let mut turns = 0;
        for task in tasks {
            turns += task.await.expect("a citizen ends well");
        }
        let elapsed = started.elapsed().as_secs_f64();
        Round {
            per_s: turns as f64 / elapsed,
            cpu_us: (self.server.cpu_s() - cpu) * 1e6 / turns as f64,
            ..Round::default()
        }
    }

    /// The sockets ask in turn by the clock; time runs from when a question was due.
    pub async fn paced(&self, sockets: usize, per_s: u64, length: Duration) -> Round {
        let gap = Duration::from_nanos(1_000_000_000 * sockets as u64 / per_s);
        let offset = Duration::from_nanos(1_000_000_000 / per_s);
        let mut tasks = Vec::new();
        let started = Instant::now() + Duration::from_millis(200);
        for number in 0..sockets {
            let mut citizen = self.citizen().await;
            let mut due = started + offset * u32::try_from(number).unwrap_or(0);
            tasks.push(tokio::spawn(async move {
                let mut took = Vec::new();
                while due < started + length {
                    tokio::time::sleep_until(due.into()).await;
                    // The timer's own millisecond is not the server's.
                    let asked = Instant::now().max(due);
                    citizen.turn().await;
                    took.push(asked.elapsed().as_secs_f64() * 1e6);
                    due += gap;
                }
                took
            }));
        }
        let mut took = Vec::new();
        for task in tasks {
            took.append(&mut task.await.expect("a citizen ends well"));
        }
        took.sort_by(f64::total_cmp);
        let percentile = |p: usize| took[(took.len() - 1) * p / 100];
        Round {
            p50_us: percentile(50),
            p99_us: percentile(99),
            ..Round::default()
        }
    }

    async fn citizen(&self) -> Citizen {
        Citizen {
            socket: connect(self.server).await,
            address: self.server.address.clone(),
            faxun: self.server.faxun,
            texts: Arc::clone(&self.texts),
            next: Arc::clone(&self.next),
            turns: 0,
        }
    }
}

struct Citizen {
    socket: Socket,
    address: String,
    faxun: bool,
    texts: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
    turns: usize,
}

impl Citizen {
    /// One question until its ack and its answer are here.
    async fn turn(&mut self) {
        if self.faxun && self.turns == TURNS_A_CONVERSATION {
            self.socket = hello(&self.address, true).await;
            self.turns = 0;
        }
        self.turns += 1;
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.texts.len();
        let text = &self.texts[at];
        let id = self.turns;
        let frame = format!("{{\"type\":\"say\",\"id\":\"{id}\",\"text\":\"{text}\"}}");
        self.socket.send(Message::text(frame)).await.expect("sends");
        let (mut acked, mut answered) = (!self.faxun, !self.faxun);
        loop {
            let received = self.socket.next().await.expect("open").expect("a frame");
            let Message::Text(text) = received else {
                continue;
            };
            if !self.faxun {
                return;
            }
            // Enough to tell frames apart, so that the load costs as little as it can.
            acked |= text.starts_with("{\"type\":\"ack\"");
            answered |= text.starts_with("{\"type\":\"message\"")
                && !text.contains("\"from\":{\"kind\":\"citizen\"}");
            if text.contains("\"kind\":\"handoff\"") {
                // Who waits for a human gets no more answers from the bot: the next question begins anew.
                self.turns = TURNS_A_CONVERSATION;
            }
            assert!(!text.starts_with("{\"type\":\"error\""), "{text}");
            if acked && answered {
                return;
            }
        }
    }
}

async fn connect(server: &Process) -> Socket {
    hello(&server.address, server.faxun).await
}

async fn hello(address: &str, faxun: bool) -> Socket {
    let mut request = format!("ws://{address}/ws")
        .into_client_request()
        .expect("an address");
    if faxun {
        let protocol = PROTOCOL.parse().expect("a header");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
    }
    let (mut socket, _) = tokio_tungstenite::connect_async(request)
        .await
        .expect("accepted");
    if faxun {
        let hello = Message::text("{\"type\":\"hello\"}");
        socket.send(hello).await.expect("sends");
        socket.next().await.expect("open").expect("a welcome");
    }
    socket
}

/// Memory of the server for each socket that said hello and then nothing, in bytes.
pub async fn idle_bytes(server: &Process, sockets: usize) -> f64 {
    let before = server.resident_bytes();
    let mut open = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        open.push(connect(server).await);
    }
    (server.resident_bytes() - before) / sockets as f64
}
