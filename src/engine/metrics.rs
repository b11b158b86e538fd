//! Counters of the engine. No label ever holds what a citizen wrote.

use super::{HandleError, Handled};
use crate::dialogue::turn::Rule;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds of the buckets, in seconds.
const SECONDS: [f64; 12] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabel {
    rule: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

/// What the engine counts.
#[derive(Debug)]
pub struct Metrics {
    turns: Family<RuleLabel, Counter>,
    events: Family<OutcomeLabel, Counter>,
    conflicts: Counter,
    statutes_missed: Counter,
    seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            turns: Family::default(),
            events: Family::default(),
            conflicts: Counter::default(),
            statutes_missed: Counter::default(),
            seconds: Histogram::new(SECONDS),
        }
    }
}

impl Metrics {
    /// Names the counters in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "faxun_turns",
            "Committed turns by the rule that fired",
            self.turns.clone(),
        );
        registry.register("faxun_events", "Events by outcome", self.events.clone());
        registry.register(
            "faxun_conflicts",
            "Turns made again because another was committed in between",
            self.conflicts.clone(),
        );
        registry.register(
            "faxun_statutes_missed",
            "Statute searches that did not finish in time",
            self.statutes_missed.clone(),
        );
        registry.register_with_unit(
            "faxun_handle",
            "Time from an event to its durable turn",
            Unit::Seconds,
            self.seconds.clone(),
        );
    }

    pub(super) fn turn(&self, rule: Rule) {
        // The names of rules are the same in records and metrics: serde's.
        let rule = serde_json::to_value(rule)
            .ok()
            .and_then(|v| v.as_str().map(str::to_owned))
            .unwrap_or_default();
        self.turns.get_or_create(&RuleLabel { rule }).inc();
    }

    pub(super) fn handled(&self, handled: &Result<Handled, HandleError>, took: Duration) {
        let outcome = match handled {
            Ok(h) if h.repeat => "repeat",
            Ok(_) => "committed",
            Err(HandleError::Refused(_)) => "refused",
            Err(HandleError::Busy) => "busy",
            Err(HandleError::Unavailable) => "unavailable",
            Err(HandleError::Gone) => "gone",
            Err(HandleError::Damaged) => "damaged",
        };
        self.events.get_or_create(&OutcomeLabel { outcome }).inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub(super) fn conflict(&self) {
        self.conflicts.inc();
    }

    pub(super) fn statutes_missed(&self) {
        self.statutes_missed.inc();
    }
}
