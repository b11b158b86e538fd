//! `faxun serve`.

use super::open::{self, Open};
use anyhow::Context as _;
use faxun::channels::Channels;
use faxun::config::Config;
use faxun::engine::{Engine, Settings};
use faxun::http::token::Tokens;
use faxun::http::{self, App};
use faxun::people::staff::Accounts;
use faxun::store::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Serves until SIGINT or SIGTERM.
pub fn serve(open: &Open, listen: Option<SocketAddr>) -> anyhow::Result<()> {
    let mut config = open.settings()?;
    if let Some(listen) = listen {
        config.server.listen = listen;
    }
    start_log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(run(config))
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log.filter).context("log.filter")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if config.log.json {
        log.json().init();
    } else {
        log.init();
    }
    Ok(())
}

async fn run(config: Config) -> anyhow::Result<()> {
    let started = std::time::Instant::now();
    let store: Arc<dyn Store> = Arc::new(open::store(&config)?);
    let laws = open::imported_laws(&config)?;
    let knowledge = open::knowledge(&config, laws)?;
    let settings = Settings {
        conversations_cached: config.store.conversations_cached,
        desk_capacity: config.desk.capacity,
        lost_after_s: config.desk.lost_after_s,
    };
    let now_ms = faxun::clock::now_ms();
    let engine = Engine::start(Arc::clone(&store), knowledge, &settings, now_ms).await?;
    let tokens = Tokens::open(&token_key(&config))?;
    let accounts = Accounts::load(&*store).await?;
    let listener = tokio::net::TcpListener::bind(config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let address = listener.local_addr()?;
    let channels = Channels::new(
        Arc::clone(&engine),
        &config.channels,
        tokens.derive(b"channel accounts"),
        &|name| std::env::var(name).ok(),
    )?;
    let app = Arc::new(App::new(
        Arc::clone(&engine),
        Arc::clone(&channels),
        config,
        tokens,
        accounts,
    ));
    channels.resume().await?;
    tokio::spawn(Arc::clone(&engine).run_timers());
    tokio::spawn(Arc::clone(&engine).run_routing());
    tokio::spawn(Arc::clone(&engine).run_positions());
    tokio::spawn(http::erasing::run_requests(Arc::clone(&app)));
    let terms = super::data::retention(&app.config);
    tokio::spawn(http::erasing::run_retention(Arc::clone(&app), terms));
    tokio::spawn(watch_store(Arc::clone(&app)));
    tokio::spawn(reload(Arc::clone(&app)));
    tokio::spawn(stop_on_signal(Arc::clone(&app)));
    tracing::info!(ms = started.elapsed().as_millis(), "ready");
    // The one line on standard output: scripts and tests read the address from it.
    println!("listening on http://{address}");
    http::serve(Arc::clone(&app), listener).await?;
    let health = store.health();
    store.close().await?;
    match health {
        faxun::store::Health::Ok => Ok(()),
        faxun::store::Health::Failed(reason) => anyhow::bail!("the store failed: {reason}"),
    }
}

fn token_key(config: &Config) -> std::path::PathBuf {
    config.master_key().with_extension("token")
}

async fn stop_on_signal(app: Arc<App>) {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    let terminated = async {
        let kind = tokio::signal::unix::SignalKind::terminate();
        match tokio::signal::unix::signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = interrupted => {}
        () = terminated => {}
    }
    tracing::info!("stopping: finishing turns in flight");
    app.stop.send_replace(true);
}

/// A store that failed takes no more: the process ends, so that a supervisor reopens it cleanly.
async fn watch_store(app: Arc<App>) {
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(1));
    loop {
        tick.tick().await;
        if let faxun::store::Health::Failed(reason) = app.engine.store().health() {
            tracing::error!(%reason, "the store failed: stopping for a clean reopen");
            app.stop.send_replace(true);
            return;
        }
    }
}

/// Rebuilds the knowledge when its files or the day change; an invalid one is named and not used.
async fn reload(app: Arc<App>) {
    let seconds = app.config.knowledge.reload_s;
    if seconds == 0 {
        return;
    }
    let mut tick = tokio::time::interval(std::time::Duration::from_secs(seconds));
    let dir = open::sources_dir(&app.config);
    let look = move || {
        let stamp = dir.as_deref().map(faxun::knowledge::stamp);
        (stamp, faxun::clock::china_date(faxun::clock::now_ms()))
    };
    let mut seen = look();
    loop {
        tick.tick().await;
        let now = look();
        if now == seen {
            continue;
        }
        seen = now;
        let config = app.config.clone();
        let laws = app.engine.knowledge().law_index();
        let built = tokio::task::spawn_blocking(move || rebuild(&config, laws)).await;
        match built {
            Ok(Ok(knowledge)) => {
                tracing::info!(version = knowledge.version(), "knowledge reloaded");
                app.engine.swap_knowledge(knowledge);
                app.reload_problem.store(Arc::new(None));
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the new knowledge is not used");
                app.reload_problem.store(Arc::new(Some(error.to_string())));
            }
            Err(error) => tracing::error!(%error, "reloading stopped half-way"),
        }
    }
}

fn rebuild(
    config: &Config,
    laws: Option<Arc<faxun::kb::statutes::LawIndex>>,
) -> anyhow::Result<faxun::knowledge::Knowledge> {
    let sources = open::sources(config)?;
    let today = faxun::clock::china_date(faxun::clock::now_ms());
    faxun::knowledge::Knowledge::build(&sources, laws, &open::settings(config), today)
        .map_err(|problems| anyhow::anyhow!("{problems}"))
}
