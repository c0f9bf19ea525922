//! ListCountries: every country, by its name in the caller's language. The list is closed and
//! small, so that it is one answer without pages.

use super::{Reference, version};
use crate::domain::{country::Country, locale::Locale, search_words::words};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct ListCountries {
    /// The language of the names.
    pub locale: Locale,
    /// The version that the caller has kept, or nothing.
    pub known_version: String,
}

/// The list, unless the caller has it.
#[derive(Clone, Debug)]
pub struct CountriesListed {
    /// The countries and their names, in the order of the language.
    pub countries: Vec<(Country, &'static str)>,
    /// Names the list.
    pub version: String,
}

impl Reference {
    /// Lists the countries.
    #[must_use]
    pub fn list_countries(&self, query: &ListCountries) -> CountriesListed {
        let CountryList { countries, version } = self.countries.of(query.locale);
        let countries = if query.known_version == *version { &[][..] } else { countries };
        CountriesListed { countries: countries.to_vec(), version: version.clone() }
    }
}

/// The countries in each language, sorted once.
#[derive(Debug)]
pub(super) struct CountryLists {
    french: CountryList,
    english: CountryList,
}

#[derive(Debug)]
struct CountryList {
    countries: Vec<(Country, &'static str)>,
    version: String,
}

impl Default for CountryLists {
    fn default() -> Self {
        Self { french: CountryList::new(Locale::Fr), english: CountryList::new(Locale::En) }
    }
}

impl CountryLists {
    fn of(&self, locale: Locale) -> &CountryList {
        match locale {
            Locale::Fr => &self.french,
            Locale::En => &self.english,
        }
    }
}

impl CountryList {
    fn new(locale: Locale) -> Self {
        let mut countries: Vec<_> = Country::all(locale).collect();
        // By the normal form: Égypte stands between Équateur and El Salvador, and not behind
        // the Zambia.
        countries.sort_by_cached_key(|(_, name)| words(name).join(" "));
        let names = countries.iter().flat_map(|(country, name)| [country.alpha3(), name]);
        let version = version::of([locale.tag()].into_iter().chain(names));
        Self { countries, version }
    }
}
