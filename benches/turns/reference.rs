//! The references: a bare axum echo, and one that commits a record before it answers.

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use faxun::store::sled::{SledOptions, SledStore};
use faxun::store::{LogId, NewRecord, Revision, Store as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the committing echo stores for each message.
const RECORD_BYTES: usize = 1536;

type Shared = Option<Arc<Committing>>;

struct Committing {
    store: SledStore,
    sockets: AtomicU64,
}

/// Runs until killed.
pub fn serve(kind: &str) {
    let data = std::env::args()
        .nth(2)
        .map(PathBuf::from)
        .expect("a directory");
    let shared = (kind == "serve-commit").then(|| {
        let options = SledOptions::new(data.join("store"), data.with_extension("key"));
        Arc::new(Committing {
            store: SledStore::open(&options).expect("a store"),
            sockets: AtomicU64::new(0),
        })
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        println!(
            "listening on http://{}",
            listener.local_addr().expect("an address")
        );
        let listener = axum::serve::ListenerExt::tap_io(listener, |s| {
            let _ = s.set_nodelay(true);
        });
        let router = Router::new().route("/ws", any(upgrade)).with_state(shared);
        axum::serve(listener, router).await.expect("serves");
    });
}

async fn upgrade(State(shared): State<Shared>, ws: WebSocketUpgrade) -> Response {
    ws.read_buffer_size(2048)
        .write_buffer_size(0)
        .on_upgrade(move |socket| echo(socket, shared))
}

async fn echo(mut socket: WebSocket, shared: Shared) {
    let number = shared
        .as_ref()
        .map_or(0, |s| s.sockets.fetch_add(1, Ordering::Relaxed));
    let log = LogId::new(&format!("conv/{number:032x}")).expect("a log");
    let mut revision = Revision::START;
    let mut seq = 0;
    while let Some(Ok(message)) = socket.recv().await {
        let Message::Text(text) = message else {
            continue;
        };
        if let Some(shared) = &shared {
            seq += 1;
            let record = NewRecord {
                last_seq: seq,
                body: vec![b'x'; RECORD_BYTES],
                header: None,
            };
            match shared.store.append(&log, revision, record).await {
                Ok(faxun::store::Appended::Done(next)) => revision = next,
                other => panic!("{other:?}"),
            }
        }
        if socket.send(Message::Text(text)).await.is_err() {
            return;
        }
    }
}
