//! Whether a proxy stands between a program and the service, and where it is told. What is said
//! to a proxy is `crate::tunnel`'s.

mod rules;
mod system;

use std::{env, fmt};

use tonic::transport::Uri;

use self::rules::{Credentials, Settings};
pub(crate) use self::rules::{Hop, Rules};
use crate::error::Error;

/// The proxy by which a client goes to the service: one for HTTP, which is asked for a tunnel
/// (`CONNECT`), for `https://` URLs and for `http://` ones. It cannot read what goes through it
/// when the URL begins with `https://`.
///
/// A service on this machine (`localhost`, a loopback address) is never looked for by a proxy.
#[derive(Clone)]
pub struct Proxy {
    source: Source,
    credentials: Option<Credentials>,
    except: String,
}

#[derive(Clone)]
enum Source {
    None,
    Url(String),
    Environment,
    System,
}

impl Proxy {
    fn new(source: Source) -> Self {
        Self { source, credentials: None, except: String::new() }
    }

    /// None, whatever the system says.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Source::None)
    }

    /// The proxy that the system's user has in the settings: on Windows that of "Use a proxy
    /// server", with its exceptions, read anew for each connection. A script ("Use setup script",
    /// PAC) is not run: where there is only one, give the proxy by [`url`](Self::url). On other
    /// systems, none.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Source::System)
    }

    /// The proxy that the environment variables name when the client is made: `HTTPS_PROXY` for
    /// `https://` URLs, `http_proxy` for others, each in small letters, too, and `ALL_PROXY` for
    /// both; `NO_PROXY` has the exceptions, as for [`except`](Self::except). One that is empty
    /// is as good as none.
    #[must_use]
    pub fn environment() -> Self {
        Self::new(Source::Environment)
    }

    /// This proxy: `http://proxy.example.fr:3128`; without a port, it is 80. A user and a
    /// password may stand in it (`http://user:password@…`, percent-encoded).
    #[must_use]
    pub fn url(url: impl Into<String>) -> Self {
        Self::new(Source::Url(url.into()))
    }

    /// The user and password that the proxy asks for (HTTP's "Basic"), unless its URL has them.
    /// They go to the proxy in the clear.
    #[must_use]
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some(Credentials::new(user.into(), password.into()));
        self
    }

    /// Hosts that are not looked for by the proxy, besides those that the system or the
    /// environment excepts: names, each with all names below it, IP addresses and networks
    /// (`10.0.0.0/8`), or `*` for every host; with commas between.
    #[must_use]
    pub fn except(mut self, hosts: impl Into<String>) -> Self {
        self.except = hosts.into();
        self
    }

    /// What is known before there is a connection.
    pub(crate) fn resolve(&self) -> Result<Resolved, Error> {
        let settings = match &self.source {
            Source::None => return Ok(Resolved::Fixed(None)),
            Source::System => return Ok(Resolved::System(self.clone())),
            Source::Url(url) => Settings::of_url(url),
            Source::Environment => {
                Settings::of_variables(|name| env::var(name).ok().filter(|value| !value.is_empty()))
            }
        };
        let rules = self.rules(&settings).map_err(Error::InvalidOptions)?;
        Ok(Resolved::Fixed(Some(Box::new(rules))))
    }

    fn rules(&self, settings: &Settings) -> Result<Rules, String> {
        Rules::new(settings, self.credentials.as_ref(), &self.except)
    }
}

/// A proxy that can be asked for.
pub(crate) enum Resolved {
    Fixed(Option<Box<Rules>>),
    System(Proxy),
}

impl Resolved {
    /// The proxy on the way to `target`; `None` when there is none.
    ///
    /// # Errors
    /// When the settings of the system cannot be used.
    pub(crate) fn on_the_way_to(&self, target: &Uri) -> Result<Option<Hop>, String> {
        match self {
            Self::Fixed(rules) => Ok(rules.as_ref().and_then(|rules| rules.hop(target))),
            Self::System(proxy) => match system::settings() {
                None => Ok(None),
                Some(settings) => Ok(proxy.rules(&settings)?.hop(target)),
            },
        }
    }
}

/// Shows neither a user nor a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::None => "none",
            // What cannot be parsed may have a password anywhere.
            Source::Url(url) => &rules::without_credentials(url),
            Source::Environment => "environment",
            Source::System => "system",
        };
        f.debug_struct("Proxy")
            .field("source", &source)
            .field("credentials", &self.credentials)
            .field("except", &self.except)
            .finish()
    }
}

#[cfg(test)]
mod tests;
