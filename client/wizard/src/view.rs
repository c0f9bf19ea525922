//! How machines and support time are told on one line each.

use gestan_account_client::v1::{LinkedMachine, TimeEntry, TimeEntryKind};

use crate::{Language, Moment};

/// `Caisse 1 (ce poste), rattaché le …, vu le …`.
#[must_use]
pub fn describe_machine(linked: &LinkedMachine, moment: &Moment, language: Language) -> String {
    let name = linked.machine.as_ref().map_or("", |machine| &machine.name);
    let linked_at = moment.time(linked.link_time.as_ref(), language);
    let seen_at = moment.time(linked.last_seen_time.as_ref(), language);
    let this = if linked.current { language.pick(" (ce poste)", " (this machine)") } else { "" };
    match language {
        Language::French => format!("{name}{this}, rattaché le {linked_at}, vu le {seen_at}"),
        Language::English => format!("{name}{this}, linked on {linked_at}, seen on {seen_at}"),
    }
}

/// `24/11/2026 à 18:53 : utilisé 0 h 30 (Export comptable)`.
#[must_use]
pub fn describe_entry(entry: &TimeEntry, moment: &Moment, language: Language) -> String {
    let (french, english) = match entry.kind() {
        TimeEntryKind::Grant => ("acheté", "bought"),
        TimeEntryKind::Charge => ("utilisé", "used"),
        TimeEntryKind::Correction => ("corrigé", "corrected"),
        TimeEntryKind::MergeIn | TimeEntryKind::MergeOut => {
            ("repris d’un autre compte", "taken from another account")
        }
        TimeEntryKind::WriteOff | TimeEntryKind::Unspecified => ("mouvement", "entry"),
    };
    let what = language.pick(french, english);
    let minutes = match entry.kind() {
        TimeEntryKind::Charge => entry.minutes.saturating_neg(),
        _ => entry.minutes,
    };
    let time = moment.time(entry.support_time.as_ref(), language);
    let why = [&entry.summary, &entry.reference].into_iter().find(|text| !text.is_empty());
    let why = why.map(|text| format!(" ({})", text.lines().collect::<Vec<_>>().join(" | ")));
    let colon = language.pick("\u{a0}:", ":");
    format!("{time}{colon} {what} {}{}", hours(minutes), why.unwrap_or_default())
}

/// `2 h 05`, `-0 h 30`.
#[must_use]
pub fn hours(minutes: i32) -> String {
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}{}\u{a0}h\u{a0}{:02}", minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60)
}
