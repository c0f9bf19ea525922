//! Every call is answered by its deadline, which counts from its first byte, and a
//! stream has an end. That an answer is taken in time, the listener sees to.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::{Status, body::Body, codegen::http};

use crate::{domain::locale::Locale, grpc::status};

/// Lasts for as long as somebody wants to know.
const WATCH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.";

/// How long a tool may ask on one stream.
const REFLECTION_LIFE: Duration = Duration::from_mins(1);

/// When a call, or a stream, is to be over.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    /// The caller waits less long than it might.
    by_caller: bool,
}

impl Deadline {
    /// The deadline of what begins now and may take `longest`.
    pub(super) fn of(headers: &http::HeaderMap, longest: Duration) -> Self {
        let callers = grpc_timeout(headers).filter(|callers| *callers < longest);
        Self { at: Instant::now() + callers.unwrap_or(longest), by_caller: callers.is_some() }
    }

    /// Drops the work when the deadline passes, and says so.
    pub(super) async fn bound(
        self,
        answer: impl Future<Output = http::Response<Body>>,
        locale: Locale,
    ) -> http::Response<Body> {
        timeout_at(self.at, answer).await.unwrap_or_else(|_| {
            tracing::debug!(callers = self.by_caller, "deadline exceeded");
            self.passed(locale).into_http()
        })
    }

    /// What is said when it has passed.
    pub(super) fn passed(self, locale: Locale) -> Status {
        status::call_too_long(self.by_caller, locale)
    }
}

/// How long a call may last, if it is one that has no end of its own.
pub(super) fn stream_life(path: &str, longest: Duration) -> Option<Duration> {
    if path == WATCH {
        Some(longest)
    } else if path.starts_with(REFLECTION) {
        Some(longest.min(REFLECTION_LIFE))
    } else {
        None
    }
}

/// How long the caller waits. gRPC writes it as at most eight digits and a unit
/// (`TimeoutValue TimeoutUnit` in "gRPC over HTTP2"). A header that is malformed is
/// passed over, for it comes from a library and not from the person who waits.
fn grpc_timeout(headers: &http::HeaderMap) -> Option<Duration> {
    let value = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    // `parse` alone would take a sign, too, and overflow on more digits.
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u32 = digits.parse().ok()?;
    let unit = match unit {
        "H" => Duration::from_hours(1),
        "M" => Duration::from_mins(1),
        "S" => Duration::from_secs(1),
        "m" => Duration::from_millis(1),
        "u" => Duration::from_micros(1),
        "n" => Duration::from_nanos(1),
        _ => return None,
    };
    Some(unit * number)
}
