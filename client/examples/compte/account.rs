//! What can be done from the form beside changing it: each asks what its screen asks for, and
//! comes back to the form.

use std::fmt;

use anyhow::Result;
use gestan_account_client::v1::{Account, LinkedMachine};
use gestan_account_wizard::{Action, Field, Language, Screen, describe_machine};

use crate::{
    app::{self, App, plain},
    code, terminal,
};

const HELP: &str = "Ou un code personnel reçu par courriel. Ctrl+R affiche ou cache la saisie.";

struct Choice(LinkedMachine);

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&describe_machine(&self.0, &app::moment(), Language::French)))
    }
}

/// Takes a change of address back that waits for its code.
pub(crate) fn keep_address(app: &mut App, account: &Account) -> Result<()> {
    println!("  {} ne remplacera pas {}.", account.pending_email, account.email);
    app.go(Action::KeepAddress)?;
    prove(app, HELP)
}

pub(crate) fn detach_other(app: &mut App) -> Result<()> {
    let machines = app.wizard.machines().iter();
    let others = machines.filter(|machine| !machine.current).cloned().map(Choice).collect();
    let Some(Choice(linked)) = terminal::choose("Poste à détacher :", others, 0)? else {
        return Ok(());
    };
    app.go(Action::DetachMachine(linked.machine.unwrap_or_default().id))?;
    prove(app, "Le mot de passe du compte. Ctrl+R affiche ou cache la saisie.")
}

pub(crate) fn detach_this(app: &mut App) -> Result<()> {
    if !terminal::agree("Détacher ce poste du compte ?", false)? {
        return Ok(());
    }
    app.go(Action::Detach)?;
    app.submit(&[])?;
    leave(app, &Screen::Detach)
}

/// A machine is linked again, under its new name.
pub(crate) fn rename(app: &mut App) -> Result<()> {
    app.go(Action::Rename)?;
    while *app.wizard.screen() == Screen::Rename {
        let help = "Il figure dans la liste des postes du compte. Échap pour revenir.";
        let initial = app.wizard.value(Field::MachineName);
        let Some(name) = terminal::ask_needed("Nouveau nom de ce poste :", help, initial)? else {
            return app.go(Action::Back);
        };
        app.wizard.set(Field::MachineName, &name);
        let Some(password) = terminal::ask_secret("Mot de passe :", HELP)? else {
            return app.go(Action::Back);
        };
        app.submit(&[(Field::Password, &password)])?;
        if app.wizard.trouble().is_some_and(|trouble| trouble.may_repeat) {
            return app.go(Action::Back);
        }
    }
    Ok(())
}

/// For a person who knows the password in force.
pub(crate) fn change_password(app: &mut App) -> Result<()> {
    let help = "Oublié ? Échap, puis « Recevoir un code personnel par courriel ».";
    let Some(current) = terminal::ask_secret("Mot de passe actuel :", help)? else {
        return Ok(());
    };
    app.go(Action::ChangePassword)?;
    app.wizard.set(Field::CurrentPassword, &current);
    while *app.wizard.screen() == Screen::ChangePassword {
        let Some(new) = terminal::ask_new_password()? else {
            return app.go(Action::Back);
        };
        let yes = terminal::agree("Détacher tous les autres postes de ce compte ?", false)?;
        app.wizard.set_unlink_others(yes);
        app.submit(&[(Field::NewPassword, &new), (Field::NewPasswordAgain, &new)])?;
        // Too weak: another one, with the same current password.
        if app.has_failed() && app.wizard.error_of(Field::NewPassword).is_none() {
            return app.go(Action::Back);
        }
    }
    Ok(())
}

/// The code is good for the password prompts of this program, too, so the
/// person may also go back to the form with it.
pub(crate) fn mail_code(app: &mut App) -> Result<()> {
    app.go(Action::MailCode)?;
    if app.has_failed() {
        return Ok(());
    }
    app.tell();
    if terminal::agree("L'utiliser maintenant pour choisir un nouveau mot de passe ?", true)? {
        app.go(Action::Resume)?;
        code::run(app)?;
    }
    Ok(())
}

/// Asks for the password of what is to be done, once.
pub(crate) fn prove(app: &mut App, help: &str) -> Result<()> {
    let screen = app.wizard.screen().clone();
    if !matches!(screen, Screen::Prove(_)) {
        return Ok(());
    }
    match terminal::ask_secret("Mot de passe :", help)? {
        Some(password) => app.submit(&[(Field::Password, &password)])?,
        None => app.go(Action::Back)?,
    }
    leave(app, &screen)
}

/// Goes back from a screen whose call was refused.
fn leave(app: &mut App, screen: &Screen) -> Result<()> {
    if app.wizard.screen() == screen { app.go(Action::Back) } else { Ok(()) }
}
