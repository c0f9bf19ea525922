//! Parts that several requests have in common.

use gestan_account_proto::v1;
use uuid::Uuid;

use crate::domain::{
    account_id::AccountId,
    locale::Locale,
    machine::{Machine, MachineId, MachineName, parse_uuid},
    text::Line,
    violation::{Expected, Problem, Violations},
};

/// The longest etag, in characters.
const ETAG_MAX_CHARS: usize = 64;

/// The language of an answer: the request's, or else the call's.
pub(in crate::grpc) fn request_locale(tag: &str, fallback: Locale) -> Locale {
    Locale::parse(tag).ok().flatten().unwrap_or(fallback)
}

pub(super) fn check_locale(tag: &str, violations: &mut Violations) {
    let _ = violations.check("locale", Locale::parse(tag));
}

pub(super) fn retry_safe_id(text: &str, violations: &mut Violations) -> Option<Uuid> {
    violations.check("request_id", parse_uuid(text))
}

/// The account that a request names, if it names one.
pub(super) fn account_id(number: u32) -> Option<AccountId> {
    AccountId::parse(number)
}

pub(super) fn required_account_id(number: u32, violations: &mut Violations) -> Option<AccountId> {
    account_id_in("account_id", number, violations)
}

/// The account that a field must name.
pub(super) fn account_id_in(
    field: &str,
    number: u32,
    violations: &mut Violations,
) -> Option<AccountId> {
    let parsed = AccountId::parse(number).ok_or(Problem::Malformed(Expected::AccountId));
    violations.check(field, parsed)
}

/// The etag that a field gives, if any; none, and a violation, where it is none.
pub(super) fn etag_in(field: &str, text: &str, violations: &mut Violations) -> Option<String> {
    let etag = violations.check(field, Line::<ETAG_MAX_CHARS>::parse(text))?;
    Some(etag.as_str().to_owned()).filter(|etag| !etag.is_empty())
}

pub(super) fn machine(
    machine: Option<&v1::Machine>,
    violations: &mut Violations,
) -> Option<Machine> {
    let Some(machine) = machine else {
        violations.add("machine", Problem::Required);
        return None;
    };
    let id = violations.check("machine.id", MachineId::parse(&machine.id));
    let name = violations.check("machine.name", MachineName::parse(&machine.name));
    Some(Machine { id: id?, name: name? })
}
