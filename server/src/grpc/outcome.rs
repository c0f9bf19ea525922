//! What became of a call, read off its answer: the one place where the answers of every
//! service, of the layers and of tonic itself pass.

use gestan_account_proto::{ERROR_DOMAIN, v1::ErrorReason};
use tonic::{
    Status,
    body::Body,
    codegen::http::{HeaderMap, Response},
};
use tonic_types::StatusExt as _;

use super::status::{self, CORRELATION_ID};
use crate::telemetry::correlation::CorrelationId;

/// Where a head has the details of a refusal.
const DETAILS: &str = "grpc-status-details-bin";

/// What became of a call. There are only so many of them: callers cannot make up any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// gRPC's code, as it is written.
    pub(super) code: &'static str,
    /// Our reason, if it was refused with one.
    pub(super) reason: Option<ErrorReason>,
}

/// The reasons of refusals that are ones for a limit.
pub(super) const LIMITS: [ErrorReason; 12] = [
    ErrorReason::HashingBusy,
    ErrorReason::ServerBusy,
    ErrorReason::TooManyCallsFromIp,
    ErrorReason::TooManyCallsGivenUpFromIp,
    ErrorReason::TooManyCallsWithKey,
    ErrorReason::TooManyCallsWithToken,
    ErrorReason::TooManyCodeTries,
    ErrorReason::TooManyMailsFromIp,
    ErrorReason::TooManyMailsInAll,
    ErrorReason::TooManyMailsToAddress,
    ErrorReason::TooManyPasswordTries,
    ErrorReason::TooManyUnfinishedCallsFromIp,
];

impl Outcome {
    pub(super) const ANSWERED: Self = Self { code: "OK", reason: None };
    /// A fault of the server.
    pub(super) const FAULT: Self = Self { code: "INTERNAL", reason: Some(ErrorReason::Internal) };
    /// Its caller has gone.
    pub(super) const GIVEN_UP: Self = Self { code: "CANCELLED", reason: None };

    /// Reads an answer: a refusal is all head.
    pub(super) fn of(answer: &Response<Body>) -> Self {
        match Status::from_header_map(answer.headers()) {
            Some(status) => {
                let info = status.get_details_error_info();
                let reason = info.and_then(|info| ErrorReason::from_str_name(&info.reason));
                Self { code: status::code_name(status.code()), reason }
            }
            None if answer.status().is_success() => Self::ANSWERED,
            // It spoke no gRPC.
            None => Self { code: "UNKNOWN", reason: None },
        }
    }

    pub(super) fn is_answered(self) -> bool {
        self == Self::ANSWERED
    }

    /// Whether it was refused because somebody calls too often.
    pub(super) fn is_of_flood(self) -> bool {
        matches!(
            self.reason,
            Some(
                ErrorReason::TooManyCallsFromIp
                    | ErrorReason::TooManyCallsWithToken
                    | ErrorReason::TooManyCallsWithKey
                    | ErrorReason::TooManyUnfinishedCallsFromIp
                    | ErrorReason::TooManyCallsGivenUpFromIp
                    | ErrorReason::ServerBusy
            )
        ) || self == Self::GIVEN_UP
    }

    /// Whether it was refused because of a limit.
    pub(super) fn is_of_limit(self) -> bool {
        self.code == "RESOURCE_EXHAUSTED"
    }

    pub(super) fn reason_name(self) -> Option<&'static str> {
        self.reason.map(|reason| reason.as_str_name())
    }
}

/// Writes what the call is called into the details of a refusal.
pub(super) fn name_call(refusal: &mut HeaderMap, id: &CorrelationId) {
    let Some(status) = Status::from_header_map(refusal) else { return };
    let mut details = status.get_error_details();
    let Some(info) = details.error_info() else { return };
    let (reason, mut metadata) = (info.reason.clone(), info.metadata.clone());
    metadata.insert(CORRELATION_ID.to_owned(), id.to_string());
    details.set_error_info(reason, ERROR_DOMAIN, metadata);
    let mut named = HeaderMap::new();
    let status = Status::with_error_details(status.code(), "", details);
    if status.add_header(&mut named).is_ok()
        && let Some(details) = named.remove(DETAILS)
    {
        refusal.insert(DETAILS, details);
    }
}
