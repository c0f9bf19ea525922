//! The form of a linked machine: the account, its machines, and what can be
//! done with them.

use std::fmt;

use anyhow::Result;
use gestan_account_client::{
    blocking::Client,
    v1::{ErrorReason, GetRequest, ListTimeEntriesRequest},
};

use crate::{
    app::{App, Next},
    edit, links, passwords, pending_address, rename,
    store::Purpose,
    terminal, view, wizard,
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

pub(crate) fn run(app: &mut App, client: &Client) -> Result<Next> {
    let answer = match app.insist(|| client.get(GetRequest::default()))? {
        Ok(answer) => answer,
        Err(error) if error.reason() == Some(ErrorReason::InvalidCredentials) => {
            app.store.unlink()?;
            return Ok(Next::Again);
        }
        Err(_) => return Ok(Next::Quit),
    };
    let account = answer.account.unwrap_or_default();
    view::show(&account, &answer.machines);
    // A service of before has no time credit: the form does without.
    let newest = ListTimeEntriesRequest { page_size: 5, ..Default::default() };
    if let Ok(listed) = client.list_time_entries(newest) {
        view::show_time(&listed);
    }

    let mut choices = vec![Choice::Edit];
    if !account.pending_email.is_empty() {
        choices.push(Choice::KeepAddress);
    }
    choices.extend([Choice::ChangePassword, Choice::Rename]);
    if app.store.pending().is_some() {
        choices.insert(0, Choice::Resume);
    }
    if answer.machines.iter().any(|machine| !machine.current) {
        choices.push(Choice::DetachOther);
    }
    choices.extend([Choice::DetachThis, Choice::MailCode, Choice::Quit]);
    app.show_outcome();
    // The ID is to be in sight whatever stands above.
    let question = format!("Votre ID client : {}. Que voulez-vous faire ?", account.id);
    match terminal::choose(&question, choices, 0)? {
        Some(Choice::Resume) => wizard::run(app)?,
        Some(Choice::Edit) => edit::run(app, client, account)?,
        Some(Choice::KeepAddress) => pending_address::take_back(app, client, &account)?,
        Some(Choice::ChangePassword) => passwords::change(app, client)?,
        Some(Choice::Rename) => rename::run(app, &account)?,
        Some(Choice::DetachOther) => links::detach_other(app, client, answer.machines)?,
        Some(Choice::DetachThis) => links::detach_this(app, client)?,
        Some(Choice::MailCode) => mail_code(app)?,
        Some(Choice::Quit) | None => return Ok(Next::Quit),
    }
    Ok(Next::Again)
}

/// The code is good for the password prompts of this program, too, so the
/// person may also go back to the form with it.
fn mail_code(app: &mut App) -> Result<()> {
    if wizard::send_mail(app, Purpose::Forgotten, "")?.is_err() {
        return Ok(());
    }
    println!("  Ce code tient lieu de mot de passe pour valider la fiche ou rattacher un poste.");
    if terminal::agree("L'utiliser maintenant pour choisir un nouveau mot de passe ?", true)? {
        wizard::run(app)?;
    }
    Ok(())
}
