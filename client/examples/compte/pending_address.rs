//! "Garder l'ancienne adresse": takes a change of address back that waits for its code.

use anyhow::Result;
use gestan_account_client::{
    FieldMask,
    blocking::Client,
    v1::{Account, UpdateRequest},
};

use crate::{app::App, store::Purpose, terminal};

pub(crate) fn take_back(app: &mut App, client: &Client, account: &Account) -> Result<()> {
    println!("  {} ne remplacera pas {}.", account.pending_email, account.email);
    let help = "Ou un code personnel reçu par courriel. Ctrl+R affiche ou cache la saisie.";
    let Some(password) = terminal::ask_secret("Mot de passe :", help)? else {
        return Ok(());
    };
    // The address in place, asked for again: what was pending is over with that.
    let request = UpdateRequest {
        account: Some(Account { email: account.email.clone(), ..Default::default() }),
        update_mask: Some(FieldMask { paths: vec!["email".to_owned()] }),
        password,
    };
    if app.insist(|| client.update(request.clone()))?.is_ok() {
        if app.store.pending().is_some_and(|pending| pending.purpose == Purpose::NewAddress) {
            app.store.set_pending(None)?;
        }
        app.tell(format!("✓ L'adresse du compte reste {}.", account.email));
    }
    Ok(())
}
