//! Settings: built-in defaults, one TOML file, then the environment. Unknown keys are errors.
//!
//! `[limits] messages_per_minute` is `FAXUN_LIMITS__MESSAGES_PER_MINUTE`, and so on for every key. A value of
//! the environment is read as TOML where it parses (numbers, booleans, lists), otherwise as text.

pub mod channels;

use crate::dialogue::calendar;
use crate::dialogue::script::ThresholdSettings;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

const ENV_PREFIX: &str = "FAXUN_";
/// Parts section and key in an environment variable.
const ENV_PARTS: &str = "__";

/// Everything that can be set. See `docs/operating.md` for each key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub server: Server,
    pub limits: Limits,
    pub store: Store,
    pub knowledge: Knowledge,
    pub notice: Notice,
    pub identity: Identity,
    pub desk: Desk,
    pub hours: Hours,
    pub retention: Retention,
    pub log: Log,
    /// Accounts on messaging platforms.
    pub channels: Vec<channels::Channel>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    pub listen: SocketAddr,
    /// Directory of the store and of imported statutes.
    pub data: PathBuf,
    /// Origins (`https://www.example.gov.cn`) whose pages may open a socket besides the server's own.
    pub allowed_origins: Vec<String>,
    /// Take the client's address from `X-Forwarded-For` (only behind a proxy that sets it).
    pub trust_proxy: bool,
    /// How long a stop waits for turns in flight, in seconds.
    pub shutdown_grace_s: u64,
    /// How long a new socket may stay without a hello, in seconds.
    pub hello_timeout_s: u64,
    /// How long a session token lives, in days.
    pub token_days: i64,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: SocketAddr::from(([127, 0, 0, 1], 8787)),
            data: PathBuf::from("data"),
            allowed_origins: Vec::new(),
            trust_proxy: false,
            shutdown_grace_s: 20,
            hello_timeout_s: 15,
            token_days: 30,
        }
    }
}

/// Limits against floods. 0 means none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Messages a conversation may send in a minute, by its signed token.
    pub messages_per_minute: u32,
    /// New conversations an address may start in a minute; generous, since a service hall shares one address.
    pub conversations_per_minute: u32,
    /// Open sockets in all.
    pub sockets: u32,
    /// Desk sign-ins an address may try in a minute.
    pub sign_ins_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            messages_per_minute: 60,
            conversations_per_minute: 300,
            sockets: 20_000,
            sign_ins_per_minute: 20,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// File of the master key; by default `<data>.key` beside the data directory, never inside it.
    pub master_key: Option<PathBuf>,
    /// Page cache of the store, in MiB.
    pub cache_mib: u64,
    /// Conversations whose last state is kept in memory.
    pub conversations_cached: usize,
}

impl Default for Store {
    fn default() -> Self {
        Store {
            master_key: None,
            cache_mib: 32,
            conversations_cached: 4096,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Knowledge {
    /// Directory holding `intents/` and `kb/`. Without it: the working directory if it holds both, else what is
    /// built into the program.
    pub dir: Option<PathBuf>,
    /// How often the directory is looked at for changes, in seconds; 0 never.
    pub reload_s: u64,
    pub thresholds: ThresholdSettings,
}

impl Default for Knowledge {
    fn default() -> Self {
        Knowledge {
            dir: None,
            reload_s: 2,
            thresholds: ThresholdSettings::default(),
        }
    }
}

/// What the notice before the first message names (个人信息保护法 17).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notice {
    pub operator: String,
    pub contact: String,
    pub retention: String,
}

impl Default for Notice {
    fn default() -> Self {
        Notice {
            operator: "本站法律咨询服务".into(),
            contact: "本页面所在网站".into(),
            retention: "到你要求删除为止".into(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// Secret shared with the embedding website for `hello.identity`; without it identities are refused.
    pub secret: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Desk {
    /// How long a sign-in lasts, in hours.
    pub session_hours: i64,
    /// Conversations a consultant can have at once.
    pub capacity: u32,
    /// After this long without a desk socket a consultant's conversations go back to the queue, in seconds.
    pub lost_after_s: u64,
    /// After this long an urgent conversation that nobody accepted is told so, in seconds.
    pub urgent_accept_s: i64,
    /// Mark the session cookie `Secure` (behind HTTPS).
    pub secure_cookie: bool,
}

impl Default for Desk {
    fn default() -> Self {
        Desk {
            session_hours: 12,
            capacity: 5,
            lost_after_s: 30,
            urgent_accept_s: 20,
            secure_cookie: false,
        }
    }
}

/// How long conversations are kept after their last turn, in days; 0: for ever. Say the same in `notice.retention`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Only the bot answered.
    pub bot_days: u32,
    /// A person answered, or a message was left.
    pub consulted_days: u32,
    /// Danger was named, or a crime of one's own.
    pub grave_days: u32,
}

/// When people are on duty: spans `09:00-12:00`, several a day. Without any the desk is open whenever somebody is there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hours {
    pub monday: Vec<String>,
    pub tuesday: Vec<String>,
    pub wednesday: Vec<String>,
    pub thursday: Vec<String>,
    pub friday: Vec<String>,
    pub saturday: Vec<String>,
    pub sunday: Vec<String>,
    /// On a weekend day that is worked (调休); empty: Monday's.
    pub makeup: Vec<String>,
    /// On public holidays; empty: closed.
    pub holiday: Vec<String>,
}

impl Hours {
    pub fn parse(&self) -> Result<calendar::Hours, calendar::BadSpan> {
        let spans = |texts: &[String]| {
            texts
                .iter()
                .map(|t| t.parse())
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(calendar::Hours {
            week: [
                spans(&self.monday)?,
                spans(&self.tuesday)?,
                spans(&self.wednesday)?,
                spans(&self.thursday)?,
                spans(&self.friday)?,
                spans(&self.saturday)?,
                spans(&self.sunday)?,
            ],
            makeup: spans(&self.makeup)?,
            holiday: spans(&self.holiday)?,
        })
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// A `tracing` filter: `info`, `faxun=debug`, …
    pub filter: String,
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Log {
            filter: "info".into(),
            json: false,
        }
    }
}

/// Why the settings cannot be used; each says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path}: {source}")]
    File {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("environment variable {name}: write it as FAXUN_SECTION__KEY")]
    EnvName { name: String },
    #[error("in the settings with the environment applied: {0}")]
    Value(Box<toml::de::Error>),
    #[error("{key}: {problem}")]
    Invalid { key: &'static str, problem: String },
    #[error("channel {name}: {problem}")]
    Channel { name: String, problem: String },
}

impl Config {
    /// Loads `file` (if any) and applies the variables of `env` that name a section and a key.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut table = match file {
            None => toml::Table::new(),
            Some(path) => read_table(path)?,
        };
        for (name, value) in env {
            apply(&mut table, &name, &value)?;
        }
        let config: Config = table
            .try_into()
            .map_err(|e| ConfigError::Value(Box::new(e)))?;
        config.validate()?;
        Ok(config)
    }

    /// Where the master key lies.
    pub fn master_key(&self) -> PathBuf {
        self.store.master_key.clone().unwrap_or_else(|| {
            let mut name = self.server.data.as_os_str().to_owned();
            name.push(".key");
            PathBuf::from(name)
        })
    }

    /// Checks what types cannot say.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let invalid = |key, problem: &str| {
            Err(ConfigError::Invalid {
                key,
                problem: problem.to_owned(),
            })
        };
        let mut thresholds = self.knowledge.thresholds.set();
        if thresholds.any(|p| !(0.0..=1.0).contains(&p)) {
            return invalid(
                "knowledge.thresholds",
                "every threshold lies between 0 and 1",
            );
        }
        if self.master_key().starts_with(&self.server.data) {
            return invalid(
                "store.master_key",
                "the master key must lie outside the data directory: whoever copies the data must not get the key",
            );
        }
        if self.server.token_days < 1 || self.desk.session_hours < 1 {
            return invalid("server.token_days, desk.session_hours", "must be 1 or more");
        }
        if self.desk.urgent_accept_s < 1 || self.desk.capacity == 0 {
            return invalid("desk.urgent_accept_s, desk.capacity", "must be 1 or more");
        }
        if self.store.conversations_cached == 0 || self.store.cache_mib == 0 {
            return invalid(
                "store.conversations_cached, store.cache_mib",
                "must be 1 or more",
            );
        }
        channels::validate(&self.channels)?;
        if let Err(bad) = self.hours.parse() {
            return invalid("hours", &bad.to_string());
        }
        for origin in &self.server.allowed_origins {
            let scheme = origin.starts_with("https://") || origin.starts_with("http://");
            if !scheme || origin.matches('/').count() != 2 {
                return invalid(
                    "server.allowed_origins",
                    "an origin is a scheme and a host without a path: https://www.example.gov.cn",
                );
            }
        }
        Ok(())
    }
}

fn read_table(path: &Path) -> Result<toml::Table, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    let file_error = |source| ConfigError::File {
        path: path.to_owned(),
        source: Box::new(source),
    };
    // Parsed into the struct first: its errors carry line and column.
    toml::from_str::<Config>(&text).map_err(file_error)?;
    text.parse().map_err(file_error)
}

fn apply(table: &mut toml::Table, name: &str, value: &str) -> Result<(), ConfigError> {
    let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
        return Ok(());
    };
    // Variables without a section (FAXUN_SKIP, …) belong to the scripts.
    let Some((section, key)) = rest.split_once(ENV_PARTS) else {
        return Ok(());
    };
    let path: Vec<String> = std::iter::once(section)
        .chain(key.split(ENV_PARTS))
        .map(str::to_ascii_lowercase)
        .collect();
    let bad_name = || ConfigError::EnvName {
        name: name.to_owned(),
    };
    let (last, parents) = path.split_last().ok_or_else(bad_name)?;
    let mut at = table;
    for part in parents {
        at = at
            .entry(part.clone())
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(bad_name)?;
    }
    at.insert(last.clone(), env_value(value));
    Ok(())
}

fn env_value(value: &str) -> toml::Value {
    format!("v = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        let env = env.iter().map(|(k, v)| (k.to_string(), v.to_string()));
        Config::load(Some(file.path()), env)
    }

    #[test]
    fn environment_overrides_the_file() {
        let config = load(
            "[limits]\nmessages_per_minute = 5\n",
            &[
                ("FAXUN_LIMITS__MESSAGES_PER_MINUTE", "0"),
                ("FAXUN_SERVER__LISTEN", "127.0.0.1:0"),
                ("FAXUN_KNOWLEDGE__THRESHOLDS__LEGAL", "0.25"),
                ("FAXUN_SERVER__ALLOWED_ORIGINS", "[\"https://a.example\"]"),
                ("FAXUN_SKIP", "browser"),
                ("PATH", "/bin"),
            ],
        )
        .unwrap();
        assert_eq!(config.limits.messages_per_minute, 0);
        assert_eq!(config.server.listen.port(), 0);
        assert_eq!(config.knowledge.thresholds.legal, Some(0.25));
        assert_eq!(config.server.allowed_origins, ["https://a.example"]);
    }

    #[test]
    fn unknown_keys_and_bad_values_are_errors() {
        let unknown = load("[limits]\nmesages_per_minute = 5\n", &[]).unwrap_err();
        assert!(
            unknown.to_string().contains("mesages_per_minute"),
            "{unknown}"
        );
        let env = load("", &[("FAXUN_LIMITS__NO_SUCH", "1")]).unwrap_err();
        assert!(env.to_string().contains("no_such"), "{env}");
        assert!(load("", &[("FAXUN_DESK__CAPACITY", "0")]).is_err());
        assert!(load("[hours]\nmonday = [\"12:00-09:00\"]\n", &[]).is_err());
        assert!(load("", &[("FAXUN_STORE__MASTER_KEY", "data/inside.key")]).is_err());
        assert!(load("[server]\nallowed_origins = [\"https://a/b\"]\n", &[]).is_err());
    }
}
