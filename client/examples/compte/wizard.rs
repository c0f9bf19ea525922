//! From the mail to the password: the steps that an opening, a forgotten
//! password and a new address share. Each is written down before the next, so
//! that the program may be closed in between.

use std::fmt;

use anyhow::Result;
use gestan_account_client::{
    Error,
    v1::{ConfirmRequest, CreateRequest, ErrorReason, ResendPasswordRequest, SetPasswordRequest},
};

use crate::{
    app::{self, App, Next},
    store::{Pending, Purpose},
    terminal,
};

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
    while let Some(pending) = app.store.pending().cloned() {
        let next = match pending.ticket.clone() {
            None => enter_code(app, pending)?,
            Some(ticket) => choose_password(app, ticket, pending.account_existed)?,
        };
        if next == Next::Quit {
            break;
        }
    }
    Ok(())
}

/// Has a code mailed, and notes what is to be done with it. `recipient` is an
/// address, a client ID or, for this machine's own account, empty.
pub(crate) fn send_mail(
    app: &mut App,
    purpose: Purpose,
    recipient: &str,
) -> Result<Result<(), Error>> {
    // One for this mail: a repeat sends no second one.
    let request_id = app::new_id();
    let machine = Some(app.store.machine());
    let sent = if purpose == Purpose::Opening {
        let email = recipient.to_owned();
        let request = CreateRequest { request_id, email, machine, ..Default::default() };
        app.insist(|| {
            let answer = app.client.create(request.clone())?;
            Ok((answer.challenge_id, answer.code_expire_time, answer.resend_time))
        })?
    } else {
        let digits = terminal::seen(recipient);
        let account_id = digits.parse().unwrap_or(0);
        let email = if account_id == 0 { recipient.to_owned() } else { String::new() };
        let locale = String::new();
        let request = ResendPasswordRequest { request_id, account_id, email, machine, locale };
        let client = app.linked().unwrap_or_else(|| app.client.clone());
        app.insist(|| {
            let answer = client.resend_password(request.clone())?;
            Ok((answer.challenge_id, answer.code_expire_time, answer.resend_time))
        })?
    };
    let (challenge_id, code_expire_time, resend_time) = match sent {
        Ok(sent) => sent,
        Err(error) => return Ok(Err(error)),
    };
    app.store.set_pending(Some(Pending::new(purpose, challenge_id, recipient)))?;
    if purpose == Purpose::Opening {
        println!("✓ Un courriel part à l'adresse {recipient}.");
    } else {
        println!("✓ Si ce compte existe, un courriel part à son adresse.");
    }
    println!(
        "  Le code qu'il contient est valable jusqu'au {}.",
        app::local_time(code_expire_time.as_ref())
    );
    println!("  S'il n'arrive pas, regardez parmi les indésirables ; vous pourrez en");
    println!("  demander un autre {}.", app::time_until(resend_time.as_ref()));
    Ok(Ok(()))
}

fn enter_code(app: &mut App, pending: Pending) -> Result<Next> {
    let help = "Le code du courriel, XXXX-XXXX-XXXX. Entrée sans rien taper : autres choix.";
    let Some(code) = terminal::ask("Code personnel :", help, "")? else {
        return Ok(Next::Quit);
    };
    if code.is_empty() {
        return other_choices(app, &pending);
    }
    let challenge_id = pending.challenge_id.clone();
    let request = ConfirmRequest { challenge_id, code, ..Default::default() };
    let answer = match app.insist(|| app.client.confirm(request.clone()))? {
        Ok(answer) => answer,
        Err(error) if error.reason() == Some(ErrorReason::EmailTaken) => {
            app.store.set_pending(None)?;
            return Ok(Next::Quit);
        }
        Err(Error::Rejected(_)) => return Ok(Next::Again),
        Err(_) => return Ok(Next::Quit),
    };
    if let Some(account) = answer.account {
        app.tell(format!("✓ L'adresse du compte est maintenant {}.", account.email));
        app.store.set_pending(None)?;
        return Ok(Next::Quit);
    }
    if answer.account_existed && pending.purpose == Purpose::Opening {
        println!("✓ Cette adresse a déjà un compte, dont l'ID client est {}.", answer.account_id);
        println!("  Choisissez un nouveau mot de passe, et ce poste y sera rattaché.");
    } else {
        println!("✓ Le code est bon. Il reste à choisir le mot de passe.");
    }
    let (ticket, account_existed) = (Some(answer.ticket), answer.account_existed);
    app.store.set_pending(Some(Pending { ticket, account_existed, ..pending }))?;
    Ok(Next::Again)
}

fn other_choices(app: &mut App, pending: &Pending) -> Result<Next> {
    let mut choices = vec![Choice::Type, Choice::SendAgain, Choice::GiveUp, Choice::Later];
    if pending.purpose == Purpose::NewAddress {
        // Only the form can ask for it again: it takes the password.
        choices.retain(|choice| *choice != Choice::SendAgain);
    }
    match terminal::choose("Que voulez-vous faire ?", choices, 0)? {
        Some(Choice::Type) => {}
        Some(Choice::SendAgain) => {
            // The error is explained already, and the old code may still come.
            let _ = send_mail(app, pending.purpose, &pending.recipient)?;
        }
        Some(Choice::GiveUp) => {
            app.store.set_pending(None)?;
            return Ok(Next::Quit);
        }
        Some(Choice::Later) | None => return Ok(Next::Quit),
    }
    Ok(Next::Again)
}

fn choose_password(app: &mut App, ticket: String, account_existed: bool) -> Result<Next> {
    let Some(new_password) = terminal::ask_new_password()? else {
        println!("  Vous pourrez le choisir plus tard, pendant une heure.");
        return Ok(Next::Quit);
    };
    let unlink_other_machines = account_existed
        && terminal::agree("Détacher tous les autres postes de ce compte ?", false)?;
    let current_password = String::new();
    let request =
        SetPasswordRequest { ticket, current_password, new_password, unlink_other_machines };
    match app.insist(|| app.client.set_password(request.clone()))? {
        Ok(answer) => {
            let id = answer.account.as_ref().map_or(0, |account| account.id);
            app.store.link(id, answer.link_token)?;
            app.tell("✓ Le mot de passe est enregistré, et ce poste est rattaché au compte.");
            app.tell(app::client_id_in_large(answer.account.as_ref()));
            Ok(Next::Quit)
        }
        Err(error) => match error.reason() {
            Some(
                ErrorReason::TicketSpent
                | ErrorReason::TicketExpired
                | ErrorReason::InvalidCredentials,
            ) => {
                // The way out is another mail.
                app.store.set_pending(None)?;
                Ok(Next::Quit)
            }
            Some(_) => Ok(Next::Again),
            None => Ok(Next::Quit),
        },
    }
}
