//! The edge towards browsers: sockets, pages, desk, health, metrics, shutdown.

mod account;
mod channels;
mod desk;
mod desk_frames;
pub mod erasing;
pub mod frames;
mod health;
mod laws;
pub mod limits;
mod origin;
mod outgoing;
pub mod pages;
mod sign_in;
pub mod socket;
mod tickets;
pub mod token;
mod writer;

use crate::channels::{Channels, REQUEST_BYTES_MAX};
use crate::config::Config;
use crate::engine::Engine;
use crate::people::session::Sessions;
use crate::people::staff::Accounts;
use crate::people::throttle::Throttle;
use crate::people::totp::UsedCodes;
use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use health::HttpMetrics;
use limits::PerMinute;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use token::Tokens;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// Wrong passwords of one name from one address that cost nothing, and the longest wait after more, in ms.
const GUESSES_FREE: u32 = 5;
const GUESS_WAIT_MAX_MS: i64 = 15 * 60 * 1000;
/// The same for one name from anywhere: later and shorter, or strangers could keep a consultant out.
const GUESSES_BY_NAME_FREE: u32 = 50;
const GUESS_BY_NAME_WAIT_MAX_MS: i64 = 60 * 1000;
/// Bytes of a name as typed that limits count by; no account has a longer one.
const TYPED_NAME_BYTES_MAX: usize = 64;

/// The beginning of a name as typed, in whole characters.
fn clip(name: &str) -> &str {
    crate::dialogue::bounds::clip(name, TYPED_NAME_BYTES_MAX)
}

/// What every handler shares.
pub struct App {
    pub engine: Arc<Engine>,
    pub channels: Arc<Channels>,
    pub config: Config,
    pub tokens: Tokens,
    pub sessions: Sessions,
    pub accounts: ArcSwap<Accounts>,
    pub metrics: HttpMetrics,
    /// One permit per open socket; all are back when every socket has ended.
    pub sockets: Arc<Semaphore>,
    /// By conversation.
    pub messages: PerMinute<String>,
    /// By address.
    pub new_conversations: PerMinute<IpAddr>,
    /// By address.
    pub sign_ins: PerMinute<IpAddr>,
    /// By name and address.
    pub guesses: Throttle,
    /// By name.
    pub guesses_by_name: Throttle,
    pub codes: UsedCodes,
    /// Set once: finish what is in flight and close.
    pub stop: watch::Sender<bool>,
    /// Why the newest knowledge was refused, while the old one goes on.
    pub reload_problem: ArcSwap<Option<String>>,
}

impl App {
    pub fn new(
        engine: Arc<Engine>,
        channels: Arc<Channels>,
        config: Config,
        tokens: Tokens,
        accounts: Accounts,
    ) -> App {
        let metrics = HttpMetrics::new(&engine, &channels);
        App {
            metrics,
            sessions: Sessions::new(&tokens.derive(b"desk sessions")),
            tokens,
            accounts: ArcSwap::from_pointee(accounts),
            sockets: Arc::new(Semaphore::new(sockets_max(&config) as usize)),
            messages: PerMinute::new(config.limits.messages_per_minute),
            new_conversations: PerMinute::new(config.limits.conversations_per_minute),
            sign_ins: PerMinute::new(config.limits.sign_ins_per_minute),
            guesses: Throttle::new(GUESSES_FREE, GUESS_WAIT_MAX_MS),
            guesses_by_name: Throttle::new(GUESSES_BY_NAME_FREE, GUESS_BY_NAME_WAIT_MAX_MS),
            codes: UsedCodes::default(),
            stop: watch::Sender::new(false),
            reload_problem: ArcSwap::from_pointee(None),
            engine,
            channels,
            config,
        }
    }
}

/// Sockets that may be open; 0 in the settings is no limit.
fn sockets_max(config: &Config) -> u32 {
    match config.limits.sockets {
        0 => u32::MAX,
        limit => limit,
    }
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/ws", any(socket::chat))
        .route("/desk/ws", any(desk::desk))
        .merge(staff_routes())
        .route("/api/v1/laws/{law}/{article}", get(laws::article))
        .route(
            "/channels/{name}",
            get(channels::handshake)
                .post(channels::receive)
                .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX)),
        )
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .merge(pages::routes(&app.config.server.allowed_origins))
        .with_state(app)
}

/// What staff do over HTTP; whatever changes something comes from our own pages.
fn staff_routes() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/desk/session",
            get(sign_in::who)
                .post(sign_in::sign_in)
                .delete(sign_in::sign_out),
        )
        .route("/desk/password", post(account::password))
        .route(
            "/desk/totp",
            post(account::totp_secret)
                .put(account::totp_on)
                .delete(account::totp_off),
        )
        .route("/api/v1/outbox", get(channels::outbox))
        .route("/api/v1/outbox/{id}/resend", post(channels::resend))
        .route("/api/v1/tickets", get(tickets::list))
        .route("/api/v1/tickets/{conversation}", post(tickets::act))
        .route(
            "/api/v1/tickets/{conversation}/messages",
            get(tickets::messages),
        )
        .route_layer(axum::middleware::from_fn(origin::guard))
}

/// Waits until the server is to stop, or its settings are gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Serves until [`App::stop`] is set, then finishes turns in flight, at most for the grace of the settings.
pub async fn serve(app: Arc<App>, listener: TcpListener) -> std::io::Result<()> {
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        // Frames are small and already gathered: waiting for more only adds delay.
        let _ = stream.set_nodelay(true);
    });
    let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let mut stop = app.stop.subscribe();
    axum::serve(listener, service)
        .with_graceful_shutdown(async move { stopped(&mut stop).await })
        .await?;
    let grace = Duration::from_secs(app.config.server.shutdown_grace_s);
    let all = app.sockets.acquire_many(sockets_max(&app.config));
    if tokio::time::timeout(grace, all).await.is_err() {
        tracing::warn!(
            grace_s = grace.as_secs(),
            "sockets were still open at the end of the grace"
        );
    }
    Ok(())
}
