//! The SMTP relay that a mail URL names.
//!
//! Written by hand because a mail URL is small and holds a password: nothing here may show the
//! URL, so the type has no `Debug` and the errors carry no part of it.

use std::path::PathBuf;

use super::MailerError;

/// How the way to the relay is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    /// None: in the clear.
    Clear,
    /// The connection must be upgraded before anything is said.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

impl Protection {
    /// How a URL writes it.
    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::Clear => "smtp",
            Self::StartTls => "smtp+starttls",
            Self::Tls => "smtps",
        }
    }
}

/// A relay as the operator's URL describes it.
pub(super) struct Relay {
    pub(super) protection: Protection,
    pub(super) host: String,
    pub(super) port: u16,
    /// User and password.
    pub(super) credentials: Option<(String, String)>,
    /// A file of certificates to trust besides the system's.
    pub(super) ca: Option<PathBuf>,
}

impl Relay {
    /// Parses `smtp://…`, `smtp+starttls://…` or `smtps://…`.
    pub(super) fn parse(url: &str) -> Result<Self, MailerError> {
        let (scheme, rest) = url.split_once("://").ok_or(MailerError::Scheme)?;
        let (protection, default_port) = match scheme {
            "smtp" => (Protection::Clear, 25),
            "smtp+starttls" => (Protection::StartTls, 587),
            "smtps" => (Protection::Tls, 465),
            _ => return Err(MailerError::Scheme),
        };
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        // A '/' in a password must be percent-encoded, so the first one ends the host.
        let authority = match rest.split_once('/') {
            Some((authority, "")) => authority,
            Some(_) => return Err(MailerError::Query),
            None => rest,
        };
        let (credentials, host_and_port) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(credentials(user_info)?), host),
            None => (None, authority),
        };
        if protection == Protection::Clear && credentials.is_some() {
            return Err(MailerError::CleartextCredentials);
        }
        let ca = query.map(ca_file).transpose()?;
        if protection == Protection::Clear && ca.is_some() {
            return Err(MailerError::Query);
        }
        let (host, port) = host_and_port_of(host_and_port)?;
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(MailerError::Port)?,
            None => default_port,
        };
        Ok(Self { protection, host: host.to_owned(), port, credentials, ca })
    }
}

fn credentials(user_info: &str) -> Result<(String, String), MailerError> {
    let (user, password) = user_info.split_once(':').ok_or(MailerError::Credentials)?;
    let user = percent_decode(user).ok_or(MailerError::Credentials)?;
    let password = percent_decode(password).ok_or(MailerError::Credentials)?;
    if user.is_empty() || user.contains('\0') || password.contains('\0') {
        return Err(MailerError::Credentials);
    }
    Ok((user, password))
}

fn ca_file(query: &str) -> Result<PathBuf, MailerError> {
    query
        .strip_prefix("ca=")
        .filter(|path| !path.is_empty() && !path.contains('&'))
        .and_then(percent_decode)
        .map(PathBuf::from)
        .ok_or(MailerError::Query)
}

/// Splits `host:port`, `[::1]:port` or a host alone.
fn host_and_port_of(text: &str) -> Result<(&str, Option<&str>), MailerError> {
    let (host, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']').ok_or(MailerError::Host)?;
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return Err(MailerError::Host),
        }
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    if host.is_empty() || !host.chars().all(usable) {
        return Err(MailerError::Host);
    }
    Ok((host, port))
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}
