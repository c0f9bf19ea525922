//! The fields of the form, but for the e-mail address, which has a flow of its
//! own.

use super::{
    ape_code::{ApeCode, Nomenclature},
    country::Country,
    phone::Phone,
    postal_code::PostalCode,
    text::{Line, Lines},
    violation::{Problem, Violations},
};

/// A field that Update may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `email`
    Email,
    /// `company_name`
    CompanyName,
    /// `last_name`
    LastName,
    /// `first_name`
    FirstName,
    /// `address`
    Address,
    /// `postal_code`
    PostalCode,
    /// `city`
    City,
    /// `country_code`
    CountryCode,
    /// `phone`
    Phone,
    /// `ape_code`
    ApeCode,
}

impl Field {
    /// Every writable field, in the order of the form.
    pub const ALL: [Self; 10] = [
        Self::Email,
        Self::CompanyName,
        Self::LastName,
        Self::FirstName,
        Self::Address,
        Self::PostalCode,
        Self::City,
        Self::CountryCode,
        Self::Phone,
        Self::ApeCode,
    ];

    /// Its name in the proto file, and in an update mask.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::CompanyName => "company_name",
            Self::LastName => "last_name",
            Self::FirstName => "first_name",
            Self::Address => "address",
            Self::PostalCode => "postal_code",
            Self::City => "city",
            Self::CountryCode => "country_code",
            Self::Phone => "phone",
            Self::ApeCode => "ape_code",
        }
    }

    /// The field that a path of an update mask names.
    ///
    /// # Errors
    /// [`Problem::ReadOnly`] or [`Problem::UnknownField`], by name.
    pub fn from_path(path: &str) -> Result<Self, Problem> {
        const READ_ONLY: [&str; 5] = ["id", "etag", "pending_email", "create_time", "update_time"];
        if let Some(field) = Self::ALL.into_iter().find(|field| field.name() == path) {
            return Ok(field);
        }
        let path: String = path.chars().take(64).collect();
        if READ_ONLY.contains(&path.as_str()) {
            Err(Problem::ReadOnly { path })
        } else {
            Err(Problem::UnknownField { path })
        }
    }
}

/// The fields as a request has them, not yet looked at.
#[derive(Clone, Default)]
#[expect(missing_docs, reason = "named as in the proto file, which explains them")]
pub struct RawProfile {
    pub company_name: String,
    pub last_name: String,
    pub first_name: String,
    pub address: String,
    pub postal_code: String,
    pub city: String,
    pub country_code: String,
    pub phone: String,
    pub ape_code: String,
}

/// The fields of an account.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the proto file, which explains them")]
pub struct Profile {
    pub company_name: Line<120>,
    pub last_name: Line<80>,
    pub first_name: Line<80>,
    pub address: Lines<500>,
    pub postal_code: PostalCode,
    pub city: Line<100>,
    pub country: Country,
    pub phone: Phone,
    pub ape_code: ApeCode,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            company_name: Line::default(),
            last_name: Line::default(),
            first_name: Line::default(),
            address: Lines::default(),
            postal_code: PostalCode::default(),
            city: Line::default(),
            country: Country::FRANCE,
            phone: Phone::default(),
            ape_code: ApeCode::default(),
        }
    }
}

impl Profile {
    /// This profile with the named `fields` taken from `raw`. Postal code and
    /// APE code are looked at again when the country changes: what is right in
    /// one country may be wrong in another. Bad fields are added to
    /// `violations` under `parent`, all at once; only if none was is the result
    /// of any use.
    #[must_use]
    pub fn with(
        &self,
        raw: &RawProfile,
        fields: &[Field],
        parent: &str,
        nomenclature: &Nomenclature,
        violations: &mut Violations,
    ) -> Self {
        let mut next = self.clone();
        let mut form = Form { parent, fields, violations };
        form.set(Field::CompanyName, &mut next.company_name, || Line::parse(&raw.company_name));
        form.set(Field::LastName, &mut next.last_name, || Line::parse(&raw.last_name));
        form.set(Field::FirstName, &mut next.first_name, || Line::parse(&raw.first_name));
        form.set(Field::Address, &mut next.address, || Lines::parse(&raw.address));
        form.set(Field::City, &mut next.city, || Line::parse(&raw.city));
        form.set(Field::CountryCode, &mut next.country, || Country::parse(&raw.country_code));
        let country = next.country;
        let moved = country != self.country;

        form.set(Field::Phone, &mut next.phone, || Phone::parse(&raw.phone, country));
        let postal_code = form.given(Field::PostalCode, &raw.postal_code);
        if moved || postal_code.is_some() {
            let text = postal_code.unwrap_or(self.postal_code.as_str());
            let parsed = PostalCode::parse(text, country);
            form.put(Field::PostalCode, &mut next.postal_code, parsed);
        }
        let ape_code = form.given(Field::ApeCode, &raw.ape_code);
        if moved || ape_code.is_some() {
            let text = ape_code.unwrap_or(self.ape_code.as_str());
            let parsed = parse_ape_code(text, country, nomenclature);
            form.put(Field::ApeCode, &mut next.ape_code, parsed);
        }
        next
    }

    /// The fields in which `other` differs.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<Field> {
        let same = [
            (Field::CompanyName, self.company_name == other.company_name),
            (Field::LastName, self.last_name == other.last_name),
            (Field::FirstName, self.first_name == other.first_name),
            (Field::Address, self.address == other.address),
            (Field::PostalCode, self.postal_code == other.postal_code),
            (Field::City, self.city == other.city),
            (Field::CountryCode, self.country == other.country),
            (Field::Phone, self.phone == other.phone),
            (Field::ApeCode, self.ape_code == other.ape_code),
        ];
        same.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
    }
}

fn parse_ape_code(
    text: &str,
    country: Country,
    nomenclature: &Nomenclature,
) -> Result<ApeCode, Problem> {
    let line = Line::<{ ApeCode::MAX_CHARS }>::parse(text)?;
    if country == Country::FRANCE {
        ApeCode::parse_french(line.as_str(), nomenclature)
    } else {
        Ok(ApeCode::foreign(line.as_str()))
    }
}

/// What is being written, and what was wrong so far.
struct Form<'a> {
    parent: &'a str,
    fields: &'a [Field],
    violations: &'a mut Violations,
}

impl Form<'_> {
    fn set<T>(&mut self, field: Field, slot: &mut T, parse: impl FnOnce() -> Result<T, Problem>) {
        if self.fields.contains(&field) {
            self.put(field, slot, parse());
        }
    }

    fn put<T>(&mut self, field: Field, slot: &mut T, parsed: Result<T, Problem>) {
        let path = format!("{}.{}", self.parent, field.name());
        if let Some(value) = self.violations.check(path, parsed) {
            *slot = value;
        }
    }

    fn given<'a>(&self, field: Field, text: &'a str) -> Option<&'a str> {
        self.fields.contains(&field).then_some(text)
    }
}
