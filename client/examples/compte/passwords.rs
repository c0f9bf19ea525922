//! "Changer le mot de passe", for a person who knows the one in force.

use anyhow::Result;
use gestan_account_client::{
    Error,
    blocking::Client,
    v1::{ErrorReason, SetPasswordRequest},
};

use crate::{app::App, terminal};

pub(crate) fn change(app: &mut App, client: &Client) -> Result<()> {
    let help = "Oublié ? Échap, puis « Recevoir un code personnel par courriel ».";
    let Some(current_password) = terminal::ask_secret("Mot de passe actuel :", help)? else {
        return Ok(());
    };
    loop {
        let Some(new_password) = terminal::ask_new_password()? else {
            return Ok(());
        };
        let unlink_other_machines =
            terminal::agree("Détacher tous les autres postes de ce compte ?", false)?;
        let request = SetPasswordRequest {
            ticket: String::new(),
            current_password: current_password.clone(),
            new_password,
            unlink_other_machines,
        };
        let Err(error) = client.set_password(request) else {
            app.tell("✓ Le mot de passe est changé.");
            return Ok(());
        };
        app.explain(&error);
        match error {
            // Too weak: another one, with the same current password.
            _ if error.reason() == Some(ErrorReason::InvalidRequest) => {}
            Error::Transport(_) | Error::Deadline => {
                app.tell("  Le changement a peut-être eu lieu : essayez d'abord le nouveau mot de");
                app.tell("  passe la prochaine fois que Gestan vous le demande.");
                return Ok(());
            }
            _ => return Ok(()),
        }
    }
}
