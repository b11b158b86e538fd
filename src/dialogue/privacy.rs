//! A citizen asks for a copy of what is kept, or to have it erased: by words or by two buttons, with a receipt.
//!
//! Erasing waits a little, so that the receipt can be read and the wish taken back; the edge carries it out when
//! [`Erasure::due_ms`] has come. What law wants kept is locked and not erased (个人信息保护法 47): the edge says so by
//! firing [`Timer::Erase`](super::nouns::Timer::Erase).

use super::draft::Draft;
use super::nouns::Millis;
use super::reading::Command;
use super::state::Pick;
use super::ticket;
use super::turn::Rule;
use serde::{Deserialize, Serialize};

/// The receipt can be read, and the wish taken back, for so long.
pub const ERASE_AFTER_MS: Millis = 60 * 1000;
/// While a danger is open: whoever answers it must still find the conversation.
pub const ERASE_AFTER_DANGER_MS: Millis = 24 * 60 * 60 * 1000;

/// An erasure that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    pub receipt: String,
    pub due_ms: Millis,
}

/// The words for it, whoever owns the conversation.
pub(super) fn row(d: &mut Draft) -> Option<Rule> {
    match d.reading.command? {
        Command::Privacy => Some(ask(d)),
        Command::Export => Some(follow(d, &Pick::Export)),
        Command::Erase => Some(follow(d, &Pick::Erase)),
        _ => None,
    }
}

fn ask(d: &mut Draft) -> Rule {
    d.safety_line();
    d.notice_with("privacy.ask", false, vec![Pick::Export, Pick::Erase]);
    Rule::Privacy
}

/// Whether a choice is one of these, which count under a consultant too.
pub(super) fn is_one(pick: &Pick) -> bool {
    matches!(
        pick,
        Pick::Export | Pick::Erase | Pick::EraseYes | Pick::EraseNo
    )
}

pub(super) fn follow(d: &mut Draft, pick: &Pick) -> Rule {
    let owed = d.related.is_some();
    d.safety_line();
    match pick {
        Pick::Export => ticket::export(d),
        Pick::EraseYes => erase(d),
        Pick::EraseNo => {
            d.state.erase = None;
            d.notice("privacy.kept");
        }
        _ => {
            if !owed {
                d.open_danger_line();
            }
            let picks = vec![Pick::EraseYes, Pick::EraseNo];
            d.notice_with("privacy.confirm", false, picks);
        }
    }
    Rule::Privacy
}

fn erase(d: &mut Draft) {
    if d.state.erase.is_none() {
        let after_ms = match d.peril() {
            Some(_) => ERASE_AFTER_DANGER_MS,
            None => ERASE_AFTER_MS,
        };
        d.state.erase = Some(Erasure {
            receipt: ticket::receipt(d),
            due_ms: d.now_ms.saturating_add(after_ms),
        });
    }
    let Some(erasure) = d.state.erase.clone() else {
        return;
    };
    let when = if erasure.due_ms - d.now_ms > ERASE_AFTER_MS {
        "24 小时后（先让能帮你的人找得到你）"
    } else {
        "1 分钟后"
    };
    let places = [("receipt", erasure.receipt.as_str()), ("when", when)];
    d.notice_places("privacy.erasing", &places, vec![Pick::EraseNo]);
}

/// Its time came, and law wants it kept: locked, and said.
pub(super) fn held(d: &mut Draft) -> Rule {
    let Some(erasure) = d.state.erase.take() else {
        return Rule::Nothing;
    };
    let places = [("receipt", erasure.receipt.as_str())];
    d.notice_places("privacy.held", &places, Vec::new());
    Rule::Timer
}
