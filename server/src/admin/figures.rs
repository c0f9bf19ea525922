//! All figures, in one text.

use std::{fmt, sync::Arc};

use prometheus_client::{
    encoding::text,
    metrics::{gauge::Gauge, info::Info},
    registry::Registry,
};

use super::sampled::Sampled;
use crate::{
    accounts::Accounts,
    grpc::Health,
    listener::tls::Tls,
    metrics::{CallMetrics, ConnectionMetrics, MailMetrics, PREFIX, TraceMetrics, WebhookMetrics},
    telemetry::Output,
    version::{BUILT_FROM, NUMBER},
};

/// What counts, and what is asked when somebody wants to know.
pub(crate) struct Parts {
    pub(crate) accounts: Accounts,
    pub(crate) calls: CallMetrics,
    pub(crate) connections: ConnectionMetrics,
    pub(crate) mails: MailMetrics,
    /// What became of events, if another system is told of them.
    pub(crate) events: Option<WebhookMetrics>,
    /// The spans, if calls are traced.
    pub(crate) spans: Option<TraceMetrics>,
    /// Whether the database keeps what is written.
    pub(crate) database_up: Gauge,
    pub(crate) health: Health,
    pub(crate) tls: Option<Arc<Tls>>,
    /// The log, if it is this program's.
    pub(crate) log: Option<Output>,
}

/// All figures.
pub(crate) struct Figures {
    registry: Registry,
    sampled: Sampled,
    health: Health,
}

impl Figures {
    pub(crate) fn new(parts: Parts) -> Self {
        let mut registry = Registry::with_prefix(PREFIX);
        let build = Info::new([("version", NUMBER), ("commit", BUILT_FROM)]);
        registry.register("build", "The program", build);
        parts.calls.register(&mut registry);
        parts.connections.register(&mut registry);
        parts.accounts.hasher.queue().metrics().register(&mut registry);
        parts.mails.register(&mut registry);
        if let Some(events) = &parts.events {
            events.register(&mut registry);
        }
        if let Some(spans) = &parts.spans {
            spans.register(&mut registry);
        }
        let up = "Whether the database keeps what is written: 1 or 0";
        registry.register("database_up", up, parts.database_up);
        if let Some(log) = parts.log {
            let dropped = "Lines of the log that were dropped because nobody read them";
            registry.register("log_lines_dropped", dropped, log.dropped_lines());
        }
        let sampled =
            Sampled::new(parts.accounts, parts.tls, parts.events.is_some(), &mut registry);
        Self { registry, sampled, health: parts.health }
    }

    /// In the text format that Prometheus reads.
    pub(super) async fn text(&self) -> Result<String, fmt::Error> {
        self.sampled.look().await;
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    pub(super) fn is_serving(&self) -> bool {
        self.health.is_serving()
    }
}
