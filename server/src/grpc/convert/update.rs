//! The request of Update. Fields that depend on the account's country are only
//! taken here, and parsed where the account is known.

use gestan_account_proto::v1;

use super::{
    digest,
    fields::{account_id, raw_profile, set_fields},
};
use crate::{
    accounts::Update,
    domain::{
        email_address::EmailAddress,
        profile::{Field, RawProfile},
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
    let Some(account) = &request.account else {
        violations.add("account", Problem::Required);
        return Update {
            account_id: None,
            etag: None,
            fields: Vec::new(),
            raw: RawProfile::default(),
            email: None,
            secret,
            violations,
            request_digest,
        };
    };
    let fields = fields(request, account, &mut violations);
    let email = fields.contains(&Field::Email).then(|| EmailAddress::parse(&account.email));
    let email = email.and_then(|email| violations.check("account.email", email));
    let etag = violations.check("account.etag", Line::<ETAG_MAX_CHARS>::parse(&account.etag));
    let etag = etag.map(|etag| etag.as_str().to_owned()).filter(|etag| !etag.is_empty());
    Update {
        account_id: account_id(account.id),
        etag,
        fields,
        raw: raw_profile(account),
        email,
        secret,
        violations,
        request_digest,
    }
}

/// The fields that the mask names; without a mask, those that are set.
fn fields(
    request: &v1::UpdateRequest,
    account: &v1::Account,
    violations: &mut Violations,
) -> Vec<Field> {
    match request.update_mask.as_ref().filter(|mask| !mask.paths.is_empty()) {
        None => set_fields(account),
        Some(mask) => mask
            .paths
            .iter()
            .filter_map(|path| violations.check("update_mask", Field::from_path(path)))
            .collect(),
    }
}
