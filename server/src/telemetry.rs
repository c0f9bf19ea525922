//! The log. Only this program's own events follow the level that is asked for:
//! libraries are held to warnings, since at lower levels some of them tell
//! headers, statements or addresses.

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _};

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Logs to standard error from now on.
///
/// # Errors
/// When a log has been started before.
pub fn start(level: LevelFilter, format: LogFormat) -> anyhow::Result<()> {
    let targets = Targets::new()
        .with_default(LevelFilter::WARN.min(level))
        .with_target("gestan_account_server", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            lines.with_ansi(colours).with_filter(targets).boxed()
        }
        LogFormat::Json => lines.json().flatten_event(true).with_filter(targets).boxed(),
    };
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
    Ok(())
}
