//! Connections, by what they are doing.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};

/// The connections. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ConnectionMetrics(Family<StateLabel, Gauge>);

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    /// It does not speak HTTP/2 yet.
    Handshake,
    /// No call runs on it.
    Idle,
    /// Calls run on it.
    Active,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

impl ConnectionState {
    fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Idle => "idle",
            Self::Active => "active",
        }
    }
}

impl ConnectionMetrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        for state in [ConnectionState::Handshake, ConnectionState::Idle, ConnectionState::Active] {
            self.of(state);
        }
        registry.register("connections", "Open connections by state", self.0.clone());
    }

    fn of(&self, state: ConnectionState) -> Gauge {
        self.0.get_or_create(&StateLabel { state: state.name() }).clone()
    }
}

/// A connection that is counted in its state, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    metrics: ConnectionMetrics,
    state: ConnectionState,
}

impl Counted {
    pub(crate) fn new(metrics: ConnectionMetrics) -> Self {
        let state = ConnectionState::Handshake;
        metrics.of(state).inc();
        Self { metrics, state }
    }

    pub(crate) fn becomes(&mut self, state: ConnectionState) {
        if self.state != state {
            self.metrics.of(self.state).dec();
            self.metrics.of(state).inc();
            self.state = state;
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.metrics.of(self.state).dec();
    }
}
