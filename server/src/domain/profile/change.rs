//! What a request asks of a profile, and what becomes of the profile.

use super::{Asked, Field, Profile};
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
    pub company_name: Option<Asked<Line<120>>>,
    pub last_name: Option<Asked<Line<80>>>,
    pub first_name: Option<Asked<Line<80>>>,
    pub address: Option<Asked<Lines<500>>>,
    pub city: Option<Asked<Line<100>>>,
    pub country: Option<Asked<Country>>,
    /// As typed, like the two that follow.
    pub phone: Option<String>,
    pub postal_code: Option<String>,
    pub ape_code: Option<String>,
}

impl Profile {
    /// This profile with the change, and the fields in which it differs.
    ///
    /// # Errors
    /// The fields that are wrong in the country of the changed profile. One that is sent
    /// back as it was is not judged anew, in whatever country.
    pub fn with(
        &self,
        change: &ProfileChange,
        nomenclature: &Nomenclature,
    ) -> Result<(Self, Vec<Field>), Violations> {
        let (profile, judged) = self.judge(change, nomenclature);
        if judged.wrong.is_empty() {
            return Ok((profile, judged.changed));
        }
        let mut violations = Violations::default();
        for (field, problem) in judged.wrong {
            violations.add(change.path(field), problem);
        }
        Err(violations)
    }

    /// The profile of a new account, from what a program sent along for it, and the
    /// fields that are left out because they are wrong. All are judged in the country
    /// that the account comes to be in, also where the country itself is left out.
    #[must_use]
    pub fn prefilled(change: &ProfileChange, nomenclature: &Nomenclature) -> (Self, Vec<Field>) {
        let (profile, judged) = Self::default().judge(change, nomenclature);
        (profile, judged.wrong.into_iter().map(|(field, _)| field).collect())
    }

    /// This profile with all of the change that is right.
    fn judge(&self, change: &ProfileChange, nomenclature: &Nomenclature) -> (Self, Judged) {
        let mut judged = Judged::default();
        let asked = change.country.as_ref();
        let country = judged.put(Field::CountryCode, &self.country, self.country.alpha3(), asked);

        let parse_phone = |text: &str| Phone::parse(text, country);
        let parse_postal_code = |text: &str| PostalCode::parse(text, country);
        let parse_ape_code = |text: &str| parse_ape_code(text, country, nomenclature);
        let phone = change.phone.as_deref().map(|text| Asked::parse(text, parse_phone));
        let postal_code = change.postal_code.as_deref();
        let postal_code = postal_code.map(|text| Asked::parse(text, parse_postal_code));
        let ape_code = change.ape_code.as_deref().map(|text| Asked::parse(text, parse_ape_code));

        let mut profile = Self {
            company_name: judged.put(
                Field::CompanyName,
                &self.company_name,
                self.company_name.as_str(),
                change.company_name.as_ref(),
            ),
            last_name: judged.put(
                Field::LastName,
                &self.last_name,
                self.last_name.as_str(),
                change.last_name.as_ref(),
            ),
            first_name: judged.put(
                Field::FirstName,
                &self.first_name,
                self.first_name.as_str(),
                change.first_name.as_ref(),
            ),
            address: judged.put(
                Field::Address,
                &self.address,
                self.address.as_str(),
                change.address.as_ref(),
            ),
            postal_code: judged.put(
                Field::PostalCode,
                &self.postal_code,
                self.postal_code.as_str(),
                postal_code.as_ref(),
            ),
            city: judged.put(Field::City, &self.city, self.city.as_str(), change.city.as_ref()),
            country,
            // One that is sent back keeps its E.164, too: the line is the same one,
            // wherever the account is now.
            phone: judged.put(Field::Phone, &self.phone, self.phone.as_str(), phone.as_ref()),
            ape_code: judged.put(
                Field::ApeCode,
                &self.ape_code,
                self.ape_code.as_str(),
                ape_code.as_ref(),
            ),
        };
        if country != self.country {
            judged.resettle(Field::PostalCode, &mut profile.postal_code, |code| {
                parse_postal_code(code.as_str())
            });
            judged.resettle(Field::ApeCode, &mut profile.ape_code, |code| {
                parse_ape_code(code.as_str())
            });
        }
        judged.changed.sort_unstable();
        judged.wrong.sort_unstable_by_key(|(field, _)| *field);
        (profile, judged)
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

/// What was found in a form, field by field, in the order of the form.
#[derive(Default)]
struct Judged {
    changed: Vec<Field>,
    wrong: Vec<(Field, Problem)>,
}

impl Judged {
    /// The value that a field has after the change: what it was, which people saw as
    /// `shown`, where nothing else is asked for, or nothing that is right.
    fn put<T: Clone + PartialEq>(
        &mut self,
        field: Field,
        before: &T,
        shown: &str,
        asked: Option<&Asked<T>>,
    ) -> T {
        match asked.and_then(|asked| asked.in_place_of(shown)) {
            Some(Ok(value)) if value != before => {
                self.changed.push(field);
                value.clone()
            }
            Some(Err(problem)) => {
                self.wrong.push((field, problem));
                before.clone()
            }
            Some(Ok(_)) | None => before.clone(),
        }
    }

    /// Reads a value as the new country writes it, if the new country knows it at all.
    fn resettle<T: PartialEq>(
        &mut self,
        field: Field,
        value: &mut T,
        parse: impl FnOnce(&T) -> Result<T, Problem>,
    ) {
        if let Ok(parsed) = parse(value)
            && parsed != *value
        {
            *value = parsed;
            if !self.changed.contains(&field) {
                self.changed.push(field);
            }
        }
    }
}
