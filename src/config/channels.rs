//! `[[channels]]`: accounts on messaging platforms. Their secrets never stand in the settings: they come from the
//! environment (`FAXUN_CHANNEL_<NAME>_<SECRET>`) or from the file that `secrets_file` names.

use super::ConfigError;
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Longest name of a channel, in bytes: it is part of addresses, logs and log ids.
pub const NAME_BYTES_MAX: usize = 24;

/// A platform that faxun speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// 微信公众号
    Wechat,
    /// 微信小程序客服
    Miniprogram,
    /// 企业微信自建应用
    Wecom,
    /// 微信客服
    WecomKf,
    /// 企业微信智能机器人
    WecomBot,
    /// 钉钉机器人, HTTP
    Dingtalk,
    /// 飞书, HTTP events
    Feishu,
    /// Signed with Standard Webhooks, both ways
    Webhook,
}

impl ChannelKind {
    /// The name in settings, metrics and frames.
    pub fn name(self) -> &'static str {
        match self {
            ChannelKind::Wechat => "wechat",
            ChannelKind::Miniprogram => "miniprogram",
            ChannelKind::Wecom => "wecom",
            ChannelKind::WecomKf => "wecom_kf",
            ChannelKind::WecomBot => "wecom_bot",
            ChannelKind::Dingtalk => "dingtalk",
            ChannelKind::Feishu => "feishu",
            ChannelKind::Webhook => "webhook",
        }
    }

    /// The name as consultants read it.
    pub fn label(self) -> &'static str {
        match self {
            ChannelKind::Wechat => "微信公众号",
            ChannelKind::Miniprogram => "小程序客服",
            ChannelKind::Wecom => "企业微信",
            ChannelKind::WecomKf => "微信客服",
            ChannelKind::WecomBot => "企业微信智能机器人",
            ChannelKind::Dingtalk => "钉钉",
            ChannelKind::Feishu => "飞书",
            ChannelKind::Webhook => "合作平台",
        }
    }

    /// Settings that this kind cannot do without.
    fn required(self) -> &'static [&'static str] {
        match self {
            ChannelKind::Wechat | ChannelKind::Miniprogram | ChannelKind::Feishu => &["app_id"],
            ChannelKind::Dingtalk => &["app_id"],
            ChannelKind::Wecom => &["corp_id", "agent_id"],
            ChannelKind::WecomKf => &["corp_id", "open_kfid"],
            ChannelKind::WecomBot => &[],
            ChannelKind::Webhook => &["reply_url"],
        }
    }

    /// Where the platform's interface lies.
    pub fn base_url(self) -> &'static str {
        match self {
            ChannelKind::Wechat | ChannelKind::Miniprogram => "https://api.weixin.qq.com",
            ChannelKind::Wecom | ChannelKind::WecomKf | ChannelKind::WecomBot => {
                "https://qyapi.weixin.qq.com"
            }
            ChannelKind::Dingtalk => "https://api.dingtalk.com",
            ChannelKind::Feishu => "https://open.feishu.cn",
            ChannelKind::Webhook => "",
        }
    }
}

/// 消息加解密方式 of 公众号 and 小程序, as the console calls it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageMode {
    /// 明文模式: the text of a message is neither sealed nor signed.
    Plain,
    /// 兼容模式
    Compatible,
    /// 安全模式
    #[default]
    Safe,
}

/// One account on one platform.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    pub kind: ChannelKind,
    /// Its address is `/channels/<name>`.
    pub name: String,
    /// AppID of 公众号, 小程序, 飞书; AppKey (Client ID) of 钉钉.
    #[serde(default)]
    pub app_id: String,
    #[serde(default)]
    pub corp_id: String,
    #[serde(default)]
    pub agent_id: Option<u64>,
    #[serde(default)]
    pub open_kfid: String,
    /// 钉钉: the robot's code, where it differs from the AppKey.
    #[serde(default)]
    pub robot_code: String,
    /// 钉钉, 飞书: messages come over a connection that we open; no public address is needed.
    #[serde(default)]
    pub stream: bool,
    #[serde(default)]
    pub message_mode: MessageMode,
    /// 公众号: whether the account may send customer service messages (a verified one may).
    #[serde(default = "yes")]
    pub customer_service: bool,
    /// Instead of the platform's own address, for a proxy or a test.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Webhook: where replies are sent. Never taken from a request.
    #[serde(default)]
    pub reply_url: String,
    /// A TOML file `name = "value"` of the channel's secrets.
    #[serde(default)]
    pub secrets_file: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

impl Channel {
    /// The platform's address, without a slash at its end.
    pub fn base(&self) -> &str {
        let base = self.base_url.as_deref();
        base.unwrap_or(self.kind.base_url()).trim_end_matches('/')
    }

    /// Reads the secrets; `env` looks up an environment variable and wins over the file.
    pub fn secrets(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<Secrets, ConfigError> {
        let file = match &self.secrets_file {
            None => BTreeMap::new(),
            Some(path) => {
                let read = |source| ConfigError::Read {
                    path: path.clone(),
                    source,
                };
                let text = Zeroizing::new(std::fs::read_to_string(path).map_err(read)?);
                // The parser's message would quote the file, which holds secrets.
                toml::from_str::<BTreeMap<String, String>>(&text).map_err(|_| {
                    self.invalid("secrets_file holds lines of the form name = \"value\"")
                })?
            }
        };
        let mut found = BTreeMap::new();
        for name in SECRETS {
            let value = env(&self.variable(name)).or_else(|| file.get(*name).cloned());
            if let Some(value) = value.filter(|v| !v.trim().is_empty()) {
                found.insert(*name, Zeroizing::new(value.trim().to_owned()));
            }
        }
        if let Some(unknown) = file.keys().find(|k| !SECRETS.contains(&k.as_str())) {
            return Err(self.invalid(&format!(
                "secrets_file holds `{unknown}`, which is no secret of a channel"
            )));
        }
        Ok(Secrets {
            channel: self.clone(),
            found,
        })
    }

    /// The environment variable of a secret.
    pub fn variable(&self, secret: &str) -> String {
        format!("FAXUN_CHANNEL_{}_{secret}", self.name)
            .replace('-', "_")
            .to_ascii_uppercase()
    }

    /// An error that names this channel.
    pub fn invalid(&self, problem: &str) -> ConfigError {
        ConfigError::Channel {
            name: self.name.clone(),
            problem: problem.to_owned(),
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let long = self.name.is_empty() || self.name.len() > NAME_BYTES_MAX;
        if long || !self.name.bytes().all(allowed) || self.name.contains("--") {
            return Err(self.invalid(&format!(
                "a channel's name is 1 to {NAME_BYTES_MAX} of a-z, 0-9 and single dashes"
            )));
        }
        for key in self.kind.required() {
            let given = match *key {
                "app_id" => !self.app_id.is_empty(),
                "corp_id" => !self.corp_id.is_empty(),
                "agent_id" => self.agent_id.is_some(),
                "open_kfid" => !self.open_kfid.is_empty(),
                _ => !self.reply_url.is_empty(),
            };
            if !given {
                return Err(self.invalid(&format!("kind {} needs {key}", self.kind.name())));
            }
        }
        let addresses = [self.base_url.as_deref(), Some(self.reply_url.as_str())];
        for address in addresses.into_iter().flatten().filter(|a| !a.is_empty()) {
            if !address.starts_with("https://") && !address.starts_with("http://") {
                return Err(self.invalid(
                    "base_url and reply_url begin with https:// (or http:// inside your network)",
                ));
            }
        }
        Ok(())
    }
}

/// Every secret that some kind of channel uses.
pub const SECRETS: &[&str] = &[
    "token",
    "aes_key",
    "app_secret",
    "encrypt_key",
    "verification_token",
    "signing_secret",
];

/// A channel's secrets. Never shown.
pub struct Secrets {
    channel: Channel,
    found: BTreeMap<&'static str, Zeroizing<String>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// A secret, if it was given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.found.get(name).map(|v| v.as_str())
    }

    /// A secret, or an error that says where to put it.
    pub fn need(&self, name: &str) -> Result<&str, ConfigError> {
        self.get(name).ok_or_else(|| {
            let variable = self.channel.variable(name);
            self.channel.invalid(&format!(
                "the secret `{name}` is missing: set {variable}, or name a file with it in secrets_file"
            ))
        })
    }
}

/// Checks every channel and that no two share a name.
pub(super) fn validate(channels: &[Channel]) -> Result<(), ConfigError> {
    let mut names = HashSet::new();
    for channel in channels {
        channel.validate()?;
        if !names.insert(&channel.name) {
            return Err(channel.invalid("two channels have this name"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(toml: &str) -> Channel {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn secrets_come_from_the_environment_or_the_file_only() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "token = \"from file\"\naes_key = \"k\"\n").unwrap();
        let mut wx = channel("kind = \"wechat\"\nname = \"law-aid\"\napp_id = \"wx1\"\n");
        wx.secrets_file = Some(file.path().to_owned());
        let env =
            |name: &str| (name == "FAXUN_CHANNEL_LAW_AID_TOKEN").then(|| "from env".to_owned());
        let secrets = wx.secrets(&env).unwrap();
        assert_eq!(secrets.get("token"), Some("from env"));
        assert_eq!(secrets.get("aes_key"), Some("k"));
        let missing = secrets.need("app_secret").unwrap_err().to_string();
        assert!(
            missing.contains("FAXUN_CHANNEL_LAW_AID_APP_SECRET"),
            "{missing}"
        );
        assert!(
            toml::from_str::<Channel>("kind = \"wechat\"\nname = \"a\"\ntoken = \"t\"\n").is_err()
        );
    }

    #[test]
    fn a_channel_that_cannot_work_is_refused_with_what_to_do() {
        let refused = |toml: &str| validate(&[channel(toml)]).unwrap_err().to_string();
        assert!(refused("kind = \"wechat\"\nname = \"a\"\n").contains("app_id"));
        assert!(refused("kind = \"webhook\"\nname = \"A B\"\n").contains("a-z"));
        let webhook = "kind = \"webhook\"\nname = \"a\"\nreply_url = \"ftp://x\"\n";
        assert!(refused(webhook).contains("https://"));
        let twice = channel("kind = \"wechat\"\nname = \"a\"\napp_id = \"wx1\"\n");
        assert!(validate(&[twice.clone(), twice]).is_err());
    }
}
