//! The figures that a running server counts of itself, by the conventions of Prometheus: the
//! base unit in the name, `_total` behind what only grows. Each part owns its figures, so that
//! nothing is global; `admin` gathers and shows them.
//!
//! A label has a value that this program knows beforehand: none that a caller writes, and none
//! that tells of an account.

mod calls;
mod connections;
mod hashing;
mod mails;
mod traces;
mod webhook;

use prometheus_client::metrics::histogram::Histogram;

pub(crate) use calls::CallMetrics;
pub use connections::ConnectionMetrics;
pub(crate) use connections::{ConnectionState, Counted};
pub use hashing::HashingMetrics;
pub use mails::{MailMetrics, MailResult};
pub(crate) use traces::TraceMetrics;
pub use webhook::{DeliveryResult, WebhookMetrics};

/// What every name begins with.
pub(crate) const PREFIX: &str = "gestan_account";

/// From what a read takes to the deadline of a call.
const BUCKETS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0];

fn seconds() -> Histogram {
    Histogram::new(BUCKETS)
}
