//! The certificates of the listener.

use std::{path::PathBuf, sync::Arc};

use crate::listener::tls::{Tls, TlsError, TlsFiles};

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
    /// Reads the files, if the operator named any.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used.
    pub fn load(&self) -> Result<Option<Arc<Tls>>, TlsError> {
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else {
            return Ok(None);
        };
        let (certificate, key) = (certificate.clone(), key.clone());
        let files = TlsFiles { certificate, key, client_ca: self.client_ca.clone() };
        Ok(Some(Arc::new(Tls::load(files)?)))
    }
}
