//! The beginning of a dialogue: a relay is told from whom and to whom a mail is, up to its word that
//! it waits for the text. Until then nothing is lost by asking another relay.

use std::{fmt::Display, time::Duration};

use lettre::{
    Address, Message,
    transport::smtp::{
        commands::{Data, Mail, Rcpt},
        extension::{Extension, MailBodyParameter, MailParameter, ServerInfo},
    },
};

use super::{
    Inner, SendError, Timeouts,
    connections::{Connection, Connections, quit},
    dialogue::Fault,
    failure::{Step, classify, is_of_relay},
    judge,
    relays::NotTaken,
};

/// A command before the text, and how long its reply may take.
struct Command {
    step: Step,
    text: String,
    limit: Duration,
}

impl Inner {
    /// The first relay, in turn, that waits for the mail's text.
    pub(super) async fn find_relay(
        &self,
        message: &Message,
        ascii: bool,
    ) -> Result<(&Connections, Connection), SendError> {
        let mut faults: Vec<SendError> = Vec::new();
        for relay in self.relays.in_turn() {
            match self.announce(relay, message, ascii).await {
                Ok(connection) => {
                    self.relays.note_there(relay);
                    return Ok((relay, connection));
                }
                Err(NotTaken::ForRecipient(error)) => return Err(error),
                Err(NotTaken::Unfit(error)) => faults.push(error),
                Err(NotTaken::ByRelay(error)) => {
                    self.relays.note_away(relay, &error);
                    faults.push(error);
                }
            }
        }
        let details: Vec<&str> = faults.iter().map(SendError::detail).collect();
        Err(SendError::temporary(details.join("; the other mail server: "), true))
    }

    /// Goes as far as the server's word that it waits for the mail's text.
    async fn announce(
        &self,
        relay: &Connections,
        message: &Message,
        ascii: bool,
    ) -> Result<Connection, NotTaken> {
        let connection = relay.take().await.map_err(NotTaken::ByRelay)?;
        let is_used = connection.is_used;
        match self.converse(connection, message, ascii).await? {
            // A relay that has taken its share of mails on a connection, or was silent for long,
            // hangs up: that says nothing about this mail.
            Err((_, fault)) if is_used && is_hanging_up(&fault) => {
                let connection = relay.open().await.map_err(NotTaken::ByRelay)?;
                self.converse(connection, message, ascii).await?
            }
            outcome => outcome,
        }
        .map_err(|(step, fault)| {
            let error = classify(step, &fault);
            if is_of_relay(step, &fault) {
                NotTaken::ByRelay(error)
            } else {
                NotTaken::ForRecipient(error)
            }
        })
    }

    async fn converse(
        &self,
        mut connection: Connection,
        message: &Message,
        ascii: bool,
    ) -> Result<Result<Connection, (Step, Fault)>, NotTaken> {
        let commands = self.commands(&connection.server, message, ascii);
        let commands = commands.map_err(NotTaken::Unfit)?;
        let is_pipelining = connection.is_pipelining;
        if is_pipelining {
            let all: String = commands.iter().map(|command| command.text.as_str()).collect();
            if let Err(fault) = connection.dialogue.say(&all, self.timeouts.command).await {
                return Ok(Err((Step::Session, fault)));
            }
        }
        let (mut verdict, mut waits_for_text) = (Ok(()), false);
        for Command { step, text, limit } in commands {
            let dialogue = &mut connection.dialogue;
            let reply = async {
                if !is_pipelining {
                    dialogue.say(&text, limit).await?;
                }
                dialogue.reply(limit).await
            };
            let reply = match reply.await {
                Ok(reply) => reply,
                Err(fault) => return Ok(Err(verdict.err().unwrap_or((step, fault)))),
            };
            waits_for_text = reply.is_intermediate();
            // What was said in one go is answered to its end, but the first refusal counts.
            verdict = verdict.and_then(|()| judge(step, reply).map_err(|fault| (step, fault)));
            if verdict.is_err() && !is_pipelining {
                break;
            }
        }
        match verdict {
            Ok(()) => Ok(Ok(connection)),
            Err(verdict) => {
                // To a server that waits for a text although it has refused the recipient, any
                // word would be a text (RFC 2920, section 3.1): it is left without one.
                if !waits_for_text {
                    quit(connection);
                }
                Ok(Err(verdict))
            }
        }
    }

    /// What is said before the text.
    fn commands(
        &self,
        server: &ServerInfo,
        message: &Message,
        ascii: bool,
    ) -> Result<Vec<Command>, SendError> {
        let recipients = message.envelope().to();
        let mut parameters = Vec::new();
        // What a server does not offer must not be asked of it (RFC 6531, RFC 6152). The operator
        // may choose another one while the mail waits.
        if !recipients.iter().chain([&self.from.email]).all(is_ascii) {
            if !server.supports_feature(Extension::SmtpUtfEight) {
                return Err(SendError::temporary("smtputf8 not offered", true));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !ascii {
            if !server.supports_feature(Extension::EightBitMime) {
                return Err(SendError::temporary("8bitmime not offered", true));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let command =
            |step, text: &dyn Display, limit| Command { step, text: text.to_string(), limit };
        let Timeouts { command: limit, data, .. } = self.timeouts;
        let mail = Mail::new(Some(self.from.email.clone()), parameters);
        let mut commands = vec![command(Step::Session, &mail, limit)];
        for recipient in recipients {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            commands.push(command(Step::Recipient, &recipient, limit));
        }
        commands.push(command(Step::Data, &Data, data));
        Ok(commands)
    }
}

/// Whether the server ends the connection rather than refusing anything.
fn is_hanging_up(fault: &Fault) -> bool {
    match fault {
        Fault::Connection => true,
        Fault::Refused(reply) => reply.code() == 421,
        _ => false,
    }
}

fn is_ascii(address: &Address) -> bool {
    let text: &str = address.as_ref();
    text.is_ascii()
}
