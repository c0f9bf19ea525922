//! The form, as Create and Update bring it.

use gestan_account_proto::v1;

use crate::domain::{
    country::Country,
    email_address::EmailAddress,
    profile::{Asked, Field, ProfileChange},
    text::{Line, Lines},
    violation::{Problem, Violations},
};

/// The fields of a form that a request names.
pub(super) enum Named {
    /// Those of its update mask.
    Listed(Vec<Field>),
    /// Those that are set.
    Set,
}

impl Named {
    /// `text`, if the request names `field`, whose text this is.
    pub(super) fn text<'a>(&self, field: Field, text: &'a str) -> Option<&'a str> {
        let is_named = match self {
            Self::Listed(fields) => fields.contains(&field),
            Self::Set => !text.is_empty(),
        };
        is_named.then_some(text)
    }
}

/// What `account`, which is the field `parent` of a request, asks of a profile.
pub(super) fn profile_change(
    account: &v1::Account,
    parent: &'static str,
    named: &Named,
) -> ProfileChange {
    let form = Form { named };
    ProfileChange {
        parent,
        company_name: form.parse(Field::CompanyName, &account.company_name, Line::parse),
        last_name: form.parse(Field::LastName, &account.last_name, Line::parse),
        first_name: form.parse(Field::FirstName, &account.first_name, Line::parse),
        address: form.parse(Field::Address, &account.address, Lines::parse),
        city: form.parse(Field::City, &account.city, Line::parse),
        country: form.parse(Field::CountryCode, &account.country_code, Country::parse),
        phone: form.typed(Field::Phone, &account.phone),
        postal_code: form.typed(Field::PostalCode, &account.postal_code),
        ape_code: form.typed(Field::ApeCode, &account.ape_code),
    }
}

/// What Create asks of the profile of a new account, and whether the form's address is
/// another one than that which the account is opened for, and so is left out. What Update
/// cannot write must be empty: a program that fills it in is mistaken in the field.
pub(super) fn new_profile(
    request: &v1::CreateRequest,
    email: Option<&EmailAddress>,
    violations: &mut Violations,
) -> (ProfileChange, bool) {
    let Some(account) = &request.profile else { return (ProfileChange::default(), false) };
    let is_same = account.email.trim().is_empty()
        || account.email.trim() == request.email.trim()
        || EmailAddress::parse(&account.email)
            .is_ok_and(|typed| email.is_some_and(|email| email.key() == typed.key()));
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
    (profile_change(account, "profile", &Named::Set), !is_same)
}

/// A form that is being read.
struct Form<'a> {
    named: &'a Named,
}

impl Form<'_> {
    fn parse<T>(
        &self,
        field: Field,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<Asked<T>> {
        self.named.text(field, text).map(|text| Asked::parse(text, parse))
    }

    fn typed(&self, field: Field, text: &str) -> Option<String> {
        self.named.text(field, text).map(str::to_owned)
    }
}
