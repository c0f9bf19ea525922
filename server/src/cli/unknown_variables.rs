//! Variables that are named as a setting is, and are none. One that is misspelt would leave
//! its setting at the default without a word: mails in files, data in another database.
//!
//! Kubernetes sets such variables too: in every pod beside a service whose name begins with
//! `gestan-account`. Nobody wrote those, so they are told and passed over.

use std::env;

use clap::{Command, error::ErrorKind};

use super::known_settings::{PREFIX, Setting, nearest};

/// The protocols of a service's port.
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];

/// Refuses what is no setting of `program`. Gives the names of those that Kubernetes sets.
///
/// # Errors
/// The names that are unknown, each with the nearest that is known.
pub(super) fn refuse_unknown(program: &Command) -> clap::error::Result<Vec<String>> {
    let known: Vec<String> = Setting::all(program)
        .iter()
        .flat_map(|setting| [Some(setting.variable.to_owned()), setting.file_variable()])
        .flatten()
        .collect();
    // An empty one is as good as none.
    let unknown = env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let is_unknown = name.starts_with(PREFIX) && !known.contains(&name) && !value.is_empty();
        is_unknown.then(|| (name, value.to_string_lossy().into_owned()))
    });
    let (of_services, mut unknown): (Vec<_>, Vec<_>) =
        unknown.partition(|(name, value)| is_of_a_service(name, value));
    let mut names: Vec<String> = of_services.into_iter().map(|(name, _)| name).collect();
    names.sort();
    if unknown.is_empty() {
        return Ok(names);
    }
    unknown.sort();
    let told: Vec<String> = unknown.iter().map(|(name, _)| tell(name, &known)).collect();
    Err(clap::Error::raw(ErrorKind::UnknownArgument, told.concat()))
}

fn tell(name: &str, known: &[String]) -> String {
    match nearest(name, known) {
        Some(nearest) => format!("the variable {name} is no setting; did you mean {nearest}?\n"),
        None => format!("the variable {name} is no setting; `--help` tells them all\n"),
    }
}

/// Whether Kubernetes sets it for a service, in the manner of Docker's links:
/// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>.
fn is_of_a_service(name: &str, value: &str) -> bool {
    let parts: Vec<&str> = name.split('_').collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = |value: &str| {
        let scheme = value.split_once("://").map(|(scheme, _)| scheme.to_ascii_uppercase());
        scheme.is_some_and(|scheme| PROTOCOLS.contains(&&*scheme))
    };
    match parts.as_slice() {
        [.., "PORT", port, protocol] | [.., "PORT", port, protocol, "PROTO" | "PORT" | "ADDR"]
            if is_number(port) && PROTOCOLS.contains(protocol) =>
        {
            true
        }
        [.., "SERVICE", "HOST"] => true,
        [.., "SERVICE", "PORT"] => is_number(value),
        [.., "PORT"] => is_address(value),
        // A port with a name.
        _ => name.contains("_SERVICE_PORT_") && is_number(value),
    }
}
