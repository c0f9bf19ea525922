//! How long each phase of a dialogue with a mail server may take.

use std::time::Duration;

/// A limit for each phase. Those from the greeting on are the least that RFC 5321, section
/// 4.5.3.2, asks of a client: with shorter ones a mail that a slow server has taken is sent again.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Connecting, and each handshake of TLS, of which the RFC says nothing.
    pub connect: Duration,
    /// The greeting.
    pub greeting: Duration,
    /// Each of EHLO, STARTTLS, AUTH, MAIL and RCPT, with its reply.
    pub command: Duration,
    /// The reply to DATA.
    pub data: Duration,
    /// Until the server has taken a block of the text.
    pub block: Duration,
    /// The reply to the end of the text, for which a server may deliver the mail first.
    pub end: Duration,
    /// How long a mail keeps its turn while that reply is awaited; then the next mail has it.
    pub turn: Duration,
    /// How long a server that was found away is left alone, if there is a fallback: mails need not
    /// wait for it meanwhile. Then one mail looks whether it is back.
    pub away: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            greeting: Duration::from_mins(5),
            command: Duration::from_mins(5),
            data: Duration::from_mins(2),
            block: Duration::from_mins(3),
            end: Duration::from_mins(10),
            turn: Duration::from_secs(5),
            away: Duration::from_mins(1),
        }
    }
}
