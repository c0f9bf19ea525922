//! Judges a failed SMTP dialogue: whether the mail or the set-up is at fault, and whether the
//! server may have taken the mail.
//!
//! A server's own words may repeat an address, so only its codes leave this module.

use std::error::Error as _;

use lettre::transport::smtp::Error;

use super::SendError;

/// How far the dialogue had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Connecting, TLS from the start, the greeting, and EHLO.
    Connect,
    /// STARTTLS.
    Upgrade,
    /// AUTH and MAIL FROM: the same for every mail, so a refusal is the operator's to mend.
    Session,
    /// RCPT TO and DATA: a refusal is about this mail.
    Recipient,
    /// The mail's text, and the reply to it.
    Text,
}

/// Turns a failure into what the outbox needs to know.
pub(super) fn classify(step: Step, error: &Error) -> SendError {
    let Some(code) = error.status().map(u16::from) else {
        // Without a reply to the text, the server may have taken the mail (RFC 5321, section
        // 4.5.3.2.6).
        return SendError::temporary(class(step, error), step != Step::Text);
    };
    let detail = match enhanced_code(error) {
        Some(enhanced) => format!("{code} {enhanced}"),
        None => code.to_string(),
    };
    let of_this_mail = matches!(step, Step::Recipient | Step::Text);
    if of_this_mail && error.is_permanent() && !is_authentication_fault(code) {
        SendError::permanent(detail)
    } else {
        SendError::temporary(detail, true)
    }
}

/// Replies that say "log in first" or "wrong password" (RFC 4954, section 6): the operator can mend
/// that, and the mail is not lost. They come at any step: a relay may let anybody begin a dialogue
/// and ask for the password only when it sees the recipient.
fn is_authentication_fault(code: u16) -> bool {
    matches!(code, 530 | 534 | 535 | 538)
}

fn class(step: Step, error: &Error) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_tls() || failed_in_tls(step, error) {
        "tls"
    } else if error.is_response() || error.is_client() {
        "protocol"
    } else {
        "connection"
    }
}

/// Whether TLS failed: lettre wraps that error twice, a plain connection's only once.
fn failed_in_tls(step: Step, error: &Error) -> bool {
    matches!(step, Step::Connect | Step::Upgrade)
        && error.source().is_some_and(<dyn std::error::Error>::is::<Error>)
}

/// The enhanced status code that begins a reply's text (RFC 3463), such as `5.1.1`, if it is well
/// formed.
fn enhanced_code(error: &Error) -> Option<String> {
    let text = error.source()?.to_string();
    let word = text.split_ascii_whitespace().next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let digits = |part: &&str| {
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let well_formed = parts.len() == 3
        && parts.first().is_some_and(|class| matches!(*class, "2" | "4" | "5"))
        && parts.iter().all(digits);
    well_formed.then(|| word.to_owned())
}
