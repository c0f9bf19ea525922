//! The only file that knows gRPC's codes: what a refusal is called, and which
//! details go with it (AIP-193).

use std::{collections::HashMap, time::Duration};

use gestan_account_proto::{ERROR_DOMAIN, v1::ErrorReason, v1::ViolationReason};
use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{refused_fields::RefusedFields, rpc::Rpc, texts};
use crate::{
    accounts::error::{DeskRefusal, Error},
    domain::{locale::Locale, violation::Problem},
    listener::{Exceeded, Refused},
    panics::Panicked,
    telemetry::call::correlation_id,
    throttle::Throttled,
};

/// After how long a call may be repeated while the database is away or the server
/// stops. How long that lasts is not known: the delay is short, and clients back off.
const SOON: Duration = Duration::from_secs(1);

/// How many violations a refusal does not name, in the metadata of its `ErrorInfo`.
const VIOLATIONS_LEFT_OUT: &str = "violations_left_out";

/// What the call is called, in the metadata of its `ErrorInfo`.
pub(super) const CORRELATION_ID: &str = "correlation_id";

/// Says a refusal to the caller, in its language. A fault of the server is logged
/// here, under the call's correlation ID, and its cause is not told.
pub(super) fn refusal(error: &Error, locale: Locale) -> Status {
    let (code, reason, retry_after) = classified(error);
    let Told { metadata, fields, left_out } = Told::of(error, locale);
    let words = |locale| match error {
        Error::Invalid(_) => texts::bad_fields(left_out, locale),
        _ => texts::refusal(reason, locale).into(),
    };
    let words = Words { message: &words(Locale::En), localized: &words(locale) };
    assemble_with(words, code, reason, metadata, retry_after, locale, fields)
}

/// Says a refusal to an agent of the support desk, who reads its message in a terminal: in
/// the caller's language, with what to type next.
pub(super) fn desk_refusal(error: &Error, locale: Locale) -> Status {
    let (code, reason, retry_after) = classified(error);
    let Told { metadata, fields, .. } = Told::of(error, locale);
    let words = texts::desk(error, reason, locale);
    let words = Words { message: &words, localized: &words };
    assemble_with(words, code, reason, metadata, retry_after, locale, fields)
}

/// What a refusal tells beside its words.
struct Told {
    metadata: HashMap<String, String>,
    fields: ErrorDetails,
    /// How many bad fields do not fit.
    left_out: usize,
}

impl Told {
    fn of(error: &Error, locale: Locale) -> Self {
        let (mut metadata, mut fields) = (HashMap::new(), ErrorDetails::new());
        let mut left_out = 0;
        match error {
            Error::Invalid(violations) => {
                let refused = RefusedFields::of(violations, locale, |violation| {
                    violation_reason(&violation.problem).as_str_name()
                });
                fields.set_bad_request(refused.named);
                left_out = refused.left_out;
                if left_out > 0 {
                    metadata.insert(VIOLATIONS_LEFT_OUT.to_owned(), left_out.to_string());
                }
            }
            Error::Desk(refusal) => metadata.extend(variables(refusal)),
            Error::Hashing | Error::Storage(_) => {
                metadata.insert(CORRELATION_ID.to_owned(), correlation_id());
            }
            _ => {}
        }
        Self { metadata, fields, left_out }
    }
}

fn variables(refusal: &DeskRefusal) -> impl Iterator<Item = (String, String)> {
    refusal.variables().into_iter().map(|(name, value)| (name.to_owned(), value))
}

/// What a refusal is called, and when the call may be repeated. A fault is logged here.
fn classified(error: &Error) -> (Code, ErrorReason, Option<Duration>) {
    match error {
        Error::Invalid(_) => (Code::InvalidArgument, ErrorReason::InvalidRequest, None),
        Error::InvalidCredentials => (Code::Unauthenticated, ErrorReason::InvalidCredentials, None),
        Error::PermissionDenied => (Code::PermissionDenied, ErrorReason::PermissionDenied, None),
        Error::Desk(refusal) => {
            let (code, reason) = desk_code(refusal);
            (code, reason, None)
        }
        Error::CodeSpent => (Code::FailedPrecondition, ErrorReason::CodeSpent, None),
        Error::CodeExpired => (Code::FailedPrecondition, ErrorReason::CodeExpired, None),
        Error::TooManyTries => (Code::FailedPrecondition, ErrorReason::TooManyTries, None),
        Error::TicketSpent => (Code::FailedPrecondition, ErrorReason::TicketSpent, None),
        Error::TicketExpired => (Code::FailedPrecondition, ErrorReason::TicketExpired, None),
        Error::EmailTaken => (Code::FailedPrecondition, ErrorReason::EmailTaken, None),
        Error::NoCodeMailed => (Code::NotFound, ErrorReason::NoCodeMailed, None),
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
            tracing::error!(correlation_id = correlation_id(), %error, "internal error");
            (Code::Internal, ErrorReason::Internal, None)
        }
    }
}

fn desk_code(refusal: &DeskRefusal) -> (Code, ErrorReason) {
    match refusal {
        DeskRefusal::KeyExpired { .. } => (Code::Unauthenticated, ErrorReason::InvalidCredentials),
        DeskRefusal::OutsideNetworks | DeskRefusal::NotAKey | DeskRefusal::RoleLacking { .. } => {
            (Code::PermissionDenied, ErrorReason::PermissionDenied)
        }
        DeskRefusal::AccountNotFound { .. } | DeskRefusal::LeadsElsewhere { .. } => {
            (Code::NotFound, ErrorReason::AccountNotFound)
        }
        DeskRefusal::TimeBalanceLeft { .. } => {
            (Code::FailedPrecondition, ErrorReason::TimeBalanceLeft)
        }
        DeskRefusal::AccountErased { .. } => (Code::NotFound, ErrorReason::AccountErased),
        DeskRefusal::NothingToSend => (Code::NotFound, ErrorReason::NothingToSend),
        DeskRefusal::TooManyMachines { .. } => {
            (Code::FailedPrecondition, ErrorReason::TooManyMachines)
        }
        DeskRefusal::AlreadyMerged { .. } => (Code::FailedPrecondition, ErrorReason::AlreadyMerged),
        DeskRefusal::EmailTaken { .. } => (Code::FailedPrecondition, ErrorReason::EmailTaken),
        DeskRefusal::MachineNotFound { .. } => (Code::NotFound, ErrorReason::MachineNotFound),
        DeskRefusal::EntryNotFound { .. } => (Code::NotFound, ErrorReason::EntryNotFound),
        DeskRefusal::TimeCreditExhausted { .. } => {
            (Code::FailedPrecondition, ErrorReason::TimeCreditExhausted)
        }
        DeskRefusal::EntryNotCorrectable { .. } => {
            (Code::FailedPrecondition, ErrorReason::EntryNotCorrectable)
        }
        DeskRefusal::PossibleDuplicate { .. } => {
            (Code::AlreadyExists, ErrorReason::PossibleDuplicate)
        }
    }
}

/// The answer of a server that is stopping.
pub(super) fn shutting_down(locale: Locale) -> Status {
    let (code, reason) = (Code::Unavailable, ErrorReason::ShuttingDown);
    assemble(code, reason, HashMap::new(), Some(SOON), locale)
}

/// The answer to a call that took too long: for the server, or for its caller, which
/// then knows best whether to repeat it.
pub(super) fn call_too_long(by_caller: bool, locale: Locale) -> Status {
    let (code, retry_after) =
        if by_caller { (Code::DeadlineExceeded, None) } else { (Code::Unavailable, Some(SOON)) };
    assemble(code, ErrorReason::CallTooLong, HashMap::new(), retry_after, locale)
}

/// The answer to a call for which there is no room now.
pub(super) fn refused(refused: Refused, locale: Locale) -> Status {
    let (reason, retry_after) = match refused {
        Refused::Exceeded(Exceeded::Network) => (ErrorReason::TooManyUnfinishedCallsFromIp, SOON),
        Refused::Exceeded(Exceeded::Server) => (ErrorReason::ServerBusy, SOON),
        Refused::GivesUp(retry_after) => (ErrorReason::TooManyCallsGivenUpFromIp, retry_after),
    };
    tracing::debug!(reason = reason.as_str_name(), "no room for a call");
    assemble(Code::ResourceExhausted, reason, HashMap::new(), Some(retry_after), locale)
}

/// The answer to a call that panicked. The panic's message is not told.
pub(super) fn panicked(panicked: &Panicked, locale: Locale) -> Status {
    let correlation_id = correlation_id();
    tracing::error!(correlation_id, panic.location = panicked.location, "a call panicked");
    let (code, reason) = (Code::Internal, ErrorReason::Internal);
    let metadata = HashMap::from([(CORRELATION_ID.to_owned(), correlation_id)]);
    assemble(code, reason, metadata, None, locale)
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
    theirs.details().is_empty().then(|| assemble(code, reason, HashMap::new(), None, locale))
}

/// The answer to reflection without a support key. A person at a terminal reads it,
/// who typed no code and no password, and whom the usual text would mislead.
pub(super) fn reflection_needs_a_key(locale: Locale) -> Status {
    unauthenticated(texts::reflection_needs_a_key, HashMap::new(), locale)
}

/// The answer to a secret, an ID or a token that an RPC refuses: one for all that may be
/// wrong there, in words of that RPC's screen.
pub(super) fn refused_credentials(rpc: Rpc, locale: Locale) -> Status {
    unauthenticated(|locale| texts::refused_credentials(rpc, locale), HashMap::new(), locale)
}

/// The same of a support key that has expired, and since when.
pub(super) fn expired_key(rpc: Rpc, expired: &DeskRefusal, locale: Locale) -> Status {
    let metadata = variables(expired).collect();
    unauthenticated(|locale| texts::refused_credentials(rpc, locale), metadata, locale)
}

fn unauthenticated(
    words: impl Fn(Locale) -> &'static str,
    metadata: HashMap<String, String>,
    locale: Locale,
) -> Status {
    let mut details = ErrorDetails::new();
    let reason = ErrorReason::InvalidCredentials;
    details.set_error_info(reason.as_str_name(), ERROR_DOMAIN, metadata);
    details.set_localized_message(locale.tag(), words(locale));
    Status::with_error_details(Code::Unauthenticated, words(Locale::En), details)
}

fn assemble(
    code: Code,
    reason: ErrorReason,
    metadata: HashMap<String, String>,
    retry_after: Option<Duration>,
    locale: Locale,
) -> Status {
    let words = Words {
        message: texts::refusal(reason, Locale::En),
        localized: texts::refusal(reason, locale),
    };
    assemble_with(words, code, reason, metadata, retry_after, locale, ErrorDetails::new())
}

/// What a refusal says: to a developer, and to a person.
#[derive(Clone, Copy)]
struct Words<'a> {
    message: &'a str,
    localized: &'a str,
}

fn assemble_with(
    words: Words<'_>,
    code: Code,
    reason: ErrorReason,
    metadata: HashMap<String, String>,
    retry_after: Option<Duration>,
    locale: Locale,
    mut details: ErrorDetails,
) -> Status {
    details.set_error_info(reason.as_str_name(), ERROR_DOMAIN, metadata);
    details.set_localized_message(locale.tag(), words.localized);
    let mut trailers = MetadataMap::new();
    if let Some(delay) = retry_after {
        details.set_retry_info(Some(delay));
        // The retries that gRPC's libraries make by themselves read this (gRFC A6).
        trailers.insert("grpc-retry-pushback-ms", pushback(delay).into());
    }
    Status::with_error_details_and_metadata(code, words.message, details, trailers)
}

/// As gRPC writes a code.
pub(super) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

fn throttled_reason(limit: Throttled) -> ErrorReason {
    match limit {
        Throttled::Passwords => ErrorReason::TooManyPasswordTries,
        Throttled::Codes => ErrorReason::TooManyCodeTries,
        Throttled::MailsPerAddress => ErrorReason::TooManyMailsToAddress,
        Throttled::MailsPerIp => ErrorReason::TooManyMailsFromIp,
        Throttled::MailsInAll => ErrorReason::TooManyMailsInAll,
        Throttled::CallsPerIp => ErrorReason::TooManyCallsFromIp,
        Throttled::CallsWithToken => ErrorReason::TooManyCallsWithToken,
        Throttled::CallsWithKey => ErrorReason::TooManyCallsWithKey,
    }
}

fn pushback(delay: Duration) -> u64 {
    u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)
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
        Problem::Conflict { .. } | Problem::AlreadyInPlace => ViolationReason::Conflict,
        Problem::RequestIdReused => ViolationReason::RequestIdReused,
        Problem::Negative
        | Problem::OutOfRange { .. }
        | Problem::MoreThanLeft { .. }
        | Problem::BalanceOutOfRange
        | Problem::DurationOutOfRange { .. }
        | Problem::TimeOutOfRange { .. }
        | Problem::SpanOutOfRange { .. } => ViolationReason::OutOfRange,
        Problem::UnknownMachine => ViolationReason::UnknownMachine,
        Problem::OtherPage | Problem::Same { .. } | Problem::Differs { .. } => {
            ViolationReason::Mismatch
        }
    }
}
