//! A queued mail as it is shown to an operator: whom it goes to is masked, and what it says is
//! not there.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::{
    domain::{account_id::AccountId, email_address::EmailAddress},
    mail::letter::Letter,
    model::queued_mail::{MailState, QueuedMail},
};

/// One line of the list.
pub(super) fn line(mail: &QueuedMail, now: Timestamp) -> String {
    format!(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}",
        mail.id,
        mail.state,
        age(mail.create_time, now),
        kind(mail),
        to_whom(mail),
        mail.attempts,
        last_error(mail),
    )
}

/// All that is known of it, a line a fact.
pub(super) fn whole(mail: &QueuedMail, account: Option<AccountId>, now: Timestamp) -> String {
    let optional = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), shown);
    let waits = matches!(mail.state, MailState::Waiting | MailState::Deferred);
    let account = account.map_or_else(|| "-".to_owned(), |id| id.to_string());
    let mut text = String::new();
    for (name, value) in [
        ("id", mail.id.to_string()),
        ("state", mail.state.to_string()),
        ("kind", kind(mail).to_owned()),
        ("account", account),
        ("recipient", to_whom(mail)),
        ("language", mail.locale.tag().to_owned()),
        ("enqueued", format!("{} ({} ago)", shown(mail.create_time), age(mail.create_time, now))),
        ("of use until", shown(mail.expire_time)),
        ("next attempt", optional(waits.then_some(mail.next_attempt_time))),
        ("ended", optional(mail.end_time)),
        ("attempts", mail.attempts.to_string()),
        ("perhaps taken", mail.uncertain_attempts.to_string()),
        ("last error", last_error(mail)),
    ] {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{name}: {value}");
    }
    text
}

/// The recipient, with most of it hidden.
pub(super) fn to_whom(mail: &QueuedMail) -> String {
    let Some(recipient) = &mail.recipient else { return "-".to_owned() };
    EmailAddress::parse(recipient).map_or_else(|_| "•••".to_owned(), |address| address.masked())
}

/// The kind of mail; `-` for one that only a later release knows.
pub(super) fn kind(mail: &QueuedMail) -> &'static str {
    Letter::from_json(&mail.letter).map_or("-", |letter| letter.kind())
}

fn last_error(mail: &QueuedMail) -> String {
    let error = mail.last_error.as_deref().filter(|error| !error.is_empty());
    error.unwrap_or("-").replace(char::is_control, " ")
}

fn shown(time: Timestamp) -> String {
    format!("{time:.0}")
}

/// How long ago, in the largest unit of which there are two: `90s`, `45m`, `26h`, `3d`.
pub(super) fn age(time: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(time).as_secs().max(0);
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(length, _)| seconds >= 2 * length);
    let (length, name) = unit.unwrap_or((1, "s"));
    format!("{}{name}", seconds / length)
}
