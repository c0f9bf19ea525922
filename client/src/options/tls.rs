//! What to trust, and who to be, on an `https://` connection.

mod verifier;

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use tokio_rustls::rustls::{
    crypto,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::error::Error;

/// Options of TLS. By default a certificate is judged as the system judges it
/// for other programs, and no client certificate is shown.
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

    /// Trusts the certificate authorities of a PEM text, too. What they have
    /// issued is judged the same on every system.
    #[must_use]
    pub fn ca_certificate_pem(mut self, pem: impl Into<String>) -> Self {
        self.ca_certificates.push(pem.into());
        self
    }

    /// Whether the system's judgement counts: its certificate authorities, on
    /// Windows and macOS also what an administrator has added or blocked there,
    /// and what was revoked. Without it, at least one of
    /// [`ca_certificate_pem`](Self::ca_certificate_pem) is needed.
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

    /// Has the connections of `endpoint` take TLS, within `limit`.
    pub(crate) fn protect(&self, endpoint: Endpoint, limit: Duration) -> Result<Endpoint, Error> {
        let mut config = ClientTlsConfig::new().timeout(limit);
        if let Some((certificate, key)) = &self.identity {
            config = config.identity(Identity::from_pem(certificate, key));
        }
        if let Some(name) = &self.domain_name {
            config = config.domain_name(name);
        }
        let authorities = self.authorities()?;
        let protected = if self.system_roots {
            // What the system itself goes by: of Windows, its settings and its lists of what was
            // revoked, which a list of roots would leave out.
            let provider = Arc::new(crypto::ring::default_provider());
            let verifier = verifier::verifier(authorities, &provider);
            endpoint.tls_config_with_verifier(config, verifier.map_err(|error| invalid(&*error))?)
        } else if authorities.is_empty() {
            return Err(Error::InvalidOptions("TLS is told to trust nobody".into()));
        } else {
            let pems = self.ca_certificates.iter().map(Certificate::from_pem);
            endpoint.tls_config(config.ca_certificates(pems))
        };
        protected.map_err(|error| invalid(&error))
    }

    fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, Error> {
        let mut authorities = Vec::new();
        for pem in &self.ca_certificates {
            let before = authorities.len();
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                authorities.push(certificate.map_err(|error| invalid(&error))?);
            }
            // A text without a certificate is passed over in silence.
            if authorities.len() == before {
                let text = "the certificate authority's PEM text holds no certificate";
                return Err(Error::InvalidOptions(text.into()));
            }
        }
        Ok(authorities)
    }
}

/// The innermost cause: tonic's own text says only "transport error".
fn invalid(error: &dyn StdError) -> Error {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Error::InvalidOptions(format!("TLS cannot be set up: {cause}"))
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
