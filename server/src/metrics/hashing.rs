//! How long hashes wait for their turn.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::seconds;

/// The waits. Clones share them.
#[derive(Clone, Debug)]
pub struct HashingMetrics {
    waits: Family<ClassLabel, Histogram, fn() -> Histogram>,
}

/// The class of a caller: `mail`, `known` or `stranger`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabel {
    class: &'static str,
}

impl Default for HashingMetrics {
    fn default() -> Self {
        Self { waits: Family::new_with_constructor(seconds as fn() -> Histogram) }
    }
}

impl HashingMetrics {
    pub(crate) fn waited(&self, class: &'static str, wait: Duration) {
        self.waits.get_or_create(&ClassLabel { class }).observe(wait.as_secs_f64());
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let help = "How long hashes waited for a thread, by class of caller";
        registry.register_with_unit("hashing_wait", help, Unit::Seconds, self.waits.clone());
    }
}
