//! Which failures are tried again, for which requests, after which wait.

use std::collections::HashMap;

use gestan_account_proto::{ERROR_DOMAIN, v1::Account};
use prost_types::FieldMask;
use tonic::ConnectError;
use tonic_types::{ErrorDetails, StatusExt as _};

use super::*;

fn policy() -> RetryPolicy {
    RetryPolicy::new(&ClientOptions::new())
}

fn rejected(code: Code, reason: ErrorReason, delay: Option<Duration>) -> Status {
    let mut details =
        ErrorDetails::with_error_info(reason.as_str_name(), ERROR_DOMAIN, HashMap::new());
    if delay.is_some() {
        details.set_retry_info(delay);
    }
    Status::with_error_details(code, "", details)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn unavailable_and_broken_connections_are_repeated_only_where_harmless() {
    let broken = Status::from_error("reset".into());
    // Perhaps only its answer was what there was no room for.
    let busy = rejected(Code::ResourceExhausted, ErrorReason::ServerBusy, None);
    for status in [Status::unavailable(""), broken, busy] {
        assert!(policy().next_wait(&status, Repeat::Harmless, 1, false, 0.0).is_some());
        assert!(policy().next_wait(&status, Repeat::Harmful, 1, false, 0.0).is_none());
    }
}

#[test]
fn what_the_server_did_not_do_is_always_repeated() {
    let unsent = Status::from_error(Box::new(ConnectError("refused".into())));
    let busy = rejected(Code::ResourceExhausted, ErrorReason::HashingBusy, None);
    for status in [unsent, busy] {
        assert!(policy().next_wait(&status, Repeat::Harmful, 1, false, 0.0).is_some());
    }
}

#[test]
fn a_refusal_or_a_throttle_is_final() {
    let throttled = rejected(Code::ResourceExhausted, ErrorReason::Unspecified, Some(ms(1)));
    for status in [throttled, Status::unauthenticated(""), Status::internal("")] {
        assert!(policy().next_wait(&status, Repeat::Harmless, 1, false, 0.0).is_none());
    }
}

#[test]
fn waits_double_to_a_bound_and_chance_only_shortens_them() {
    let status = Status::unavailable("");
    let policy = RetryPolicy::new(&ClientOptions::new().max_attempts(100));
    let wait =
        |attempts, chance| policy.next_wait(&status, Repeat::Harmless, attempts, false, chance);
    assert_eq!(wait(1, 0.0), Some(ms(100)));
    assert_eq!(wait(1, 1.0), Some(ms(50)));
    assert_eq!(wait(3, 0.0), Some(ms(400)));
    assert_eq!(wait(99, 0.0), Some(ms(5_000)));
    assert_eq!(wait(100, 0.0), None);
}

#[test]
fn the_servers_wait_is_never_cut_short_and_its_no_is_obeyed() {
    let wait = |pushback: Option<&'static str>, chance| {
        let mut status = rejected(Code::Unavailable, ErrorReason::ShuttingDown, Some(ms(3_000)));
        if let Some(pushback) = pushback {
            status.metadata_mut().insert(PUSHBACK, pushback.parse().unwrap());
        }
        policy().next_wait(&status, Repeat::Harmless, 1, false, chance)
    };
    assert_eq!(wait(None, 0.0), Some(ms(3_000)));
    assert_eq!(wait(None, 1.0), Some(ms(3_600)));
    assert_eq!(wait(Some("4000"), 0.0), Some(ms(4_000)));
    assert_eq!(wait(Some("10"), 0.0), Some(ms(3_000)));
    assert_eq!(wait(Some("-1"), 0.0), None);
    assert_eq!(wait(Some("soon"), 0.0), None);
}

#[test]
fn another_endpoint_is_asked_at_once_when_the_first_is_gone_or_going() {
    let wait =
        |status: &Status, repeat, elsewhere| policy().next_wait(status, repeat, 1, elsewhere, 0.0);
    let unsent = Status::from_error(Box::new(ConnectError("refused".into())));
    let broken = Status::from_error("reset".into());
    let going = rejected(Code::Unavailable, ErrorReason::ShuttingDown, Some(ms(3_000)));
    for status in [&unsent, &broken, &going, &Status::unavailable("no upstream")] {
        assert_eq!(wait(status, Repeat::Harmless, true), Some(ms(0)));
        assert!(wait(status, Repeat::Harmless, false) >= Some(ms(50)));
    }
    assert_eq!(wait(&unsent, Repeat::Harmful, true), Some(ms(0)));
    assert_eq!(wait(&broken, Repeat::Harmful, true), None);
    assert_eq!(wait(&going, Repeat::Harmful, true), None);

    let mut never = going;
    never.metadata_mut().insert(PUSHBACK, "-1".parse().unwrap());
    assert_eq!(wait(&never, Repeat::Harmless, true), None);

    // Trouble that the endpoints share, or would pass on to one another.
    for reason in [ErrorReason::DatabaseUnavailable, ErrorReason::CallTooLong] {
        let status = rejected(Code::Unavailable, reason, Some(ms(3_000)));
        assert_eq!(wait(&status, Repeat::Harmless, true), Some(ms(3_000)));
    }
    let busy = rejected(Code::ResourceExhausted, ErrorReason::HashingBusy, Some(ms(3_000)));
    assert_eq!(wait(&busy, Repeat::Harmful, true), Some(ms(3_000)));
}

#[test]
fn an_endpoint_is_not_blamed_for_the_request() {
    for status in [
        Status::from_error(Box::new(ConnectError("refused".into()))),
        rejected(Code::Unavailable, ErrorReason::ShuttingDown, None),
        rejected(Code::ResourceExhausted, ErrorReason::HashingBusy, None),
        rejected(Code::ResourceExhausted, ErrorReason::ServerBusy, None),
    ] {
        assert!(is_endpoints_fault(&status), "{status:?}");
    }
    for status in [
        rejected(Code::ResourceExhausted, ErrorReason::TooManyPasswordTries, None),
        rejected(Code::Unauthenticated, ErrorReason::InvalidCredentials, None),
        Status::internal(""),
    ] {
        assert!(!is_endpoints_fault(&status), "{status:?}");
    }
}

#[test]
fn what_only_reads_the_reference_lists_is_repeatable() {
    assert_eq!(ListCountriesRequest::default().repeat(), Repeat::Harmless);
    assert_eq!(SearchApeCodesRequest::default().repeat(), Repeat::Harmless);
    assert_eq!(GetPrivacyNoticeRequest::default().repeat(), Repeat::Harmless);
}

#[test]
fn a_password_change_is_repeatable_with_a_ticket_only() {
    let ticket = SetPasswordRequest { ticket: "t".into(), ..Default::default() };
    let current = SetPasswordRequest { current_password: "p".into(), ..Default::default() };
    assert_eq!(ticket.repeat(), Repeat::Harmless);
    assert_eq!(current.repeat(), Repeat::Harmful);
}

#[test]
fn an_update_is_repeatable_without_etag_and_change_of_address() {
    let update = |etag: &str, email: &str, paths: &[&str]| UpdateRequest {
        account: Some(Account { etag: etag.into(), email: email.into(), ..Default::default() }),
        update_mask: Some(FieldMask { paths: paths.iter().map(ToString::to_string).collect() }),
        password: String::new(),
    };
    assert_eq!(update("", "", &[]).repeat(), Repeat::Harmless);
    assert_eq!(update("", "a@b.fr", &["city"]).repeat(), Repeat::Harmless);
    assert_eq!(update("", "a@b.fr", &[]).repeat(), Repeat::Harmful);
    assert_eq!(update("", "a@b.fr", &["email"]).repeat(), Repeat::Harmful);
    assert_eq!(update("7", "", &["city"]).repeat(), Repeat::Harmful);
}
