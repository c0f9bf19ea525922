//! The questions, in French. Escape and Ctrl-C are one answer: `None`, back to
//! where one came from.

use std::fmt::Display;

use anyhow::{Result, bail};
use inquire::{
    Confirm, InquireError, Password, PasswordDisplayMode, Select, Text,
    error::InquireResult,
    ui::{RenderConfig, Styled},
    validator::{StringValidator, Validation},
};
use zxcvbn::zxcvbn;

/// How short a new password may be, in characters, and what zxcvbn must give it of 4, as the
/// service asks.
const MIN_PASSWORD_CHARS: usize = 10;
const MIN_PASSWORD_SCORE: u8 = 3;

/// Clears what stands behind the cursor and below it (ECMA-48, ED).
const CLEAR_BELOW: &str = "\x1b[J";

/// Replaces the few words that the prompts bring in English.
pub(crate) fn speak_french() {
    let config = RenderConfig::default();
    inquire::set_global_render_config(
        config.with_canceled_prompt_indicator(Styled::new("(annulé)")),
    );
}

/// A line of text; it may be empty.
pub(crate) fn ask(message: &str, help: &str, initial: &str) -> Result<Option<String>> {
    let prompt = Text::new(message).with_help_message(help).with_initial_value(initial);
    Ok(answer(prompt.prompt())?.map(|text| text.trim().to_owned()))
}

/// A line of text that is not empty.
pub(crate) fn ask_needed(message: &str, help: &str, initial: &str) -> Result<Option<String>> {
    let prompt = Text::new(message)
        .with_help_message(help)
        .with_initial_value(initial)
        .with_validator(needed());
    Ok(answer(prompt.prompt())?.map(|text| text.trim().to_owned()))
}

/// What is seen of a number that was typed or pasted: no spaces, and nothing invisible.
pub(crate) fn seen(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation()).collect()
}

/// A password or code that exists, typed once and masked.
pub(crate) fn ask_secret(message: &str, help: &str) -> Result<Option<String>> {
    let prompt = masked(message, help).without_confirmation().with_validator(needed());
    answer(prompt.prompt())
}

/// A new password, typed twice and masked. One that is plainly weak is refused before it is
/// typed again; the service, which knows more words, judges the others.
pub(crate) fn ask_new_password() -> Result<Option<String>> {
    println!("  Au moins 10 caractères : quelques mots sans lien entre eux suffisent.");
    let help = "Ctrl+R affiche ou cache la saisie, Échap pour revenir.";
    let prompt = masked("Nouveau mot de passe :", help)
        .with_custom_confirmation_message("Encore une fois :")
        .with_custom_confirmation_error_message("Les deux saisies sont différentes.")
        .with_validator(needed())
        .with_validator(not_weak());
    answer(prompt.prompt())
}

/// One of several choices, from the one at `cursor` on.
pub(crate) fn choose<T: Display>(
    message: &str,
    choices: Vec<T>,
    cursor: usize,
) -> Result<Option<T>> {
    let prompt = Select::new(message, choices)
        .with_help_message("↑↓ pour se déplacer, Entrée pour choisir, Échap pour revenir")
        .with_starting_cursor(cursor)
        .with_page_size(16)
        .with_formatter(&|choice| {
            // Without what aligns it under its neighbours.
            choice.value.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .without_filtering();
    answer(prompt.prompt())
}

/// One of many choices, of which those are left that have the words that are typed; `typed`
/// stands there already.
pub(crate) fn find<T: Display>(message: &str, choices: Vec<T>, typed: &str) -> Result<Option<T>> {
    let prompt = Select::new(message, choices)
        .with_help_message("Tapez le début d'un mot ; ↑↓, Entrée pour choisir, Échap pour revenir")
        .with_starting_filter_input(typed)
        .with_page_size(16)
        .with_scorer(&|typed, _, choice, _| {
            let choice = folded(choice);
            let has = |word: &str| choice.split(' ').any(|other| other.starts_with(word));
            folded(typed).split(' ').all(has).then_some(0)
        });
    answer(prompt.prompt())
}

/// A text as it is compared: without case, without the accents of French, and with nothing but
/// spaces between its words.
fn folded(text: &str) -> String {
    let small = text.to_lowercase();
    let folded = small.chars().map(|letter| match letter {
        'à' | 'â' | 'ä' | 'á' | 'ã' | 'å' => 'a',
        'ç' => 'c',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'î' | 'ï' | 'í' => 'i',
        'ô' | 'ö' | 'ó' => 'o',
        'ù' | 'û' | 'ü' => 'u',
        letter if letter.is_alphanumeric() => letter,
        _ => ' ',
    });
    folded.collect::<String>().trim().to_owned()
}

/// Yes or no; Escape is no.
pub(crate) fn agree(message: &str, default: bool) -> Result<bool> {
    let prompt = Confirm::new(message)
        .with_default(default)
        .with_parser(&|text| match text.to_lowercase().as_str() {
            "o" | "oui" => Ok(true),
            "n" | "non" => Ok(false),
            _ => Err(()),
        })
        .with_formatter(&|yes| if yes { "oui" } else { "non" }.to_owned())
        .with_default_value_formatter(&|yes| if yes { "O/n" } else { "o/N" }.to_owned())
        .with_error_message("Répondez « oui » ou « non ».");
    Ok(answer(prompt.prompt())?.unwrap_or(false))
}

fn masked<'a>(message: &'a str, help: &'a str) -> Password<'a> {
    Password::new(message)
        .with_help_message(help)
        .with_display_mode(PasswordDisplayMode::Masked)
        .with_display_toggle_enabled()
}

fn needed() -> impl StringValidator + 'static {
    |text: &str| {
        Ok(if text.trim().is_empty() {
            Validation::Invalid("Il faut une réponse ; Échap pour revenir.".into())
        } else {
            Validation::Valid
        })
    }
}

/// What the service asks of every password.
fn not_weak() -> impl StringValidator + 'static {
    |text: &str| {
        let problem = if text.chars().count() < MIN_PASSWORD_CHARS {
            "Trop court : au moins 10 caractères, par exemple quelques mots sans lien."
        } else if u8::from(zxcvbn(text, &[]).score()) < MIN_PASSWORD_SCORE {
            "Trop facile à deviner : quelques mots sans lien entre eux, par exemple."
        } else {
            return Ok(Validation::Valid);
        };
        Ok(Validation::Invalid(problem.into()))
    }
}

fn answer<T>(result: InquireResult<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(InquireError::OperationCanceled) => Ok(None),
        Err(InquireError::OperationInterrupted) => {
            // The prompt leaves its help behind the cursor, or below it.
            println!("{CLEAR_BELOW}");
            Ok(None)
        }
        Err(InquireError::NotTTY) => bail!("ce programme pose des questions : il faut un terminal"),
        Err(error) => Err(error.into()),
    }
}
