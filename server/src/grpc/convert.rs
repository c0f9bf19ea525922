//! Between proto messages and domain types: everything is parsed here, once, so
//! that what lies behind need not doubt it. Bad fields are all collected.

mod encode;
mod fields;
mod profile;
pub(super) mod reference;
pub(super) mod support;
pub(super) mod testing;
mod time_entry;
mod update;

use gestan_account_proto::v1;
use sha2::{Digest as _, Sha256};

pub(super) use fields::request_locale;
use fields::{account_id, machine, required_account_id, retry_safe_id};
use profile::new_profile;
pub(super) use time_entry::{list_time_entries, own_time_entries};
pub(super) use update::update;

use crate::{
    accounts::{
        Authority, Confirm, Create, Get, RegisterExisting, ResendPassword, SetPassword, ToConfirm,
        Unlink, WhoseAccount,
    },
    credentials::token::{Token, TokenKind},
    domain::{
        ape_code::Nomenclature,
        email_address::EmailAddress,
        locale::Locale,
        machine::{MachineId, parse_uuid},
        password::Password,
        personal_code::PersonalCode,
        profile::{Field, Profile},
        secret::Secret,
        violation::{Expected, Problem, Violations},
    },
};

/// What is asked for, and the paths of the profile that are left out because they are not
/// right. They follow from the request alone, so a repeat gets the same ones, and they
/// tell nothing of an account.
pub(super) fn create(
    request: &v1::CreateRequest,
    locale: Locale,
    nomenclature: &Nomenclature,
) -> Result<(Create, Vec<String>), Violations> {
    let mut violations = Violations::default();
    let request_id = retry_safe_id(&request.request_id, &mut violations);
    let email = violations.check("email", EmailAddress::parse(&request.email));
    let machine = machine(request.machine.as_ref(), &mut violations);
    fields::check_locale(&request.locale, &mut violations);
    let (asked, has_other_email) = new_profile(request, email.as_ref(), &mut violations);
    let (profile, wrong) = Profile::prefilled(&asked, nomenclature);
    let skipped = has_other_email.then_some(Field::Email).into_iter().chain(wrong);
    let skipped = skipped.map(|field| asked.path(field)).collect();
    match (request_id, email, machine) {
        (Some(request_id), Some(email), Some(machine)) if violations.is_empty() => {
            let request_digest = digest("Create", request);
            let create = Create { request_id, request_digest, email, machine, locale, profile };
            Ok((create, skipped))
        }
        _ => Err(violations),
    }
}

pub(super) fn confirm(request: &v1::ConfirmRequest) -> Result<Confirm, Violations> {
    let mut violations = Violations::default();
    let what = match (account_id(request.account_id), request.challenge_id.trim()) {
        (Some(id), "") => Some(ToConfirm::AddressOf(id)),
        (Some(_), _) => {
            violations.add("account_id", Problem::Conflict { with: "challenge_id" });
            None
        }
        (None, id) => violations.check("challenge_id", parse_uuid(id)).map(ToConfirm::Challenge),
    };
    let code = violations.check("code", PersonalCode::parse(&request.code));
    match (what, code) {
        (Some(what), Some(code)) => Ok(Confirm { what, code }),
        _ => Err(violations),
    }
}

pub(super) fn set_password(request: &v1::SetPasswordRequest) -> Result<SetPassword, Violations> {
    let mut violations = Violations::default();
    let authority = match (request.ticket.trim(), request.current_password.as_str()) {
        ("", "") => {
            violations.add("ticket", Problem::Required);
            None
        }
        ("", current) => violations
            .check("current_password", Password::parse(current))
            .map(Authority::CurrentPassword),
        (ticket, "") => {
            let parsed =
                Token::parse(TokenKind::Ticket, ticket).ok_or(Problem::Malformed(Expected::Ticket));
            violations.check("ticket", parsed).map(Authority::Ticket)
        }
        _ => {
            violations.add("current_password", Problem::Conflict { with: "ticket" });
            None
        }
    };
    let new_password = violations.check("new_password", Password::parse_new(&request.new_password));
    match (authority, new_password) {
        (Some(authority), Some(new_password)) => Ok(SetPassword {
            authority,
            new_password,
            unlink_other_machines: request.unlink_other_machines,
        }),
        _ => Err(violations),
    }
}

pub(super) fn register_existing(
    request: &v1::RegisterExistingRequest,
) -> Result<RegisterExisting, Violations> {
    let mut violations = Violations::default();
    let account_id = required_account_id(request.account_id, &mut violations);
    let secret = violations.check("secret", Secret::parse(&request.secret));
    let machine = machine(request.machine.as_ref(), &mut violations);
    match (account_id, secret, machine) {
        (Some(account_id), Some(secret), Some(machine)) => {
            Ok(RegisterExisting { account_id, secret, machine })
        }
        _ => Err(violations),
    }
}

pub(super) fn get(request: v1::GetRequest) -> Get {
    Get { account_id: account_id(request.account_id) }
}

pub(super) fn unlink(request: &v1::UnlinkRequest) -> Result<Unlink, Violations> {
    let mut violations = Violations::default();
    let machine_id = match request.machine_id.trim() {
        "" => None,
        id => violations.check("machine_id", MachineId::parse(id)),
    };
    let password = match request.password.as_str() {
        "" => None,
        password => violations.check("password", Password::parse(password)),
    };
    if violations.is_empty() {
        Ok(Unlink { account_id: account_id(request.account_id), machine_id, password })
    } else {
        Err(violations)
    }
}

pub(super) fn resend_password(
    request: &v1::ResendPasswordRequest,
    locale: Locale,
    has_token: bool,
) -> Result<ResendPassword, Violations> {
    let mut violations = Violations::default();
    let request_id = retry_safe_id(&request.request_id, &mut violations);
    let account = match (account_id(request.account_id), request.email.trim()) {
        (Some(id), "") => Some(WhoseAccount::Id(id)),
        (None, "") if has_token => Some(WhoseAccount::Mine),
        (None, "") => {
            violations.add("account_id", Problem::Required);
            None
        }
        (None, email) => {
            violations.check("email", EmailAddress::parse(email)).map(WhoseAccount::Email)
        }
        (Some(_), _) => {
            violations.add("email", Problem::Conflict { with: "account_id" });
            None
        }
    };
    let machine = machine(request.machine.as_ref(), &mut violations);
    fields::check_locale(&request.locale, &mut violations);
    match (request_id, account, machine) {
        (Some(request_id), Some(account), Some(machine)) if violations.is_empty() => {
            let request_digest = digest("ResendPassword", request);
            Ok(ResendPassword { request_id, request_digest, account, machine, locale })
        }
        _ => Err(violations),
    }
}

/// A digest by which the same request is known again. A message has one encoding
/// here, whatever client it came from: prost drops fields that it does not know, and
/// writes the others in the order of their declaration.
fn digest(rpc: &str, request: &impl prost::Message) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(rpc);
    digest.update(request.encode_to_vec());
    digest.finalize().into()
}
