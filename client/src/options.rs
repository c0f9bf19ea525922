//! What a program may choose about its connection and its calls.

use std::time::Duration;

mod proxy;
#[cfg(feature = "tls")]
mod tls;

pub use proxy::Proxy;
pub(crate) use proxy::{Hop, Resolved};
#[cfg(feature = "tls")]
pub use tls::TlsOptions;

/// Options of a client: how to connect, how long to wait, how often to try.
///
/// The defaults suit a desktop program whose user waits for the answer.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub(crate) deadline: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) locale: Option<String>,
    pub(crate) max_attempts: u32,
    pub(crate) first_back_off: Duration,
    pub(crate) max_back_off: Duration,
    pub(crate) proxy: Proxy,
    #[cfg(feature = "tls")]
    pub(crate) tls: TlsOptions,
}

impl ClientOptions {
    /// The defaults: 10 s a call, 5 s to connect, 4 attempts, waits that double
    /// from 100 ms to at most 5 s, no locale, the proxy of the system's settings.
    #[must_use]
    pub fn new() -> Self {
        Self {
            deadline: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            locale: None,
            max_attempts: 4,
            first_back_off: Duration::from_millis(100),
            max_back_off: Duration::from_secs(5),
            proxy: Proxy::system(),
            #[cfg(feature = "tls")]
            tls: TlsOptions::default(),
        }
    }

    /// How long a call may take, all its attempts and waits together; at most a
    /// day. The server is told, and stops working when nobody waits any more.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long it may take to open the connection.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The language of the texts for people, sent as `accept-language`: a
    /// BCP 47 tag such as `fr-FR`. A request's own `locale` goes before it.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// How often a call is tried at most, at all replicas together; 0 and 1
    /// mean that nothing is repeated.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The wait before the second attempt, which doubles up to `max` before
    /// the later ones. Chance takes away up to half of it, so that many
    /// machines do not come back in one burst. A wait that the server asks for
    /// goes first. There is no wait when another replica can be asked instead of
    /// one that is gone.
    #[must_use]
    pub fn back_off(mut self, first: Duration, max: Duration) -> Self {
        self.first_back_off = first;
        self.max_back_off = max;
        self
    }

    /// The proxy on the way to the service; by default [`Proxy::system`].
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// What to trust, and who to be, when the URL begins with `https://`.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self::new()
    }
}
