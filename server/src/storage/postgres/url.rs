//! What the URL of a PostgreSQL means. It is read here and not by the driver alone, for
//! two reasons: the driver prints what it does not know, with its value, which may be a
//! secret; and it falls back to clear text without a word where a server has no TLS.
//!
//! No error of this file has any part of a value of the URL.

use std::{env, fs, net::IpAddr, str::FromStr as _};

use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};

use crate::storage::error::StorageError;

/// The keys that the driver knows.
const KEYS: &[&str] = &[
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

const ROOTS: &[&str] = &["sslrootcert", "ssl-root-cert", "ssl-ca"];

const FILES: &[&str] =
    &["sslrootcert", "ssl-root-cert", "ssl-ca", "sslcert", "ssl-cert", "sslkey", "ssl-key"];

/// A server that the URL names, and how it is connected to.
#[derive(Clone, Debug)]
pub(in crate::storage) struct Host {
    pub(in crate::storage) options: PgConnectOptions,
    /// What an operator should know of it, if there is something.
    pub(super) warning: Option<&'static str>,
}

/// Each host of a URL, which may have several, with commas between, as libpq reads them.
pub(in crate::storage) fn hosts(url: &str) -> Result<Vec<Host>, StorageError> {
    let pairs = pairs(url)?;
    let asked = asked_mode(&pairs)?;
    let has_roots = pairs.iter().any(|(key, _)| ROOTS.contains(&key.as_str()))
        || env::var_os("PGSSLROOTCERT").is_some();
    split(url).iter().map(|url| host(url, asked, has_roots)).collect()
}

fn host(url: &str, asked: Option<PgSslMode>, has_roots: bool) -> Result<Host, StorageError> {
    // Its error says what is wrong (a port that is no number), and never shows it.
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| StorageError::unreachable(format!("its URL is wrong: {error}")))?;
    let (mode, warning) = if is_on_this_machine(&options) {
        (options.get_ssl_mode(), None)
    } else {
        mode_across_a_network(asked, has_roots)?
    };
    let options = options
        .ssl_mode(mode)
        // No column is a fraction, and PgBouncer refuses a client that sets this.
        .extra_float_digits(None)
        // Values might be among them one day.
        .disable_statement_logging();
    Ok(Host { options, warning })
}

/// What the URL has after its `?`, as long as it is known.
fn pairs(url: &str) -> Result<Vec<(String, String)>, StorageError> {
    let Some((before, query)) = url.split_once('?') else { return Ok(Vec::new()) };
    // A password with a `?` in it ends the host there, for every reader of URLs. What
    // follows is the rest of the password, and must not be told, not even as a name.
    if query.contains('@') && !before.contains('@') {
        return Err(StorageError::unreachable(
            "its URL has a `?` before its `@`: in a user or a password write `?` as %3F, `/` as \
             %2F, `#` as %23 and `@` as %40"
                .to_owned(),
        ));
    }
    let read = form_urlencoded::parse(query.as_bytes());
    let pairs: Vec<(String, String)> = read.into_owned().collect();
    for (key, value) in &pairs {
        let is_option = key.starts_with("options[") && key.ends_with(']');
        if !is_option && !KEYS.contains(&key.as_str()) {
            let is_told = is_name(key) && !query.contains('@');
            let name = if is_told { format!("the key `{key}`") } else { "a key".to_owned() };
            let why = format!(
                "its URL has {name}, which means nothing here: take it out. Known are {}",
                KEYS.join(", ")
            );
            return Err(StorageError::unreachable(why));
        }
        if FILES.contains(&key.as_str())
            && !value.trim_start().starts_with("-----BEGIN")
            && let Err(error) = fs::File::open(value)
        {
            let why = format!("the file that `{key}` of its URL names cannot be read: {error}");
            return Err(StorageError::unreachable(why));
        }
    }
    Ok(pairs)
}

/// Whether it is surely the name of a key, and no secret in a wrong place.
fn is_name(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == '-';
    !key.is_empty() && key.len() <= 30 && key.chars().all(plain)
}

/// The mode of TLS that the operator has asked for.
fn asked_mode(pairs: &[(String, String)]) -> Result<Option<PgSslMode>, StorageError> {
    let last = pairs.iter().rev().find(|(key, _)| key == "sslmode" || key == "ssl-mode");
    let from_environment = || env::var("PGSSLMODE").ok();
    let Some(asked) = last.map(|(_, value)| value.clone()).or_else(from_environment) else {
        return Ok(None);
    };
    PgSslMode::from_str(&asked).map(Some).map_err(|_| {
        StorageError::unreachable(
            "its `sslmode` is none: write verify-full, verify-ca, require or disable".to_owned(),
        )
    })
}

/// Over a network TLS is a must, and the server is verified, unless the operator says in so
/// many words that it is not to be.
fn mode_across_a_network(
    asked: Option<PgSslMode>,
    has_roots: bool,
) -> Result<(PgSslMode, Option<&'static str>), StorageError> {
    match asked {
        None | Some(PgSslMode::VerifyFull) => Ok((PgSslMode::VerifyFull, None)),
        // As libpq does it.
        Some(PgSslMode::Require) if has_roots => Ok((PgSslMode::VerifyCa, None)),
        Some(PgSslMode::VerifyCa) => Ok((PgSslMode::VerifyCa, None)),
        Some(PgSslMode::Require) => Ok((
            PgSslMode::Require,
            Some(
                "sslmode=require: nobody verifies that it is the database that answers; \
                  verify-full does",
            ),
        )),
        Some(PgSslMode::Disable) => Ok((
            PgSslMode::Disable,
            Some(
                "sslmode=disable: the password and all data cross the network in clear text; \
                  verify-full encrypts them",
            ),
        )),
        Some(PgSslMode::Allow | PgSslMode::Prefer) => Err(StorageError::unreachable(
            "its `sslmode` would fall back to clear text without a word: write verify-full, or \
             disable if clear text is meant"
                .to_owned(),
        )),
    }
}

/// Whether nothing leaves the machine: over a socket, or by loopback.
fn is_on_this_machine(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_start_matches('[').trim_end_matches(']');
    options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// One URL for each host of a URL with several.
fn split(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return vec![url.to_owned()];
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    hosts.split(',').map(|host| format!("{scheme}://{user}{host}{path}")).collect()
}
