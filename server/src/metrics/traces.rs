//! What became of the spans of traces.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// The spans. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct TraceMetrics(Family<ResultLabel, Counter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

impl TraceMetrics {
    /// The collector took so many.
    pub(crate) fn exported(&self, spans: usize) {
        self.count("exported", spans);
    }

    /// Nobody took so many.
    pub(crate) fn dropped(&self, spans: usize) {
        self.count("dropped", spans);
    }

    fn count(&self, result: &'static str, spans: usize) {
        let spans = u64::try_from(spans).unwrap_or(u64::MAX);
        self.0.get_or_create(&ResultLabel { result }).inc_by(spans);
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        // A series that begins with its first fault has not grown yet.
        self.exported(0);
        self.dropped(0);
        let help = "Spans of traces by what became of them";
        registry.register("trace_spans", help, self.0.clone());
    }
}
