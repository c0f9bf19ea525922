//! The request of Update.

use gestan_account_proto::v1;

use super::{
    digest,
    fields::account_id,
    profile::{Named, profile_change},
};
use crate::{
    accounts::Update,
    domain::{
        email_address::EmailAddress,
        profile::Field,
        secret::Secret,
        text::Line,
        violation::{Problem, Violations},
    },
};

/// The longest etag, in characters.
const ETAG_MAX_CHARS: usize = 64;

pub(in crate::grpc) fn update(request: &v1::UpdateRequest) -> Update {
    let mut violations = Violations::default();
    let secret = violations.check("password", Secret::parse(&request.password));
    let without_secret = v1::UpdateRequest { password: String::new(), ..request.clone() };
    let request_digest = digest("Update", &without_secret);
    let nothing = v1::Account::default();
    let (account, named) = if let Some(account) = &request.account {
        (account, named(request, &mut violations))
    } else {
        violations.add("account", Problem::Required);
        (&nothing, Named::Set)
    };
    let email = named.text(Field::Email, &account.email).map(EmailAddress::parse);
    let email = email.and_then(|email| violations.check("account.email", email));
    let etag = violations.check("account.etag", Line::<ETAG_MAX_CHARS>::parse(&account.etag));
    let etag = etag.map(|etag| etag.as_str().to_owned()).filter(|etag| !etag.is_empty());
    let change = profile_change(account, "account", &named, &mut violations);
    Update {
        account_id: account_id(account.id),
        etag,
        change,
        email,
        secret,
        violations,
        request_digest,
    }
}

/// The fields that the mask names; without a mask, those that are set.
fn named(request: &v1::UpdateRequest, violations: &mut Violations) -> Named {
    let Some(mask) = request.update_mask.as_ref().filter(|mask| !mask.paths.is_empty()) else {
        return Named::Set;
    };
    let fields = mask.paths.iter();
    let fields = fields.filter_map(|path| violations.check("update_mask", Field::from_path(path)));
    Named::Listed(fields.collect())
}
