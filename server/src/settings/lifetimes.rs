//! How long codes and tickets are valid, and how long data is kept.

use super::{
    duration::Positive,
    one_line::{Trimmed, parsed},
};
use crate::{accounts::Lifetimes, storage::purge::Retention};

/// Validity and retention.
#[derive(clap::Args)]
#[command(next_help_heading = "Lifetimes")]
pub struct LifetimeSettings {
    /// How long a personal code is valid.
    #[arg(long, env = "GESTAN_ACCOUNT_CODE_LIFETIME", value_name = "DURATION",
        default_value_t = Lifetimes::default().code.into(),
        value_parser = Trimmed(parsed::<Positive>))]
    code_lifetime: Positive,

    /// How long a ticket is valid.
    #[arg(long, env = "GESTAN_ACCOUNT_TICKET_LIFETIME", value_name = "DURATION",
        default_value_t = Lifetimes::default().ticket.into(),
        value_parser = Trimmed(parsed::<Positive>))]
    ticket_lifetime: Positive,

    /// How long callers are told to wait before they ask for another mail.
    #[arg(long, env = "GESTAN_ACCOUNT_RESEND_INTERVAL", value_name = "DURATION",
        default_value_t = Lifetimes::default().resend.into(),
        value_parser = Trimmed(parsed::<Positive>))]
    resend_interval: Positive,

    /// How long the delivery of a security notice is retried.
    #[arg(long, env = "GESTAN_ACCOUNT_NOTICE_LIFETIME", value_name = "DURATION",
        default_value_t = Lifetimes::default().notice.into(),
        value_parser = Trimmed(parsed::<Positive>))]
    notice_lifetime: Positive,

    #[command(flatten)]
    retentions: Retentions,
}

/// How long what is no longer needed is kept.
#[derive(clap::Args)]
#[command(next_help_heading = "Lifetimes")]
#[expect(clippy::struct_field_names, reason = "they are what the settings are called")]
pub struct Retentions {
    /// How long challenges, request IDs, finished mails and dead links are kept.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_CHALLENGE_RETENTION",
        value_name = "DURATION",
        default_value = "168h",
        value_parser = Trimmed(parsed::<Positive>)
    )]
    challenge_retention: Positive,

    /// How long audit events are kept.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_AUDIT_RETENTION",
        value_name = "DURATION",
        default_value = "8760h",
        value_parser = Trimmed(parsed::<Positive>)
    )]
    audit_retention: Positive,

    /// How long it is kept what support time was for. The entries of the time ledger stay.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_TIME_NOTE_RETENTION",
        value_name = "DURATION",
        default_value = "43800h",
        value_parser = Trimmed(parsed::<Positive>)
    )]
    time_note_retention: Positive,

    /// How long the time ledger of an erased account is kept, without any text, after the end of
    /// the year of its last entry.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_LEDGER_RETENTION",
        value_name = "DURATION",
        default_value = "87660h",
        value_parser = Trimmed(parsed::<Positive>)
    )]
    ledger_retention: Positive,
}

impl LifetimeSettings {
    /// How long things are valid.
    #[must_use]
    pub fn lifetimes(&self) -> Lifetimes {
        Lifetimes {
            code: self.code_lifetime.signed(),
            ticket: self.ticket_lifetime.signed(),
            resend: self.resend_interval.signed(),
            notice: self.notice_lifetime.signed(),
            ..Lifetimes::default()
        }
    }

    /// How long things are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        self.retentions.get()
    }
}

impl Retentions {
    /// How long things are kept.
    #[must_use]
    pub fn get(&self) -> Retention {
        Retention {
            challenges: self.challenge_retention.signed(),
            audit_events: self.audit_retention.signed(),
            time_notes: self.time_note_retention.signed(),
            ledgers: self.ledger_retention.signed(),
        }
    }
}
