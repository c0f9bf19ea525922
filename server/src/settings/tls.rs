//! The certificates of the listener.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    listener::tls::{Tls, TlsError, TlsFiles},
    private_file::warn_if_others_may_read,
};

/// Where the certificates are.
#[derive(clap::Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsSettings {
    /// PEM file with the server's certificate chain. Read again when it changes and on SIGHUP.
    #[arg(
        long = "tls-certificate",
        env = "GESTAN_ACCOUNT_TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "key"
    )]
    certificate: Option<PathBuf>,

    /// PEM file with the private key of the certificate.
    #[arg(
        long = "tls-key",
        env = "GESTAN_ACCOUNT_TLS_KEY",
        value_name = "FILE",
        requires = "certificate"
    )]
    key: Option<PathBuf>,

    /// PEM file with certificate authorities. Every client must then show a certificate that one
    /// of them signed.
    #[arg(
        long = "tls-client-ca",
        env = "GESTAN_ACCOUNT_TLS_CLIENT_CA",
        value_name = "FILE",
        requires = "certificate"
    )]
    client_ca: Option<PathBuf>,
}

impl TlsSettings {
    /// The file of the private key.
    #[must_use]
    pub fn key(&self) -> Option<&Path> {
        self.key.as_deref()
    }

    /// Reads the files, if the operator named any.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used `now`.
    pub fn load(&self, now: Timestamp) -> Result<Option<Arc<Tls>>, TlsError> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else {
            return Ok(None);
        };
        warn_if_others_may_read(key, "the key of the certificate");
        let (certificate, key) = (certificate.clone(), key.clone());
        let files = TlsFiles { certificate, key, client_ca: self.client_ca.clone() };
        Ok(Some(Arc::new(Tls::load(files, now)?)))
    }
}
