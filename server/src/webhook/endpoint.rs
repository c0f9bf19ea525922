//! Where events go, and one request to there: a connection of its own, HTTP/1.1, all within a
//! time, and an answer of which only the head is read.
//!
//! The URL is the operator's and may hold a secret, so that no text here shows more of it than
//! scheme, host and port.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use http_body_util::Full;
use hyper::{
    Request, StatusCode, Uri,
    body::Bytes,
    client::conn::http1,
    header::{CONNECTION, CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::secrets::Secrets;
use crate::{
    certificates::TrustError,
    outgoing::{ConnectError, Destination, DestinationError, Stream},
    version::NUMBER,
};

/// The longest head of an answer.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The longest wait that a receiver may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Where events go. `Debug` shows the place only.
#[derive(Clone)]
pub struct Endpoint {
    inner: Arc<Inner>,
}

struct Inner {
    to: Destination,
    path: String,
    secrets: Secrets,
    timeout: Duration,
}

/// Why no endpoint can be made of what the operator configured.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It is no URL of a host.
    #[error("the webhook's URL must be https://HOST/PATH, without a user, a fragment or blanks")]
    Url,
    /// Events would cross a network readable, and whoever reads could send them again.
    #[error("the webhook's URL may begin with http:// only if its host is this machine's loopback")]
    Cleartext,
    /// Its certificate file is of no use.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// There is nothing to trust.
    #[error("a certificate file of the webhook is of use only to a URL that begins with https://")]
    NoTls,
}

/// Why the receiver did not take an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing was answered within the time.
    #[error("no answer in time")]
    Timeout,
    /// There is no connection.
    #[error("no connection: {0}")]
    Connection(String),
    /// The handshake failed.
    #[error("{0}")]
    Tls(&'static str),
    /// What came is no answer of HTTP, or nothing came.
    #[error("no answer: {0}")]
    Http(String),
    /// It answered with another status than one of success.
    #[error("{}", of_status(*status))]
    Status {
        /// The status.
        status: u16,
        /// For how long it asks to be left alone.
        retry_after: Option<Duration>,
    },
}

impl Endpoint {
    /// Takes a URL and what its events are signed with.
    ///
    /// # Errors
    /// When the URL is none to which events may go, or the file `ca` is of no use.
    pub fn new(
        url: &str,
        secrets: Secrets,
        ca: Option<&Path>,
        timeout: Duration,
    ) -> Result<Self, EndpointError> {
        // It would be dropped in silence.
        if url.contains('#') {
            return Err(EndpointError::Url);
        }
        let url: Uri = url.parse().map_err(|_| EndpointError::Url)?;
        let to = Destination::of(&url, ca, b"http/1.1", None).map_err(|error| match error {
            DestinationError::Url => EndpointError::Url,
            DestinationError::Trust(error) => EndpointError::Trust(error),
        })?;
        if !to.is_protected() && !to.is_loopback() {
            return Err(EndpointError::Cleartext);
        }
        if !to.is_protected() && ca.is_some() {
            return Err(EndpointError::NoTls);
        }
        let path = url.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { inner: Arc::new(Inner { to, path, secrets, timeout }) })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn place(&self) -> String {
        self.inner.to.place()
    }

    /// How long a request may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.inner.timeout
    }

    /// Sends an event, signed for this moment.
    ///
    /// # Errors
    /// A [`Refusal`]; the receiver may have taken it all the same.
    pub async fn send(&self, id: Uuid, body: &str, now: Timestamp) -> Result<(), Refusal> {
        let request = self.request(id, body, now).map_err(|error| http(&error))?;
        let exchange = self.exchange(request);
        timeout(self.inner.timeout, exchange).await.map_err(|_| Refusal::Timeout)?
    }

    /// Connects, and sends nothing.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub async fn try_out(&self) -> Result<(), Refusal> {
        let connected = timeout(self.inner.timeout, self.connect()).await;
        connected.map_err(|_| Refusal::Timeout)?.map(drop)
    }

    fn request(
        &self,
        id: Uuid,
        body: &str,
        now: Timestamp,
    ) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let seconds = now.as_second();
        Request::post(&self.inner.path)
            .header(HOST, self.inner.to.authority())
            .header(CONNECTION, "close")
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, format!("gestan-account-server/{NUMBER}"))
            .header("webhook-id", id.to_string())
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", self.inner.secrets.sign(id, seconds, body))
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(), Refusal> {
        answered(self.connect().await?, request).await
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, Refusal> {
        let stream = self.inner.to.connect(self.inner.timeout).await;
        stream.map_err(|error| match error {
            ConnectError::Dial(error) => Refusal::Connection(error.to_string()),
            ConnectError::Tls(why) => Refusal::Tls(why),
        })
    }
}

/// Sends a request, and reads the head of the answer. Its body is not asked for, and goes with
/// the connection. A redirection is an answer like any other: whoever is told of accounts is
/// whom the operator has named.
async fn answered(stream: Box<dyn Stream>, request: Request<Full<Bytes>>) -> Result<(), Refusal> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD_BYTES);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|error| http(&error))?;
    let _driven = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await.map_err(|error| http(&error))?;
    if answer.status().is_success() {
        return Ok(());
    }
    let retry_after = retry_after(answer.headers());
    Err(Refusal::Status { status: answer.status().as_u16(), retry_after })
}

impl Refusal {
    /// Whether it is about this event, and says nothing of others.
    pub(super) fn is_of_event(&self) -> bool {
        matches!(self, Self::Status { status: 400 | 409 | 413 | 415 | 422, .. })
    }

    /// Whether the receiver says that it wants no events any more.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Status { status: 410, .. })
    }

    /// For how long the receiver asks to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.place()).finish()
    }
}

/// In seconds; a date is not looked at.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER))
}

fn of_status(status: u16) -> String {
    match StatusCode::from_u16(status) {
        Ok(code) if code.is_redirection() => format!("status {status}: redirects are not followed"),
        _ => format!("status {status}"),
    }
}

fn http(error: &dyn std::error::Error) -> Refusal {
    Refusal::Http(error.to_string())
}
