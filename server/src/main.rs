//! Parses the arguments, starts the log, and does what was asked.

use std::{env, process::ExitCode};

use gestan_account_server::{cli::Cli, panics};

/// A call makes some hundred small allocations, on whichever thread takes it: the
/// system's allocator took a sixth of a Get.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse(env::args_os()).unwrap_or_else(|error| error.exit());
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    cli.start_log()?;
    panics::log_places_only();
    cli.run().await
}

/// The error and its causes, on one line: the last words before the end.
#[expect(clippy::print_stderr, reason = "the log may not have been started")]
fn say(error: &anyhow::Error) {
    eprintln!("Error: {error:#}");
}
