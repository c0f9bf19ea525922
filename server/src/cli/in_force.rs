//! What is in force, as a person reads it, and as a file of settings.

use std::fmt::Write as _;

use clap::{ArgMatches, Command, parser::ValueSource};
use toml::Value;

use super::{
    known_settings::Setting,
    origins::{CONFIG, FromFiles},
};

/// Every setting that `command` of `program` reads, with its value and where it comes from.
pub(super) fn tell(
    command: &Command,
    program: &Command,
    matches: &ArgMatches,
    from_files: &FromFiles,
) -> String {
    let mut told = String::new();
    let mut section = None;
    for setting in Setting::read_by(command, program) {
        if setting.flag == CONFIG {
            continue;
        }
        let heading = setting.argument.get_help_heading();
        if section != Some(heading) {
            let blank = if section.is_some() { "\n" } else { "" };
            // A `String` takes everything.
            let _ = writeln!(told, "{blank}# {}", heading.unwrap_or("Settings"));
            section = Some(heading);
        }
        let key = setting.key();
        let _ = match value(&setting, matches) {
            Some(value) => {
                writeln!(told, "{key} = {value}  # {}", origin(&setting, matches, from_files))
            }
            None => writeln!(told, "# {key} is not set"),
        };
    }
    told
}

fn value(setting: &Setting<'_>, matches: &ArgMatches) -> Option<Value> {
    let mut raw = matches.get_raw(setting.argument.get_id().as_str())?;
    let text = raw.next()?.to_string_lossy().into_owned();
    if text.is_empty() {
        // The default of what is off; a file of settings may not say it so.
        return None;
    }
    let text = match setting.is_secret() {
        // A secret and nothing else, which is no URL.
        true if setting.flag.ends_with("-secret") => "…".to_owned(),
        true => without_secrets(&text),
        false => text,
    };
    let number = text.parse().map(Value::Integer).ok();
    let number = number.or_else(|| text.parse().map(Value::Boolean).ok());
    Some(number.unwrap_or(Value::String(text)))
}

fn origin(setting: &Setting<'_>, matches: &ArgMatches, from_files: &FromFiles) -> String {
    if let Some(file) = from_files.get(setting.flag) {
        return file.to_string();
    }
    match matches.value_source(setting.argument.get_id().as_str()) {
        Some(ValueSource::CommandLine) => format!("flag --{}", setting.flag),
        Some(ValueSource::EnvVariable) => format!("variable {}", setting.variable),
        _ => "default".to_owned(),
    }
}

/// A URL without its password and without what its query says. A password may have any
/// character: it ends at the last `@`. Where that stands behind a `?`, the password may have the
/// `?` in it, or the query the `@`, and nothing of either is shown. The path of a webhook may be
/// a secret, too.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = if host.contains('@') { "" } else { host };
            return format!("{scheme}://{host}/…");
        }
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let asks = query.map_or("", |_| "?…");
    let password = place.find([':', '@']).filter(|at| place[*at..].starts_with(':'));
    let shown = match password {
        Some(colon) if query.is_some_and(|query| query.contains('@')) => {
            format!("{}:…", &place[..colon])
        }
        Some(colon) => match place.rsplit_once('@') {
            Some((_, host)) => format!("{}:…@{host}{asks}", &place[..colon]),
            None => format!("{place}{asks}"),
        },
        None => format!("{place}{asks}"),
    };
    format!("{scheme}{shown}")
}
