//! Connects a client, by one URL or by those of every replica.

use std::sync::Arc;

use tokio::time::{Instant, timeout};

use super::{Client, Line, Settings};
use crate::{
    connection, dialler::Dialler, endpoints::Endpoints, error::Error, options::ClientOptions,
};

impl Client {
    /// Connects to the service at `url`, for example
    /// `https://compte.example.fr`. One attempt, at most as long as the
    /// connect timeout; a connection that breaks later is made anew by itself.
    ///
    /// A name that stands for several addresses is looked up for each new
    /// connection, and its addresses are tried side by side: the next a quarter
    /// of a second after the one before, or as soon as that one is refused. The
    /// first that answers is taken. So the client gets on when one of them is
    /// down, but all its calls go to one; to spread them, and to move to another
    /// replica without waiting, give each a URL of its own to
    /// [`connect_any`](Self::connect_any).
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] or [`Error::Deadline`] when the service cannot be
    /// reached, [`Error::InvalidOptions`] when `url` or `options` make no
    /// sense.
    pub async fn connect(url: &str, options: ClientOptions) -> Result<Self, Error> {
        Self::connect_any([url], options).await
    }

    /// Like [`connect`](Self::connect), but the first call connects.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidOptions`] when `url` or `options` make no sense.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn connect_lazy(url: &str, options: ClientOptions) -> Result<Self, Error> {
        Self::connect_any_lazy([url], options)
    }

    /// Connects to a service that has several replicas, of which each has one
    /// of the `urls`. Any one that can be reached is enough; they are tried one
    /// after the other, each at most as long as the connect timeout.
    ///
    /// Calls go to the replicas in turn, from one that chance names first; each
    /// has a connection, made at its first call. A replica that cannot be
    /// reached, or cannot do its work, is left alone for a while: a quarter of
    /// a second, twice as long each time, at most 15 s. A call that failed for
    /// such a reason is repeated at another replica, immediately when the first is
    /// gone or is shutting down. Whether it may be repeated, and how often, is
    /// decided as with one replica.
    ///
    /// The options of TLS are for all of them. Either all URLs begin with
    /// `https://`, or none.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] or [`Error::Deadline`] when no replica can be
    /// reached, by what became of the last, [`Error::InvalidOptions`] when
    /// `urls` or `options` make no sense.
    pub async fn connect_any<U: AsRef<str>>(
        urls: impl IntoIterator<Item = U>,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        let settings = Settings::new(&options)?;
        let lines = lines(urls, &options)?;
        let first = fastrand::usize(..lines.len());
        let mut failed = Vec::new();
        loop {
            let place = (first + failed.len()) % lines.len();
            let connected = lines[place].connect();
            let error = match timeout(options.connect_timeout, connected).await {
                Ok(Ok(())) => {
                    let endpoints = Endpoints::new(lines, place);
                    let now = Instant::now();
                    for place in failed {
                        endpoints.failed(place, now);
                    }
                    return Ok(Self::new(endpoints, settings));
                }
                Ok(Err(error)) => Error::Transport(Box::new(error)),
                Err(_) => Error::Deadline,
            };
            failed.push(place);
            if failed.len() == lines.len() {
                return Err(error);
            }
        }
    }

    /// Like [`connect_any`](Self::connect_any), but the calls connect.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidOptions`] when `urls` or `options` make no sense.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[expect(clippy::needless_pass_by_value, reason = "the same shape as `connect_any`")]
    pub fn connect_any_lazy<U: AsRef<str>>(
        urls: impl IntoIterator<Item = U>,
        options: ClientOptions,
    ) -> Result<Self, Error> {
        let settings = Settings::new(&options)?;
        let lines = lines(urls, &options)?;
        let first = fastrand::usize(..lines.len());
        Ok(Self::new(Endpoints::new(lines, first), settings))
    }
}

/// The ways to the replicas, at least one, none of which is connected.
fn lines<U: AsRef<str>>(
    urls: impl IntoIterator<Item = U>,
    options: &ClientOptions,
) -> Result<Vec<Arc<Line>>, Error> {
    let endpoints = connection::endpoints(urls, options)?;
    let dialler = Dialler::new(options)?;
    let line = |endpoint| Arc::new(Line::lazy(endpoint, dialler.clone()));
    Ok(endpoints.into_iter().map(line).collect())
}
