//! `/channels/{name}`: where messaging platforms call, and `/api/v1/outbox`: what they did not take.

use super::App;
use super::sign_in::{note, signed_in};
use crate::channels::inbound::Answer;
use crate::channels::outbox::Resent;
use crate::channels::{Reply, Request};
use crate::dialogue::roles::{Act, may};
use crate::people::audit::Action;
use crate::wire::{ErrorCode, ErrorFrame};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// Seconds after which a platform may send again what could not be kept.
const RETRY_AFTER_S: &str = "5";

type Parameters = Query<HashMap<String, String>>;

/// `GET`: the platform proves the address.
pub async fn handshake(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Parameters,
    headers: HeaderMap,
) -> Response {
    let header = |name: &str| header_of(&headers, name);
    let request = Request {
        query: &query,
        header: &header,
        body: &[],
        now_ms: crate::clock::now_ms(),
    };
    respond(app.channels.handshake(&name, &request))
}

/// `POST`: messages and events.
pub async fn receive(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if *app.stop.borrow() {
        return respond(Answer::Again);
    }
    let header = |name: &str| header_of(&headers, name);
    let request = Request {
        query: &query,
        header: &header,
        body: &body,
        now_ms: crate::clock::now_ms(),
    };
    respond(app.channels.receive(&name, &request).await)
}

fn header_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

fn respond(answer: Answer) -> Response {
    match answer {
        Answer::Ok(Reply { content_type, body }) => {
            ([(CONTENT_TYPE, content_type)], body).into_response()
        }
        Answer::Unknown => (StatusCode::NOT_FOUND, "no such channel\n").into_response(),
        Answer::Refused(refused) => {
            use crate::channels::Refused;
            let status = match refused {
                Refused::Forged | Refused::Stale | Refused::NotOurs => StatusCode::FORBIDDEN,
                Refused::Malformed(_) => StatusCode::BAD_REQUEST,
            };
            (status, format!("{refused}\n")).into_response()
        }
        Answer::Again => {
            let retry = [(RETRY_AFTER, RETRY_AFTER_S)];
            (StatusCode::SERVICE_UNAVAILABLE, retry, "send it again\n").into_response()
        }
    }
}

/// Who may see and repeat what was not delivered: it holds no text.
fn staff(app: &App, headers: &HeaderMap) -> Result<String, Box<Response>> {
    if !super::origin::allowed(headers, &[]) {
        return Err(Box::new(StatusCode::FORBIDDEN.into_response()));
    }
    let refuse = |status: StatusCode| {
        let error = Json(ErrorFrame::new(ErrorCode::NotAllowed, None));
        Box::new((status, error).into_response())
    };
    let account = signed_in(app, headers).ok_or_else(|| refuse(StatusCode::UNAUTHORIZED))?;
    if !may(account.role, Act::Outbox) {
        return Err(refuse(StatusCode::FORBIDDEN));
    }
    Ok(account.staff)
}

/// `GET /api/v1/outbox`: the dead letters.
pub async fn outbox(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Err(refusal) = staff(&app, &headers) {
        return *refusal;
    }
    match app.channels.dead_letters().await {
        Ok(dead) => Json(json!({"dead": dead})).into_response(),
        Err(error) => unavailable(&error),
    }
}

/// `POST /api/v1/outbox/{id}/resend`: sends a dead letter again.
pub async fn resend(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let staff = match staff(&app, &headers) {
        Ok(staff) => staff,
        Err(refusal) => return *refusal,
    };
    match app.channels.resend(&id).await {
        Ok(Resent::Queued) => {
            let now_ms = crate::clock::now_ms();
            note(&app, &staff, Action::Resent, &id, now_ms).await;
            StatusCode::ACCEPTED.into_response()
        }
        Ok(Resent::NotFound) => {
            let error = ErrorFrame::new(ErrorCode::NotFound, None);
            (StatusCode::NOT_FOUND, Json(error)).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &crate::store::StoreError) -> Response {
    tracing::error!(%error, "the outbox could not be read");
    let error = ErrorFrame::new(ErrorCode::Unavailable, None);
    (StatusCode::SERVICE_UNAVAILABLE, Json(error)).into_response()
}
