//! Who waits, and in which order consultants should see them. Pure.

use super::nouns::{HandoffReason, Millis};
use std::cmp::Reverse;

/// A waiting conversation as the queue sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub conversation: String,
    pub since_ms: Millis,
    pub urgent: bool,
    pub reason: HandoffReason,
}

/// Orders the queue: danger first, then whoever lost their consultant, then the longest waiting.
pub fn order(queue: &mut [Waiting]) {
    queue.sort_by(|a, b| key(a).cmp(&key(b)));
}

fn key(w: &Waiting) -> (Reverse<bool>, Reverse<bool>, Millis, &str) {
    (
        Reverse(w.urgent),
        Reverse(w.reason == HandoffReason::OwnerLost),
        w.since_ms,
        &w.conversation,
    )
}
