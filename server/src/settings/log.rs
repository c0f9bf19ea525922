//! The log, which every command writes.

use clap::builder::EnumValueParser;
use tracing::level_filters::LevelFilter;

use super::one_line::{Trimmed, parsed};
use crate::telemetry::{self, LogFormat, Output};

/// What is logged, and how.
#[derive(clap::Args)]
#[command(next_help_heading = "Log")]
pub struct Log {
    /// Log level: off, error, warn, info, debug or trace. No level logs an e-mail address, a name or a secret.
    #[arg(long, env = "GESTAN_ACCOUNT_LOG", value_name = "LEVEL",
        default_value_t = LevelFilter::INFO, global = true,
        value_parser = Trimmed(parsed::<LevelFilter>))]
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
        global = true,
        value_parser = Trimmed(EnumValueParser::<LogFormat>::new())
    )]
    log_format: LogFormat,
}

impl Log {
    /// Logs to standard error from now on.
    ///
    /// # Errors
    /// When a log has been started before, or the system gives no thread for it.
    pub fn start(&self) -> anyhow::Result<Output> {
        telemetry::start(self.log, self.log_format)
    }
}

/// The lines that calls leave.
#[derive(clap::Args)]
#[command(next_help_heading = "Log")]
pub struct CallLogSettings {
    /// One in so many answered calls leaves a line in the log: 1 for all of them, 0 for none.
    /// Every refused one leaves a line.
    #[arg(long, env = "GESTAN_ACCOUNT_LOG_ANSWERED_ONE_IN", value_name = "COUNT",
        default_value_t = 1, value_parser = Trimmed(clap::value_parser!(u32)))]
    log_answered_one_in: u32,
}

impl CallLogSettings {
    /// One in so many is logged.
    #[must_use]
    pub fn answered_one_in(&self) -> u32 {
        self.log_answered_one_in
    }
}
