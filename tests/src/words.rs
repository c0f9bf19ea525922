//! What a mail says, without regard to how its lines are broken.

use gestan_account_server::mail::mailer::Sent;

/// The words of a mail's text, a plain space between them.
#[must_use]
pub fn words(mail: &Sent) -> String {
    mail.text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that a mail's text says all of this.
///
/// # Panics
/// When it does not.
#[track_caller]
pub fn assert_says(mail: &Sent, parts: &[&str]) {
    let said = words(mail);
    for part in parts {
        assert!(said.contains(part), "the mail does not say {part:?}:\n{}", mail.text);
    }
}
