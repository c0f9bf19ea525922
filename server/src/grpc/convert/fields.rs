//! Parts that several requests have in common.

use gestan_account_proto::v1;
use uuid::Uuid;

use crate::domain::{
    account_id::AccountId,
    ape_code::Nomenclature,
    email_address::EmailAddress,
    locale::Locale,
    machine::{Machine, MachineId, MachineName, parse_uuid},
    profile::{Field, Profile, RawProfile},
    violation::{Expected, Problem, Violations},
};

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
    let parsed = AccountId::parse(number).ok_or(Problem::Malformed(Expected::AccountId));
    violations.check("account_id", parsed)
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

/// The form's fields as a message has them.
pub(super) fn raw_profile(account: &v1::Account) -> RawProfile {
    RawProfile {
        company_name: account.company_name.clone(),
        last_name: account.last_name.clone(),
        first_name: account.first_name.clone(),
        address: account.address.clone(),
        postal_code: account.postal_code.clone(),
        city: account.city.clone(),
        country_code: account.country_code.clone(),
        phone: account.phone.clone(),
        ape_code: account.ape_code.clone(),
    }
}

/// Every writable field that is set.
pub(super) fn set_fields(account: &v1::Account) -> Vec<Field> {
    let text = |field| match field {
        Field::Email => &account.email,
        Field::CompanyName => &account.company_name,
        Field::LastName => &account.last_name,
        Field::FirstName => &account.first_name,
        Field::Address => &account.address,
        Field::PostalCode => &account.postal_code,
        Field::City => &account.city,
        Field::CountryCode => &account.country_code,
        Field::Phone => &account.phone,
        Field::ApeCode => &account.ape_code,
    };
    Field::ALL.into_iter().filter(|field| !text(*field).is_empty()).collect()
}

/// What a new account is to hold.
pub(super) fn profile(
    account: Option<&v1::Account>,
    typed_email: &str,
    email: Option<&EmailAddress>,
    nomenclature: &Nomenclature,
    violations: &mut Violations,
) -> Profile {
    let Some(account) = account else {
        return Profile::default();
    };
    if !account.email.trim().is_empty() {
        // Judged as typed, too: a bad `email` is no reason to leave this unsaid.
        let same = account.email.trim() == typed_email.trim()
            || EmailAddress::parse(&account.email)
                .is_ok_and(|typed| email.is_some_and(|email| email.key() == typed.key()));
        if !same {
            violations.add("profile.email", Problem::Malformed(Expected::SameAs("email")));
        }
    }
    let read_only = [
        ("id", account.id == 0),
        ("etag", account.etag.is_empty()),
        ("pending_email", account.pending_email.is_empty()),
        ("create_time", account.create_time.is_none()),
        ("update_time", account.update_time.is_none()),
    ];
    for (name, _) in read_only.into_iter().filter(|(_, empty)| !empty) {
        let path = name.to_owned();
        violations.add(format!("profile.{name}"), Problem::ReadOnly { path });
    }
    let fields = set_fields(account);
    Profile::default().with(&raw_profile(account), &fields, "profile", nomenclature, violations)
}
