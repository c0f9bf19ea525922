//! Hands mails to an SMTP relay.
//!
//! The dialogue is led command by command over lettre's connection rather than by lettre's
//! transport, for three reasons: the step at which it failed decides whether the mail or the
//! set-up is at fault; lettre bounds only the connecting in time, not the replies; and its pool
//! takes back a connection whose future was dropped in mid-dialogue, where the reply to one mail
//! would then be read as the reply to the next. A connection goes back to the pool of this module
//! only after the server has accepted a mail.

mod failure;

use std::{
    fmt, fs,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    Address, Message,
    message::Mailbox,
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::time::{Instant, timeout};

use self::failure::{Step, classify};
use super::{
    Envelope, MailerError, SendError, mime,
    relay::{Protection, Relay},
};

/// Connections kept for the next mail: as many as mails are sent at once.
const IDLE_CONNECTIONS: usize = 8;
/// Relays hang up after some minutes of silence; a connection this old is not tried again.
const IDLE_TIME: Duration = Duration::from_mins(1);
/// How long a relay is given to say goodbye.
const QUIT_TIME: Duration = Duration::from_secs(1);

/// Sends mails through a relay. A clone shares its connections.
#[derive(Clone)]
pub struct Smtp {
    inner: Arc<Inner>,
}

struct Inner {
    host: String,
    port: u16,
    protection: Protection,
    /// There for both kinds of TLS.
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    from: Mailbox,
    timeout: Duration,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    pub(super) fn new(relay: Relay, from: Mailbox, timeout: Duration) -> Result<Self, MailerError> {
        let tls = match relay.protection {
            Protection::Clear => None,
            Protection::StartTls | Protection::Tls => Some(tls_parameters(&relay)?),
        };
        let inner = Inner {
            host: relay.host,
            port: relay.port,
            protection: relay.protection,
            tls,
            credentials: relay.credentials.map(|(user, pass)| Credentials::new(user, pass)),
            hello: ClientId::default(),
            from,
            timeout,
            idle: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub(super) async fn send(&self, envelope: &Envelope) -> Result<(), SendError> {
        let message = mime::build(envelope, &self.inner.from)?;
        self.inner.deliver(&message).await
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.inner.host)
            .field("port", &self.inner.port)
            .field("protection", &self.inner.protection)
            .finish_non_exhaustive()
    }
}

impl Inner {
    async fn deliver(&self, message: &Message) -> Result<(), SendError> {
        let bytes = message.formatted();
        let mut connection = timeout(self.timeout, self.announce(message, bytes.is_ascii()))
            .await
            .map_err(|_| SendError::temporary("timeout", true))??;
        // From here on the server may have the mail without our knowing.
        let result = timeout(self.timeout, connection.message(&bytes))
            .await
            .map_err(|_| SendError::temporary("timeout", false))?;
        match result {
            Ok(_) => {
                self.park(connection);
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
        let mut connection = match self.unpark().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
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

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let (wrapper, upgrade) = match self.protection {
            Protection::Clear => (None, None),
            Protection::StartTls => (None, self.tls.clone()),
            Protection::Tls => (self.tls.clone(), None),
        };
        // Half the time for one address leaves some for the host's next one.
        let per_address = Some(self.timeout / 2);
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, per_address, &self.hello, wrapper, None)
                .await
                .map_err(|error| classify(Step::Connect, &error))?;
        if let Some(tls) = upgrade {
            if !connection.can_starttls() {
                quit(connection);
                return Err(SendError::temporary("starttls not offered", true));
            }
            connection
                .starttls(tls, &self.hello)
                .await
                .map_err(|error| classify(Step::Upgrade, &error))?;
        }
        if let Some(credentials) = &self.credentials {
            if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
                quit(connection);
                return Err(SendError::temporary("no usable authentication offered", true));
            }
            if let Err(error) = connection.auth(DEFAULT_MECHANISMS, credentials).await {
                quit(connection);
                return Err(classify(Step::Session, &error));
            }
        }
        Ok(connection)
    }

    /// The freshest kept connection that still answers.
    async fn unpark(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let mut connection = idle.connection;
            if idle.since.elapsed() < IDLE_TIME && connection.test_connected().await {
                return Some(connection);
            }
        }
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < IDLE_TIME);
        if idle.len() < IDLE_CONNECTIONS && !connection.has_broken() {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }
}

fn is_ascii(address: &Address) -> bool {
    let text: &str = address.as_ref();
    text.is_ascii()
}

/// Takes leave of a server, without waiting: it may be silent or gone, and the verdict is known.
fn quit(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move { timeout(QUIT_TIME, connection.abort()).await });
}

fn tls_parameters(relay: &Relay) -> Result<TlsParameters, MailerError> {
    let mut builder = TlsParameters::builder(relay.host.clone());
    if let Some(path) = &relay.ca {
        let unusable = || MailerError::Certificate { path: path.clone() };
        let pem = fs::read(path)
            .map_err(|source| MailerError::CertificateFile { path: path.clone(), source })?;
        if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err(unusable());
        }
        builder =
            builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| unusable())?);
        return builder.build().map_err(|_| unusable());
    }
    builder.build().map_err(|_| MailerError::Tls)
}
