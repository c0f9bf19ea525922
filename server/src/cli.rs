//! The command line: which commands there are, and which one the arguments mean.
//!
//! A command takes the settings that it reads and refuses the others, wherever they
//! stand: `--database-url URL migrate` means the same as `migrate --database-url URL`.
//! A variable that a command does not read is passed over, even when its value is
//! wrong, because one file of variables serves all commands. One that no command reads is
//! refused. `origins` has which of flag, variable, file and default counts.

mod config_file;
mod empty_values;
mod in_force;
mod known_settings;
mod origins;
mod testing;
mod unknown_variables;

use std::{ffi::OsString, io, path::PathBuf, pin::Pin, process::ExitCode, time::Duration};

use clap::{
    Args as _, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, error::ErrorKind,
};

use self::origins::FromFiles;
use crate::{
    commands::{
        Account, Audit, Backup, CheckLedger, Compact, Config, Copy, Doctor, Migrate, Outbox, Purge,
        Restore, Serve, SupportKey, Webhook,
    },
    settings::log::Log,
    shutdown::signals::{HangUp, StopSignals},
    telemetry::Output,
    version::VERSION,
};

/// Gestan's account service. Durations are written like `24h`, `10m`, `90s`.
#[derive(Parser)]
#[command(name = "gestan-account-server", version = VERSION, about, max_term_width = 100)]
#[command(subcommand_required = false, arg_required_else_help = false)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: Log,

    /// File of settings, in TOML: one line a setting, named as its flag, with `_` for `-`.
    /// Variables and flags take precedence over it.
    #[arg(long, env = "GESTAN_ACCOUNT_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve. This is the default.
    Serve(Box<Serve>),
    /// Bring the schema of the database up to date, and end.
    Migrate(Migrate),
    /// Copy the SQLite database into a file, also while servers use it.
    Backup(Backup),
    /// Put a backup in the place of the SQLite database. Stop every server first. The file that is
    /// replaced is kept beside.
    Restore(Restore),
    /// Move everything from one database into another, empty one, and compare them. Stop every
    /// server first. After an interruption it goes on where it stopped.
    Copy(Copy),
    /// Make, list, revoke and forget the keys of support agents.
    SupportKey(SupportKey),
    /// List, show, retry and drop the mails of the outbox.
    Outbox(Outbox),
    /// List and retry the events that another system is told of, or try the way to it.
    Webhook(Box<Webhook>),
    /// Show, export and erase accounts, and list those that nobody uses.
    Account(Account),
    /// List the events of the audit trail.
    Audit(Audit),
    /// Delete what is past its retention, once, as servers do each minute.
    Purge(Purge),
    /// Check that the time ledger adds up, also while servers use it, and print a line for each
    /// place where it does not. It exits with 1 when there is one.
    CheckLedger(CheckLedger),
    /// Leave no byte of what was deleted in the file of the SQLite database, as servers do at
    /// the time of `--compact-at` after an account was erased. Meanwhile nothing is written.
    Compact(Compact),
    /// Look at whatever the server needs, and say what to do about what is wrong. It exits with 1
    /// when there is a problem.
    Doctor(Box<Doctor>),
    /// Tell which settings are in force.
    Config(Box<Config>),
}

/// What the program was asked to do.
pub struct Cli {
    arguments: Arguments,
    /// Variables that are named like settings, and that Kubernetes sets.
    of_services: Vec<String>,
    /// What `config` tells, if that is asked.
    in_force: String,
    /// The log, once it was started.
    log: Option<Output>,
}

/// Flags at which clap answers, and nothing is read.
const HELP: [&str; 2] = ["-h", "--help"];

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
        let help = if first.is_some_and(|first| ABOUT_THE_PROGRAM.contains(&first)) {
            program()
        } else {
            put_command_first(&mut arguments);
            Arguments::command()
        };
        // With those whose variables are empty.
        let settings = self::program();
        let mut program = empty_values::without_empty_variables(help.clone());
        let asks_for_help =
            arguments.iter().any(|argument| HELP.iter().any(|flag| argument == flag));
        let from_files = if asks_for_help {
            FromFiles::new()
        } else {
            origins::put_in_files(&settings, &mut arguments)?
        };
        let mut matches = match program.try_get_matches_from_mut(arguments.clone()) {
            // The help names every variable, those that are empty, too.
            Err(error) if error.kind() == ErrorKind::DisplayHelp => {
                help.try_get_matches_from(arguments)?
            }
            matches => matches?,
        };
        empty_values::refuse_empty_flags(&program, &matches)?;
        let of_services = unknown_variables::refuse_unknown(&settings)?;
        let in_force = match (settings.find_subcommand("config"), matches.subcommand()) {
            (Some(config), Some(("config", matches))) => {
                in_force::tell(config, &settings, matches, &from_files)
            }
            _ => String::new(),
        };
        let arguments = Arguments::from_arg_matches_mut(&mut matches);
        let arguments = arguments.map_err(|error| error.format(&mut program))?;
        Ok(Self { arguments, of_services, in_force, log: None })
    }

    /// Starts the log.
    ///
    /// # Errors
    /// When a log has been started before, or the system gives no thread for it.
    pub fn start_log(&mut self) -> anyhow::Result<Output> {
        let log = self.arguments.log.start()?;
        self.log = Some(log.clone());
        if let Some(file) = &self.arguments.config {
            tracing::info!(file = %file.display(), "settings read");
        }
        if !self.of_services.is_empty() {
            let variables = self.of_services.join(" ");
            tracing::info!(%variables, "passed over: what Kubernetes says of a service is no setting");
        }
        Ok(log)
    }

    /// Listens to the signals of the operator and the system, as the command needs it.
    ///
    /// # Errors
    /// When the system gives no thread, or lets no signal be received.
    pub fn hear_signals(&self, log: Output) -> io::Result<StopSignals> {
        match &self.arguments.command {
            Command::Serve(serve) => {
                StopSignals::listen(serve.shutdown_grace(), HangUp::ReadsAgain, log)
            }
            _ => StopSignals::listen(Duration::ZERO, HangUp::Ends, log),
        }
    }

    /// Does what was asked, until `stop` at the latest.
    ///
    /// # Errors
    /// Whatever the command fails with.
    pub async fn run(self, stop: StopSignals) -> anyhow::Result<ExitCode> {
        // On the heap: with all of them inside, the future of `main` is so deep that the
        // compiler gives up on its layout when it optimizes.
        let work: Pin<Box<dyn Future<Output = anyhow::Result<()>>>> = match self.arguments.command {
            Command::Serve(serve) => {
                // It stops by itself, in good order.
                Box::pin(serve.run(&stop, self.log)).await?;
                return Ok(ExitCode::SUCCESS);
            }
            Command::Migrate(migrate) => Box::pin(async move { migrate.run().await }),
            Command::Backup(backup) => Box::pin(async move { backup.run().await }),
            Command::Restore(restore) => Box::pin(async move { restore.run().await }),
            Command::Copy(copy) => Box::pin(async move { copy.run().await }),
            Command::SupportKey(support_key) => Box::pin(async move { support_key.run().await }),
            Command::Outbox(outbox) => Box::pin(async move { outbox.run().await }),
            Command::Webhook(webhook) => Box::pin(async move { webhook.run().await }),
            Command::Account(account) => Box::pin(async move { account.run().await }),
            Command::Audit(audit) => Box::pin(async move { audit.run().await }),
            Command::Purge(purge) => Box::pin(async move { purge.run().await }),
            Command::CheckLedger(check) => Box::pin(async move { check.run().await }),
            Command::Compact(compact) => Box::pin(async move { compact.run().await }),
            Command::Doctor(doctor) => Box::pin(async move { doctor.run().await }),
            Command::Config(config) => Box::pin(async move { config.run(&self.in_force) }),
        };
        tokio::select! {
            biased;
            done = work => done.map(|()| ExitCode::SUCCESS),
            // What it has begun is dropped, and leaves nothing half-done.
            () = stop.asked() => {
                tracing::warn!("stopped before its end");
                Ok(stop.exit_code().into())
            }
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
