//! Countries: the assigned codes of ISO 3166-1.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{locale::Locale, paste, violation::Problem};

/// `alpha3,alpha2,name_fr,name_en`, one country a line.
const TABLE: &str = include_str!("../../data/countries.csv");

static ALPHA2: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    TABLE
        .lines()
        .skip(1)
        .filter_map(|line| {
            let (alpha3, rest) = line.split_once(',')?;
            Some((alpha3, rest.split_once(',')?.0))
        })
        .collect()
});

/// An assigned ISO 3166-1 alpha-3 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(&'static str);

/// Where an account is when it does not say: Gestan is sold in France.
impl Default for Country {
    fn default() -> Self {
        Self::FRANCE
    }
}

impl Country {
    /// France, whose postal codes, telephone numbers and APE codes have rules here.
    pub const FRANCE: Self = Self("FRA");

    /// Looks a code up; case, spaces and what is invisible are ignored.
    ///
    /// # Errors
    /// [`Problem::Required`] when empty, [`Problem::UnknownCountry`] otherwise.
    pub fn parse(code: &str) -> Result<Self, Problem> {
        let code = paste::compact(code);
        if code.is_empty() {
            return Err(Problem::Required);
        }
        if code.len() != 3 {
            return Err(Problem::UnknownCountry);
        }
        ALPHA2
            .get_key_value(code.to_ascii_uppercase().as_str())
            .map(|(alpha3, _)| Self(alpha3))
            .ok_or(Problem::UnknownCountry)
    }

    /// Every country, with its name in a language.
    pub fn all(locale: Locale) -> impl Iterator<Item = (Self, &'static str)> {
        TABLE.lines().skip(1).filter_map(move |line| {
            let mut fields = line.split(',');
            let (alpha3, _) = (fields.next()?, fields.next()?);
            let (french, english) = (fields.next()?, fields.next()?);
            Some(match locale {
                Locale::Fr => (Self(alpha3), french),
                Locale::En => (Self(alpha3), english),
            })
        })
    }

    /// The alpha-3 code.
    #[must_use]
    pub fn alpha3(self) -> &'static str {
        self.0
    }

    /// The alpha-2 code, by which numbering plans go.
    #[must_use]
    pub fn alpha2(self) -> &'static str {
        ALPHA2.get(self.0).copied().unwrap_or("FR")
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(|_| D::Error::custom("no country"))
    }
}
