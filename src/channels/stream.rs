//! Connections that we open to a platform, kept open: opened again after a loss, later each time, and a new one beside
//! the old when the platform says that it will close it.

use super::account::backoff_ms;
use super::worker::random;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::future::Future;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// How long opening may take.
const OPEN_DEADLINE: Duration = Duration::from_secs(15);
/// Largest frame, in bytes.
const FRAME_BYTES_MAX: usize = 1 << 20;
/// Failures after which the pause grows no more: some two minutes.
const TRIES_COUNTED_MAX: u32 = 9;
/// Pause before the next connection after one was lost, so that a platform that closes each at once is not hammered.
const LOST_PAUSE: Duration = Duration::from_millis(500);

pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens connections and serves them for as long as the server runs. `replace` is notified when a new one is wanted
/// beside those that are served.
pub async fn keep_open<T, C, S>(
    channel: &str,
    connect: impl Fn() -> C,
    serve: impl Fn(T) -> S,
    replace: &Notify,
) where
    C: Future<Output = Result<T, String>>,
    S: Future<Output = ()>,
{
    let mut connections = FuturesUnordered::new();
    let mut tries = 0;
    loop {
        let pause = match tokio::time::timeout(OPEN_DEADLINE, connect()).await {
            Ok(Ok(socket)) => {
                tries = 0;
                connections.push(serve(socket));
                let mut pause = None;
                while pause.is_none() {
                    tokio::select! {
                        () = replace.notified() => pause = Some(Duration::ZERO),
                        Some(()) = connections.next() => {
                            pause = connections.is_empty().then_some(LOST_PAUSE);
                        }
                    }
                }
                pause.unwrap_or_default()
            }
            failed => {
                tries = (tries + 1).min(TRIES_COUNTED_MAX);
                let reason =
                    failed.map_or_else(|_| "timeout".to_owned(), |f| f.err().unwrap_or_default());
                tracing::warn!(
                    channel,
                    reason,
                    tries,
                    "the platform's stream could not be opened"
                );
                Duration::from_millis(u64::try_from(backoff_ms(tries, random())).unwrap_or(0))
            }
        };
        let sleep = tokio::time::sleep(pause);
        tokio::pin!(sleep);
        // Those that are to be replaced are read on meanwhile.
        loop {
            tokio::select! {
                () = &mut sleep => break,
                Some(()) = connections.next() => {}
            }
        }
    }
}

/// Connects to a platform's address. The error is a code: the address holds a ticket.
pub async fn connect(address: &str) -> Result<Socket, String> {
    let config = WebSocketConfig::default().max_message_size(Some(FRAME_BYTES_MAX));
    let connected = tokio_tungstenite::connect_async_with_config(address, Some(config), true).await;
    connected
        .map(|(socket, _)| socket)
        .map_err(|_| "connect".to_owned())
}
