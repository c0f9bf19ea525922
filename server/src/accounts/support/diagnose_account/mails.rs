//! Mails as an agent sees them: what they were to tell, and what became of them.

use super::{
    MailSent,
    case::{Case, Mail},
};
use crate::{
    mail::letter::Letter,
    model::challenge::{Challenge, Purpose},
    storage::outbox_mail::End,
};

/// The mails of a case.
pub(super) fn sent(case: &Case) -> Vec<MailSent> {
    case.mails.iter().map(|mail| shown(case, mail)).collect()
}

fn shown(case: &Case, mail: &Mail) -> MailSent {
    let fate = &mail.fate;
    MailSent {
        id: fate.id,
        kind: kind(case, mail),
        state: fate.end.map_or("pending", End::as_str),
        masked_recipient: fate.recipient.masked(),
        create_time: fate.create_time,
        attempts: fate.attempts,
        next_attempt_time: fate.end.is_none().then_some(fate.next_attempt_time),
        end_time: fate.end_time,
        last_error: answer(mail).map(str::to_owned),
    }
}

/// What a mail server answered last, or why none did. What stands behind a colon is the
/// operator's: it may name a host.
pub(super) fn answer(mail: &Mail) -> Option<&str> {
    mail.fate.last_error.as_deref().and_then(|error| error.split(':').next())
}

/// What it was to tell, by what the address was worth when it was asked for: its words are
/// found when it is sent.
fn kind(case: &Case, mail: &Mail) -> &'static str {
    let (challenge_id, by_support) = match &mail.letter {
        Some(Letter::Notice(notice)) => return notice.kind(),
        Some(Letter::Code { challenge_id, by_support }) => (*challenge_id, *by_support),
        None => return "",
    };
    let challenge = case.challenges.iter().find(|challenge| challenge.id == challenge_id);
    let opened = case.account.as_ref().map(|account| account.create_time);
    let had_account = opened.is_some_and(|time| time < mail.fate.create_time);
    match challenge.map(|challenge: &Challenge| challenge.purpose) {
        None => "",
        Some(Purpose::ChangeEmail(_)) => "confirm_email",
        Some(_) if by_support => "support_code",
        Some(Purpose::Create) if had_account => "account_exists",
        Some(Purpose::Create) => "open_account",
        Some(Purpose::ResendPassword) if had_account => "personal_code",
        Some(Purpose::ResendPassword) => "no_account",
    }
}
