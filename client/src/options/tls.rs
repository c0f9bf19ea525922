//! What to trust, and who to be, on an `https://` connection.

use std::fmt;

use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::error::Error;

/// Options of TLS. By default the certificate authorities that the system
/// trusts are trusted, and no client certificate is shown.
///
/// ```
#[doc = include_str!("../../docs/trust.rs")]
/// ```
#[derive(Clone)]
pub struct TlsOptions {
    ca_certificates: Vec<String>,
    system_roots: bool,
    identity: Option<(String, String)>,
    domain_name: Option<String>,
}

impl TlsOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self { ca_certificates: Vec::new(), system_roots: true, identity: None, domain_name: None }
    }

    /// Trusts the certificate authorities of a PEM text, too.
    #[must_use]
    pub fn ca_certificate_pem(mut self, pem: impl Into<String>) -> Self {
        self.ca_certificates.push(pem.into());
        self
    }

    /// Whether to trust the system's certificate authorities. Without them, at
    /// least one of [`ca_certificate_pem`](Self::ca_certificate_pem) is needed.
    #[must_use]
    pub fn system_roots(mut self, trusted: bool) -> Self {
        self.system_roots = trusted;
        self
    }

    /// The certificate chain and private key, both as PEM, that the client
    /// shows to the server.
    #[must_use]
    pub fn client_certificate_pem(
        mut self,
        certificate: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        self.identity = Some((certificate.into(), key.into()));
        self
    }

    /// The name that the server's certificate must bear, when it is not the
    /// URL's.
    #[must_use]
    pub fn domain_name(mut self, name: impl Into<String>) -> Self {
        self.domain_name = Some(name.into());
        self
    }

    pub(crate) fn to_config(&self) -> Result<ClientTlsConfig, Error> {
        let mut config = ClientTlsConfig::new();
        if self.system_roots {
            config = config.with_native_roots();
        } else if self.ca_certificates.is_empty() {
            return Err(Error::InvalidOptions("TLS is told to trust nobody".into()));
        }
        for pem in &self.ca_certificates {
            // rustls passes over a text without a certificate in silence.
            if !pem.contains("-----BEGIN CERTIFICATE-----") {
                let text = "the certificate authority's PEM text holds no certificate";
                return Err(Error::InvalidOptions(text.into()));
            }
            config = config.ca_certificate(Certificate::from_pem(pem));
        }
        if let Some((certificate, key)) = &self.identity {
            config = config.identity(Identity::from_pem(certificate, key));
        }
        if let Some(name) = &self.domain_name {
            config = config.domain_name(name);
        }
        Ok(config)
    }
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows no private key.
impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("ca_certificates", &self.ca_certificates.len())
            .field("system_roots", &self.system_roots)
            .field("client_certificate", &self.identity.is_some())
            .field("domain_name", &self.domain_name)
            .finish()
    }
}
