//! The questions, in French. Escape and Ctrl-C are one answer: `None`, back to
//! where one came from.

mod line;

use std::fmt::Display;

use anyhow::{Result, bail};
use gestan_account_wizard::{Strength, folded, strength};
use inquire::{
    InquireError, Select,
    error::InquireResult,
    ui::{RenderConfig, Styled},
};

use self::line::Question;

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
    let question = Question { message, help, initial, is_secret: false, check: &|_| Ok(()) };
    Ok(question.ask()?.map(|text| text.trim().to_owned()))
}

/// A line of text that is not empty.
pub(crate) fn ask_needed(message: &str, help: &str, initial: &str) -> Result<Option<String>> {
    let question = Question { message, help, initial, is_secret: false, check: &needed };
    Ok(question.ask()?.map(|text| text.trim().to_owned()))
}

/// What is seen of a number that was typed or pasted: no spaces, and nothing invisible.
pub(crate) fn seen(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation()).collect()
}

/// A password or code that exists, typed once and masked.
pub(crate) fn ask_secret(message: &str, help: &str) -> Result<Option<String>> {
    Question { message, help, initial: "", is_secret: true, check: &needed }.ask()
}

/// A new password, typed twice and masked. One that is plainly weak is refused before it is
/// typed again; the service, which knows more words, judges the others.
pub(crate) fn ask_new_password() -> Result<Option<String>> {
    println!("  Au moins 10 caractères : quelques mots sans lien entre eux suffisent.");
    let help = "Ctrl+R affiche ou cache la saisie, Échap pour revenir.";
    let question = |message, check| Question { message, help, initial: "", is_secret: true, check };
    loop {
        let Some(password) = question("Nouveau mot de passe :", &not_weak).ask()? else {
            return Ok(None);
        };
        match question("Encore une fois :", &needed).ask()? {
            Some(again) if again == password => return Ok(Some(password)),
            Some(_) => println!("  ✗ Les deux saisies sont différentes."),
            None => return Ok(None),
        }
    }
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

/// One of many choices, of which those are left that have the words that are typed; `typed` is
/// typed already.
pub(crate) fn find<T: Display>(message: &str, choices: Vec<T>, typed: &str) -> Result<Option<T>> {
    let texts: Vec<String> = choices.iter().map(|choice| folded(&choice.to_string())).collect();
    let has = |text: &str, typed: &str| {
        let begins = |word: &str| text.split(' ').any(|other| other.starts_with(word));
        folded(typed).split(' ').all(begins)
    };
    let check = |typed: &str| {
        let is_found = texts.iter().any(|text| has(text, typed));
        if is_found { Ok(()) } else { Err("Rien de tel ; Échap pour revenir.") }
    };
    let mut typed = typed.to_owned();
    if typed.is_empty() || check(&typed).is_err() {
        let help = "Le début d'un mot suffit ; Entrée seule montre tout, Échap pour revenir.";
        let initial = &typed.clone();
        let question = Question { message, help, initial, is_secret: false, check: &check };
        match question.ask()? {
            Some(words) => typed = words,
            None => return Ok(None),
        }
    }
    let found = choices.into_iter().zip(&texts).filter(|(_, text)| has(text, &typed));
    choose(message, found.map(|(choice, _)| choice).collect(), 0)
}

/// Yes or no; Escape is no.
pub(crate) fn agree(message: &str, default: bool) -> Result<bool> {
    let yes_or_no = |text: &str| match text.trim().to_lowercase().as_str() {
        "" => Some(default),
        "o" | "oui" => Some(true),
        "n" | "non" => Some(false),
        _ => None,
    };
    let message = format!("{message} ({})", if default { "O/n" } else { "o/N" });
    let question = Question {
        message: &message,
        help: "",
        initial: "",
        is_secret: false,
        check: &|text| yes_or_no(text).map(drop).ok_or("Répondez « oui » ou « non »."),
    };
    Ok(question.ask()?.and_then(|text| yes_or_no(&text)).unwrap_or(false))
}

fn needed(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() { Err("Il faut une réponse ; Échap pour revenir.") } else { Ok(()) }
}

/// What the service asks of every password.
fn not_weak(text: &str) -> Result<(), &'static str> {
    needed(text)?;
    match strength(text, &[]) {
        Strength::TooShort => {
            Err("Trop court : au moins 10 caractères, par exemple quelques mots sans lien.")
        }
        Strength::TooWeak => {
            Err("Trop facile à deviner : quelques mots sans lien entre eux, par exemple.")
        }
        Strength::Good(_) => Ok(()),
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
