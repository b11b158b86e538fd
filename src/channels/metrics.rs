//! Counters of the channels. No label ever holds what a person wrote or who they are.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the buckets, in seconds: the platforms' limits are 1, 3 and 5 s.
const SECONDS: [f64; 10] = [0.01, 0.05, 0.1, 0.5, 1.0, 3.0, 5.0, 30.0, 300.0, 3600.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InboundLabel {
    channel: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SendLabel {
    channel: String,
    /// `ok`, `passive`, or the code of the failure.
    code: String,
}

/// What the channels count.
#[derive(Debug)]
pub struct Metrics {
    inbound: Family<InboundLabel, Counter>,
    sends: Family<SendLabel, Counter>,
    /// Accounts with a worker.
    pub open: Gauge,
    /// Of these: accounts with something to handle or to send.
    pub busy: Gauge,
    pub dead: Counter,
    seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            inbound: Family::default(),
            sends: Family::default(),
            open: Gauge::default(),
            busy: Gauge::default(),
            dead: Counter::default(),
            seconds: Histogram::new(SECONDS),
        }
    }
}

impl Metrics {
    /// Names the counters in a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "faxun_channel_inbound",
            "Requests and messages of platforms by outcome",
            self.inbound.clone(),
        );
        registry.register(
            "faxun_channel_sends",
            "Texts given to platforms by result",
            self.sends.clone(),
        );
        registry.register(
            "faxun_channel_open",
            "Accounts on platforms whose worker is at work or waits",
            self.open.clone(),
        );
        registry.register(
            "faxun_channel_busy",
            "Accounts on platforms with something to handle or to send: the depth of the queue",
            self.busy.clone(),
        );
        registry.register(
            "faxun_channel_dead",
            "Batches given up; they are listed and can be sent again",
            self.dead.clone(),
        );
        registry.register_with_unit(
            "faxun_channel_delivery",
            "Time from a message to the platform taking its reply",
            Unit::Seconds,
            self.seconds.clone(),
        );
    }

    pub(super) fn inbound(&self, channel: &str, outcome: &'static str) {
        let channel = channel.to_owned();
        self.inbound
            .get_or_create(&InboundLabel { channel, outcome })
            .inc();
    }

    pub(super) fn sent(&self, channel: &str, code: &str) {
        let (channel, code) = (channel.to_owned(), code.to_owned());
        self.sends.get_or_create(&SendLabel { channel, code }).inc();
    }

    pub(super) fn delivered(&self, took_ms: i64) {
        // A few hours at most, exact in an f64.
        self.seconds.observe(took_ms.max(0) as f64 / 1000.0);
    }
}
