//! The file of settings: TOML, one key a setting, named as its flag with `_` for `-`.

use std::{collections::BTreeMap, fs, path::Path};

use clap::{Command, error::ErrorKind};
use toml::Value;

use super::{
    known_settings::{Setting, nearest},
    origins::CONFIG,
};

/// What a file of settings says: values by key, each as its flag would be typed.
pub(super) type Values = BTreeMap<String, String>;

/// Reads the file at `path`, in which every key is one of a setting of `program`.
///
/// # Errors
/// What is wrong with it; every key that is unknown, with the nearest that is known.
pub(super) fn read(path: &Path, program: &Command) -> clap::error::Result<Values> {
    let refuse = |why: String| {
        let text = format!("the file of settings {}: {why}\n", path.display());
        clap::Error::raw(ErrorKind::ValueValidation, text)
    };
    let text = fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    // The parser's own report quotes the line, which may hold a password.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        refuse(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
    })?;
    let known: Vec<String> = Setting::all(program)
        .iter()
        .flat_map(|setting| [Some(setting.key()), setting.file_key()])
        .flatten()
        // A file of settings names no other.
        .filter(|key| key != CONFIG)
        .collect();
    let unknown: Vec<String> = table
        .keys()
        .filter(|key| !known.contains(key))
        .map(|key| match nearest(key, &known) {
            Some(nearest) => format!("`{key}` is no setting; did you mean `{nearest}`?"),
            None => format!("`{key}` is no setting; `--help` tells them all"),
        })
        .collect();
    if !unknown.is_empty() {
        return Err(refuse(unknown.join("\n  ")));
    }
    let values = table.into_iter().map(|(key, value)| match as_typed(value) {
        Some(value) => Ok((key, value)),
        None => Err(refuse(format!(
            "`{key}` must be a text, a whole number, `true` or `false`, or a list of texts"
        ))),
    });
    values.collect()
}

/// As the flag's value would be typed.
fn as_typed(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(is_set) => Some(is_set.to_string()),
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.into_iter().map(as_typed).collect();
            Some(texts?.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
