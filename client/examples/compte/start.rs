//! The screens of a machine that belongs to no account yet.

use std::fmt;

use anyhow::Result;
use gestan_account_client::{Error, v1};

use crate::{
    app::{self, App, Next},
    notice,
    store::{Pending, Purpose},
    terminal, wizard,
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
pub(crate) fn name_this_machine() -> Result<Option<String>> {
    println!("Bienvenue. Ce poste n'est pas encore connu du service de comptes.");
    let host = hostname::get().ok().and_then(|name| name.into_string().ok());
    let help = "Il figurera dans la liste des postes du compte, par exemple « Caisse 1 ».";
    terminal::ask_needed("Nom de ce poste :", help, host.as_deref().unwrap_or("Poste 1"))
}

pub(crate) fn run(app: &mut App) -> Result<Next> {
    println!("\nCompte client — ce poste n'est rattaché à aucun compte.");
    let mut choices =
        vec![Choice::Create, Choice::RegisterExisting, Choice::Forgotten, Choice::Quit];
    if let Some(pending) = app.store.pending() {
        choices.insert(0, Choice::Resume { ticket: pending.ticket.is_some() });
    }
    app.show_outcome();
    match terminal::choose("Que voulez-vous faire ?", choices, 0)? {
        Some(Choice::Resume { .. }) => wizard::run(app)?,
        Some(Choice::Create) => create(app)?,
        Some(Choice::RegisterExisting) => register_existing(app)?,
        Some(Choice::Forgotten) => forgotten(app)?,
        Some(Choice::Quit) | None => return Ok(Next::Quit),
    }
    Ok(Next::Again)
}

fn create(app: &mut App) -> Result<()> {
    if !notice::show(app)? {
        return Ok(());
    }
    let mut email = String::new();
    loop {
        let help = "Un code personnel y sera envoyé. Échap pour revenir.";
        match terminal::ask_needed("Adresse de courriel :", help, &email)? {
            Some(typed) => email = typed,
            None => return Ok(()),
        }
        match wizard::send_mail(app, Purpose::Opening, &email)? {
            Ok(()) => return wizard::run(app),
            Err(error) if error.reason() == Some(v1::ErrorReason::InvalidRequest) => {}
            Err(_) => return Ok(()),
        }
    }
}

fn forgotten(app: &mut App) -> Result<()> {
    let help = "Un code personnel sera envoyé à l'adresse du compte. Échap pour revenir.";
    let asked = terminal::ask_needed("Adresse de courriel ou ID client :", help, "")?;
    match asked {
        Some(recipient) if wizard::send_mail(app, Purpose::Forgotten, &recipient)?.is_ok() => {
            wizard::run(app)
        }
        _ => Ok(()),
    }
}

fn register_existing(app: &mut App) -> Result<()> {
    let mut id = String::new();
    loop {
        let help = "Le numéro qui figure sur la fiche du compte. Échap pour revenir.";
        match terminal::ask_needed("ID client :", help, &id)? {
            Some(typed) => id = typed,
            None => return Ok(()),
        }
        let digits = terminal::seen(&id);
        let Ok(account_id) = digits.parse() else {
            println!("✗ L'ID client ne contient que des chiffres.");
            continue;
        };
        let help =
            "Le mot de passe, ou un code reçu par courriel. Ctrl+R affiche ou cache la saisie.";
        let Some(secret) = terminal::ask_secret("Mot de passe ou code personnel :", help)? else {
            return Ok(());
        };
        let machine = Some(app.store.machine());
        let request = v1::RegisterExistingRequest { account_id, secret, machine };
        match app.insist(|| app.client.register_existing(request.clone()))? {
            Ok(answer) => {
                app.store.link(account_id, answer.link_token)?;
                app.tell("✓ Ce poste est rattaché au compte.");
                app.tell(app::client_id_in_large(answer.account.as_ref()));
                return Ok(());
            }
            Err(Error::Rejected(_)) => {}
            Err(_) => return Ok(()),
        }
    }
}

impl Pending {
    pub(crate) fn new(purpose: Purpose, challenge_id: String, recipient: &str) -> Self {
        Self {
            purpose,
            challenge_id,
            recipient: recipient.to_owned(),
            ticket: None,
            account_existed: false,
        }
    }
}
