//! PURE: the nouns, `step`, the decision table, forms, desk assignment. No I/O, no clock; it cannot fail.
//!
//! A conversation is an append-only log of turns. [`step::step`] makes a turn out of the state before it, one
//! event and what was read of it; the engine commits it and only then shows it.

pub mod bounds;
pub mod calendar;
pub mod desk;
pub mod draft;
pub mod follow;
pub mod form;
pub mod nouns;
pub mod privacy;
pub mod reading;
pub mod roles;
pub mod script;
pub mod sections;
pub mod state;
pub mod step;
pub mod ticket;
pub mod turn;

mod answer;
mod consultant;
mod danger;
mod facts;
mod waiting;

#[cfg(test)]
mod tests;
