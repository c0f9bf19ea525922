//! Takes refusals apart.

use std::fmt::Debug;

use gestan_account_client::{
    Code, Error, Rejection,
    v1::{ErrorReason, ViolationReason},
};

/// The service's refusal.
///
/// # Panics
/// When the call succeeded, or failed in another way.
pub fn refused<T: Debug>(outcome: Result<T, Error>) -> Rejection {
    match outcome {
        Err(Error::Rejected(rejection)) => *rejection,
        other => panic!("not refused by the service: {other:?}"),
    }
}

/// Asserts that the service refused the call with this code and reason.
///
/// # Panics
/// When it did not.
pub fn assert_refused<T: Debug>(
    outcome: Result<T, Error>,
    code: Code,
    reason: ErrorReason,
) -> Rejection {
    let rejection = refused(outcome);
    assert_eq!((rejection.code(), rejection.reason()), (code, reason), "{rejection}");
    rejection
}

/// The bad fields of a refusal and what is wrong with each.
#[must_use]
pub fn violations(rejection: &Rejection) -> Vec<(String, ViolationReason)> {
    let all = rejection.violations().iter();
    all.map(|violation| (violation.field.clone(), violation.reason)).collect()
}
