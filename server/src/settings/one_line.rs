//! Values as they come out of files of variables: with a blank or a line end behind them.
//!
//! Neither means anything in a setting. What surrounds a value goes; a line break inside is an
//! accident, in which two settings became one, and is refused by the setting's name. Names of
//! files are taken as they are: a file may be called anything, and one that is missing is told.

use std::{ffi::OsStr, str::FromStr};

use anyhow::bail;
use clap::{
    Arg, Command,
    builder::{PossibleValue, TypedValueParser},
    error::{ContextKind, ContextValue, ErrorKind},
};

/// Reads a value without what surrounds it.
#[derive(Clone)]
pub(crate) struct Trimmed<P>(pub(crate) P);

impl<P: TypedValueParser> TypedValueParser for Trimmed<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let Some(text) = value.to_str().map(str::trim) else {
            return self.0.parse_ref(command, argument, value);
        };
        if text.chars().any(char::is_control) {
            return Err(broken(command, argument, text));
        }
        self.0.parse_ref(command, argument, OsStr::new(text))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// Reads a value as its type does.
pub(crate) fn parsed<T: FromStr>(text: &str) -> Result<T, T::Err> {
    text.parse()
}

/// Names the setting, and shows the value with what it must not hold.
fn broken(command: &Command, argument: Option<&Arg>, text: &str) -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
    if let Some(argument) = argument {
        error.insert(ContextKind::InvalidArg, ContextValue::String(argument.to_string()));
    }
    let shown = text.escape_debug().to_string();
    error.insert(ContextKind::InvalidValue, ContextValue::String(shown));
    error
}

/// The text of a setting without what surrounds it. For a value that may hold a password, which
/// clap would quote when it refuses it.
///
/// # Errors
/// When there is a line break, or another control character, inside. It does not show the value.
pub(crate) fn one_line<'a>(setting: &str, value: &'a str) -> anyhow::Result<&'a str> {
    let text = value.trim();
    if text.chars().any(char::is_control) {
        bail!("{setting} holds a line break or another control character");
    }
    Ok(text)
}
