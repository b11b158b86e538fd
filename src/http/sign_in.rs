//! `/desk/session`: signing in and out of the desk.

use super::App;
use super::socket::client_address;
use crate::dialogue::nouns::StaffRole;
use crate::people::audit::{self, Action};
use crate::people::session::COOKIE;
use crate::people::staff::Account;
use crate::wire::{ErrorCode, ErrorFrame};
use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{COOKIE as COOKIE_HEADER, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Deserialize)]
pub struct SignIn {
    name: String,
    password: String,
    /// Of the authenticator app, where the account has one.
    #[serde(default)]
    code: Option<String>,
}

#[derive(Serialize)]
struct Who {
    staff: String,
    name: String,
    role: StaffRole,
    /// A second factor is set up.
    totp: bool,
}

/// `POST`: 204 with the session cookie, or 401.
pub async fn sign_in(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(body): Json<SignIn>,
) -> Response {
    let now_ms = crate::clock::now_ms();
    let address = client_address(&app, &headers, peer);
    if !app.sign_ins.take(address, now_ms) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, "");
    }
    // By name and address slowly, so that nobody is locked out by others; by name alone only against many addresses.
    let pair = format!("{}@{address}", super::clip(&body.name));
    let alone = super::clip(&body.name).to_owned();
    if !app.guesses.admits(&pair, now_ms) || !app.guesses_by_name.admits(&alone, now_ms) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, "");
    }
    let failed = || {
        app.guesses.failed(&pair, now_ms);
        app.guesses_by_name.failed(&alone, now_ms);
    };
    let accounts = app.accounts.load_full();
    let (name, code) = (body.name.clone(), body.code.clone());
    let checked =
        tokio::task::spawn_blocking(move || accounts.sign_in(&body.name, &body.password).cloned());
    let Ok(Some(account)) = checked.await else {
        failed();
        // The name as typed may be a password typed into the wrong field: it is not kept.
        let known = app.accounts.load().get(&name).is_some();
        let subject = if known { name.as_str() } else { "unknown" };
        note(&app, "", Action::SignInFailed, subject, now_ms).await;
        return refuse(
            StatusCode::UNAUTHORIZED,
            ErrorCode::NotAllowed,
            "名字或密码不对。",
        );
    };
    if let Some(secret) = &account.totp {
        let staff = &account.staff;
        match code {
            Some(code) if app.codes.check(staff, secret, code.trim(), now_ms) => {}
            // Asking for it is no failure; the password was right.
            None => return refuse(StatusCode::UNAUTHORIZED, ErrorCode::CodeNeeded, ""),
            Some(_) => {
                failed();
                note(&app, "", Action::SignInFailed, staff, now_ms).await;
                let message = "验证码不对或已用过，请等下一个。";
                return refuse(StatusCode::UNAUTHORIZED, ErrorCode::CodeNeeded, message);
            }
        }
    }
    app.guesses.passed(&pair);
    app.guesses_by_name.passed(&alone);
    let staff = &account.staff;
    note(&app, staff, Action::SignIn, staff, now_ms).await;
    let cookie = session_cookie(&app, &account, now_ms);
    (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response()
}

/// The cookie of a new session.
pub fn session_cookie(app: &App, account: &Account, now_ms: i64) -> String {
    let hours = app.config.desk.session_hours;
    let value = app.sessions.sign(account, now_ms + hours * 3_600_000);
    cookie(app, &value, hours * 3600)
}

/// `GET`: who is signed in, or 401.
pub async fn who(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match signed_in(&app, &headers) {
        Some(account) => Json(Who {
            staff: account.staff,
            name: account.name,
            role: account.role,
            totp: account.totp.is_some(),
        })
        .into_response(),
        None => nobody(),
    }
}

/// `DELETE`: ends the session in this browser.
pub async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(account) = signed_in(&app, &headers) {
        let now_ms = crate::clock::now_ms();
        let staff = &account.staff;
        note(&app, staff, Action::SignOut, staff, now_ms).await;
    }
    (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie(&app, "", 0))]).into_response()
}

/// The account of the request's cookie.
pub fn signed_in(app: &App, headers: &HeaderMap) -> Option<Account> {
    let cookies = headers.get(COOKIE_HEADER)?.to_str().ok()?;
    let value = cookies
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))?;
    let accounts = app.accounts.load();
    let account = app
        .sessions
        .check(&accounts, value, crate::clock::now_ms())?;
    Some(account.clone())
}

fn cookie(app: &App, value: &str, max_age_s: i64) -> String {
    let secure = if app.config.desk.secure_cookie {
        "; Secure"
    } else {
        ""
    };
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={max_age_s}{secure}")
}

pub fn refuse(status: StatusCode, code: ErrorCode, message: &str) -> Response {
    let mut error = ErrorFrame::new(code, None);
    if !message.is_empty() {
        error.message = message.to_owned();
    }
    (status, Json(error)).into_response()
}

/// The refusal of a request that comes without a session.
pub fn nobody() -> Response {
    refuse(
        StatusCode::UNAUTHORIZED,
        ErrorCode::NotAllowed,
        "请先登录。",
    )
}

/// Writes an audit line. One that cannot be written is an operator's matter, not the consultant's.
pub async fn note(app: &App, staff: &str, action: Action, subject: &str, now_ms: i64) {
    let store = app.engine.store();
    if let Err(error) = audit::record(&**store, staff, action, subject, now_ms).await {
        tracing::error!(%error, "the audit could not be written");
    }
}
