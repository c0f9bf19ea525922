//! The screens of a machine that belongs to no account yet.

use std::fmt;

use anyhow::Result;
use gestan_account_client::v1::Machine;
use gestan_account_wizard::{Action, Field, Language, Screen};

use crate::{
    app::{self, App, Next, plain},
    code, notice, terminal,
};

#[derive(Clone, Copy)]
enum Choice {
    Resume { ticket: bool },
    Create,
    RegisterExisting,
    Forgotten,
    Quit,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resume { ticket: false } => "Continuer : saisir le code reçu par courriel",
            Self::Resume { ticket: true } => "Continuer : choisir le mot de passe",
            Self::Create => "Créer un nouveau compte",
            Self::RegisterExisting => "Enregistrer un compte existant",
            Self::Forgotten => "Code oublié : renvoyer un code",
            Self::Quit => "Quitter",
        })
    }
}

/// Asks for the machine's name, once, on the first start.
pub(crate) fn name_this_machine() -> Result<Option<Machine>> {
    println!("Bienvenue. Ce poste n'est pas encore connu du service de comptes.");
    let host = hostname::get().ok().and_then(|name| name.into_string().ok());
    let help = "Il figurera dans la liste des postes du compte, par exemple « Caisse 1 ».";
    let host = host.as_deref().unwrap_or("Poste 1");
    let name = terminal::ask_needed("Nom de ce poste :", help, host)?;
    Ok(name.map(|name| Machine { id: app::new_id(), name }))
}

pub(crate) fn run(app: &mut App) -> Result<Next> {
    println!("\nCompte client — ce poste n'est rattaché à aucun compte.");
    let mut choices =
        vec![Choice::Create, Choice::RegisterExisting, Choice::Forgotten, Choice::Quit];
    if let Some(pending) = &app.wizard.kept().pending {
        choices.insert(0, Choice::Resume { ticket: pending.ticket.is_some() });
    }
    app.tell();
    match terminal::choose("Que voulez-vous faire ?", choices, 0)? {
        Some(Choice::Resume { .. }) => {
            app.go(Action::Resume)?;
            code::run(app)?;
        }
        Some(Choice::Create) => create(app)?,
        Some(Choice::RegisterExisting) => register_existing(app)?,
        Some(Choice::Forgotten) => {
            app.go(Action::Forgotten)?;
            ask_for_mail(app, Field::Recipient)?;
        }
        Some(Choice::Quit) | None => return Ok(Next::Quit),
    }
    Ok(Next::Again)
}

fn create(app: &mut App) -> Result<()> {
    app.go(Action::Create)?;
    match app.wizard.notice() {
        Some(text) => notice::show(text)?,
        // No address may be asked for.
        None => return app.go(Action::Back),
    }
    ask_for_mail(app, Field::Email)
}

/// Asks whom a code is to be mailed to, until it is, and goes on with it.
fn ask_for_mail(app: &mut App, field: Field) -> Result<()> {
    let message = format!("{} :", plain(field.label(Language::French)));
    let help = format!("{} Échap pour revenir.", plain(field.help(Language::French)));
    loop {
        let Some(typed) = terminal::ask_needed(&message, &help, app.wizard.value(field))? else {
            return app.go(Action::Back);
        };
        app.submit(&[(field, &typed)])?;
        if *app.wizard.screen() == Screen::Code {
            return code::run(app);
        }
        let at_fault = app.wizard.trouble().is_some_and(|trouble| !trouble.fields.is_empty());
        if !at_fault {
            return app.go(Action::Back);
        }
    }
}

fn register_existing(app: &mut App) -> Result<()> {
    app.go(Action::RegisterExisting)?;
    loop {
        let help = "Le numéro qui figure sur la fiche du compte. Échap pour revenir.";
        let initial = app.wizard.value(Field::AccountId);
        let Some(id) = terminal::ask_needed("ID client :", help, initial)? else {
            return app.go(Action::Back);
        };
        app.wizard.set(Field::AccountId, &id);
        if terminal::seen(&id).parse::<u32>().is_err() {
            println!("✗ L'ID client ne contient que des chiffres.");
            continue;
        }
        let help =
            "Le mot de passe, ou un code reçu par courriel. Ctrl+R affiche ou cache la saisie.";
        let Some(secret) = terminal::ask_secret("Mot de passe ou code personnel :", help)? else {
            return app.go(Action::Back);
        };
        app.submit(&[(Field::Secret, &secret)])?;
        match app.wizard.trouble() {
            Some(trouble) if !trouble.may_repeat => {}
            Some(_) => return app.go(Action::Back),
            None => return Ok(()),
        }
    }
}
