//! "Renommer ce poste": a machine is linked again, under its new name.

use anyhow::Result;
use gestan_account_client::{
    Error,
    v1::{Account, Machine, RegisterExistingRequest},
};

use crate::{app::App, terminal};

pub(crate) fn run(app: &mut App, account: &Account) -> Result<()> {
    let machine = app.store.machine();
    let help = "Il figure dans la liste des postes du compte. Échap pour revenir.";
    let mut name = machine.name;
    loop {
        match terminal::ask_needed("Nouveau nom de ce poste :", help, &name)? {
            Some(typed) => name = typed,
            None => return Ok(()),
        }
        let help = "Ou un code personnel reçu par courriel. Ctrl+R affiche ou cache la saisie.";
        let Some(secret) = terminal::ask_secret("Mot de passe :", help)? else {
            return Ok(());
        };
        let machine = Some(Machine { id: machine.id.clone(), name: name.clone() });
        let request = RegisterExistingRequest { account_id: account.id, secret, machine };
        match app.insist(|| app.client.register_existing(request.clone()))? {
            Ok(answer) => {
                app.store.rename(name.clone(), account.id, answer.link_token)?;
                app.tell(format!("✓ Ce poste s'appelle maintenant « {name} »."));
                return Ok(());
            }
            Err(Error::Rejected(_)) => {}
            Err(_) => return Ok(()),
        }
    }
}
