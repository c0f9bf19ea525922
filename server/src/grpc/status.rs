//! The only file that knows gRPC's codes: what a refusal is called, and which
//! details go with it (AIP-193).

use std::{collections::HashMap, time::Duration};

use gestan_account_proto::{ERROR_DOMAIN, v1::ErrorReason, v1::ViolationReason};
use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, FieldViolation, LocalizedMessage, StatusExt as _};
use uuid::Uuid;

use super::{rpc::Rpc, texts};
use crate::{
    accounts::error::Error,
    domain::{
        locale::Locale,
        violation::{Problem, Violation},
    },
    listener::{Exceeded, Refused},
    panics::Panicked,
    throttle::Throttled,
};

/// After how long a call may be repeated while the database is away or the server
/// stops. How long that lasts is not known: the delay is short, and clients back off.
const SOON: Duration = Duration::from_secs(1);

/// How many bytes of violations a refusal may have. Details travel in a trailer,
/// in base64, and some clients take no more than 8 KiB of those (the default of gRPC's
/// C core, on which many languages stand).
const MAX_VIOLATIONS_BYTES: usize = 5 * 1024;

/// Says a refusal to the caller, in its language. A fault of the server is logged
/// here, under `correlation_id`, and its cause is not told.
pub(super) fn refusal(error: &Error, locale: Locale, correlation_id: Uuid) -> Status {
    let (code, reason, retry_after) = match error {
        Error::Invalid(_) => (Code::InvalidArgument, ErrorReason::InvalidRequest, None),
        Error::InvalidCredentials => (Code::Unauthenticated, ErrorReason::InvalidCredentials, None),
        Error::PermissionDenied => (Code::PermissionDenied, ErrorReason::PermissionDenied, None),
        Error::CodeSpent => (Code::FailedPrecondition, ErrorReason::CodeSpent, None),
        Error::CodeExpired => (Code::FailedPrecondition, ErrorReason::CodeExpired, None),
        Error::TooManyTries => (Code::FailedPrecondition, ErrorReason::TooManyTries, None),
        Error::TicketSpent => (Code::FailedPrecondition, ErrorReason::TicketSpent, None),
        Error::TicketExpired => (Code::FailedPrecondition, ErrorReason::TicketExpired, None),
        Error::EmailTaken => (Code::FailedPrecondition, ErrorReason::EmailTaken, None),
        Error::EtagMismatch => (Code::Aborted, ErrorReason::EtagMismatch, None),
        Error::HashingBusy { retry_after } => {
            (Code::ResourceExhausted, ErrorReason::HashingBusy, Some(*retry_after))
        }
        Error::Throttled { limit, retry_after } => {
            (Code::ResourceExhausted, throttled_reason(*limit), Some(*retry_after))
        }
        Error::PasswordReplaced => {
            (Code::Unavailable, ErrorReason::DatabaseUnavailable, Some(SOON))
        }
        Error::Unavailable(_) => {
            tracing::warn!(%error, "database away");
            (Code::Unavailable, ErrorReason::DatabaseUnavailable, Some(SOON))
        }
        Error::Hashing | Error::Storage(_) => {
            tracing::error!(%correlation_id, %error, "internal error");
            (Code::Internal, ErrorReason::Internal, None)
        }
    };
    let mut details = ErrorDetails::new();
    if let Error::Invalid(violations) = error {
        let violations = violations.iter().map(|violation| field_violation(violation, locale));
        details.set_bad_request(as_many_as_fit(violations));
    }
    let mut metadata = HashMap::new();
    if code == Code::Internal {
        metadata.insert("correlation_id".to_owned(), correlation_id.to_string());
    }
    assemble(code, reason, metadata, retry_after, locale, details)
}

/// The answer of a server that is stopping.
pub(super) fn shutting_down(locale: Locale) -> Status {
    let (code, reason) = (Code::Unavailable, ErrorReason::ShuttingDown);
    assemble(code, reason, HashMap::new(), Some(SOON), locale, ErrorDetails::new())
}

/// The answer to a call that took too long: for the server, or for its caller, which
/// then knows best whether to repeat it.
pub(super) fn call_too_long(by_caller: bool, locale: Locale) -> Status {
    let (code, retry_after) =
        if by_caller { (Code::DeadlineExceeded, None) } else { (Code::Unavailable, Some(SOON)) };
    let details = ErrorDetails::new();
    assemble(code, ErrorReason::CallTooLong, HashMap::new(), retry_after, locale, details)
}

/// The answer to a call for which there is no room now.
pub(super) fn refused(refused: Refused, locale: Locale) -> Status {
    let (reason, retry_after) = match refused {
        Refused::Exceeded(Exceeded::Network) => (ErrorReason::TooManyUnfinishedCallsFromIp, SOON),
        Refused::Exceeded(Exceeded::Server) => (ErrorReason::ServerBusy, SOON),
        Refused::GivesUp(retry_after) => (ErrorReason::TooManyCallsGivenUpFromIp, retry_after),
    };
    tracing::debug!(reason = reason.as_str_name(), "no room for a call");
    let (code, details) = (Code::ResourceExhausted, ErrorDetails::new());
    assemble(code, reason, HashMap::new(), Some(retry_after), locale, details)
}

/// The answer to a call that panicked. The panic's message is not told.
pub(super) fn panicked(panicked: &Panicked, locale: Locale, correlation_id: Uuid) -> Status {
    tracing::error!(%correlation_id, panic.location = panicked.location, "a call panicked");
    let (code, reason) = (Code::Internal, ErrorReason::Internal);
    let metadata = HashMap::from([("correlation_id".to_owned(), correlation_id.to_string())]);
    assemble(code, reason, metadata, None, locale, ErrorDetails::new())
}

/// Our refusal in place of the one that tonic makes, without any detail, of a call that
/// reached no service: with the details, and under the code of the caller's mistake.
/// `None` for what a service said itself.
pub(super) fn unread(theirs: &Status, locale: Locale) -> Option<Status> {
    let (code, reason) = match theirs.code() {
        Code::OutOfRange => (Code::InvalidArgument, ErrorReason::RequestTooLarge),
        // tonic takes bytes that are no message for a fault of the server.
        Code::Internal => (Code::InvalidArgument, ErrorReason::MalformedRequest),
        Code::Unimplemented => (Code::Unimplemented, ErrorReason::Unimplemented),
        _ => return None,
    };
    theirs
        .details()
        .is_empty()
        .then(|| assemble(code, reason, HashMap::new(), None, locale, ErrorDetails::new()))
}

/// The answer to reflection without a support key. A person at a terminal reads it,
/// who typed no code and no password, and whom the usual text would mislead.
pub(super) fn reflection_needs_a_key(locale: Locale) -> Status {
    unauthenticated(texts::reflection_needs_a_key, locale)
}

/// The answer to a secret, an ID or a token that an RPC refuses: one for all that may be
/// wrong there, in words of that RPC's screen.
pub(super) fn refused_credentials(rpc: Rpc, locale: Locale) -> Status {
    unauthenticated(|locale| texts::refused_credentials(rpc, locale), locale)
}

fn unauthenticated(words: impl Fn(Locale) -> &'static str, locale: Locale) -> Status {
    let mut details = ErrorDetails::new();
    let reason = ErrorReason::InvalidCredentials;
    details.set_error_info(reason.as_str_name(), ERROR_DOMAIN, HashMap::new());
    details.set_localized_message(locale.tag(), words(locale));
    Status::with_error_details(Code::Unauthenticated, words(Locale::En), details)
}

fn assemble(
    code: Code,
    reason: ErrorReason,
    metadata: HashMap<String, String>,
    retry_after: Option<Duration>,
    locale: Locale,
    mut details: ErrorDetails,
) -> Status {
    details.set_error_info(reason.as_str_name(), ERROR_DOMAIN, metadata);
    details.set_localized_message(locale.tag(), texts::refusal(reason, locale));
    let mut trailers = MetadataMap::new();
    if let Some(delay) = retry_after {
        details.set_retry_info(Some(delay));
        // The retries that gRPC's libraries make by themselves read this (gRFC A6).
        trailers.insert("grpc-retry-pushback-ms", pushback(delay).into());
    }
    let message = texts::refusal(reason, Locale::En);
    Status::with_error_details_and_metadata(code, message, details, trailers)
}

fn throttled_reason(limit: Throttled) -> ErrorReason {
    match limit {
        Throttled::Passwords => ErrorReason::TooManyPasswordTries,
        Throttled::MailsPerAddress => ErrorReason::TooManyMailsToAddress,
        Throttled::MailsPerIp => ErrorReason::TooManyMailsFromIp,
        Throttled::MailsInAll => ErrorReason::TooManyMailsInAll,
        Throttled::CallsPerIp => ErrorReason::TooManyCallsFromIp,
        Throttled::CallsWithToken => ErrorReason::TooManyCallsWithToken,
    }
}

fn pushback(delay: Duration) -> u64 {
    u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)
}

fn field_violation(violation: &Violation, locale: Locale) -> FieldViolation {
    let text = texts::violation(&violation.problem, locale);
    let mut field = FieldViolation::new(&violation.field, &text);
    field.reason = violation_reason(&violation.problem).as_str_name().into();
    field.localized_message = Some(LocalizedMessage::new(locale.tag(), text));
    field
}

/// The violations up to [`MAX_VIOLATIONS_BYTES`]. Only a mask of paths that do
/// not exist can have more.
fn as_many_as_fit(violations: impl Iterator<Item = FieldViolation>) -> Vec<FieldViolation> {
    let mut left = MAX_VIOLATIONS_BYTES;
    let fits = |violation: &FieldViolation| {
        let localized = violation.localized_message.as_ref();
        let text = localized.map_or(0, |localized| localized.message.len());
        // Tags, lengths and the locale take less than the 32 bytes.
        let size = violation.field.len()
            + violation.description.len()
            + violation.reason.len()
            + text
            + 32;
        left.checked_sub(size).map(|rest| left = rest).is_some()
    };
    violations.take_while(fits).collect()
}

fn violation_reason(problem: &Problem) -> ViolationReason {
    match problem {
        Problem::Required => ViolationReason::Required,
        Problem::TooLong { .. } => ViolationReason::TooLong,
        Problem::Malformed(_) => ViolationReason::Malformed,
        Problem::ControlCharacter => ViolationReason::ControlCharacter,
        Problem::InvalidEmail => ViolationReason::InvalidEmail,
        Problem::UnknownCountry => ViolationReason::UnknownCountry,
        Problem::UnknownApeCode => ViolationReason::UnknownApeCode,
        Problem::InvalidPostalCode => ViolationReason::InvalidPostalCode,
        Problem::InvalidPhone => ViolationReason::InvalidPhone,
        Problem::PasswordTooShort => ViolationReason::PasswordTooShort,
        Problem::PasswordTooWeak(_) => ViolationReason::PasswordTooWeak,
        Problem::CodeMistyped => ViolationReason::CodeMistyped,
        Problem::ReadOnly { .. } => ViolationReason::ReadOnly,
        Problem::UnknownField { .. } => ViolationReason::UnknownField,
        Problem::Conflict { .. } => ViolationReason::Conflict,
        Problem::RequestIdReused => ViolationReason::RequestIdReused,
    }
}
