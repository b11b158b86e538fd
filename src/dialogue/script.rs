//! What the dialogue knows beforehand: fixed texts, forms, entry cards, thresholds, who is on duty.

use super::calendar::Calendar;
use super::nouns::{Citation, Concern, DangerKind, Media};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Everything `step` may consult besides state, event and reading.
#[derive(Debug, Clone)]
pub struct Context {
    pub script: Arc<Script>,
    pub duty: Duty,
}

/// Whether people are there to take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// At least one consultant's heartbeat is live.
    pub open: bool,
    /// Conversations the live consultants can still take.
    pub seats_free: u32,
    /// Conversations that are served before this one: all that wait, while it is not in the queue itself.
    pub waiting: u32,
}

/// Fixed texts, forms and entry cards of one knowledge snapshot.
#[derive(Debug, Clone, Default)]
pub struct Script {
    /// By key (`chat.greeting`, `danger.violence`, …).
    pub texts: HashMap<String, String>,
    pub forms: HashMap<String, FormSpec>,
    pub entries: HashMap<String, EntryCard>,
    pub intents: HashMap<String, IntentCard>,
    pub thresholds: Thresholds,
    /// Version of the notice shown before the first stored message.
    pub notice_version: String,
    /// Seconds until nobody accepting an urgent conversation is said to the citizen.
    pub urgent_accept_s: i64,
    /// Duty hours and holidays.
    pub calendar: Calendar,
}

/// Probabilities above which a row of the decision table may fire, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Answer an entry of the high risk class.
    pub answer_high: f32,
    /// Answer any other entry.
    pub answer_other: f32,
    /// A hit at least this probable is worth offering in a clarifying question.
    pub clarify: f32,
    /// Intent probability for small talk and services.
    pub intent: f32,
    /// Probability of being legal below which a text is refused as no legal matter.
    pub legal: f32,
}

/// Conservative values that stand until calibration on held-out probes replaces them.
impl Default for Thresholds {
    fn default() -> Self {
        Thresholds {
            answer_high: 0.60,
            answer_other: 0.50,
            clarify: 0.15,
            intent: 0.50,
            legal: 0.50,
        }
    }
}

/// Thresholds the operator sets himself; the others are what calibration proved, or the defaults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThresholdSettings {
    pub answer_high: Option<f32>,
    pub answer_other: Option<f32>,
    pub clarify: Option<f32>,
    pub intent: Option<f32>,
    pub legal: Option<f32>,
}

impl ThresholdSettings {
    pub fn over(self, base: Thresholds) -> Thresholds {
        Thresholds {
            answer_high: self.answer_high.unwrap_or(base.answer_high),
            answer_other: self.answer_other.unwrap_or(base.answer_other),
            clarify: self.clarify.unwrap_or(base.clarify),
            intent: self.intent.unwrap_or(base.intent),
            legal: self.legal.unwrap_or(base.legal),
        }
    }

    /// Those that are set.
    pub fn set(&self) -> impl Iterator<Item = f32> {
        let all = [
            self.answer_high,
            self.answer_other,
            self.clarify,
            self.intent,
            self.legal,
        ];
        all.into_iter().flatten()
    }
}

/// How careful an answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskClass {
    /// Criminal matters, deadlines, violence, minors, injury, enforcement.
    High,
    Other,
}

/// How much a human is offered with an entry (`human` in its front matter).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HumanLevel {
    None,
    Offered,
    Required,
}

/// What the dialogue needs of an entry of the knowledge base.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryCard {
    pub id: String,
    pub title: String,
    /// The whole answer, Markdown.
    pub markdown: String,
    /// The conclusion alone (the first paragraph), for a repeated question.
    pub conclusion: String,
    pub intent: String,
    pub human: HumanLevel,
    pub risk: RiskClass,
    pub citations: Vec<Citation>,
    /// Ids of follow-on entries; only entries that exist.
    pub next: Vec<String>,
    /// Form offered with the answer.
    pub form: Option<String>,
    /// Safety line shown with the answer.
    pub safety: Option<String>,
    /// The line about legal aid that belongs to the answer; not part of `markdown`.
    pub aid: Option<String>,
}

/// What follows when an intent is recognised (`follows` in its metadata).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follows {
    Answer,
    Form(String),
    Text,
    Human,
    Refuse,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentCard {
    pub follows: Follows,
    pub area: Option<String>,
}

/// A guided service: questions asked one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormSpec {
    pub id: String,
    pub title: String,
    pub slots: Vec<SlotSpec>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotSpec {
    pub name: String,
    /// What the value is called in the summary; the name where empty.
    pub title: String,
    pub ask: String,
    pub kind: SlotKind,
    /// For [`SlotKind::Choice`].
    pub options: Vec<String>,
    /// May be skipped with 跳过.
    pub optional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    Text,
    Choice,
    Amount,
    Date,
    Place,
    Phone,
    YesNo,
    Number,
}

impl SlotSpec {
    /// What the value is called in the summary.
    pub fn label(&self) -> &str {
        if self.title.is_empty() {
            &self.name
        } else {
            &self.title
        }
    }
}

/// Every fixed text the dialogue uses by a name of its own. Those by kind come on top: see [`Script::text_keys`].
pub const TEXT_KEYS: &[&str] = &[
    "bot_disclosure",
    "clarify.lead",
    "clarify.none",
    "conversation_closed",
    "danger.nobody_online",
    "danger.nobody_online.detained",
    "danger.safe_question",
    "danger.safe_yes",
    "danger.under_consultant",
    "ended",
    "facts.corrected",
    "facts.said",
    "follow_up.clarify",
    "form.cancelled",
    "form.changed",
    "form.digress_return",
    "form.done_notice",
    "form.not_a_value",
    "form.required",
    "handoff.closed",
    "handoff.noted",
    "handoff.owner_lost",
    "handoff.queued",
    "handoff.queued_urgent",
    "handoff.required",
    "handoff.resumed",
    "handoff.returned",
    "handoff.taken",
    "handoff.transferred",
    "handoff.waiting",
    "no_such_option",
    "not_legal",
    "pointer.lead",
    "privacy.ask",
    "privacy.confirm",
    "privacy.erasing",
    "privacy.export",
    "privacy.held",
    "privacy.kept",
    "rate.thanks",
    "repeat.second",
    "repeat.third",
    "several.more",
    "several.rest",
    "stale_choice",
    "tell_more",
    "ticket.answered",
    "ticket.closed",
    "ticket.contact",
    "ticket.contact_kept",
    "ticket.extended",
    "ticket.no_contact",
    "ticket.opened",
    "ticket.reopened",
    "unintelligible",
];

impl Script {
    /// Every fixed text this script must have: [`TEXT_KEYS`], and those of each danger, concern, form and
    /// intent that is answered by a text.
    pub fn text_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = TEXT_KEYS.iter().map(|k| (*k).to_owned()).collect();
        for kind in DangerKind::ALL {
            keys.push(format!("danger.{}", kind.name()));
            keys.push(format!("danger_related.{}", kind.name()));
        }
        keys.extend(Media::ALL.map(|m| format!("attachment.{}", m.name())));
        keys.extend(Concern::ALL.map(|c| format!("concern.{}", c.name())));
        for form in self.forms.keys() {
            keys.push(format!("form.{form}.intro"));
            keys.push(format!("form.{form}.done"));
        }
        // Texts of other areas (oos.*) are never said: row 10 answers those.
        let talks = |i: &str| i.starts_with("chat.") || i.starts_with("service.");
        let texts = self
            .intents
            .iter()
            .filter(|(i, card)| talks(i) && card.follows == Follows::Text);
        keys.extend(texts.map(|(intent, _)| intent.clone()));
        keys.sort();
        keys
    }

    /// A fixed text, or the key itself in brackets so that a missing text is seen and never panics.
    pub fn text(&self, key: &str) -> String {
        self.texts
            .get(key)
            .cloned()
            .unwrap_or_else(|| format!("[{key}]"))
    }

    /// A fixed text with `{name}` places filled in.
    pub fn text_with(&self, key: &str, places: &[(&str, &str)]) -> String {
        places.iter().fold(self.text(key), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    /// The probability an entry's hit must reach to be answered without asking back.
    pub fn answer_threshold(&self, entry: &EntryCard) -> f32 {
        match entry.risk {
            RiskClass::High => self.thresholds.answer_high,
            RiskClass::Other => self.thresholds.answer_other,
        }
    }
}
