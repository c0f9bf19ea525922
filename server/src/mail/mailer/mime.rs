//! Builds the internet message of a mail (RFC 5322, MIME): its headers, a text and an HTML part.
//!
//! The bytes are the same for every transport. Nothing that a person typed may get into a header
//! but the address, and that only once it has been parsed: a line break in it would begin a
//! header of its own. What cannot be built is tried again, since no mail server has refused it.

use lettre::{
    Address,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use super::{Envelope, SendError};

/// Parses an address, and refuses what could not stand in a header or an SMTP command.
pub(super) fn address(typed: &str) -> Result<Address, SendError> {
    // A quoted local part may hold spaces (RFC 5321, section 4.1.2); such an address is refused, too.
    let harmless = !typed.chars().any(|c| c.is_control() || c.is_whitespace());
    match typed.parse() {
        Ok(address) if harmless => Ok(address),
        _ => Err(SendError::temporary("invalid address", true)),
    }
}

/// Builds the message.
pub(super) fn build(envelope: &Envelope, from: &Mailbox) -> Result<lettre::Message, SendError> {
    let to = Mailbox::new(None, address(&envelope.to)?);
    let message = &envelope.message;
    // The last part is the one that a program shows if it can (RFC 2046, section 5.1.4).
    let multipart = MultiPart::alternative()
        .singlepart(part(ContentType::TEXT_PLAIN, &message.text))
        .singlepart(part(ContentType::TEXT_HTML, &message.html));
    let builder = lettre::Message::builder().from(from.clone()).to(to);
    let builder = match &message.reply_to {
        Some(reply_to) => builder.reply_to(Mailbox::new(None, address(reply_to)?)),
        None => builder,
    };
    builder
        .subject(message.subject.as_str())
        .date(envelope.date)
        .message_id(Some(message_id(&envelope.message_id)?))
        // Both keep absence notices away: the first is the standard (RFC 3834, section 5), the
        // second is what Exchange looks at.
        .raw_header(fixed("Auto-Submitted", "auto-generated"))
        .raw_header(fixed("X-Auto-Response-Suppress", "All"))
        .raw_header(fixed("Content-Language", message.language))
        .multipart(multipart)
        .map_err(|_| SendError::temporary("invalid message", true))
}

fn part(content_type: ContentType, body: &str) -> SinglePart {
    SinglePart::builder().header(content_type).body(body.to_owned())
}

fn fixed(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The identifier in its brackets (RFC 5322, section 3.6.4). The caller makes it, so a bad one is
/// a bug, which ends here.
fn message_id(id: &str) -> Result<String, SendError> {
    let graphic = id.chars().all(|c| c.is_ascii_graphic() && c != '<' && c != '>');
    let halves = id.split_once('@').filter(|(left, right)| !left.is_empty() && !right.is_empty());
    if graphic && halves.is_some() {
        Ok(format!("<{id}>"))
    } else {
        Err(SendError::temporary("invalid message id", true))
    }
}
