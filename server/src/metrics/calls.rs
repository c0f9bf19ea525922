//! Calls, by what they asked and came to.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};

use super::seconds;

/// The calls. Clones share them.
#[derive(Clone, Debug)]
pub struct CallMetrics {
    calls: Family<CallLabels, Counter>,
    durations: Family<RpcLabel, Histogram, fn() -> Histogram>,
    throttled: Family<LimitLabel, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    rpc: Arc<str>,
    code: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RpcLabel {
    rpc: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabel {
    limit: &'static str,
}

impl Default for CallMetrics {
    fn default() -> Self {
        let durations = Family::new_with_constructor(seconds as fn() -> Histogram);
        Self { calls: Family::default(), durations, throttled: Family::default() }
    }
}

impl CallMetrics {
    /// Tells of faults and of limits before there are any: alerts ask how fast these grow, and a
    /// series that begins with its first fault has not grown yet.
    pub(crate) fn begin<'a>(
        &self,
        rpcs: impl Iterator<Item = &'a Arc<str>>,
        (code, reason): (&'static str, &'static str),
        limits: impl Iterator<Item = &'static str>,
    ) {
        for rpc in rpcs {
            let labels = CallLabels { rpc: Arc::clone(rpc), code, reason };
            drop(self.calls.get_or_create(&labels));
        }
        for limit in limits {
            drop(self.throttled.get_or_create(&LimitLabel { limit }));
        }
    }

    /// A call has ended. The `limit` is the reason of a refusal that is one for a limit.
    pub fn count(
        &self,
        rpc: &Arc<str>,
        code: &'static str,
        reason: &'static str,
        limit: Option<&'static str>,
        took: Duration,
    ) {
        let labels = CallLabels { rpc: Arc::clone(rpc), code, reason };
        self.calls.get_or_create(&labels).inc();
        let label = RpcLabel { rpc: Arc::clone(rpc) };
        self.durations.get_or_create(&label).observe(took.as_secs_f64());
        if let Some(limit) = limit {
            self.throttled.get_or_create(&LimitLabel { limit }).inc();
        }
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        let calls = "Calls by RPC, gRPC code and reason of the refusal";
        registry.register("calls", calls, self.calls.clone());
        let took = "How long calls took until their answer was ready";
        let durations = self.durations.clone();
        registry.register_with_unit("call_duration", took, Unit::Seconds, durations);
        let throttled = "Calls refused because of a limit, by the reason that names it";
        registry.register("throttled_calls", throttled, self.throttled.clone());
    }
}
