//! One's own account at the desk: another password, the second factor.

use super::App;
use super::sign_in::{nobody, note, refuse, session_cookie, signed_in};
use crate::people::PeopleError;
use crate::people::audit::Action;
use crate::people::staff::{self, Account, Accounts};
use crate::people::totp;
use crate::wire::ErrorCode;
use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
pub struct NewPassword {
    old: String,
    new: String,
}

/// `POST /desk/password`: 204 with a new session; all others of the account end.
pub async fn password(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(body): Json<NewPassword>,
) -> Response {
    let account = match confirmed(&app, &headers, &body.old).await {
        Ok(account) => account,
        Err(refusal) => return *refusal,
    };
    let now_ms = crate::clock::now_ms();
    let store = app.engine.store();
    let changed = staff::set_password(&**store, &account.staff, &body.new, now_ms).await;
    let accounts = match done(&app, changed, &account, Action::PasswordChanged).await {
        Ok(accounts) => accounts,
        Err(refusal) => return *refusal,
    };
    match accounts.get(&account.staff) {
        Some(account) => {
            let cookie = session_cookie(&app, account, now_ms);
            (StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response()
        }
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

#[derive(Serialize)]
struct Secret {
    secret: String,
    /// `otpauth://…` for a QR code.
    uri: String,
}

/// `POST /desk/totp`: a secret to be shown to an authenticator app. Nothing is changed before it is confirmed.
pub async fn totp_secret(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(account) = signed_in(&app, &headers) else {
        return nobody();
    };
    match totp::new_secret() {
        Ok(secret) => {
            let uri = totp::uri(&account.staff, &secret);
            Json(Secret { secret, uri }).into_response()
        }
        Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal, ""),
    }
}

#[derive(Deserialize)]
pub struct Confirm {
    password: String,
    secret: String,
    code: String,
}

/// `PUT /desk/totp`: from now on a code is asked for at sign-in.
pub async fn totp_on(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(body): Json<Confirm>,
) -> Response {
    let account = match confirmed(&app, &headers, &body.password).await {
        Ok(account) => account,
        Err(refusal) => return *refusal,
    };
    let now_ms = crate::clock::now_ms();
    if !app
        .codes
        .check(&account.staff, &body.secret, &body.code, now_ms)
    {
        return refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::BadField,
            "验证码不对，请看手机时间是否准确，再输入新的一个。",
        );
    }
    set_totp(&app, &account, Some(body.secret), Action::TotpOn).await
}

#[derive(Deserialize)]
pub struct Password {
    password: String,
}

/// `DELETE /desk/totp`: the password is enough again.
pub async fn totp_off(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Json(body): Json<Password>,
) -> Response {
    match confirmed(&app, &headers, &body.password).await {
        Ok(account) => set_totp(&app, &account, None, Action::TotpOff).await,
        Err(refusal) => *refusal,
    }
}

async fn set_totp(
    app: &App,
    account: &Account,
    secret: Option<String>,
    action: Action,
) -> Response {
    let now_ms = crate::clock::now_ms();
    let store = app.engine.store();
    let changed = staff::set_totp(&**store, &account.staff, secret, now_ms).await;
    match done(app, changed, account, action).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => *refusal,
    }
}

/// Whoever is signed in, after he gave his password once more; guessing is slowed down here too.
async fn confirmed(
    app: &App,
    headers: &HeaderMap,
    password: &str,
) -> Result<Account, Box<Response>> {
    let Some(account) = signed_in(app, headers) else {
        return Err(Box::new(nobody()));
    };
    let now_ms = crate::clock::now_ms();
    let key = format!("{}@desk", account.staff);
    if !app.guesses.admits(&key, now_ms) {
        let refusal = refuse(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, "");
        return Err(Box::new(refusal));
    }
    let accounts = app.accounts.load_full();
    let (staff, password) = (account.staff.clone(), password.to_owned());
    let checked =
        tokio::task::spawn_blocking(move || accounts.sign_in(&staff, &password).is_some()).await;
    if !checked.unwrap_or(false) {
        app.guesses.failed(&key, now_ms);
        let refusal = refuse(
            StatusCode::FORBIDDEN,
            ErrorCode::NotAllowed,
            "现在的密码不对。",
        );
        return Err(Box::new(refusal));
    }
    app.guesses.passed(&key);
    Ok(account)
}

/// Reads the accounts anew and writes the audit; what the store refused is answered.
async fn done(
    app: &App,
    changed: Result<(), PeopleError>,
    account: &Account,
    action: Action,
) -> Result<Arc<Accounts>, Box<Response>> {
    let store = app.engine.store();
    let loaded = match changed {
        Ok(()) => Accounts::load(&**store).await,
        Err(PeopleError::Invalid(_)) => {
            let message = "新密码要有 10 个字符以上（最多 256 字节）。";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Box::new(refuse(status, ErrorCode::BadField, message)));
        }
        Err(error) => Err(error),
    };
    match loaded {
        Ok(accounts) => {
            let accounts = Arc::new(accounts);
            app.accounts.store(Arc::clone(&accounts));
            let staff = &account.staff;
            let now_ms = crate::clock::now_ms();
            note(app, staff, action, staff, now_ms).await;
            Ok(accounts)
        }
        Err(error) => {
            tracing::error!(%error, "an account could not be changed");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Err(Box::new(refuse(status, ErrorCode::Unavailable, "")))
        }
    }
}
