//! Which host is looked for by which proxy: parsed from settings, asked for each connection.

use std::{
    fmt::{self, Write as _},
    net::IpAddr,
};

use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use tonic::transport::Uri;

/// The port of a proxy whose URL names none.
const PORT: u16 = 80;

/// What somebody has set: the proxies, by the scheme of the URL that is asked for, and the
/// exceptions. Each text may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) http: Value,
    pub(super) https: Value,
    pub(super) except: String,
    /// Whether names without a dot are excepted.
    pub(super) except_local: bool,
}

/// A proxy's URL, and what it is called where it was set.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Value {
    name: &'static str,
    url: String,
}

impl Value {
    pub(super) fn new(name: &'static str, url: impl Into<String>) -> Self {
        Self { name, url: url.into() }
    }
}

impl Settings {
    pub(super) fn of_url(url: &str) -> Self {
        let value = Value::new("the URL of the proxy", url);
        Self { http: value.clone(), https: value, ..Self::default() }
    }

    /// `variable` gives those that are set. `HTTP_PROXY` is not among them: in a program that a
    /// web server runs, it is a header of the caller's (CVE-2016-5385).
    pub(super) fn of_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            let found = names.iter().find_map(|name| Some(Value::new(name, variable(name)?)));
            found.unwrap_or_default()
        };
        Self {
            http: first(&["http_proxy", "ALL_PROXY", "all_proxy"]),
            https: first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            except: first(&["NO_PROXY", "no_proxy"]).url,
            except_local: false,
        }
    }
}

/// A user and a password.
#[derive(Clone)]
pub(super) struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    pub(super) fn new(user: String, password: String) -> Self {
        Self { user, password }
    }
}

/// Settings that can be followed.
pub(crate) struct Rules {
    matcher: Matcher,
    except_local: bool,
}

impl Rules {
    pub(super) fn new(
        settings: &Settings,
        credentials: Option<&Credentials>,
        except: &str,
    ) -> Result<Self, String> {
        let url = |value: &Value| {
            usable(&value.url, credentials)
                .map_err(|why| format!("{} cannot be used: {why}", value.name))
        };
        let matcher = Matcher::builder()
            .http(url(&settings.http)?)
            .https(url(&settings.https)?)
            .no(format!("{},{except}", settings.except))
            .build();
        Ok(Self { matcher, except_local: settings.except_local })
    }

    /// The proxy on the way to `target`.
    pub(crate) fn hop(&self, target: &Uri) -> Option<Hop> {
        let host = target.host()?.trim_end_matches('.');
        if is_loopback(host) || self.except_local && is_local(host) {
            return None;
        }
        let found = self.matcher.intercept(target)?;
        Some(Hop {
            host: found.uri().host()?.to_owned(),
            port: found.uri().port_u16().unwrap_or(PORT),
            authorization: found.basic_auth().cloned(),
        })
    }
}

/// A proxy that is to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// It is marked as sensitive, so that no `Debug` shows it.
    pub(crate) authorization: Option<HeaderValue>,
}

/// As curl tells it, without user and password.
impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What of a proxy's URL may be shown; nothing of one that is none.
pub(super) fn without_credentials(url: &str) -> String {
    match url.parse::<Uri>().ok().as_ref().and_then(|uri| uri.authority()) {
        Some(authority) => {
            let place = authority.as_str();
            place.rsplit_once('@').map_or(place, |(_, place)| place).to_owned()
        }
        None => "not a URL".to_owned(),
    }
}

/// The URL of a proxy as the matcher takes it, which passes over others in silence: then the
/// program would go without. What is refused is not shown, for the sake of its password.
fn usable(url: &str, credentials: Option<&Credentials>) -> Result<String, &'static str> {
    let text = url.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let no_url = "it is no URL; what is special in a password must be percent-encoded";
    let uri: Uri = text.parse().map_err(|_| no_url)?;
    match uri.scheme_str() {
        None | Some("http") => {}
        Some("https") => {
            return Err("a proxy is spoken to without TLS: it must begin with http://");
        }
        Some(_) => return Err("a proxy for HTTP is needed: it must begin with http://"),
    }
    let place = uri.authority().ok_or(no_url)?.as_str();
    if place.matches('@').count() > 1 {
        return Err(no_url);
    }
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err("a proxy has no path");
    }
    let url = match credentials {
        Some(Credentials { user, .. }) if user.contains(':') => {
            return Err("the name of a user cannot have a colon");
        }
        Some(Credentials { user, password }) if !place.contains('@') => {
            format!("http://{}:{}@{place}", encoded(user), encoded(password))
        }
        _ => format!("http://{place}"),
    };
    let probe = Uri::from_static("http://example.fr");
    let found = Matcher::builder().all(&url).build().intercept(&probe);
    match found.as_ref().and_then(|proxy| proxy.uri().host()) {
        Some(host) if !host.is_empty() => Ok(url),
        _ => Err(no_url),
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        // A string takes whatever is written to it.
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

fn is_loopback(host: &str) -> bool {
    let lower = host.to_ascii_lowercase();
    lower == "localhost"
        || lower.ends_with(".localhost")
        || ip(host).is_some_and(|ip| ip.to_canonical().is_loopback())
}

fn is_local(host: &str) -> bool {
    !host.contains('.') && ip(host).is_none()
}

fn ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.name).field(&without_credentials(&self.url)).finish()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
