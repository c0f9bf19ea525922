//! Connections to servers of others that a setting names by a URL: `https://HOST:PORT`, or
//! `http://` without TLS. What is said over one is no matter of this file.
//!
//! A URL may hold a secret behind its host, so that no text here shows more of it than scheme,
//! host and port.

use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};

use gestan_account_dial::{DialError, dial};
use hyper::Uri;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use crate::certificates::{TlsFault, Trust, TrustError};

/// What bytes go over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Where connections go.
pub(crate) struct Destination {
    tls: Option<Tls>,
    /// As the URL has it: an IPv6 address in brackets.
    host: String,
    port: u16,
    authority: String,
}

struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
    has_roots: bool,
}

/// Why a URL is none to connect to.
#[derive(Debug)]
pub(crate) enum DestinationError {
    /// It is no URL of a host.
    Url,
    /// The certificate file beside it is of no use.
    Trust(TrustError),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// No address takes one.
    #[error("no connection: {0}")]
    Dial(#[from] DialError),
    /// The handshake failed.
    #[error("{0}")]
    Tls(&'static str),
}

impl Destination {
    /// Takes the host of a URL; over TLS, the protocol that is spoken is agreed upon.
    ///
    /// # Errors
    /// When the URL is none, or the file `ca` is of no use.
    pub(crate) fn of(
        url: &Uri,
        ca: Option<&Path>,
        protocol: &[u8],
        port: Option<u16>,
    ) -> Result<Self, DestinationError> {
        let authority = url.authority().ok_or(DestinationError::Url)?;
        let host = authority.host();
        if host.is_empty() || authority.as_str().contains('@') {
            return Err(DestinationError::Url);
        }
        // A port that is none is not told apart from no port.
        let behind_host = authority.as_str().strip_prefix(host).unwrap_or_default();
        if !behind_host.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(DestinationError::Url);
        }
        let (tls, usual_port) = match url.scheme_str() {
            Some("https") => (Some(Tls::new(host, ca, protocol)?), 443),
            Some("http") => (None, 80),
            _ => return Err(DestinationError::Url),
        };
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: authority.port_u16().or(port).unwrap_or(usual_port),
            authority: authority.as_str().to_owned(),
        })
    }

    /// Whether nobody on the way can read or change anything.
    pub(crate) fn is_protected(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether it is this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let address = bare(&self.host).parse::<IpAddr>();
        let is_name = |_| self.host.eq_ignore_ascii_case("localhost");
        address.map_or_else(is_name, |ip| ip.is_loopback())
    }

    /// Host and port, as they stand in the URL.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Scheme, host and port.
    pub(crate) fn place(&self) -> String {
        let scheme = if self.is_protected() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// Connects; the caller bounds the time that the handshake takes.
    pub(crate) async fn connect(&self, limit: Duration) -> Result<Box<dyn Stream>, ConnectError> {
        let stream = dial(&self.host, self.port, limit).await?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let handshake = tls.connector.connect(tls.name.clone(), stream).await;
        let stream = handshake.map_err(|error| match TlsFault::of(&error) {
            TlsFault::UnknownAuthority if !tls.has_roots => TlsFault::NoRoots,
            fault => fault,
        });
        Ok(Box::new(stream.map_err(|fault| ConnectError::Tls(fault.text()))?))
    }
}

impl Tls {
    fn new(host: &str, ca: Option<&Path>, protocol: &[u8]) -> Result<Self, DestinationError> {
        let name = ServerName::try_from(bare(host).to_owned());
        let name = name.map_err(|_| DestinationError::Url)?;
        let Trust { mut config, has_roots, .. } =
            Trust::new(ca).map_err(DestinationError::Trust)?;
        config.alpn_protocols = vec![protocol.to_vec()];
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name, has_roots })
    }
}

/// A host as it stands in a URL, without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}
