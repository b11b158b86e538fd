//! A server with every kind of channel, all on one platform on loopback.

use crate::driver::{AES_KEY, DING_SECRET, LARK_KEY, SIGNING_SECRET, TOKEN};
use crate::platform::{self, Platform};
use crate::support::{self, Data, Server};
use faxun::dialogue::nouns::{Body, From};
use faxun::dialogue::turn::Turn;
use faxun::store::Store as _;
use faxun::store::sled::{SledOptions, SledStore};
use serde_json::Value;
use std::io::Read as _;
use std::time::Duration;

pub const SEND: &str = "/cgi-bin/message/custom/send";
pub const TOKENS: &str = "/cgi-bin/stable_token";

/// Settings with every kind of channel, all on one platform.
pub struct Setup {
    pub data: Data,
    pub platform: Platform,
    config: tempfile::NamedTempFile,
    log: tempfile::NamedTempFile,
}

impl Setup {
    pub async fn new() -> Setup {
        Setup::with(&[]).await
    }

    /// With further channels: kind, name, more settings.
    pub async fn with(further: &[(&str, &str, &str)]) -> Setup {
        let platform = Platform::start().await;
        let config = tempfile::NamedTempFile::new().expect("a file");
        let url = &platform.url;
        let channel = |kind: &str, name: &str, more: &str| {
            format!(
                "[[channels]]\nkind = \"{kind}\"\nname = \"{name}\"\nbase_url = \"{url}\"\n{more}\n"
            )
        };
        let settings = [
            channel("wechat", "safe", "app_id = \"wxapp\""),
            channel(
                "wechat",
                "plain",
                "app_id = \"wxapp\"\nmessage_mode = \"plain\"",
            ),
            channel(
                "wechat",
                "mute",
                "app_id = \"wxapp\"\nmessage_mode = \"plain\"\ncustomer_service = false",
            ),
            channel(
                "miniprogram",
                "mini",
                "app_id = \"wxapp\"\nmessage_mode = \"plain\"",
            ),
            channel("wecom", "corp", "corp_id = \"ww1\"\nagent_id = 7"),
            channel("wecom_kf", "kf", "corp_id = \"ww1\"\nopen_kfid = \"wk1\""),
            channel("wecom_bot", "bot", ""),
            channel("dingtalk", "ding", "app_id = \"dingkey\""),
            channel("feishu", "lark", "app_id = \"cli_1\""),
            channel(
                "webhook",
                "partner",
                &format!("reply_url = \"{url}/partner\""),
            ),
        ];
        let further = further
            .iter()
            .map(|(kind, name, more)| channel(kind, name, more));
        let settings: String = settings.into_iter().chain(further).collect();
        std::fs::write(config.path(), settings).expect("writes");
        Setup {
            data: Data::new(),
            platform,
            config,
            log: tempfile::NamedTempFile::new().expect("a file"),
        }
    }

    pub fn start_at(&self, listen: &str) -> Server {
        let mut env = vec![
            ("FAXUN_CHANNEL_DING_APP_SECRET", DING_SECRET),
            ("FAXUN_CHANNEL_STREAM_APP_SECRET", DING_SECRET),
            ("FAXUN_CHANNEL_LONG_APP_SECRET", "s"),
            ("FAXUN_CHANNEL_LARK_APP_SECRET", "s"),
            ("FAXUN_CHANNEL_LARK_ENCRYPT_KEY", LARK_KEY),
            ("FAXUN_CHANNEL_LARK_VERIFICATION_TOKEN", "vt"),
            ("FAXUN_CHANNEL_PARTNER_SIGNING_SECRET", SIGNING_SECRET),
            ("FAXUN_LOG__FILTER", "debug"),
        ];
        let names = ["SAFE", "PLAIN", "MUTE", "MINI", "CORP", "KF", "BOT"];
        let named: Vec<[String; 3]> = names
            .iter()
            .map(|n| ["TOKEN", "AES_KEY", "APP_SECRET"].map(|s| format!("FAXUN_CHANNEL_{n}_{s}")))
            .collect();
        for [token, aes_key, secret] in &named {
            env.extend([
                (token.as_str(), TOKEN),
                (aes_key.as_str(), AES_KEY),
                (secret.as_str(), "s"),
            ]);
        }
        let config = self.config.path().to_str().expect("a path");
        let log = self.log.reopen().expect("the log");
        Server::start_with(&self.data, listen, &env, &["--config", config], Some(log))
    }

    pub fn start(&self) -> Server {
        self.start_at("127.0.0.1:0")
    }

    pub fn log(&self) -> String {
        let mut text = String::new();
        self.log
            .reopen()
            .expect("the log")
            .read_to_string(&mut text)
            .expect("reads");
        text
    }

    pub fn store(&self) -> SledStore {
        let data = self.data.path();
        let mut key = data.clone().into_os_string();
        key.push(".key");
        SledStore::open(&SledOptions::new(data.join("store"), key)).expect("opens")
    }

    /// Every conversation in the stopped server's store: the citizen's texts and how many other messages there are.
    pub async fn conversations(&self) -> Vec<(Vec<String>, usize)> {
        let store = self.store();
        let mut all = Vec::new();
        for log in store.logs("conv/", None, 10_000).await.expect("reads") {
            let (mut said, mut others) = (Vec::new(), 0);
            for record in store.after(&log, 0, 10_000).await.expect("reads") {
                for message in Turn::from_bytes(&record.body).expect("a turn").messages {
                    match (message.from, message.body) {
                        (From::Citizen, Body::Text { text }) => said.push(text),
                        (From::Citizen, _) => {}
                        _ => others += 1,
                    }
                }
            }
            all.push((said, others));
        }
        all
    }
}

impl Setup {
    /// Messages in the stopped server's store that no platform has taken, and messages that nobody handled.
    pub async fn undelivered(&self) -> u64 {
        let store = self.store();
        let mut missing = 0;
        for log in store.logs("chan/", None, 10_000).await.expect("reads") {
            let (record, _) = store.last(&log).await.expect("reads").expect("a record");
            let account: Value = serde_json::from_slice(&record.body).expect("JSON");
            let waiting = account["inbox"].as_array().map_or(0, Vec::len);
            let conversation = account["conversation"].as_str().expect("a conversation");
            let log = faxun::engine::log_of(conversation).expect("a log");
            let (last, _) = store.last(&log).await.expect("reads").expect("a turn");
            missing += last.last_seq - account["cursor"].as_u64().expect("a seq") + waiting as u64;
        }
        missing
    }
}

/// Waits until no account has anything to handle or to send.
pub async fn settled(server: &Server) {
    let idle = async {
        loop {
            let (_, metrics) = server.get("/metrics").await;
            if metrics.contains("faxun_channel_busy 0\n") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(support::PATIENCE, idle)
        .await
        .expect("the outbox empties");
}

pub fn content(call: &platform::Call) -> String {
    call.body["text"]["content"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
