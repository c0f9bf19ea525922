//! Parses the arguments, starts the log, and does what was asked.

use std::process::ExitCode;

use clap::Parser as _;
use gestan_account_server::{
    commands,
    config::{Cli, Command},
    panics, startup, telemetry,
};

/// A call makes some hundred small allocations, on whichever thread takes it: the
/// system's allocator took a sixth of a Get.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    let Cli { command, settings } = cli;
    telemetry::start(settings.log, settings.log_format)?;
    panics::log_places_only();
    match command {
        None | Some(Command::Serve) => startup::serve(&settings).await,
        Some(Command::Migrate) => commands::migrate(&settings).await,
        Some(Command::Backup { to }) => commands::backup(&settings, &to).await,
        Some(Command::Copy { from, to }) => commands::copy(&from, &to).await,
        Some(Command::SupportKey(command)) => commands::support_key(&settings, &command).await,
    }
}

/// The error and its causes, on one line: the last words before the end.
#[expect(clippy::print_stderr, reason = "the log may not have been started")]
fn say(error: &anyhow::Error) {
    eprintln!("Error: {error:#}");
}
