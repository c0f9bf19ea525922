//! The two searches of the form: a country by its name, an activity code by a trade. What is
//! typed as a code is taken as one; anything else is looked for.

use std::fmt;

use anyhow::Result;
use gestan_account_client::v1::{ApeCode, Country, ListCountriesRequest, SearchApeCodesRequest};

use crate::{app::App, terminal};

/// What is typed to see everything.
const ALL: &str = "?";

/// Codes on one screen, above which the two other choices stand.
const PAGE_SIZE: i32 = 12;

/// What of a label fits beside its code and the question, in characters.
const LABEL_CHARS: usize = 56;

/// What forty labels have in their middle, before what they differ in.
const WHOLESALE: &str = " (commerce interentreprises)";

/// The code of the country that was typed or chosen; none when the person went back.
pub(crate) fn country(app: &mut App, typed: &str) -> Result<Option<String>> {
    let is_code = typed.len() == 3 && typed.chars().all(|letter| letter.is_ascii_alphabetic());
    if is_code || typed.is_empty() {
        return Ok(Some(typed.to_ascii_uppercase()));
    }
    let known_version = app.countries.version.clone();
    let request = ListCountriesRequest { known_version, ..Default::default() };
    let Ok(answer) = app.insist(|| app.client.list_countries(request.clone()))? else {
        return Ok(None);
    };
    // Empty when the list that is kept is up to date.
    if !answer.countries.is_empty() {
        app.countries = answer;
    }
    let choices: Vec<CountryChoice> =
        app.countries.countries.iter().cloned().map(CountryChoice).collect();
    let typed = if typed == ALL { "" } else { typed };
    let chosen = terminal::find("Pays :", choices, typed)?;
    Ok(chosen.map(|CountryChoice(country)| country.code))
}

/// The activity code that was typed or chosen; none when the person went back.
pub(crate) fn ape_code(app: &App, typed: &str) -> Result<Option<String>> {
    if typed.is_empty() || is_ape_code(typed) {
        return Ok(Some(typed.to_owned()));
    }
    let mut query = if typed == ALL { String::new() } else { typed.to_owned() };
    loop {
        if query.is_empty() {
            let help = "Par exemple boulanger, plombier, ou 47 ; Échap pour revenir.";
            match terminal::ask_needed("Métier, ou début du code :", help, "")? {
                Some(words) => query = words,
                None => return Ok(None),
            }
        }
        match choose(app, &query)? {
            Some(ApeChoice::Code(code)) => return Ok(Some(code.code)),
            Some(ApeChoice::Other) => query.clear(),
            Some(ApeChoice::More) | None => return Ok(None),
        }
    }
}

/// One of the codes that a query finds, or another query.
fn choose(app: &App, query: &str) -> Result<Option<ApeChoice>> {
    let query = query.to_owned();
    let mut request = SearchApeCodesRequest { query, page_size: PAGE_SIZE, ..Default::default() };
    loop {
        let Ok(answer) = app.insist(|| app.client.search_ape_codes(request.clone()))? else {
            return Ok(Some(ApeChoice::Other));
        };
        if answer.ape_codes.is_empty() {
            println!("  Aucun code ne correspond à « {} ».", request.query);
            return Ok(Some(ApeChoice::Other));
        }
        let mut choices: Vec<ApeChoice> =
            answer.ape_codes.into_iter().map(ApeChoice::Code).collect();
        if !answer.next_page_token.is_empty() {
            choices.push(ApeChoice::More);
        }
        choices.push(ApeChoice::Other);
        match terminal::choose("Activité :", choices, 0)? {
            Some(ApeChoice::More) => request.page_token = answer.next_page_token,
            chosen => return Ok(chosen),
        }
    }
}

/// Whether a text is a whole code, as it is printed or as it is stored.
fn is_ape_code(text: &str) -> bool {
    let code: String = text.chars().filter(|c| !matches!(c, '.' | ' ' | '-')).collect();
    match code.as_bytes() {
        [digits @ .., letter] if digits.len() == 4 => {
            digits.iter().all(u8::is_ascii_digit) && letter.is_ascii_alphabetic()
        }
        _ => false,
    }
}

struct CountryChoice(Country);

impl fmt::Display for CountryChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.name, self.0.code)
    }
}

enum ApeChoice {
    Code(ApeCode),
    More,
    Other,
}

impl fmt::Display for ApeChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => {
                let label = code.label.replace(WHOLESALE, "");
                let shown: String = label.chars().take(LABEL_CHARS).collect();
                let cut = if label.chars().count() > LABEL_CHARS { "…" } else { "" };
                write!(f, "{}  {shown}{cut}", code.printed)
            }
            Self::More => f.write_str("Voir la suite"),
            Self::Other => f.write_str("Chercher autre chose"),
        }
    }
}
