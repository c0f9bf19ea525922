//! What an event of the audit trail was, for an agent who reads it to a customer.

use crate::{
    accounts::support::{DoneBy, EventShown},
    audit::MergedAccounts,
    domain::{locale::Locale, machine::MachineName},
};

/// An event in words.
pub(in crate::grpc) fn event(event: &EventShown, locale: Locale) -> String {
    let text = match locale {
        Locale::Fr => french(event),
        Locale::En => english(event),
    };
    let Some(reason) = &event.reason else { return text };
    match locale {
        Locale::Fr => format!("{text} (motif : {reason})"),
        Locale::En => format!("{text} (reason: {reason})"),
    }
}

fn french(event: &EventShown) -> String {
    let is_operators = matches!(event.by, DoneBy::Operator);
    match event.action.as_str() {
        "read_account" if is_operators => "Compte consulté par l’exploitant".to_owned(),
        "list_events" if is_operators => "Historique consulté par l’exploitant".to_owned(),
        "create_account" => "Compte ouvert".to_owned(),
        "set_password" => "Mot de passe choisi".to_owned(),
        "link_machine" => format!("{} rattaché", french_machine(doer(event))),
        "unlink_machine" => format!("{} détaché", french_machine(target(event))),
        "update_fields" => format!("Fiche modifiée : {}", event.fields.join(", ")),
        "request_email_change" => "Changement d’adresse demandé".to_owned(),
        "change_email" if matches!(event.by, DoneBy::Mailbox) => {
            "Adresse changée, par le code envoyé à la nouvelle".to_owned()
        }
        "change_email" => "Adresse changée".to_owned(),
        "start_email_change" if is_without_delay(event) => {
            "Changement d’adresse lancé par l’assistance, sans délai".to_owned()
        }
        "start_email_change" => "Changement d’adresse lancé par l’assistance".to_owned(),
        "read_account" => "Compte consulté par l’assistance".to_owned(),
        "cancel_email_change" => "Changement d’adresse annulé par l’assistance".to_owned(),
        "send_code" => "Code envoyé par l’assistance".to_owned(),
        "list_events" => "Historique consulté par l’assistance".to_owned(),
        "merge_accounts" => match event.merged {
            Some(MergedAccounts { from, into }) => {
                format!("Compte {from} fusionné dans le compte {into} par l’assistance")
            }
            None => "Comptes fusionnés par l’assistance".to_owned(),
        },
        "end_password" => "Mot de passe invalidé par l’exploitant".to_owned(),
        "erase_account" if is_operators => "Compte effacé par l’exploitant".to_owned(),
        "erase_account" => "Compte effacé par l’assistance".to_owned(),
        "export_account" if is_operators => "Copie des données faite par l’exploitant".to_owned(),
        "export_account" => "Copie des données faite par l’assistance".to_owned(),
        "retry_mail" => "Courriel renvoyé par l’exploitant".to_owned(),
        "drop_mail" => "Courriel abandonné par l’exploitant".to_owned(),
        "diagnose_account" => "Diagnostic demandé par l’assistance".to_owned(),
        "grant_time" => format!("Crédit-temps ajouté{}", french_entry(event)),
        "charge_time" => format!("Temps d’assistance imputé{}", french_entry(event)),
        "correct_time" => format!("Crédit-temps corrigé{}", french_entry(event)),
        "list_time_entries" => "Crédit-temps consulté par l’assistance".to_owned(),
        // Written by a later release.
        other => format!("Action « {other} »"),
    }
}

fn english(event: &EventShown) -> String {
    let is_operators = matches!(event.by, DoneBy::Operator);
    match event.action.as_str() {
        "read_account" if is_operators => "Account read by the operator".to_owned(),
        "list_events" if is_operators => "Trail read by the operator".to_owned(),
        "create_account" => "Account opened".to_owned(),
        "set_password" => "Password chosen".to_owned(),
        "link_machine" => format!("{} linked", english_machine(doer(event))),
        "unlink_machine" => format!("{} detached", english_machine(target(event))),
        "update_fields" => format!("Form changed: {}", event.fields.join(", ")),
        "request_email_change" => "Change of address requested".to_owned(),
        "change_email" if matches!(event.by, DoneBy::Mailbox) => {
            "Address changed, by the code that the new one got".to_owned()
        }
        "change_email" => "Address changed".to_owned(),
        "start_email_change" if is_without_delay(event) => {
            "Change of address started by support, without delay".to_owned()
        }
        "start_email_change" => "Change of address started by support".to_owned(),
        "read_account" => "Account read by support".to_owned(),
        "cancel_email_change" => "Change of address cancelled by support".to_owned(),
        "send_code" => "Code sent by support".to_owned(),
        "list_events" => "Trail read by support".to_owned(),
        "merge_accounts" => match event.merged {
            Some(MergedAccounts { from, into }) => {
                format!("Account {from} merged into account {into} by support")
            }
            None => "Accounts merged by support".to_owned(),
        },
        "end_password" => "Password ended by the operator".to_owned(),
        "erase_account" if is_operators => "Account erased by the operator".to_owned(),
        "erase_account" => "Account erased by support".to_owned(),
        "export_account" if is_operators => "Copy of the data made by the operator".to_owned(),
        "export_account" => "Copy of the data made by support".to_owned(),
        "retry_mail" => "Mail sent again by the operator".to_owned(),
        "drop_mail" => "Mail dropped by the operator".to_owned(),
        "diagnose_account" => "Diagnosis asked for by support".to_owned(),
        "grant_time" => format!("Time credit added{}", english_entry(event)),
        "charge_time" => format!("Support time charged{}", english_entry(event)),
        "correct_time" => format!("Time credit corrected{}", english_entry(event)),
        "list_time_entries" => "Time ledger read by support".to_owned(),
        other => format!("Action “{other}”"),
    }
}

fn french_entry(event: &EventShown) -> String {
    event.entry.map(|entry| format!(" (écriture {entry})")).unwrap_or_default()
}

fn english_entry(event: &EventShown) -> String {
    event.entry.map(|entry| format!(" (entry {entry})")).unwrap_or_default()
}

fn french_machine(name: Option<&str>) -> String {
    name.map_or_else(|| "Poste".to_owned(), |name| format!("Poste « {name} »"))
}

fn english_machine(name: Option<&str>) -> String {
    name.map_or_else(|| "Machine".to_owned(), |name| format!("Machine “{name}”"))
}

/// Whether the code of a change of address was not to wait.
fn is_without_delay(event: &EventShown) -> bool {
    event.fields.iter().any(|field| field == "without_delay")
}

fn doer(event: &EventShown) -> Option<&str> {
    match &event.by {
        DoneBy::Machine(_, Some(name)) => Some(name.as_str()),
        _ => None,
    }
}

fn target(event: &EventShown) -> Option<&str> {
    event.target.as_ref().map(MachineName::as_str)
}
