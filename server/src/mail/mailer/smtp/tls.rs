//! TLS to a mail server, which must show a certificate for its name.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::dialogue::{Fault, Stream};
use crate::{
    certificates::{Certificate, TlsFault, Trust},
    mail::mailer::MailerError,
};

/// What a connection is protected with.
pub(super) struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
    has_roots: bool,
    named: Vec<Certificate>,
}

impl Tls {
    /// Trusts the system's authorities, and the certificates of the file `ca`.
    pub(super) fn new(host: &str, ca: Option<&Path>) -> Result<Self, MailerError> {
        let host = ServerName::try_from(host.to_owned()).map_err(|_| MailerError::Host)?;
        let Trust { config, has_roots, named } = Trust::new(ca)?;
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, host, has_roots, named })
    }

    /// Whether there is anything to trust: without it no handshake can succeed.
    pub(super) fn has_roots(&self) -> bool {
        self.has_roots
    }

    /// The certificates of the file.
    pub(super) fn named(&self) -> &[Certificate] {
        &self.named
    }

    /// The handshake.
    pub(super) async fn protect(
        &self,
        stream: Box<dyn Stream>,
        limit: Duration,
    ) -> Result<Box<dyn Stream>, Fault> {
        let handshake = self.connector.connect(self.host.clone(), stream);
        let stream = timeout(limit, handshake).await.map_err(|_| Fault::Timeout)?;
        let stream = stream.map_err(|error| match TlsFault::of(&error) {
            TlsFault::UnknownAuthority if !self.has_roots => TlsFault::NoRoots,
            fault => fault,
        });
        Ok(Box::new(stream.map_err(Fault::Tls)?))
    }
}
