//! The options of a connection, read from JSON. No value is told in an error: one may be a secret.

mod proxy;

use std::{path::PathBuf, time::Duration};

use gestan_account_client::{ClientOptions, TlsOptions};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use self::proxy::ProxyOption;
use crate::{
    failure::Failure,
    nearest::{hint, shown},
};

/// Every option, as a host names it.
const KNOWN: [&str; 8] =
    ["ca_pem", "deadline_ms", "locale", "machine_id", "proxy", "token_store", "url", "urls"];

/// A day: the client's own bound.
const LONGEST_DEADLINE_MS: u64 = 24 * 60 * 60 * 1000;

/// What a host may choose. Two that are equal make the same connection.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// Where the service is: all its replicas.
    pub(crate) urls: Vec<String>,
    /// The language of the texts for people.
    pub(crate) locale: String,
    /// The machine that calls.
    pub(crate) machine_id: String,
    /// Where the link token is kept.
    pub(crate) token_store: TokenStore,
    deadline: Option<Duration>,
    ca_pem: Option<String>,
    proxy: ProxyOption,
}

/// Where the link token is kept.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum TokenStore {
    /// In the system's store of secrets, under the ID of the machine.
    System,
    /// In a file.
    File(PathBuf),
    /// Nowhere: the host gets it.
    None,
}

impl Options {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// When they are no JSON object, or one of them is unknown, wanting, or cannot be used.
    pub(crate) fn parse(json: &str) -> Result<Self, Failure> {
        let usage = |text: String| Failure::Usage(text);
        let value: Value = serde_json::from_str(json)
            .map_err(|error| usage(format!("`options_json` cannot be read: {error}")))?;
        let Value::Object(mut given) = value else {
            return Err(usage("`options_json` is not a JSON object".into()));
        };
        let urls = match (
            take(&mut given, "url", "a text")?,
            take(&mut given, "urls", "a list of texts")?,
        ) {
            (Some(url), None) => vec![url],
            (None, Some(urls)) => urls,
            _ => return Err(usage("exactly one of `url` and `urls` must be given".into())),
        };
        let deadline = match take(&mut given, "deadline_ms", "a number of milliseconds")? {
            None => None,
            Some(millis @ 1..=LONGEST_DEADLINE_MS) => Some(Duration::from_millis(millis)),
            Some(_) => {
                let text = format!("`deadline_ms` is not from 1 to {LONGEST_DEADLINE_MS}");
                return Err(usage(text));
            }
        };
        let options = Self {
            urls,
            locale: take(&mut given, "locale", "a text")?.unwrap_or_default(),
            machine_id: take(&mut given, "machine_id", "a text")?.unwrap_or_default(),
            token_store: token_store(given.remove("token_store"))?,
            deadline,
            ca_pem: take(&mut given, "ca_pem", "a text")?,
            proxy: ProxyOption::parse(given.remove("proxy"))?,
        };
        if let Some(name) = given.keys().next() {
            let hint = hint(name, KNOWN);
            return Err(usage(format!("there is no option `{}`{hint}", shown(name))));
        }
        if options.token_store == TokenStore::System && options.machine_id.is_empty() {
            let text =
                "`machine_id` must be given: the system's store keeps the link token under it";
            return Err(usage(text.into()));
        }
        Ok(options)
    }

    /// The options of the client.
    pub(crate) fn client(&self) -> ClientOptions {
        let mut options = ClientOptions::new().locale(&self.locale).proxy(self.proxy.client());
        if let Some(deadline) = self.deadline {
            options = options.deadline(deadline);
        }
        if let Some(pem) = &self.ca_pem {
            options = options.tls(TlsOptions::new().ca_certificate_pem(pem));
        }
        options
    }
}

/// Takes an option out of those that were given.
fn take<T: DeserializeOwned>(
    given: &mut Map<String, Value>,
    name: &str,
    form: &str,
) -> Result<Option<T>, Failure> {
    let Some(value) = given.remove(name) else { return Ok(None) };
    // The error of serde would tell the value.
    serde_json::from_value(value).map_err(|_| Failure::Usage(format!("`{name}` is not {form}")))
}

fn token_store(given: Option<Value>) -> Result<TokenStore, Failure> {
    match given {
        None => Ok(TokenStore::System),
        Some(Value::String(name)) if name == "system" => Ok(TokenStore::System),
        Some(Value::String(name)) if name == "none" => Ok(TokenStore::None),
        Some(Value::Object(members)) if members.len() == 1 => match members.get("file") {
            Some(Value::String(path)) if !path.is_empty() => Ok(TokenStore::File(path.into())),
            _ => Err(no_store()),
        },
        Some(_) => Err(no_store()),
    }
}

fn no_store() -> Failure {
    Failure::Usage(r#"`token_store` is not "system", {"file": "a path"} or "none""#.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> String {
        match Options::parse(json) {
            Err(Failure::Usage(text)) => text,
            Err(failure) => panic!("{failure:?}"),
            Ok(_) => panic!("{json} is taken"),
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_its_name() {
        for (json, says) in [
            ("", "cannot be read"),
            ("[]", "is not a JSON object"),
            ("{}", "exactly one of `url` and `urls`"),
            (r#"{"url":"http://a","urls":["http://b"]}"#, "exactly one of `url` and `urls`"),
            (r#"{"url":7}"#, "`url` is not a text"),
            (r#"{"url":"http://a"}"#, "`machine_id` must be given"),
            (r#"{"url":"http://a","deadline_ms":0}"#, "`deadline_ms` is not from 1 to 86400000"),
            (r#"{"url":"http://a","deadline_ms":-1}"#, "`deadline_ms` is not a number"),
            (r#"{"url":"http://a","token_store":"none","machineid":"m"}"#, "is `machine_id`"),
            (r#"{"url":"http://a","token_store":{"file":""}}"#, "`token_store` is not"),
            (r#"{"url":"http://a","proxy":"automatic"}"#, "`proxy` is not"),
            (r#"{"url":"http://a","proxy":{"url":"http://b","user":"u"}}"#, "given together"),
            (r#"{"url":"http://a","proxy":{"url":"http://b","pasword":"p"}}"#, "`proxy` is not"),
        ] {
            let text = refusal(json);
            assert!(text.contains(says), "{json}: {text}");
        }
    }

    #[test]
    fn no_value_is_told() {
        for name in KNOWN {
            let text = refusal(&format!(r#"{{"url":"s3cr3t","{name}":{{"s3cr3t":1.5}}}}"#));
            assert!(!text.contains("s3cr3t"), "{text}");
        }
    }
}
