//! The settings by name: what clap knows of them, read off the command line's own
//! description, so that a new setting is known everywhere by being declared.

use clap::{Arg, Command};

/// What the variables of all settings begin with.
pub(super) const PREFIX: &str = "GESTAN_ACCOUNT_";

/// How alike a name must be to be what was meant; 1 is the same.
const LIKENESS: f64 = 0.5;

/// A setting: what has a flag and a variable.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// What clap knows of it.
    pub(super) argument: &'a Arg,
    /// The name of its flag, without dashes before it.
    pub(super) flag: &'a str,
    /// The name of its variable.
    pub(super) variable: &'a str,
}

impl<'a> Setting<'a> {
    fn of(command: &'a Command) -> impl Iterator<Item = Self> {
        command.get_arguments().filter_map(|argument| {
            let variable = argument.get_env()?.to_str()?;
            Some(Self { argument, flag: argument.get_long()?, variable })
        })
    }

    /// Those that a command of `program` reads: its own, and what every command reads.
    pub(super) fn read_by(
        command: &'a Command,
        program: &'a Command,
    ) -> impl Iterator<Item = Self> {
        let common = Self::of(program).filter(|setting| setting.argument.is_global_set());
        Self::of(command).chain(common)
    }

    /// Those of `program` and of its commands.
    pub(super) fn all(program: &'a Command) -> Vec<Self> {
        Self::of(program).chain(program.get_subcommands().flat_map(Self::all)).collect()
    }

    /// Its name in a file of settings.
    pub(super) fn key(&self) -> String {
        self.flag.replace('-', "_")
    }

    /// Whether its value may hold a password. Such a setting may stand in a file of its own.
    pub(super) fn is_secret(&self) -> bool {
        self.argument.is_hide_env_values_set()
    }

    /// The variable that names the file in which it stands, if it is a secret.
    pub(super) fn file_variable(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_FILE", self.variable))
    }

    /// Its key for that file.
    pub(super) fn file_key(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_file", self.key()))
    }
}

/// The name of `known` that was meant by `unknown`, if any looks like it.
pub(super) fn nearest<'a>(unknown: &str, known: &'a [String]) -> Option<&'a String> {
    let bare = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let likeness =
        |other: &str| strsim::normalized_damerau_levenshtein(&bare(unknown), &bare(other));
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(nearest) >= LIKENESS).then_some(nearest)
}
