//! `errcode` of 微信 and 企业微信: which mean a bad token, a closed window, later, or never.

use super::SendError;
use super::client::Answer;
use serde_json::Value;

/// Pause after a platform said that we ask too often, in ms.
const RATE_PAUSE_MS: i64 = 60_000;

/// What an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done,
    /// The access token is no good: renew it and try once more.
    Token(i64),
    Failed(SendError),
}

/// Reads an answer `{"errcode": 0, …}`; one without the field is a success.
pub fn read(answer: &Answer) -> (Said, Value) {
    if answer.status >= 500 || answer.status == 429 {
        let code = format!("http_{}", answer.status);
        return (
            Said::Failed(SendError::retry(code, answer.retry_after_ms)),
            Value::Null,
        );
    }
    let Ok(value) = serde_json::from_slice::<Value>(&answer.body) else {
        return (Said::Failed(SendError::retry("answer", 0)), Value::Null);
    };
    let code = value.get("errcode").and_then(Value::as_i64).unwrap_or(0);
    (meaning(code), value)
}

/// The meaning of a code. Unknown ones are not tried again: they become dead letters, which are seen.
pub fn meaning(code: i64) -> Said {
    let text = code.to_string();
    match code {
        0 => Said::Done,
        // Invalid, malformed or expired access token.
        40_001 | 40_014 | 42_001 => Said::Token(code),
        // Window of 48 hours over; sends used up; 微信客服: sends used up, session in another state.
        45_015 | 45_047 | 95_001 | 95_018 => Said::Failed(SendError::Window { code: text }),
        // Busy; too often a day, a minute; 企业微信 too often.
        -1 | 45_011 | 45_033 => Said::Failed(SendError::retry(text, 0)),
        45_009 => Said::Failed(SendError::retry(text, RATE_PAUSE_MS)),
        _ => Said::Failed(SendError::refused(text)),
    }
}

/// What an operator can do about a code, in plain words.
pub fn advice(code: &str) -> &'static str {
    match code {
        "40001" | "40125" | "41004" => "AppSecret 不对：到平台后台重置并更新密钥。",
        "40013" => "AppID 或 CorpID 不对：照平台后台的值改配置。",
        "40164" | "60020" => {
            "服务器的公网 IP 不在白名单：到平台后台的“IP 白名单/企业可信 IP”里加上。"
        }
        "48001" => "这个账号没有调用接口的权限：公众号要先认证，或把 customer_service 设为 false。",
        "45009" => "接口调用太频繁，今天的次数用完了：到平台后台清零，或等到明天。",
        "connect" | "timeout" => "连不上平台：检查服务器能否访问外网、base_url 是否写对。",
        _ => "到平台文档里查这个错误码。",
    }
}
