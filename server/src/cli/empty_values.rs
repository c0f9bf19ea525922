//! Settings that are given without a value. An empty variable is as good as none:
//! `${X:-}` in a compose file makes one where nobody has set anything. An empty flag was
//! typed, and is a mistake.

use std::{env, ffi::OsStr};

use clap::{
    ArgMatches, Command,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

/// `command`, reading no variable that is empty.
pub(super) fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_args(|setting| {
        let value = setting.get_env().and_then(env::var_os);
        let is_empty = value.is_some_and(|value| value.is_empty());
        if is_empty { setting.env(Resettable::Reset) } else { setting }
    });
    command.mut_subcommands(without_empty_variables)
}

/// Refuses a flag whose value is empty, whatever it is for.
///
/// # Errors
/// What is wrong, with the flag's name.
pub(super) fn refuse_empty_flags(
    command: &Command,
    matches: &ArgMatches,
) -> clap::error::Result<()> {
    let is_empty = |name: &str| {
        let values = matches.try_get_raw(name).ok().flatten();
        matches.value_source(name) == Some(ValueSource::CommandLine)
            && values.is_some_and(|mut values| values.any(OsStr::is_empty))
    };
    for id in matches.ids() {
        let setting = command.get_arguments().find(|setting| setting.get_id() == id);
        if let Some(setting) = setting.filter(|setting| setting.get_long().is_some())
            && is_empty(id.as_str())
        {
            let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(command);
            let name = ContextValue::String(setting.to_string());
            error.insert(ContextKind::InvalidArg, name);
            error.insert(ContextKind::InvalidValue, ContextValue::String(String::new()));
            return Err(error);
        }
    }
    match matches.subcommand() {
        Some((name, matches)) => command
            .find_subcommand(name)
            .map_or(Ok(()), |command| refuse_empty_flags(command, matches)),
        None => Ok(()),
    }
}
