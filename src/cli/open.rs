//! Opening what the commands share: settings, statutes, knowledge, store.

use anyhow::Context as _;
use faxun::config::Config;
use faxun::kb::statutes::LawIndex;
use faxun::knowledge::{Knowledge, Settings, Sources};
use faxun::store::sled::{SledOptions, SledStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Subdirectory of the data directory for imported statutes.
const LAWS_DIR: &str = "laws";
/// Subdirectory of the data directory for the store.
const STORE_DIR: &str = "store";

/// Where the settings come from.
pub struct Open {
    pub config: Option<PathBuf>,
    pub data: Option<PathBuf>,
}

impl Open {
    /// The settings, with the data directory of the command line.
    pub fn settings(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        if let Some(data) = &self.data {
            config.server.data.clone_from(data);
            config.validate()?;
        }
        Ok(config)
    }

    /// A runtime for commands that are no server.
    pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")
    }
}

/// The imported statutes, or none.
pub fn imported_laws(config: &Config) -> anyhow::Result<Option<LawIndex>> {
    let dir = laws_dir(config);
    LawIndex::open(&dir).with_context(|| format!("cannot open the statutes in {}", dir.display()))
}

/// The statutes of a file, else the imported ones.
pub fn laws(config: &Config, file: Option<&Path>) -> anyhow::Result<Option<LawIndex>> {
    let Some(file) = file else {
        return imported_laws(config);
    };
    let index = LawIndex::in_memory(file, &sources(config)?)
        .with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Some(index))
}

/// Where imported statutes lie.
pub fn laws_dir(config: &Config) -> PathBuf {
    config.server.data.join(LAWS_DIR)
}

/// Intents and entries: of the settings' directory, else of the working directory, else those built in.
pub fn sources(config: &Config) -> anyhow::Result<Sources> {
    match sources_dir(config) {
        Some(dir) => Sources::from_dir(&dir)
            .with_context(|| format!("cannot read intents and kb in {}", dir.display())),
        None => Ok(Sources::embedded()),
    }
}

/// The directory of intents and entries, if they are not the built-in ones.
pub fn sources_dir(config: &Config) -> Option<PathBuf> {
    let here = || {
        let here = Path::new(".");
        let both = here.join("intents").is_dir() && here.join("kb").is_dir();
        both.then(|| here.to_owned())
    };
    config.knowledge.dir.clone().or_else(here)
}

/// Builds the knowledge; every problem is named.
pub fn knowledge(config: &Config, laws: Option<LawIndex>) -> anyhow::Result<Knowledge> {
    let sources = sources(config)?;
    let today = faxun::clock::china_date(faxun::clock::now_ms());
    Knowledge::build(&sources, laws.map(Arc::new), &settings(config), today)
        .map_err(|problems| anyhow::anyhow!("intents and kb cannot be used:\n{problems}"))
}

/// What the knowledge needs of the settings.
pub fn settings(config: &Config) -> Settings {
    Settings {
        thresholds: config.knowledge.thresholds,
        operator: config.notice.operator.clone(),
        contact: config.notice.contact.clone(),
        retention: config.notice.retention.clone(),
        urgent_accept_s: config.desk.urgent_accept_s,
        // Validated when the settings were read.
        hours: config.hours.parse().unwrap_or_default(),
    }
}

/// Opens the store of the data directory.
pub fn store(config: &Config) -> anyhow::Result<SledStore> {
    let dir = config.server.data.join(STORE_DIR);
    let options = SledOptions {
        cache_bytes: config.store.cache_mib << 20,
        ..SledOptions::new(&dir, config.master_key())
    };
    SledStore::open(&options).with_context(|| format!("cannot open the store in {}", dir.display()))
}
