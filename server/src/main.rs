//! Parses the arguments, starts the log, listens to signals, does what was asked, and ends.

use std::{env, process::ExitCode};

use gestan_account_server::{cli::Cli, panics, shutdown::RUNTIME_TIMEOUT, telemetry::Output};
use tokio::runtime::Runtime;

/// A call makes some hundred small allocations, on whichever thread takes it: the
/// system's allocator took a sixth of a Get.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut cli = Cli::parse(env::args_os()).unwrap_or_else(|error| error.exit());
    let log = match cli.start_log() {
        Ok(log) => log,
        Err(error) => return say_without_log(&error),
    };
    panics::log_places_only();
    let code = run(cli, &log).unwrap_or_else(|error| {
        // The error and its causes, on one line: the last words before the end.
        log.say(&format!("Error: {error:#}"));
        ExitCode::FAILURE
    });
    log.flush();
    code
}

fn run(cli: Cli, log: &Output) -> anyhow::Result<ExitCode> {
    // Before anything can wait.
    let stop = cli.hear_signals(log.clone())?;
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(cli.run(stop));
    // A thread that a disk or a look-up of a name keeps is left to the system.
    runtime.shutdown_timeout(RUNTIME_TIMEOUT);
    outcome
}

#[expect(clippy::print_stderr, reason = "there is no log")]
fn say_without_log(error: &anyhow::Error) -> ExitCode {
    eprintln!("Error: {error:#}");
    ExitCode::FAILURE
}
