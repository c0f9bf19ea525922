//! The connections to a relay: opened with the protection that its URL asks for, and
//! kept for the next mail.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use gestan_account_dial::dial;
use lettre::transport::smtp::{
    authentication::{Credentials, DEFAULT_MECHANISMS},
    commands::{Auth, Ehlo, Noop, Quit, Starttls},
    extension::{ClientId, Extension, ServerInfo},
};
use tokio::time::Instant;

use super::{
    dialogue::{Dialogue, Fault, Stream, accepted},
    failure::{Step, classify},
    timeouts::Timeouts,
    tls::Tls,
};
use crate::mail::mailer::{
    MailerError, SendError,
    relay::{Protection, Relay},
};

/// Connections kept for the next mail: as many as mails are sent concurrently.
const MAX_IDLE: usize = 8;
/// Relays hang up after some minutes of silence; a connection this old is not tried again.
const IDLE_TIME: Duration = Duration::from_mins(1);
/// A connection that was at work so lately is not asked whether it is still there.
const FRESH_TIME: Duration = Duration::from_secs(1);
/// How long a relay is given to say goodbye.
const QUIT_TIME: Duration = Duration::from_secs(1);
/// Challenges of a server that are answered in one AUTH.
const MAX_CHALLENGES: usize = 10;

/// Opens connections to a relay, and keeps those that are idle.
pub(super) struct Connections {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    /// There for both kinds of TLS.
    tls: Option<Tls>,
    credentials: Option<Credentials>,
    hello: ClientId,
    timeouts: Timeouts,
    idle: Mutex<Vec<Idle>>,
}

/// A connection to a relay that takes mails.
pub(super) struct Connection {
    pub(super) dialogue: Dialogue,
    pub(super) server: ServerInfo,
    /// Whether several commands may be said in one go (RFC 2920).
    pub(super) is_pipelining: bool,
    /// Whether it has carried a mail before.
    pub(super) is_used: bool,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Connections {
    pub(super) fn new(
        relay: Relay,
        hello: ClientId,
        timeouts: Timeouts,
    ) -> Result<Self, MailerError> {
        let tls = match relay.protection {
            Protection::Clear => None,
            Protection::StartTls | Protection::Tls => {
                Some(Tls::new(&relay.host, relay.ca.as_deref())?)
            }
        };
        Ok(Self {
            host: relay.host,
            port: relay.port,
            protection: relay.protection,
            tls,
            credentials: relay.credentials.map(|(user, pass)| Credentials::new(user, pass)),
            hello,
            timeouts,
            idle: Mutex::default(),
        })
    }

    /// Where the relay is, without user and password.
    pub(super) fn place(&self) -> String {
        let Self { host, port, protection, .. } = self;
        let scheme = protection.scheme();
        if host.contains(':') {
            return format!("{scheme}://[{host}]:{port}");
        }
        format!("{scheme}://{host}:{port}")
    }

    /// TLS, unless the URL has mails go in the clear.
    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// The freshest kept connection that still answers, or a new one.
    pub(super) async fn take(&self) -> Result<Connection, SendError> {
        while let Some(Idle { mut connection, since }) = self.pop() {
            let idle = since.elapsed();
            // Within the time of connecting: a server that is gone without a word is noticed
            // as soon as when it is connected to.
            let is_there = idle < FRESH_TIME
                || (idle < IDLE_TIME
                    && connection.dialogue.command(Noop, self.timeouts.connect).await.is_ok());
            if is_there {
                connection.is_used = true;
                return Ok(connection);
            }
        }
        self.open().await
    }

    fn pop(&self) -> Option<Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a connection for the next mail. It must be at rest, between two mails.
    pub(super) fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < IDLE_TIME);
        if idle.len() < MAX_IDLE {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    /// A new connection.
    pub(super) async fn open(&self) -> Result<Connection, SendError> {
        let session = |fault| classify(Step::Session, &fault);
        let tcp = dial(&self.host, self.port, self.timeouts.connect).await;
        let tcp = tcp.map_err(|error| session(Fault::Unreached(error)))?;
        let mut stream: Box<dyn Stream> = Box::new(tcp);
        if let (Protection::Tls, Some(tls)) = (self.protection, &self.tls) {
            stream = tls.protect(stream, self.timeouts.connect).await.map_err(session)?;
        }
        let mut dialogue = Dialogue::new(stream);
        let greeting = dialogue.reply(self.timeouts.greeting).await;
        greeting.and_then(accepted).map_err(session)?;
        let mut connection = self.hello(dialogue).await.map_err(session)?;
        if let (Protection::StartTls, Some(tls)) = (self.protection, &self.tls) {
            // An attacker in between may have taken the offer out of the reply to EHLO, to
            // read what follows (RFC 3207, section 6).
            if !connection.server.supports_feature(Extension::StartTls) {
                quit(connection);
                return Err(SendError::temporary("starttls not offered", true));
            }
            connection = self.upgrade(connection.dialogue, tls).await.map_err(session)?;
        }
        if let Some(credentials) = &self.credentials {
            self.log_in(connection, credentials).await
        } else {
            Ok(connection)
        }
    }

    async fn hello(&self, mut dialogue: Dialogue) -> Result<Connection, Fault> {
        let reply = dialogue.command(Ehlo::new(self.hello.clone()), self.timeouts.command).await?;
        let offers = |extension: &str| {
            reply.lines().skip(1).any(|line| line.trim().eq_ignore_ascii_case(extension))
        };
        let is_pipelining = offers("PIPELINING");
        let server = ServerInfo::from_response(&reply.to_lettre()?).map_err(|_| Fault::Protocol)?;
        Ok(Connection { dialogue, server, is_pipelining, is_used: false })
    }

    async fn upgrade(&self, mut dialogue: Dialogue, tls: &Tls) -> Result<Connection, Fault> {
        dialogue.command(Starttls, self.timeouts.command).await?;
        let stream = tls.protect(dialogue.into_stream()?, self.timeouts.connect).await?;
        self.hello(Dialogue::new(stream)).await
    }

    async fn log_in(
        &self,
        mut connection: Connection,
        credentials: &Credentials,
    ) -> Result<Connection, SendError> {
        let Some(mechanism) = connection.server.get_auth_mechanism(DEFAULT_MECHANISMS) else {
            quit(connection);
            return Err(SendError::temporary("no usable authentication offered", true));
        };
        let dialogue = &mut connection.dialogue;
        let log_in = async {
            let auth = Auth::new(mechanism, credentials.clone(), None);
            let mut auth = auth.map_err(|_| Fault::Protocol)?;
            for _ in 0..=MAX_CHALLENGES {
                let reply = dialogue.command(auth, self.timeouts.command).await?;
                if reply.is_completion() {
                    return Ok(());
                }
                let challenge = reply.to_lettre()?;
                auth = Auth::new_from_response(mechanism, credentials.clone(), &challenge)
                    .map_err(|_| Fault::Protocol)?;
            }
            Err(Fault::Protocol)
        };
        match log_in.await {
            Ok(()) => Ok(connection),
            Err(fault) => {
                quit(connection);
                Err(classify(Step::Session, &fault))
            }
        }
    }
}

/// Takes leave of a server. RFC 5321, section 4.1.1.10, has a client wait for the reply to
/// QUIT; nobody waits here, because the server may be silent or gone, and the verdict is known.
pub(super) fn quit(mut connection: Connection) {
    tokio::spawn(async move {
        let _ = connection.dialogue.command(Quit, QUIT_TIME).await;
    });
}
