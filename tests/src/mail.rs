//! Reads codes out of mails, as a customer does.

use gestan_account_server::{domain::personal_code::PersonalCode, mail::mailer::Sent};

/// The personal code in a mail's text.
///
/// # Panics
/// When the mail has none.
#[must_use]
pub fn code_in(text: &str) -> String {
    first_code(text).unwrap_or_else(|| panic!("no code in this mail:\n{text}"))
}

/// The first personal code in a text.
#[must_use]
pub fn first_code(text: &str) -> Option<String> {
    let is_code = |word: &&str| word.len() == 14 && PersonalCode::parse(word).is_ok();
    text.split_whitespace().find(is_code).map(str::to_owned)
}

/// The last mail to an address.
///
/// # Panics
/// When there is none.
#[must_use]
pub(crate) fn last_to(mails: &[Sent], address: &str) -> Sent {
    let to = mails.iter().rev().find(|mail| mail.to.eq_ignore_ascii_case(address));
    to.unwrap_or_else(|| panic!("no mail to {address}")).clone()
}
