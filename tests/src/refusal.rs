//! What a refusal must be: code and reason.

use std::fmt::Debug;

use gestan_account_client::{
    Code, Error, Rejection,
    v1::{ErrorReason, ViolationReason},
};

/// The rejection that a call ended with.
pub fn refused<T: Debug>(outcome: Result<T, Error>) -> Rejection {
    match outcome {
        Err(Error::Rejected(rejection)) => *rejection,
        other => panic!("not refused: {other:?}"),
    }
}

/// The rejection that a call ended with, which has this code and reason.
pub fn assert_refused<T: Debug>(
    outcome: Result<T, Error>,
    code: Code,
    reason: ErrorReason,
) -> Rejection {
    let rejection = refused(outcome);
    assert_eq!((rejection.code(), rejection.reason()), (code, reason), "{rejection:?}");
    rejection
}

/// The bad fields that a rejection names.
#[must_use]
pub fn violations(rejection: &Rejection) -> Vec<(String, ViolationReason)> {
    let violations = rejection.violations().iter();
    violations.map(|violation| (violation.field.clone(), violation.reason)).collect()
}
