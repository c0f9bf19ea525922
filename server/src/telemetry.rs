//! The log. Only this program's own events follow the level that is asked for:
//! libraries are held to warnings, since at lower levels some of them tell
//! headers, statements or addresses.
//!
//! To write a line never waits for whoever reads standard error: see `buffer`.

mod buffer;
pub(crate) mod call;
pub(crate) mod correlation;

use std::time::Duration;

use clap::ValueEnum;
use prometheus_client::metrics::counter::Counter;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _};

use self::buffer::Buffer;

/// How long the end of the program waits for the last lines to be written.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// The way to standard error, which the log and the last words of the program share.
/// Clones are the same way.
#[derive(Clone, Debug)]
pub struct Output(Buffer);

impl Output {
    /// Says something on a line of its own, at whichever level is logged.
    pub fn say(&self, words: &str) {
        self.0.push(format!("{words}\n").as_bytes());
    }

    /// How many lines were dropped.
    #[must_use]
    pub fn dropped_lines(&self) -> Counter {
        self.0.dropped_in_all()
    }

    /// Waits until everything is written, but no longer than a second: the program ends
    /// also when nobody reads.
    pub fn flush(&self) {
        self.0.flush(FLUSH_TIMEOUT);
    }
}

/// Logs to standard error from now on. What is logged is written soon after: whoever
/// ends the program flushes it first.
///
/// # Errors
/// When a log has been started before, or the system gives no thread for it.
pub fn start(level: LevelFilter, format: LogFormat) -> anyhow::Result<Output> {
    let targets = Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_target("gestan_account_server", level);
    let buffer = Buffer::start()?;
    let writer = buffer.clone();
    let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    let layer = match format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(colours).with_filter(targets).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_filter(targets).boxed(),
    };
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    Ok(Output(buffer))
}
