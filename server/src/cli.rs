//! The command line: which commands there are, and which one the arguments mean.
//!
//! A command takes the settings that it reads and refuses the others, wherever they
//! stand: `--database-url URL migrate` means the same as `migrate --database-url URL`.
//! A variable that a command does not read is passed over, even when its value is
//! wrong, because one file of variables serves all commands.

use std::ffi::OsString;

use clap::{Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::{
    commands::{Backup, Copy, Migrate, Serve, SupportKey},
    settings::log::Log,
};

/// Gestan's account service. Durations are written like `24h`, `10m`, `90s`.
#[derive(Parser)]
#[command(name = "gestan-account-server", version, about, max_term_width = 100)]
#[command(subcommand_required = false, arg_required_else_help = false)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: Log,
}

#[derive(Subcommand)]
enum Command {
    /// Serve. This is the default.
    Serve(Box<Serve>),
    /// Bring the schema of the database up to date, and end.
    Migrate(Migrate),
    /// Copy the SQLite database into a file, also while servers use it.
    Backup(Backup),
    /// Move everything from one database into another, empty one, and compare them. Stop every
    /// server first. After an interruption it goes on where it stopped.
    Copy(Copy),
    /// Make, list and revoke the keys of support agents.
    SupportKey(SupportKey),
}

/// What the program was asked to do.
pub struct Cli(Arguments);

/// The names of what clap answers about the whole program.
const ABOUT_THE_PROGRAM: [&str; 5] = ["-h", "--help", "help", "-V", "--version"];

impl Cli {
    /// Reads the arguments, of which the first is the program's name.
    ///
    /// # Errors
    /// What to print instead: the help, the version, or what is wrong.
    pub fn parse<A: Into<OsString>>(
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, clap::Error> {
        let mut arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let first = arguments.get(1).and_then(|argument| argument.to_str());
        let mut program = if first.is_some_and(|first| ABOUT_THE_PROGRAM.contains(&first)) {
            program()
        } else {
            put_command_first(&mut arguments);
            Arguments::command()
        };
        let mut matches = program.try_get_matches_from_mut(arguments)?;
        let arguments = Arguments::from_arg_matches_mut(&mut matches);
        arguments.map(Self).map_err(|error| error.format(&mut program))
    }

    /// Starts the log.
    ///
    /// # Errors
    /// When a log has been started before.
    pub fn start_log(&self) -> anyhow::Result<()> {
        self.0.log.start()
    }

    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever the command fails with.
    pub async fn run(self) -> anyhow::Result<()> {
        // On the heap: with all of them inside, the future of `main` is so deep that the
        // compiler gives up on its layout when it optimizes.
        match self.0.command {
            Command::Serve(serve) => Box::pin(serve.run()).await,
            Command::Migrate(migrate) => Box::pin(migrate.run()).await,
            Command::Backup(backup) => Box::pin(backup.run()).await,
            Command::Copy(copy) => Box::pin(copy.run()).await,
            Command::SupportKey(support_key) => Box::pin(support_key.run()).await,
        }
    }
}

/// The program as its help tells it: the commands, and every setting there is, since
/// `serve`, which needs no name, reads them all.
#[must_use]
pub fn program() -> clap::Command {
    let program = Arguments::command();
    // To clap, what says what `Serve` is would be about the program, too.
    let about = program.get_about().cloned();
    Serve::augment_args(program).about(about.unwrap_or_default())
}

/// Moves the options that stand before the name of a command behind it; without a
/// name it is `serve`.
///
/// To clap, an option before the name belongs to the program, which would have to
/// accept the settings of all commands for each of them, and read all variables.
fn put_command_first(arguments: &mut Vec<OsString>) {
    let program = program();
    let is_option = |argument: &str| {
        let name = argument.strip_prefix("--")?;
        let (name, has_value) =
            name.split_once('=').map_or((name, false), |(name, _)| (name, true));
        let option = program.get_arguments().find(|option| option.get_long() == Some(name))?;
        Some(option.get_action().takes_values() && !has_value)
    };
    let mut at = 1;
    while let Some(needs_value) =
        arguments.get(at).and_then(|argument| is_option(argument.to_str()?))
    {
        at += if needs_value { 2 } else { 1 };
    }
    match arguments.get(at) {
        Some(name) if !name.as_encoded_bytes().starts_with(b"-") => {
            arguments[1..=at].rotate_right(1);
        }
        _ => arguments.insert(1, "serve".into()),
    }
}
