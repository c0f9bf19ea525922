//! Judges a failed SMTP dialogue: whether the recipient or the set-up is at fault, and whether the
//! server may have taken the mail.
//!
//! Only what a server says of the recipient is final. Whatever the operator can mend is tried
//! again: a relay that refuses the sender, or has reached its quota, must lose no mail. A server's
//! own words may repeat an address, so only its codes leave this module.

use super::{
    SendError,
    dialogue::{Fault, Reply},
};

/// How far the dialogue had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Everything before the recipient: the same for every mail.
    Session,
    /// RCPT TO.
    Recipient,
    /// DATA.
    Data,
    /// The mail's text, and the reply to it.
    Text,
}

/// Turns a failure into what the outbox needs to know.
pub(super) fn classify(step: Step, fault: &Fault) -> SendError {
    // From the text on the server may have taken the mail without our knowing: its reply, which
    // makes it answerable for the mail (RFC 5321, section 6.1), may be lost.
    let definite = step != Step::Text;
    match fault {
        Fault::Refused(reply) => refused(step, reply),
        Fault::Timeout => SendError::temporary("timeout", definite),
        Fault::Tls(fault) => SendError::temporary(fault.text(), definite),
        Fault::Unreached(error) => SendError::temporary(format!("connection: {error}"), definite),
        Fault::Connection => SendError::temporary("connection", definite),
        Fault::Protocol => SendError::temporary("protocol", definite),
    }
}

/// Whether another relay may take the mail that this one does not wait for: what it said is not
/// about the recipient.
pub(super) fn is_of_relay(step: Step, fault: &Fault) -> bool {
    let Fault::Refused(reply) = fault else { return true };
    if step == Step::Session {
        return true;
    }
    let enhanced = Enhanced::read(reply);
    if is_about_recipient(step, reply.code(), enhanced.as_ref()) {
        return false;
    }
    // What the table takes for final, said for now only.
    match enhanced.map(|e| (e.subject, e.detail)) {
        Some((1, detail)) => matches!(detail, 5 | 7 | 8 | 9),
        Some((2, _)) => false,
        Some((3..=7, _)) => true,
        _ => reply.code() != 450,
    }
}

fn refused(step: Step, reply: &Reply) -> SendError {
    let code = reply.code();
    let enhanced = Enhanced::read(reply);
    let detail = match &enhanced {
        Some(enhanced) => format!("{code} {}", enhanced.word),
        None => code.to_string(),
    };
    if is_about_recipient(step, code, enhanced.as_ref()) {
        SendError::permanent(detail)
    } else {
        SendError::temporary(detail, true)
    }
}

/// The table: whether a refusal says that this recipient will never get this mail.
fn is_about_recipient(step: Step, code: u16, enhanced: Option<&Enhanced>) -> bool {
    // "Log in first" and "wrong password" (RFC 4954, section 6) come at any step: a relay may let
    // anybody begin, and ask for the password only when it sees the recipient.
    let is_final = (500..600).contains(&code) && !matches!(code, 530 | 534 | 535 | 538);
    if !is_final || step == Step::Session {
        return false;
    }
    // The subjects of RFC 3463, and the details that RFC 7505 and RFC 7372 have added.
    match enhanced.filter(|enhanced| enhanced.class == 5).map(|e| (e.subject, e.detail)) {
        // Addresses: 5 is said of an address that is right, 7 and 8 are about the sender, 9 is
        // about another server on the way.
        Some((1, detail)) => !matches!(detail, 5 | 7 | 8 | 9),
        // The recipient's mailbox: disabled, full, too small.
        Some((2, _)) => true,
        // The mail system, the network, the protocol, the contents, the policy: the operator's.
        Some((3..=7, _)) => false,
        // Nothing was said, or nothing in particular. At RCPT, RFC 5321 (section 4.2.3) has these
        // say that there is no such mailbox, or not here; elsewhere they may mean anything.
        _ => step == Step::Recipient && matches!(code, 550 | 551 | 553),
    }
}

/// The enhanced status code that begins a reply's text, such as `5.1.1`.
struct Enhanced {
    word: String,
    class: u16,
    subject: u16,
    detail: u16,
}

impl Enhanced {
    /// Reads it, if it is well formed.
    fn read(reply: &Reply) -> Option<Self> {
        let word = reply.text().split_ascii_whitespace().next()?;
        let parts: Vec<&str> = word.split('.').collect();
        let [class, subject, detail] = parts[..] else { return None };
        let number = |part: &str| {
            let is_number =
                (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<u16>().ok())?
        };
        let (class, subject, detail) = (number(class)?, number(subject)?, number(detail)?);
        matches!(class, 2 | 4 | 5).then(|| Self { word: word.to_owned(), class, subject, detail })
    }
}
