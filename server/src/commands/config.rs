//! `config check`: the settings that are in force, and where each comes from.

use super::Serve;

/// The settings of `config`: those of `serve`. They may also stand behind what it is to do.
#[derive(clap::Args)]
#[command(mut_args = |setting| setting.global(true))]
pub struct Config {
    #[command(flatten)]
    serve: Serve,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Print every setting with its value and where it comes from: a flag, a variable, a file,
    /// or the default. Passwords are not shown. What is printed is a file of settings.
    Check,
}

impl Config {
    /// Prints `in_force`, one line a setting, and looks at what can be looked at without
    /// connecting to anything.
    ///
    /// # Errors
    /// When `serve` could not start with these settings, as far as that is seen.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    pub fn run(&self, in_force: &str) -> anyhow::Result<()> {
        match self.command {
            Command::Check => print!("{in_force}"),
        }
        self.serve.check()
    }
}
