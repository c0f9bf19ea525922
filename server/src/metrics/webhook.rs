//! What became of events that another system is told of.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// The deliveries. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct WebhookMetrics(Family<ResultLabel, Counter>);

/// What a try to deliver an event came to, or what it came to without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The receiver took it.
    Delivered,
    /// It is tried again later.
    Deferred,
    /// Nobody took it within its time.
    Expired,
    /// Too many waited behind it.
    Dropped,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

impl DeliveryResult {
    const ALL: [Self; 4] = [Self::Delivered, Self::Deferred, Self::Expired, Self::Dropped];

    fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
        }
    }
}

impl WebhookMetrics {
    pub(crate) fn count(&self, result: DeliveryResult, events: u64) {
        self.of(result).inc_by(events);
    }

    fn of(&self, result: DeliveryResult) -> Counter {
        self.0.get_or_create(&ResultLabel { result: result.name() }).clone()
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        // Alerts ask how fast these grow: a series that begins with its first fault has not
        // grown yet.
        for result in DeliveryResult::ALL {
            self.of(result);
        }
        let help = "Deliveries of events to the webhook by their result";
        registry.register("webhook_deliveries", help, self.0.clone());
    }
}
