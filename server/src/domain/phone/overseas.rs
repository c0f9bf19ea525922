//! France's numbering, which serves overseas, too: one number has ten digits wherever it
//! is dialled from, but each department and collectivity has a country code of its own.
//!
//! The table is ARCEP's division of the numbering (decision 2018-0881 and its changes), as
//! far as libphonenumber's plans of these countries bear it out. It must not say which
//! numbers exist: the library does.

use crate::domain::country::Country;

/// The countries that dial in this numbering.
const COUNTRIES: [&str; 9] = ["FRA", "GLP", "GUF", "MTQ", "REU", "MYT", "SPM", "BLM", "MAF"];

/// The code of Saint-Pierre-et-Miquelon. Seen from France it stands in front of a
/// landline, as 0508, and is then no part of the number itself.
const SAINT_PIERRE: &str = "508";

/// Country codes, and how numbers begin behind the 0: landlines, mobiles, numbers in 09.
const CODES: [(&str, &[&str]); 6] = [
    // Guadeloupe, Saint-Martin, Saint-Barthélemy.
    ("590", &["590", "5987", "690", "691", "7090", "9395", "9475", "9760", "9761", "9768"]),
    // Guyane.
    ("594", &["594", "5988", "694", "7093", "9396", "9476", "9764", "9765"]),
    // Martinique.
    ("596", &["596", "5989", "696", "697", "7091", "9397", "9477", "9766", "9767"]),
    // La Réunion.
    ("262", &["262", "263", "2688", "692", "693", "7092", "9399", "9479", "9762", "9763"]),
    // Mayotte.
    ("262", &["269", "2689", "639", "70935", "70936", "70937", "9398", "9478", "9769"]),
    (SAINT_PIERRE, &[SAINT_PIERRE, "7084", "7085"]),
];

/// Whether numbers are dialled in `country` as they are in France.
pub(super) fn writes_as_in_france(country: Country) -> bool {
    COUNTRIES.contains(&country.alpha3())
}

/// A number overseas with its country code in front; `None` for one in France proper.
/// `digits` are those behind the 0.
pub(super) fn international(digits: &str) -> Option<String> {
    let begins = |prefix: &&str| digits.starts_with(*prefix);
    let longest = |prefixes: &[&str]| prefixes.iter().copied().filter(begins).map(str::len).max();
    let found = CODES.iter().filter_map(|(code, prefixes)| Some((longest(prefixes)?, *code)));
    let (_, code) = found.max()?;
    let landline = digits.strip_prefix(SAINT_PIERRE).filter(|_| code == SAINT_PIERRE);
    Some(format!("+{code}{}", landline.unwrap_or(digits)))
}
