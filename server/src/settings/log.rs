//! The log, which every command writes.

use tracing::level_filters::LevelFilter;

use crate::telemetry::{self, LogFormat};

/// What is logged, and how.
#[derive(clap::Args)]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// Log level: off, error, warn, info, debug or trace. No level logs an address or a secret.
    #[arg(long, env = "GESTAN_ACCOUNT_LOG", value_name = "LEVEL",
        default_value_t = LevelFilter::INFO, global = true)]
    log: LevelFilter,

    /// Format of the log, which goes to standard error: text for people, or json, one object per
    /// line, for machines.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_LOG_FORMAT",
        value_name = "FORMAT",
        default_value_t,
        value_enum,
        hide_possible_values = true,
        global = true
    )]
    log_format: LogFormat,
}

impl Log {
    /// Logs to standard error from now on.
    ///
    /// # Errors
    /// When a log has been started before.
    pub fn start(&self) -> anyhow::Result<()> {
        telemetry::start(self.log, self.log_format)
    }
}
