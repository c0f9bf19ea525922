//! Parses the arguments, starts the log, and does what was asked.

use clap::Parser as _;
use gestan_account_server::{
    config::{Cli, Command},
    startup, telemetry,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Cli { command, settings } = Cli::parse();
    telemetry::start(settings.log, settings.log_format)?;
    match command {
        None | Some(Command::Serve) => startup::serve(&settings).await,
        Some(Command::Migrate) => startup::migrate(&settings).await,
        Some(Command::SupportKey(command)) => startup::support_key(&settings, &command).await,
    }
}
