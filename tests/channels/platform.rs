//! A messaging platform on loopback: gives tokens that expire, takes texts, answers with the codes it is told to.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// One request that reached the platform.
#[derive(Debug, Clone)]
pub struct Call {
    pub path: String,
    pub headers: HeaderMap,
    pub raw: Vec<u8>,
    pub body: Value,
    /// The access token that came with it was in force, or none was needed.
    pub token_ok: bool,
    pub answer: Value,
}

#[derive(Default)]
struct Inner {
    calls: Vec<Call>,
    /// Answers to be given first, by path.
    script: HashMap<String, VecDeque<Value>>,
    /// Answers given always, by path.
    fixed: HashMap<String, Value>,
    tokens: u64,
    /// The token that was given last is refused although it is new.
    expired: bool,
}

#[derive(Clone)]
pub struct Platform {
    inner: Arc<Mutex<Inner>>,
    pub url: String,
}

/// Paths that give tokens.
const TOKEN_PATHS: [&str; 4] = [
    "/cgi-bin/stable_token",
    "/cgi-bin/gettoken",
    "/open-apis/auth/v3/tenant_access_token/internal",
    "/v1.0/oauth2/accessToken",
];
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

impl Platform {
    pub async fn start() -> Platform {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let platform = Platform {
            inner: Arc::default(),
            url,
        };
        let app = Router::new().fallback(answer).with_state(platform.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        platform
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next answer to a path; several are given in order.
    pub fn script(&self, path: &str, answer: Value) {
        self.lock()
            .script
            .entry(path.to_owned())
            .or_default()
            .push_back(answer);
    }

    /// The answer to a path from now on.
    pub fn fix(&self, path: &str, answer: Value) {
        self.lock().fixed.insert(path.to_owned(), answer);
    }

    /// Refuses the token in force from now on.
    pub fn expire_token(&self) {
        self.lock().expired = true;
    }

    pub fn calls(&self, path: &str) -> Vec<Call> {
        self.lock()
            .calls
            .iter()
            .filter(|c| c.path == path)
            .cloned()
            .collect()
    }

    /// Requests to a path that the platform answered with success.
    pub fn taken(&self, path: &str) -> Vec<Call> {
        let ok = |c: &Call| {
            c.answer
                .get("errcode")
                .or(c.answer.get("code"))
                .is_none_or(|v| *v == 0)
        };
        self.calls(path).into_iter().filter(ok).collect()
    }

    /// Waits until so many requests to a path succeeded.
    pub async fn wait_taken(&self, path: &str, count: usize) -> Vec<Call> {
        let look = async {
            loop {
                let taken = self.taken(path);
                if taken.len() >= count {
                    return taken;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look)
            .await
            .expect("the texts reach the platform")
    }

    /// Waits until so many requests to a path came, whatever the answer.
    pub async fn wait_calls(&self, path: &str, count: usize) {
        let look = async {
            while self.calls(path).len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look)
            .await
            .expect("the calls reach the platform");
    }
}

async fn answer(
    State(platform): State<Platform>,
    uri: Uri,
    headers: HeaderMap,
    raw: Bytes,
) -> axum::Json<Value> {
    let path = uri.path().to_owned();
    let query = uri.query().unwrap_or("").to_owned();
    let body: Value = serde_json::from_slice(&raw).unwrap_or(Value::Null);
    let mut inner = platform.lock();
    let is_token = TOKEN_PATHS.contains(&path.as_str());
    if is_token && (inner.tokens == 0 || inner.expired || body["force_refresh"] == true) {
        inner.tokens += 1;
        inner.expired = false;
    }
    let token = format!("token{}", inner.tokens);
    let bearer = headers.get("authorization").and_then(|v| v.to_str().ok());
    let given = query
        .split('&')
        .find_map(|p| p.strip_prefix("access_token="))
        .or_else(|| bearer?.strip_prefix("Bearer "))
        .or_else(|| headers.get("x-acs-dingtalk-access-token")?.to_str().ok());
    let token_ok = given.is_none_or(|given| given == token) && !(inner.expired && given.is_some());
    let scripted = inner.script.get_mut(&path).and_then(VecDeque::pop_front);
    let scripted = scripted.or_else(|| inner.fixed.get(&path).cloned());
    let said = match scripted {
        Some(scripted) if token_ok => scripted,
        _ if is_token => json!({
            "errcode": 0, "code": 0, "access_token": token, "tenant_access_token": token, "accessToken": token,
            "expires_in": 7200, "expire": 7200, "expireIn": 7200,
        }),
        _ if !token_ok && path.starts_with("/open-apis") => json!({"code": 99_991_663}),
        _ if !token_ok => json!({"errcode": 42_001}),
        _ => json!({"errcode": 0, "code": 0}),
    };
    inner.calls.push(Call {
        path,
        headers,
        raw: raw.to_vec(),
        body,
        token_ok,
        answer: said.clone(),
    });
    axum::Json(said)
}
