//! The request of Update.

use gestan_account_proto::v1;

use super::{
    digest,
    fields::{account_id, etag_in},
    profile::{Named, profile_change},
};
use crate::{
    accounts::{AskedEmail, Update},
    domain::{
        email_address::EmailAddress,
        profile::{Asked, Field},
        secret::Secret,
        violation::{Problem, Violations},
    },
};

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
    let email = named.text(Field::Email, &account.email).map(|text| AskedEmail {
        address: Asked::parse(text, EmailAddress::parse),
        is_listed: matches!(named, Named::Listed(_)),
        shown_pending: account.pending_email.clone(),
    });
    let etag = etag_in("account.etag", &account.etag, &mut violations);
    let change = profile_change(account, "account", &named);
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
