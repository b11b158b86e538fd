//! `/healthz`, `/readyz`, `/metrics`.

use super::App;
use crate::channels::Channels;
use crate::engine::Engine;
use crate::store::Health;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;

/// Media type of the Prometheus text format as this library writes it.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The registry and the gauges of the edge.
pub struct HttpMetrics {
    registry: Registry,
    pub sockets: Gauge,
    waiting: Gauge,
    seats_free: Gauge,
    tickets: Gauge,
    tickets_overdue: Gauge,
}

impl HttpMetrics {
    pub fn new(engine: &Engine, channels: &Channels) -> HttpMetrics {
        let mut registry = Registry::default();
        engine.metrics.register(&mut registry);
        channels.metrics.register(&mut registry);
        let sockets = Gauge::default();
        let waiting = Gauge::default();
        let seats_free = Gauge::default();
        registry.register("faxun_sockets", "Open sockets", sockets.clone());
        registry.register(
            "faxun_waiting",
            "Conversations waiting for a human",
            waiting.clone(),
        );
        registry.register(
            "faxun_seats_free",
            "Conversations the live consultants can still take",
            seats_free.clone(),
        );
        let tickets = Gauge::default();
        let tickets_overdue = Gauge::default();
        registry.register(
            "faxun_tickets",
            "Messages left that wait for an answer",
            tickets.clone(),
        );
        registry.register(
            "faxun_tickets_overdue",
            "Of these, past the promised day",
            tickets_overdue.clone(),
        );
        HttpMetrics {
            registry,
            sockets,
            waiting,
            seats_free,
            tickets,
            tickets_overdue,
        }
    }
}

/// The process runs.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// New events can be taken.
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    if *app.stop.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match app.engine.store().health() {
        Health::Ok => {
            let problem = app.reload_problem.load();
            let note = problem.as_ref().as_ref().map_or(String::new(), |p| {
                format!("the newest intents and kb are not in use: {p}\n")
            });
            (StatusCode::OK, format!("ready\n{note}")).into_response()
        }
        Health::Failed(reason) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("store: {reason}\n"),
        )
            .into_response(),
    }
}

/// Everything counted, for Prometheus.
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let duty = app.engine.board.duty("");
    app.metrics.waiting.set(i64::from(duty.waiting));
    app.metrics.seats_free.set(i64::from(duty.seats_free));
    let counts = app.engine.tickets.counts(true, crate::clock::now_ms());
    app.metrics.tickets.set(i64::from(counts.pending));
    app.metrics.tickets_overdue.set(i64::from(counts.overdue));
    let mut text = String::new();
    match encode(&mut text, &app.metrics.registry) {
        Ok(()) => ([(CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
