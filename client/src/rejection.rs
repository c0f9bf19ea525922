//! What the service says when it refuses a call: the `google.rpc` details of
//! the status, under the contract's names.

use std::{fmt, time::Duration};

use gestan_account_proto::{
    ERROR_DOMAIN,
    v1::{ErrorReason, ViolationReason},
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// A refusal of the account service.
#[derive(Clone, Debug)]
pub struct Rejection {
    code: Code,
    reason: ErrorReason,
    message: String,
    violations: Vec<FieldViolation>,
    violations_left_out: usize,
    retry_delay: Option<Duration>,
    correlation_id: Option<String>,
}

/// What is wrong with one field of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldViolation {
    /// The path of the field, as in the request: `account.city`.
    pub field: String,
    /// What to show to a person, in the language of the call.
    pub description: String,
    /// The same for a program. `Unspecified` for a reason that is newer than
    /// this client.
    pub reason: ViolationReason,
}

impl Rejection {
    /// `None` when the status does not bear the domain of the account service.
    pub(crate) fn from_status(status: &Status) -> Option<Self> {
        let details = status.get_error_details();
        let info = details.error_info().filter(|info| info.domain == ERROR_DOMAIN)?;
        let message = match details.localized_message() {
            Some(localized) if !localized.message.is_empty() => localized.message.clone(),
            _ => status.message().to_owned(),
        };
        let left_out = info.metadata.get("violations_left_out");
        let violations = details.bad_request().map(|bad| bad.field_violations.as_slice());
        Some(Self {
            code: status.code(),
            reason: ErrorReason::from_str_name(&info.reason).unwrap_or_default(),
            message,
            violations: violations.unwrap_or_default().iter().map(FieldViolation::from).collect(),
            violations_left_out: left_out.and_then(|count| count.parse().ok()).unwrap_or(0),
            retry_delay: details.retry_info().and_then(|info| info.retry_delay),
            correlation_id: info.metadata.get("correlation_id").cloned(),
        })
    }

    /// Why the call was refused. `Unspecified` for a reason that is newer than
    /// this client.
    #[must_use]
    pub fn reason(&self) -> ErrorReason {
        self.reason
    }

    /// The gRPC status code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// What to show to a person, in the language of the call.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Every field that is at fault, for `ErrorReason::InvalidRequest`, as far as the
    /// answer had room for them.
    #[must_use]
    pub fn violations(&self) -> &[FieldViolation] {
        &self.violations
    }

    /// How many more there are.
    #[must_use]
    pub fn violations_left_out(&self) -> usize {
        self.violations_left_out
    }

    /// How long to wait before the call has a chance; `None` when waiting does
    /// not help.
    #[must_use]
    pub fn retry_delay(&self) -> Option<Duration> {
        self.retry_delay
    }

    /// What the server's log calls this fault, for `ErrorReason::Internal`.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }
}

/// The message, then the names of the fields and what is wrong with them.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.reason.as_str_name())?;
        for violation in &self.violations {
            write!(f, "; {}: {}", violation.field, violation.reason.as_str_name())?;
        }
        if self.violations_left_out > 0 {
            write!(f, "; and {} more", self.violations_left_out)?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejection {}

impl From<&tonic_types::FieldViolation> for FieldViolation {
    fn from(violation: &tonic_types::FieldViolation) -> Self {
        let description = match &violation.localized_message {
            Some(localized) if !localized.message.is_empty() => &localized.message,
            _ => &violation.description,
        };
        Self {
            field: violation.field.clone(),
            description: description.clone(),
            reason: ViolationReason::from_str_name(&violation.reason).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::{BadRequest, ErrorDetails};

    use super::*;

    fn status(domain: &str, reason: &str) -> Status {
        let mut details = ErrorDetails::with_error_info(
            reason,
            domain,
            HashMap::from([
                ("correlation_id".to_owned(), "c-1".to_owned()),
                ("violations_left_out".to_owned(), "19".to_owned()),
            ]),
        );
        let mut bad = BadRequest::with_violation("account.city", "trop long");
        bad.field_violations[0].reason = "VIOLATION_REASON_TOO_LONG".into();
        details
            .set_bad_request(bad.field_violations)
            .set_localized_message("fr", "Refusé.")
            .set_retry_info(Some(Duration::from_secs(7)));
        Status::with_error_details(Code::InvalidArgument, "refused", details)
    }

    #[test]
    fn every_detail_is_read() {
        let status = status(ERROR_DOMAIN, "ERROR_REASON_INVALID_REQUEST");
        let rejection = Rejection::from_status(&status).unwrap();
        assert_eq!(rejection.code(), Code::InvalidArgument);
        assert_eq!(rejection.reason(), ErrorReason::InvalidRequest);
        assert_eq!(rejection.message(), "Refusé.");
        assert_eq!(rejection.retry_delay(), Some(Duration::from_secs(7)));
        assert_eq!(rejection.correlation_id(), Some("c-1"));
        assert_eq!(rejection.violations_left_out(), 19);
        assert!(rejection.to_string().ends_with("; and 19 more"), "{rejection}");
        assert_eq!(
            rejection.violations(),
            [FieldViolation {
                field: "account.city".into(),
                description: "trop long".into(),
                reason: ViolationReason::TooLong,
            }]
        );
    }

    #[test]
    fn a_newer_reason_is_unspecified_and_another_domain_is_not_ours() {
        let newer = Rejection::from_status(&status(ERROR_DOMAIN, "ERROR_REASON_NEW")).unwrap();
        assert_eq!(newer.reason(), ErrorReason::Unspecified);
        assert!(Rejection::from_status(&status("example.com", "X")).is_none());
        assert!(Rejection::from_status(&Status::internal("plain")).is_none());
    }
}
