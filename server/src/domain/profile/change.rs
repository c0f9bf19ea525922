//! What a request asks of a profile, and what becomes of the profile.

use super::{Field, Profile};
use crate::domain::{
    ape_code::{ApeCode, Nomenclature},
    country::Country,
    phone::Phone,
    postal_code::PostalCode,
    text::{Line, Lines},
    violation::{Problem, Violations},
};

/// The fields that a request names, parsed as far as they can be without the profile:
/// what is right in three of them depends on its country.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "named as in the proto file, which explains them")]
pub struct ProfileChange {
    /// The field of the request that holds the form.
    pub parent: &'static str,
    pub company_name: Option<Line<120>>,
    pub last_name: Option<Line<80>>,
    pub first_name: Option<Line<80>>,
    pub address: Option<Lines<500>>,
    pub city: Option<Line<100>>,
    pub country: Option<Country>,
    /// As typed, like the two that follow.
    pub phone: Option<String>,
    pub postal_code: Option<String>,
    pub ape_code: Option<String>,
}

impl Profile {
    /// This profile with the change, and the fields in which it differs.
    ///
    /// # Errors
    /// The fields that are wrong in the country of the changed profile. Postal code and
    /// APE code are looked at again when the country changes: what is right in one
    /// country may be wrong in another.
    pub fn with(
        &self,
        change: &ProfileChange,
        nomenclature: &Nomenclature,
    ) -> Result<(Self, Vec<Field>), Violations> {
        let country = change.country.unwrap_or(self.country);
        let moved = country != self.country;
        let mut violations = Violations::default();

        let phone = change.phone.as_deref().map(|text| Phone::parse(text, country));
        let phone = phone.and_then(|phone| violations.check(change.path(Field::Phone), phone));

        let kept = moved.then(|| self.postal_code.as_str());
        let postal_code = change.postal_code.as_deref().or(kept);
        let postal_code = postal_code.map(|text| PostalCode::parse(text, country));
        let postal_code =
            postal_code.and_then(|code| violations.check(change.path(Field::PostalCode), code));

        let kept = moved.then(|| self.ape_code.as_str());
        let ape_code = change.ape_code.as_deref().or(kept);
        let ape_code = ape_code.map(|text| parse_ape_code(text, country, nomenclature));
        let ape_code =
            ape_code.and_then(|code| violations.check(change.path(Field::ApeCode), code));

        if !violations.is_empty() {
            return Err(violations);
        }
        let mut form = Form { changed: Vec::new() };
        let changed = Self {
            company_name: form.put(
                Field::CompanyName,
                &self.company_name,
                change.company_name.as_ref(),
            ),
            last_name: form.put(Field::LastName, &self.last_name, change.last_name.as_ref()),
            first_name: form.put(Field::FirstName, &self.first_name, change.first_name.as_ref()),
            address: form.put(Field::Address, &self.address, change.address.as_ref()),
            postal_code: form.put(Field::PostalCode, &self.postal_code, postal_code.as_ref()),
            city: form.put(Field::City, &self.city, change.city.as_ref()),
            country: form.put(Field::CountryCode, &self.country, change.country.as_ref()),
            phone: form.put(Field::Phone, &self.phone, phone.as_ref()),
            ape_code: form.put(Field::ApeCode, &self.ape_code, ape_code.as_ref()),
        };
        Ok((changed, form.changed))
    }
}

impl ProfileChange {
    /// The path of a field in the request.
    #[must_use]
    pub fn path(&self, field: Field) -> String {
        format!("{}.{}", self.parent, field.name())
    }
}

fn parse_ape_code(
    text: &str,
    country: Country,
    nomenclature: &Nomenclature,
) -> Result<ApeCode, Problem> {
    if country == Country::FRANCE {
        ApeCode::parse_french(text, nomenclature)
    } else {
        ApeCode::parse_foreign(text)
    }
}

/// A form that is being filled in.
struct Form {
    changed: Vec<Field>,
}

impl Form {
    /// The value that a field has after the change.
    fn put<T: Clone + PartialEq>(&mut self, field: Field, before: &T, asked: Option<&T>) -> T {
        let value = asked.unwrap_or(before);
        if value != before {
            self.changed.push(field);
        }
        value.clone()
    }
}
