//! What a host gets: the two forms of an answer, in which every member is always there, so that a
//! host need not ask whether it is.

use std::{error::Error as StdError, iter};

use gestan_account_client::{Code, Error, Rejection};
use serde_json::{Map, Value, json};
use tonic::Status;

use crate::{
    failure::Failure,
    texts::{self, Trouble},
};

/// The answer to a call that succeeded.
pub(crate) fn given(response: Value) -> Value {
    Value::Object(Map::from_iter([("ok".to_owned(), response)]))
}

/// The answer to a call that did not.
pub(crate) fn refused(failure: &Failure) -> Value {
    match failure {
        Failure::Client(Error::Rejected(rejection)) => rejected(rejection),
        Failure::Client(Error::Deadline) => unanswered("DEADLINE", "", Trouble::Late, failure),
        Failure::Client(Error::Unexpected { code, .. }) => {
            unanswered("TRANSPORT", &code_name(*code), Trouble::Unreachable, failure)
        }
        Failure::Client(_) => unanswered("TRANSPORT", "", Trouble::Unreachable, failure),
        Failure::Usage(_) => unanswered("USAGE", "", Trouble::Misused, failure),
        Failure::Store(_) => unanswered("STORE", "", Trouble::Unkept, failure),
        Failure::Bug(_) => unanswered("BUG", "", Trouble::Broken, failure),
    }
}

/// What is wrong with the store of the link token, beside an answer that is good all the same.
pub(crate) fn unkept(failure: &Failure) -> Value {
    json!({
        "message": message(failure),
        "text": texts::of(Trouble::Unkept),
        "causes": causes(failure),
    })
}

fn rejected(rejection: &Rejection) -> Value {
    let violations: Vec<Value> = rejection
        .violations()
        .iter()
        .map(|violation| {
            json!({
                "field": violation.field,
                "reason": violation.reason.as_str_name(),
                "description": violation.description,
            })
        })
        .collect();
    let delay = rejection.retry_delay().unwrap_or_default();
    json!({ "error": {
        "kind": "REJECTED",
        "code": code_name(rejection.code()),
        "reason": rejection.reason().as_str_name(),
        "message": rejection.to_string(),
        "text": rejection.message(),
        "retry_delay_ms": u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        "violations": violations,
        "violations_left_out": rejection.violations_left_out(),
        "correlation_id": rejection.correlation_id().unwrap_or_default(),
        "causes": [],
    } })
}

/// The answer when the service has said nothing.
fn unanswered(kind: &str, code: &str, trouble: Trouble, failure: &Failure) -> Value {
    json!({ "error": {
        "kind": kind,
        "code": code,
        "reason": "",
        "message": message(failure),
        "text": texts::of(trouble),
        "retry_delay_ms": 0,
        "violations": [],
        "violations_left_out": 0,
        "correlation_id": "",
        "causes": causes(failure),
    } })
}

/// For the log of the host, in English.
fn message(failure: &Failure) -> String {
    match failure {
        Failure::Client(error) => error.to_string(),
        Failure::Usage(text) => text.clone(),
        Failure::Store(_) => "the store of the link token does not do its work".to_owned(),
        Failure::Bug(_) => "a fault of this library".to_owned(),
    }
}

/// What lies below, the nearest cause first. Without it, every fault of TLS or of a proxy would be
/// "cannot be reached".
fn causes(failure: &Failure) -> Vec<String> {
    let first: Option<&dyn StdError> = match failure {
        Failure::Client(error) => error.source(),
        Failure::Store(error) => Some(error),
        Failure::Usage(_) => None,
        Failure::Bug(place) => return vec![place.clone()],
    };
    let causes = iter::successors(first, |&cause| cause.source()).filter_map(|cause| {
        match cause.downcast_ref::<Status>() {
            // It has what lies below it in its text, as a program writes it.
            Some(status) if status.source().is_some() => None,
            Some(status) => Some(status.message().to_owned()),
            None => Some(cause.to_string()),
        }
    });
    let mut causes: Vec<String> = causes.collect();
    // Some only pass on what is below them.
    causes.dedup();
    causes
}

/// A code under the name that the documentation of gRPC has for it.
fn code_name(code: Code) -> String {
    let mut name = String::new();
    for c in format!("{code:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_grpc() {
        assert_eq!(code_name(Code::InvalidArgument), "INVALID_ARGUMENT");
        assert_eq!(code_name(Code::Unauthenticated), "UNAUTHENTICATED");
    }

    #[test]
    fn both_kinds_of_errors_have_the_same_members() {
        let members = |failure: &Failure| -> Vec<String> {
            let answer = refused(failure);
            answer["error"].as_object().unwrap().keys().cloned().collect()
        };
        let bug = members(&Failure::Bug("here".into()));
        assert_eq!(bug, members(&Failure::Client(Error::Deadline)));
        assert_eq!(bug.len(), 10);
        let source = include_str!("answer.rs");
        let rejected = source.split("fn rejected").nth(1).unwrap().split("fn unanswered").next();
        for member in bug {
            assert!(rejected.unwrap().contains(&format!("\"{member}\":")), "{member}");
        }
    }
}
