//! What routing knows of a conversation, and its place in the order.

use super::super::bounds::{self, FACT_BYTES_MAX, ID_BYTES_MAX, STAFF_BYTES_MAX};
use super::super::nouns::{HandoffReason, Millis};
use super::super::script::FormSpec;
use super::super::state::FormProgress;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::sync::Arc;

/// Who waits for a near deadline goes before whoever came up to this much earlier, in milliseconds.
pub const DEADLINE_HEAD_START_MS: Millis = 60 * 60_000;
/// Who lost their consultant, or was transferred, goes before whoever came up to this much earlier, in milliseconds.
pub const LOST_HEAD_START_MS: Millis = 30 * 60_000;
/// Names kept of each side of a matter.
pub const NAMES_MAX: usize = 2;
/// Consultants who recused themselves that are kept of a conversation.
pub const RECUSED_MAX: usize = 4;
/// Longest language tag kept, in bytes.
pub const LANGUAGE_BYTES_MAX: usize = 8;

/// Names of slots whose answers name the other side, and the citizen's own side.
const OTHER_SLOTS: [&str; 2] = ["other_side", "employer"];
const OWN_SLOTS: [&str; 2] = ["name", "applicant"];

/// What routing must remember of a conversation; a part of its state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// A deadline is near or perhaps over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deadline: bool,
    /// BCP 47 tag of what the citizen writes, where that is not Chinese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Names of the citizen's own side and of the other side, as told in a form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<String>,
    /// Consultants who must not have it, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recused: Vec<String>,
    /// Where it was transferred to, until somebody takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invited: Option<Invitation>,
}

/// Where a consultant transfers a conversation to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// One consultant, by sign-in name.
    Staff { staff: String },
    /// Whoever knows this area of law.
    Area { area: String },
    /// Whoever is a lawyer.
    Lawyers,
}

impl Target {
    /// Within the bounds of the state.
    pub fn fits(&self) -> bool {
        match self {
            Target::Staff { staff } => !staff.is_empty() && bounds::fits(staff, STAFF_BYTES_MAX),
            Target::Area { area } => !area.is_empty() && bounds::fits(area, ID_BYTES_MAX),
            Target::Lawyers => true,
        }
    }
}

/// A waiting conversation is offered to one consultant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub staff: String,
    /// It lapses then.
    pub until_ms: Millis,
}

impl Matter {
    pub fn is_empty(&self) -> bool {
        *self == Matter::default()
    }

    /// Notes who must not have the conversation any more.
    pub fn recuse(&mut self, staff: &str) {
        self.recused.retain(|s| s != staff);
        if self.recused.len() == RECUSED_MAX {
            self.recused.remove(0);
        }
        self.recused.push(staff.to_owned());
    }

    /// Keeps the names that a form was told.
    pub fn keep_names(&mut self, form: &FormSpec, progress: &FormProgress) {
        for (slot, value) in form.slots.iter().zip(&progress.values) {
            let Some(value) = value else { continue };
            let side = match slot.name.as_str() {
                name if OTHER_SLOTS.contains(&name) => &mut self.other,
                name if OWN_SLOTS.contains(&name) => &mut self.own,
                _ => continue,
            };
            let name = bounds::clip(value, FACT_BYTES_MAX).to_owned();
            if side.contains(&name) {
                continue;
            }
            if side.len() == NAMES_MAX {
                side.remove(0);
            }
            side.push(name);
        }
    }
}

/// A waiting conversation as routing sees it: never a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub since_ms: Millis,
    pub urgent: bool,
    pub reason: HandoffReason,
    /// Area of law, where known.
    pub area: Option<String>,
    /// Administrative division: 2, 4 or 6 digits of GB/T 2260, where known.
    pub division: Option<String>,
    /// 自述犯罪: for a lawyer only, however long it waits.
    pub lawyer_only: bool,
    /// The consultant who had it last.
    pub last_staff: Option<String>,
    pub matter: Matter,
}

impl Waiting {
    /// The area it is to be answered for: the one it was transferred to, else its own.
    pub fn wanted_area(&self) -> Option<&str> {
        match &self.matter.to {
            Some(Target::Area { area }) => Some(area),
            _ => self.area.as_deref(),
        }
    }
}

/// A place in the order of the queue; the smallest is served first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    urgent: Reverse<bool>,
    /// Since when it counts as waiting.
    from_ms: Millis,
    pub conversation: Arc<str>,
}

impl Place {
    pub fn of(conversation: Arc<str>, waiting: &Waiting) -> Place {
        let back = match waiting.reason {
            _ if waiting.urgent => 0,
            _ if waiting.matter.deadline => DEADLINE_HEAD_START_MS,
            HandoffReason::OwnerLost | HandoffReason::Transferred => LOST_HEAD_START_MS,
            _ => 0,
        };
        Place {
            urgent: Reverse(waiting.urgent),
            from_ms: waiting.since_ms.saturating_sub(back),
            conversation,
        }
    }
}
