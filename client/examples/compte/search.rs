//! The two searches of the form: a country by its name, an activity code by a trade. What is
//! typed as a code is taken as one; anything else is looked for.

use std::fmt;

use anyhow::Result;
use gestan_account_client::v1::{ApeCode, Country};
use gestan_account_wizard::{Action, Field};

use crate::{app::App, terminal};

/// What is typed to see everything.
const ALL: &str = "?";

/// What of a label fits beside its code and the question, in characters.
const LABEL_CHARS: usize = 56;

/// What forty labels have in their middle, before what they differ in.
const WHOLESALE: &str = " (commerce interentreprises)";

/// Takes the code of the country that was typed, or that is chosen.
pub(crate) fn country(app: &mut App, typed: &str) -> Result<()> {
    let is_code = typed.len() == 3 && typed.chars().all(|letter| letter.is_ascii_alphabetic());
    if is_code || typed.is_empty() {
        app.wizard.set(Field::Country, &typed.to_ascii_uppercase());
        return Ok(());
    }
    app.go(Action::SearchCountry)?;
    if app.has_failed() {
        return app.go(Action::Back);
    }
    let choices = app.wizard.countries().into_iter().cloned().map(CountryChoice).collect();
    let typed = if typed == ALL { "" } else { typed };
    match terminal::find("Pays :", choices, typed)? {
        Some(CountryChoice(country)) => app.go(Action::PickCountry(country.code)),
        None => app.go(Action::Back),
    }
}

/// Takes the activity code that was typed, or that is chosen.
pub(crate) fn ape_code(app: &mut App, typed: &str) -> Result<()> {
    if typed.is_empty() || is_ape_code(typed) {
        app.wizard.set(Field::ApeCode, typed);
        return Ok(());
    }
    app.go(Action::SearchApe)?;
    let mut query = if typed == ALL { String::new() } else { typed.to_owned() };
    loop {
        if query.is_empty() {
            let help = "Par exemple boulanger, plombier, ou 47 ; Échap pour revenir.";
            match terminal::ask_needed("Métier, ou début du code :", help, "")? {
                Some(words) => query = words,
                None => return app.go(Action::Back),
            }
        }
        app.submit(&[(Field::ApeQuery, &query)])?;
        match choose(app)? {
            Some(ApeChoice::Code(code)) => return app.go(Action::PickApe(code.code)),
            Some(ApeChoice::Other) => query.clear(),
            Some(ApeChoice::More) | None => return app.go(Action::Back),
        }
    }
}

/// One of the codes that a query finds, or another query.
fn choose(app: &mut App) -> Result<Option<ApeChoice>> {
    let mut seen = 0;
    loop {
        let codes = app.wizard.ape_codes();
        if codes.is_empty() {
            return Ok(Some(ApeChoice::Other));
        }
        let count = codes.len();
        let mut choices: Vec<ApeChoice> = codes.iter().cloned().map(ApeChoice::Code).collect();
        if app.wizard.has_more_ape_codes() {
            choices.push(ApeChoice::More);
        }
        choices.push(ApeChoice::Other);
        match terminal::choose("Activité :", choices, seen)? {
            Some(ApeChoice::More) => {
                app.go(Action::MoreApe)?;
                seen = count;
            }
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
