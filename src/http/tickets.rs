//! `/api/v1/tickets`: the messages that were left, for staff who are signed in. Lists hold no texts.

use super::sign_in::{nobody, note, refuse, signed_in};
use super::socket::code_of;
use super::{App, frames};
use crate::dialogue::nouns::{Author, Event, Seq, What};
use crate::dialogue::roles::{Act, may};
use crate::dialogue::ticket::{Standing, TicketAct, TicketKind, TicketStatus};
use crate::engine::tickets::Filter;
use crate::people::audit::Action;
use crate::people::staff::Account;
use crate::wire::{ErrorCode, PAGE_MESSAGES_MAX, TicketItem};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Tickets in one answer; `total` says how many there are.
const LIST_MAX: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    /// One status or several with commas.
    status: Option<String>,
    kind: Option<TicketKind>,
    standing: Option<Standing>,
    /// A sign-in name, `me`, or `none`.
    staff: Option<String>,
    number: Option<String>,
    callback: Option<bool>,
    review: Option<bool>,
}

#[derive(Serialize)]
struct List {
    tickets: Vec<TicketItem>,
    total: usize,
}

/// Who asks, or the refusal. Only those who work on tickets.
fn staff(app: &App, headers: &HeaderMap) -> Result<Account, Box<Response>> {
    let account = signed_in(app, headers).ok_or_else(|| Box::new(nobody()))?;
    if !may(account.role, Act::Tickets) {
        let message = "这个角色不处理留言。";
        return Err(Box::new(refuse(
            StatusCode::FORBIDDEN,
            ErrorCode::NotAllowed,
            message,
        )));
    }
    Ok(account)
}

/// Whether the line may be seen at all: a confession is for lawyers only.
fn shown(item: &TicketItem, account: &Account) -> bool {
    !item.lawyer_only || may(account.role, Act::HearConfession)
}

/// Whether the texts may be read: one's own, nobody's, or anybody's for those who give tickets out.
fn readable(item: &TicketItem, account: &Account) -> bool {
    let own = item
        .ticket
        .staff
        .as_deref()
        .is_none_or(|s| s == account.staff);
    shown(item, account) && (own || may(account.role, Act::Assign))
}

/// `GET /api/v1/tickets`
pub async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let account = match staff(&app, &headers) {
        Ok(account) => account,
        Err(refusal) => return *refusal,
    };
    let filter = asked.ok().and_then(|Query(asked)| filter(asked, &account));
    let Some(filter) = filter else {
        return failed(ErrorCode::BadField);
    };
    let now_ms = crate::clock::now_ms();
    let mut tickets = app.engine.tickets.list(&filter, now_ms);
    tickets.retain(|item| shown(item, &account));
    let total = tickets.len();
    tickets.truncate(LIST_MAX);
    Json(List { tickets, total }).into_response()
}

fn filter(asked: Asked, account: &Account) -> Option<Filter> {
    let status = |name: &str| -> Option<TicketStatus> {
        serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
    };
    let statuses = asked.status.as_deref().unwrap_or_default();
    let names = statuses.split(',').filter(|s| !s.is_empty());
    Some(Filter {
        status: names.map(status).collect::<Option<_>>()?,
        kind: asked.kind,
        standing: asked.standing,
        staff: asked.staff.map(|name| match name.as_str() {
            "me" => Some(account.staff.clone()),
            "none" => None,
            _ => Some(name),
        }),
        number: asked.number,
        callback: asked.callback,
        review: asked.review,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Page {
    /// Messages below this seq; without it the newest.
    before: Option<Seq>,
}

/// `GET /api/v1/tickets/{conversation}/messages`: audited.
pub async fn messages(
    State(app): State<Arc<App>>,
    Path(conversation): Path<String>,
    Query(page): Query<Page>,
    headers: HeaderMap,
) -> Response {
    let account = match staff(&app, &headers) {
        Ok(account) => account,
        Err(refusal) => return *refusal,
    };
    let Some(item) = app
        .engine
        .tickets
        .get(&conversation)
        .filter(|i| shown(i, &account))
    else {
        return failed(ErrorCode::NotFound);
    };
    if !readable(&item, &account) {
        return failed(ErrorCode::NotOwner);
    }
    let now_ms = crate::clock::now_ms();
    let staff = &account.staff;
    note(&app, staff, Action::TicketRead, &conversation, now_ms).await;
    let before = page.before.unwrap_or(Seq::MAX);
    let read = app
        .engine
        .messages_before(&conversation, before, PAGE_MESSAGES_MAX as usize)
        .await;
    match read {
        Ok((messages, more)) => {
            Json(serde_json::json!({ "ticket": item, "messages": messages, "more": more }))
                .into_response()
        }
        Err(error) => failed(code_of(error)),
    }
}

/// What is to be done, under an id of the client's own: a repeat is harmless.
#[derive(Deserialize)]
pub struct Do {
    id: String,
    act: TicketAct,
}

#[derive(Serialize)]
struct Done {
    /// The ticket as it is now; absent when it left the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<TicketItem>,
}

/// `POST /api/v1/tickets/{conversation}`: answer, close, assign, promise, reviewed.
pub async fn act(
    State(app): State<Arc<App>>,
    Path(conversation): Path<String>,
    headers: HeaderMap,
    Json(Do { id, act }): Json<Do>,
) -> Response {
    let account = match staff(&app, &headers) {
        Ok(account) => account,
        Err(refusal) => return *refusal,
    };
    let known = app.engine.tickets.get(&conversation);
    if known.filter(|item| shown(item, &account)).is_none() {
        return failed(ErrorCode::NotFound);
    }
    if let Err(code) = check(&app, &id, &act) {
        return failed(code);
    }
    let action = match &act {
        TicketAct::Answer { .. } => Action::TicketAnswered,
        TicketAct::Close { .. } => Action::TicketClosed,
        TicketAct::Assign { .. } => Action::TicketAssigned,
        TicketAct::Promise { .. } => Action::TicketPromised,
        TicketAct::Reviewed => Action::TicketReviewed,
    };
    let event = Event {
        id,
        by: Author::Consultant {
            staff: account.staff.clone(),
            name: account.name.clone(),
            role: account.role,
        },
        what: What::Ticket { act },
    };
    let now_ms = crate::clock::now_ms();
    match app.engine.handle(&conversation, event, None, now_ms).await {
        Ok(handled) => {
            if !handled.repeat {
                note(&app, &account.staff, action, &conversation, now_ms).await;
            }
            let ticket = app.engine.tickets.get(&conversation);
            Json(Done { ticket }).into_response()
        }
        Err(error) => failed(code_of(error)),
    }
}

fn check(app: &App, id: &str, act: &TicketAct) -> Result<(), ErrorCode> {
    frames::check_id(id)?;
    match act {
        TicketAct::Answer { text } => frames::check_text(text),
        TicketAct::Close { reason } => frames::check_reason(reason),
        TicketAct::Assign { staff: Some(staff) } => {
            let accounts = app.accounts.load();
            let account = accounts.get(staff).ok_or(ErrorCode::BadField)?;
            may(account.role, Act::Tickets)
                .then_some(())
                .ok_or(ErrorCode::BadField)
        }
        TicketAct::Assign { staff: None } | TicketAct::Promise { .. } | TicketAct::Reviewed => {
            Ok(())
        }
    }
}

fn failed(code: ErrorCode) -> Response {
    let status = match code {
        ErrorCode::NotFound | ErrorCode::Gone => StatusCode::NOT_FOUND,
        ErrorCode::NotAllowed => StatusCode::FORBIDDEN,
        ErrorCode::NotOwner | ErrorCode::IdReused => StatusCode::CONFLICT,
        ErrorCode::Busy | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    refuse(status, code, "")
}
