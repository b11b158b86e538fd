//! faxun (法询): a chat-style legal consultation server.
//!
//! One idea: a conversation is an append-only log of turns. A pure function makes a turn, one conditional append
//! commits it, and nothing is shown to anyone before it is committed. Modules in reading order:
//!
//! - [`dialogue`] — PURE. The nouns, `step`, the decision table, forms, who is offered whom.
//! - [`law`] — PURE. Citations, versions of articles, verdicts on a day.
//! - [`reading`] — understanding text: normalising, words, intents, entities, danger.
//! - [`kb`] — entries and the search over entries and statutes.
//! - [`knowledge`] — one immutable snapshot of intents, entries, laws; build, validate, swap.
//! - [`config`] — one TOML file and the environment become a validated `Config`.
//! - [`wire`] — JSON frames and stable error codes.
//! - [`store`] — the append logs: sled, memory.
//! - [`hub`] — local sockets and their bounded queues.
//! - [`engine`] — lock, load, read, step, append, deliver; timers.
//! - [`channels`] — messaging platforms: claims, outbox, one file a platform.
//! - [`people`] — staff, sign-in, audit.
//! - [`http`] — sockets, pages, desk, health, metrics, shutdown.
//! - [`eval`] — measuring.

pub mod channels;
pub mod clock;
pub mod config;
pub mod dialogue;
pub mod engine;
pub mod eval;
pub mod http;
pub mod hub;
pub mod kb;
pub mod knowledge;
pub mod law;
pub mod people;
pub mod reading;
pub mod store;
pub mod wire;

#[cfg(test)]
mod wire_ts;
