//! Hands mails to an SMTP relay (RFC 5321).
//!
//! The dialogue is led step by step rather than by lettre's transport, for three reasons: the step
//! at which it failed decides whether the mail or the set-up is at fault; each phase has a time of
//! its own; and a pool takes back a connection whose future was dropped in mid-dialogue, where the
//! reply to one mail would then be read as the reply to the next. A connection goes back to the
//! pool of this module only after the server has accepted a mail.

mod announcement;
mod connections;
mod dialogue;
mod failure;
mod hello;
mod relays;
mod timeouts;
mod tls;

use std::{fmt, sync::Arc};

use lettre::{Message, message::Mailbox};
use tokio::{sync::watch, time::timeout};

use self::{
    connections::{Connection, Connections, quit},
    dialogue::{Fault, Reply, accepted},
    failure::{Step, classify},
    relays::Relays,
    tls::Tls,
};
pub use self::{hello::HelloName, timeouts::Timeouts};
use super::{Envelope, MailerError, Progress, SendError, mime, relay::Relay, sender::Sender};
use crate::certificates::Certificate;

/// How a relay is talked to.
#[derive(Clone, Debug, Default)]
pub struct SmtpOptions {
    /// The name that this server says it has; the host's own by default.
    pub hello: HelloName,
    /// How long each phase may take.
    pub timeouts: Timeouts,
}

/// Sends mails through a relay, or its fallback. A clone shares their connections.
#[derive(Clone)]
pub struct Smtp {
    inner: Arc<Inner>,
}

struct Inner {
    relays: Relays,
    from: Mailbox,
    timeouts: Timeouts,
}

impl Smtp {
    pub(super) fn new(
        relay: Relay,
        fallback: Option<Relay>,
        from: Sender,
        options: &SmtpOptions,
    ) -> Result<Self, MailerError> {
        let timeouts = options.timeouts;
        let connections = |relay| Connections::new(relay, options.hello.to_client_id(), timeouts);
        let fallback = fallback.map(connections);
        let relays = Relays::new(connections(relay)?, fallback, timeouts.away)?;
        let from = from.into_mailbox();
        Ok(Self { inner: Arc::new(Inner { relays, from, timeouts }) })
    }

    /// The certificates that the URLs' `?ca=` name.
    pub fn named_certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.inner.relays.all().filter_map(Connections::tls).flat_map(Tls::named)
    }

    /// Whether it is to use TLS, and has nothing to trust: it can then send no mail.
    #[must_use]
    pub fn lacks_roots(&self) -> bool {
        self.inner.relays.all().filter_map(Connections::tls).any(|tls| !tls.has_roots())
    }

    /// Where it is, without user and password, and where its fallback is.
    pub(super) fn place(&self) -> String {
        let places: Vec<String> = self.inner.relays.all().map(Connections::place).collect();
        places.join(", or else ")
    }

    /// Connects to the relay, and to its fallback, and goes as far as their word that they take
    /// mails: TLS, and the password. Gives what each came to.
    pub async fn try_out(&self) -> Vec<Result<(), SendError>> {
        let mut outcomes = Vec::new();
        for relay in self.inner.relays.all() {
            outcomes.push(relay.open().await.map(quit));
        }
        outcomes
    }

    pub(super) async fn send(
        &self,
        envelope: &Envelope,
        progress: &watch::Sender<Progress>,
    ) -> Result<(), SendError> {
        let message = mime::build(envelope, &self.inner.from)?;
        self.inner.deliver(&message, progress).await
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Smtp").field(&self.inner.relays).finish()
    }
}

impl Inner {
    async fn deliver(
        &self,
        message: &Message,
        progress: &watch::Sender<Progress>,
    ) -> Result<(), SendError> {
        let text = message.formatted();
        let (relay, mut connection) = self.find_relay(message, text.is_ascii()).await?;
        progress.send_replace(Progress::Text);
        match self.hand_over(&mut connection, &text, progress).await {
            Ok(()) => {
                relay.keep(connection);
                Ok(())
            }
            Err(fault) => {
                // After any other fault the server may take QUIT for a part of the text.
                if let Fault::Refused(_) = fault {
                    quit(connection);
                }
                Err(classify(Step::Text, &fault))
            }
        }
    }

    async fn hand_over(
        &self,
        connection: &mut Connection,
        text: &[u8],
        progress: &watch::Sender<Progress>,
    ) -> Result<(), Fault> {
        connection.dialogue.send_text(text, self.timeouts.block).await?;
        let mut reply = Box::pin(connection.dialogue.reply(self.timeouts.end));
        let reply = if let Ok(reply) = timeout(self.timeouts.turn, &mut reply).await {
            reply
        } else {
            progress.send_replace(Progress::Reply);
            reply.await
        };
        judge(Step::Text, reply?)
    }
}

/// Whether a reply says what its step needs: to go on with the text after DATA, and that all is
/// done after any other.
fn judge(step: Step, reply: Reply) -> Result<(), Fault> {
    let reply = accepted(reply)?;
    if reply.is_intermediate() == (step == Step::Data) { Ok(()) } else { Err(Fault::Protocol) }
}
