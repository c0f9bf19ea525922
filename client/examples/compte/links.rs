//! "Détacher": takes a machine off the account.

use std::fmt;

use anyhow::Result;
use gestan_account_client::{
    blocking::Client,
    v1::{ErrorReason, LinkedMachine, UnlinkRequest},
};

use crate::{app::App, terminal, view};

struct Choice(LinkedMachine);

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&view::describe(&self.0))
    }
}

pub(crate) fn detach_other(
    app: &mut App,
    client: &Client,
    machines: Vec<LinkedMachine>,
) -> Result<()> {
    let others = machines.into_iter().filter(|machine| !machine.current).map(Choice).collect();
    let Some(Choice(linked)) = terminal::choose("Poste à détacher :", others, 0)? else {
        return Ok(());
    };
    let machine = linked.machine.unwrap_or_default();
    let help = "Le mot de passe du compte. Ctrl+R affiche ou cache la saisie.";
    let Some(password) = terminal::ask_secret("Mot de passe :", help)? else {
        return Ok(());
    };
    let request = UnlinkRequest { account_id: 0, machine_id: machine.id, password };
    if app.insist(|| client.unlink(request.clone()))?.is_ok() {
        app.tell(format!("✓ Le poste « {} » est détaché du compte.", machine.name));
    }
    Ok(())
}

pub(crate) fn detach_this(app: &mut App, client: &Client) -> Result<()> {
    if !terminal::agree("Détacher ce poste du compte ?", false)? {
        return Ok(());
    }
    match app.insist(|| client.unlink(UnlinkRequest::default()))? {
        Err(error) if error.reason() != Some(ErrorReason::InvalidCredentials) => return Ok(()),
        // Another machine has detached this one already.
        Ok(_) | Err(_) => {}
    }
    app.store.unlink()?;
    app.tell("✓ Ce poste est détaché. Il peut maintenant rejoindre n'importe quel compte.");
    Ok(())
}
