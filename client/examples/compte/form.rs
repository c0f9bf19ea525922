//! The form of a linked machine: the account, its machines, and what can be
//! done with them.

use std::fmt;

use anyhow::Result;
use gestan_account_wizard::Action;

use crate::{
    account,
    app::{App, Next},
    code, edit, terminal, view,
};

#[derive(Clone, Copy)]
enum Choice {
    Resume,
    Edit,
    KeepAddress,
    ChangePassword,
    Rename,
    DetachOther,
    DetachThis,
    MailCode,
    Quit,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resume => "Continuer avec le code reçu par courriel",
            Self::Edit => "Modifier la fiche",
            Self::KeepAddress => "Garder l'ancienne adresse de courriel",
            Self::ChangePassword => "Changer le mot de passe",
            Self::Rename => "Renommer ce poste",
            Self::DetachOther => "Détacher un autre poste",
            Self::DetachThis => "Détacher ce poste",
            Self::MailCode => "Recevoir un code personnel par courriel",
            Self::Quit => "Quitter",
        })
    }
}

pub(crate) fn run(app: &mut App) -> Result<Next> {
    let Some(account) = app.wizard.account().cloned() else {
        return Ok(Next::Quit);
    };
    view::show(&app.wizard);

    let mut choices = vec![Choice::Edit];
    if !account.pending_email.is_empty() {
        choices.push(Choice::KeepAddress);
    }
    choices.extend([Choice::ChangePassword, Choice::Rename]);
    if app.wizard.kept().pending.is_some() {
        choices.insert(0, Choice::Resume);
    }
    if app.wizard.machines().iter().any(|machine| !machine.current) {
        choices.push(Choice::DetachOther);
    }
    choices.extend([Choice::DetachThis, Choice::MailCode, Choice::Quit]);
    app.tell();
    // The ID is to be in sight whatever stands above.
    let question = format!("Votre ID client : {}. Que voulez-vous faire ?", account.id);
    match terminal::choose(&question, choices, 0)? {
        Some(Choice::Resume) => {
            app.go(Action::Resume)?;
            code::run(app)?;
        }
        Some(Choice::Edit) => edit::run(app)?,
        Some(Choice::KeepAddress) => account::keep_address(app, &account)?,
        Some(Choice::ChangePassword) => account::change_password(app)?,
        Some(Choice::Rename) => account::rename(app)?,
        Some(Choice::DetachOther) => account::detach_other(app)?,
        Some(Choice::DetachThis) => account::detach_this(app)?,
        Some(Choice::MailCode) => account::mail_code(app)?,
        Some(Choice::Quit) | None => return Ok(Next::Quit),
    }
    Ok(Next::Again)
}
