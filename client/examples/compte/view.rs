//! The account and its machines, as the screens show them.

use gestan_account_wizard::{Field, Language, Wizard, describe_entry, describe_machine, hours};

use crate::app::{self, plain};

pub(crate) fn show(wizard: &Wizard) {
    let Some(account) = wizard.account() else { return };
    let moment = app::moment();
    println!("\nCompte client");
    line("ID client", &account.id.to_string());
    for field in Field::FORM {
        let value = wizard.read_value(field);
        line(&plain(field.label(Language::French)), &on_one_line(value));
        if field == Field::AccountEmail && !account.pending_email.is_empty() {
            line("", &format!("(en attente de confirmation : {})", account.pending_email));
        }
    }
    let time = |time| plain(&moment.time(time, Language::French));
    line("Ouvert le", &time(account.create_time.as_ref()));
    line("Modifié le", &time(account.update_time.as_ref()));
    if !wizard.machines().is_empty() {
        println!("\n  Postes rattachés");
    }
    for linked in wizard.machines() {
        println!("  • {}", plain(&describe_machine(linked, &moment, Language::French)));
    }
    println!();
    // What is left of the support time that was bought, and the newest entries; nothing where
    // none was ever bought.
    let Some(listed) = wizard.time() else { return };
    println!("  Crédit-temps : {}", plain(&hours(listed.balance_minutes)));
    for entry in &listed.entries {
        println!("  • {}", plain(&describe_entry(entry, &moment, Language::French)));
    }
    println!();
}

/// A value on one line: the lines of an address are shown with bars.
pub(crate) fn on_one_line(value: &str) -> String {
    value.lines().collect::<Vec<_>>().join(" | ")
}

fn line(label: &str, value: &str) {
    let mark = if label.is_empty() { ' ' } else { ':' };
    println!("  {label:<14} {mark} {value}");
}
