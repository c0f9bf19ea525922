//! The account and its machines, as the screens show them.

use gestan_account_client::v1::{
    Account, LinkedMachine, ListTimeEntriesResponse, TimeEntry, TimeEntryKind,
};

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

/// What is left of the support time that was bought, and the newest entries; nothing where none
/// was ever bought.
pub(crate) fn show_time(listed: &ListTimeEntriesResponse) {
    if listed.entries.is_empty() {
        return;
    }
    println!("  Crédit-temps : {}", hours(listed.balance_minutes));
    for entry in &listed.entries {
        println!("  • {}", describe_entry(entry));
    }
    println!();
}

/// `24/11/2026 à 18:53 : utilisé 0 h 30 (Export comptable)`.
fn describe_entry(entry: &TimeEntry) -> String {
    let what = match entry.kind() {
        TimeEntryKind::Grant => "acheté",
        TimeEntryKind::Charge => "utilisé",
        TimeEntryKind::Correction => "corrigé",
        TimeEntryKind::MergeIn | TimeEntryKind::MergeOut => "repris d'un autre compte",
        TimeEntryKind::WriteOff | TimeEntryKind::Unspecified => "mouvement",
    };
    let minutes = match entry.kind() {
        TimeEntryKind::Charge => entry.minutes.saturating_neg(),
        _ => entry.minutes,
    };
    let time = app::local_time(entry.support_time.as_ref());
    let why = [&entry.summary, &entry.reference].into_iter().find(|text| !text.is_empty());
    let why = why.map(|text| format!(" ({})", on_one_line(text))).unwrap_or_default();
    format!("{time} : {what} {}{why}", hours(minutes))
}

/// `2 h 05`, `-0 h 30`.
fn hours(minutes: i32) -> String {
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}{} h {:02}", minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60)
}

fn line(label: &str, value: &str) {
    let mark = if label.is_empty() { ' ' } else { ':' };
    println!("  {label:<14} {mark} {value}");
}
