//! The connections to a relay: opened with the protection that its URL asks for, and
//! kept for the next mail.

use std::{
    fs,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::{
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, Certificate, TlsParameters},
    extension::ClientId,
};
use tokio::time::{Instant, timeout};

use super::failure::{Step, classify};
use crate::mail::mailer::{
    MailerError, SendError,
    relay::{Protection, Relay},
};

/// Connections kept for the next mail: as many as mails are sent concurrently.
const MAX_IDLE: usize = 8;
/// Relays hang up after some minutes of silence; a connection this old is not tried again.
const IDLE_TIME: Duration = Duration::from_mins(1);
/// How long a relay is given to say goodbye.
const QUIT_TIME: Duration = Duration::from_secs(1);

/// Opens connections to a relay, and keeps those that are idle.
pub(super) struct Connections {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    /// There for both kinds of TLS.
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    timeout: Duration,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Connections {
    pub(super) fn new(relay: Relay, timeout: Duration) -> Result<Self, MailerError> {
        let tls = match relay.protection {
            Protection::Clear => None,
            Protection::StartTls | Protection::Tls => Some(tls_parameters(&relay)?),
        };
        Ok(Self {
            host: relay.host,
            port: relay.port,
            protection: relay.protection,
            tls,
            credentials: relay.credentials.map(|(user, pass)| Credentials::new(user, pass)),
            hello: ClientId::default(),
            timeout,
            idle: Mutex::default(),
        })
    }

    /// The freshest kept connection that still answers, or a new one.
    pub(super) async fn take(&self) -> Result<AsyncSmtpConnection, SendError> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(Idle { mut connection, since }) = kept else {
                return self.open().await;
            };
            if since.elapsed() < IDLE_TIME && connection.test_connected().await {
                return Ok(connection);
            }
        }
    }

    /// Keeps a connection for the next mail. It must be at rest, between two mails.
    pub(super) fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|idle| idle.since.elapsed() < IDLE_TIME);
        if idle.len() < MAX_IDLE && !connection.has_broken() {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, SendError> {
        let (wrapper, upgrade) = match self.protection {
            Protection::Clear => (None, None),
            Protection::StartTls => (None, self.tls.clone()),
            Protection::Tls => (self.tls.clone(), None),
        };
        // A name may stand for several addresses, and lettre's limit is for each of
        // them: half the time for one leaves some for the next.
        let per_address = Some(self.timeout / 2);
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, per_address, &self.hello, wrapper, None)
                .await
                .map_err(|error| classify(Step::Connect, &error))?;
        if let Some(tls) = upgrade {
            // An attacker in between may have taken the offer out of the reply to EHLO, to
            // read what follows (RFC 3207, section 6).
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
}

/// Takes leave of a server. RFC 5321, section 4.1.1.10, has a client wait for the reply to
/// QUIT; nobody waits here, because the server may be silent or gone, and the verdict is known.
pub(super) fn quit(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move { timeout(QUIT_TIME, connection.abort()).await });
}

fn tls_parameters(relay: &Relay) -> Result<TlsParameters, MailerError> {
    let mut builder = TlsParameters::builder(relay.host.clone());
    if let Some(path) = &relay.ca {
        let unusable = || MailerError::Certificate { path: path.clone() };
        let pem = fs::read(path)
            .map_err(|source| MailerError::CertificateFile { path: path.clone(), source })?;
        // lettre passes over a file without a certificate in silence.
        if !String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
            return Err(unusable());
        }
        builder =
            builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| unusable())?);
        return builder.build().map_err(|_| unusable());
    }
    builder.build().map_err(|_| MailerError::Tls)
}
