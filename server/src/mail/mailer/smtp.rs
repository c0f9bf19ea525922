//! Hands mails to an SMTP relay (RFC 5321).
//!
//! The dialogue is led command by command over lettre's connection rather than by lettre's
//! transport, for three reasons: the step at which it failed decides whether the mail or the
//! set-up is at fault; lettre bounds only the connecting in time, not the replies; and its pool
//! takes back a connection whose future was dropped in mid-dialogue, where the reply to one mail
//! would then be read as the reply to the next. A connection goes back to the pool of this module
//! only after the server has accepted a mail.

mod connections;
mod failure;

use std::{fmt, sync::Arc, time::Duration};

use lettre::{
    Address, Message,
    message::Mailbox,
    transport::smtp::{
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        extension::{Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::time::timeout;

use self::{
    connections::{Connections, quit},
    failure::{Step, classify},
};
use super::{Envelope, MailerError, SendError, mime, relay::Relay};

/// Sends mails through a relay. A clone shares its connections.
#[derive(Clone)]
pub struct Smtp {
    inner: Arc<Inner>,
}

struct Inner {
    connections: Connections,
    from: Mailbox,
    timeout: Duration,
}

impl Smtp {
    pub(super) fn new(relay: Relay, from: Mailbox, timeout: Duration) -> Result<Self, MailerError> {
        let connections = Connections::new(relay, timeout)?;
        Ok(Self { inner: Arc::new(Inner { connections, from, timeout }) })
    }

    pub(super) async fn send(&self, envelope: &Envelope) -> Result<(), SendError> {
        let message = mime::build(envelope, &self.inner.from)?;
        self.inner.deliver(&message).await
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Connections { host, port, protection, .. } = &self.inner.connections;
        f.debug_struct("Smtp")
            .field("host", host)
            .field("port", port)
            .field("protection", protection)
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn deliver(&self, message: &Message) -> Result<(), SendError> {
        let bytes = message.formatted();
        let mut connection = timeout(self.timeout, self.announce(message, bytes.is_ascii()))
            .await
            .map_err(|_| SendError::temporary("timeout", true))??;
        // From the text's last line on the server may have taken the mail without our knowing:
        // its reply, which makes it answerable for the mail (RFC 5321, section 6.1), may be lost.
        let result = timeout(self.timeout, connection.message(&bytes))
            .await
            .map_err(|_| SendError::temporary("timeout", false))?;
        match result {
            Ok(_) => {
                self.connections.keep(connection);
                Ok(())
            }
            Err(error) => {
                quit(connection);
                Err(classify(Step::Text, &error))
            }
        }
    }

    /// Goes as far as the server's word that it waits for the mail's text.
    async fn announce(
        &self,
        message: &Message,
        ascii: bool,
    ) -> Result<AsyncSmtpConnection, SendError> {
        let mut connection = self.connections.take().await?;
        match self.envelope(&mut connection, message, ascii).await {
            Ok(()) => Ok(connection),
            Err(error) => {
                quit(connection);
                Err(error)
            }
        }
    }

    async fn envelope(
        &self,
        connection: &mut AsyncSmtpConnection,
        message: &Message,
        ascii: bool,
    ) -> Result<(), SendError> {
        let recipients = message.envelope().to();
        let mut parameters = Vec::new();
        // What a server does not offer must not be asked of it (RFC 6531, RFC 6152): such
        // a mail can reach nobody by this relay, however often it is tried.
        if !recipients.iter().chain([&self.from.email]).all(is_ascii) {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(SendError::permanent("smtputf8 not offered"));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !ascii {
            if !connection.server_info().supports_feature(Extension::EightBitMime) {
                return Err(SendError::permanent("8bitmime not offered"));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        connection
            .command(Mail::new(Some(self.from.email.clone()), parameters))
            .await
            .map_err(|error| classify(Step::Session, &error))?;
        for recipient in recipients {
            connection
                .command(Rcpt::new(recipient.clone(), Vec::new()))
                .await
                .map_err(|error| classify(Step::Recipient, &error))?;
        }
        connection.command(Data).await.map_err(|error| classify(Step::Recipient, &error))?;
        Ok(())
    }
}

fn is_ascii(address: &Address) -> bool {
    let text: &str = address.as_ref();
    text.is_ascii()
}
