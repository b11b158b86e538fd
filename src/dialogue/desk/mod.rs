//! Who is offered whom. Pure: the engine tells what happened and asks for the next moves.
//!
//! A waiting conversation is dealt to a consultant as an *invitation* that runs for [`INVITE_MS`]: accepted by taking it,
//! declined, or lapsed. The rules, in the order in which they weigh:
//!
//! 1. Order ([`matter::Place`]): danger first, then a deadline that is near, then who lost their consultant or was
//!    transferred, then the longest waiting. Danger aside these are head starts and no classes, so nobody starves.
//! 2. Never ([`fit`]): a confession to anybody but a lawyer; a conversation to who declared a conflict, advises the other
//!    side, or recused himself; the same conversation again within [`PASS_MS`] to who let it pass.
//! 3. Preferred ([`fit`]): region, then topic, then language. Each gives way after a stated wait; danger waits for none.
//! 4. The consultant who had it last, where he is free; then the best fit, the least loaded, the longest idle, the id.
//!
//! [`routing`] keeps indexes so that a move costs no look at every seat and every conversation. [`estimate`] computes the
//! position and the wait a citizen is shown from the same order.

pub mod estimate;
pub mod fit;
pub mod matter;
pub mod region;
pub mod routing;

mod free;

use super::nouns::Millis;

/// How long an invitation waits to be accepted, in milliseconds.
pub const INVITE_MS: Millis = 20_000;
/// How long a conversation is not offered again to who let it pass, in milliseconds.
pub const PASS_MS: Millis = 60_000;
/// Invitations in a row that a consultant may let lapse before he is dealt nothing more until he does something.
pub const LAPSES_MAX: u8 = 2;
/// How long a conversation is kept for consultants of its region, in milliseconds. Short: the first answer is to come within
/// 15 s (GB/T 33358-2016, as a reference).
pub const REGION_HOLD_MS: Millis = 5_000;
/// How long a conversation is kept for consultants of its topic, in milliseconds.
pub const TOPIC_HOLD_MS: Millis = 15_000;
/// How long a conversation is kept for consultants of its language, or for lawyers when it was transferred to them, in
/// milliseconds.
pub const LANGUAGE_HOLD_MS: Millis = 60_000;
/// How long a conversation is kept for the consultant it was transferred to, in milliseconds.
pub const TRANSFER_HOLD_MS: Millis = 60_000;
