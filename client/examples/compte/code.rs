//! From the mail to the password: the steps that an opening, a forgotten
//! password and a new address share. Each is written down before the next, so
//! that the program may be closed in between.

use std::fmt;

use anyhow::Result;
use gestan_account_wizard::{Action, Field, Purpose, Screen};

use crate::{app::App, terminal};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Type,
    SendAgain,
    GiveUp,
    Later,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => "Saisir le code",
            Self::SendAgain => "Renvoyer le courriel",
            Self::GiveUp => "Abandonner cette demande (par exemple si l'adresse est fausse)",
            Self::Later => "Revenir au menu, et saisir le code plus tard",
        })
    }
}

/// Goes on with what is pending, until it is done or the person leaves.
pub(crate) fn run(app: &mut App) -> Result<()> {
    loop {
        match app.wizard.screen() {
            Screen::Code => {
                app.tell();
                enter_code(app)?;
            }
            Screen::Password => {
                app.tell();
                choose_password(app)?;
            }
            _ => return Ok(()),
        }
    }
}

fn enter_code(app: &mut App) -> Result<()> {
    let help = "Le code du courriel, XXXX-XXXX-XXXX. Entrée sans rien taper : autres choix.";
    match terminal::ask("Code personnel :", help, "")? {
        None => app.go(Action::Back),
        Some(code) if code.is_empty() => other_choices(app),
        Some(code) => app.submit(&[(Field::Code, &code)]),
    }
}

fn other_choices(app: &mut App) -> Result<()> {
    let mut choices = vec![Choice::Type, Choice::SendAgain, Choice::GiveUp, Choice::Later];
    let pending = app.wizard.kept().pending.as_ref();
    if pending.is_some_and(|pending| pending.purpose == Purpose::NewAddress) {
        // Only the form can ask for it again: it takes the password.
        choices.retain(|choice| *choice != Choice::SendAgain);
    }
    match terminal::choose("Que voulez-vous faire ?", choices, 0)? {
        Some(Choice::Type) => Ok(()),
        Some(Choice::SendAgain) => app.go(Action::SendAgain),
        Some(Choice::GiveUp) => app.go(Action::GiveUp),
        Some(Choice::Later) | None => app.go(Action::Back),
    }
}

fn choose_password(app: &mut App) -> Result<()> {
    let Some(password) = terminal::ask_new_password()? else {
        println!("  Vous pourrez le choisir plus tard, pendant une heure.");
        return app.go(Action::Back);
    };
    let pending = app.wizard.kept().pending.as_ref();
    if pending.is_some_and(|pending| pending.account_existed) {
        let yes = terminal::agree("Détacher tous les autres postes de ce compte ?", false)?;
        app.wizard.set_unlink_others(yes);
    }
    app.submit(&[(Field::NewPassword, &password), (Field::NewPasswordAgain, &password)])
}
