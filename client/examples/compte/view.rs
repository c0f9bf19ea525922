//! The account and its machines, as the screens show them.

use gestan_account_client::v1::{Account, LinkedMachine};

use crate::{
    app,
    fields::{FIELDS, on_one_line},
};

pub(crate) fn show(account: &Account, machines: &[LinkedMachine]) {
    println!("\nCompte client");
    line("ID client", &account.id.to_string());
    for field in &FIELDS {
        line(field.label, &on_one_line((field.read)(account)));
        if field.path == "email" && !account.pending_email.is_empty() {
            line("", &format!("(en attente de confirmation : {})", account.pending_email));
        }
    }
    line("Ouvert le", &app::local_time(account.create_time.as_ref()));
    line("Modifié le", &app::local_time(account.update_time.as_ref()));
    if !machines.is_empty() {
        println!("\n  Postes rattachés");
    }
    for linked in machines {
        println!("  • {}", describe(linked));
    }
    println!();
}

/// `Caisse 1, rattaché le …, vu le … (ce poste)`.
pub(crate) fn describe(linked: &LinkedMachine) -> String {
    let name = linked.machine.as_ref().map_or("", |machine| &machine.name);
    let linked_at = app::local_time(linked.link_time.as_ref());
    let seen_at = app::local_time(linked.last_seen_time.as_ref());
    let this = if linked.current { " (ce poste)" } else { "" };
    format!("{name}{this}, rattaché le {linked_at}, vu le {seen_at}")
}

fn line(label: &str, value: &str) {
    let mark = if label.is_empty() { ' ' } else { ':' };
    println!("  {label:<14} {mark} {value}");
}
