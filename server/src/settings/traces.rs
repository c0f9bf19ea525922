//! Traces: which collector gets them, and of how many calls. Off by default.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;

use super::one_line::{Trimmed, one_line};
use crate::{
    clock::Clock,
    randomness::Randomness,
    traces::{
        Tracer,
        collector::{self, Collector},
        export::{self, Exporter},
    },
};

/// The collector.
#[derive(clap::Args)]
#[command(next_help_heading = "Traces")]
#[expect(clippy::struct_field_names, reason = "the settings are named after them")]
pub struct TraceSettings {
    /// Collector that gets traces by OTLP over gRPC: `http://HOST:4317`, or `https://`. Without it
    /// there are none.
    #[arg(long, env = "GESTAN_ACCOUNT_TRACES_URL", value_name = "URL")]
    traces_url: Option<String>,

    /// File of certificates in PEM that are trusted beside the system's: the collector's own, or
    /// that of its authority.
    #[arg(long, env = "GESTAN_ACCOUNT_TRACES_CA_FILE", value_name = "FILE")]
    traces_ca_file: Option<PathBuf>,

    /// One in so many calls is traced; 0 traces only those of which a trusted proxy says so.
    #[arg(long, env = "GESTAN_ACCOUNT_TRACES_ONE_IN", value_name = "COUNT", default_value_t = 1,
        value_parser = Trimmed(clap::value_parser!(u32)))]
    traces_one_in: u32,
}

impl TraceSettings {
    /// What makes traces, and what brings them to the collector; none by default.
    ///
    /// # Errors
    /// When the URL is none of a collector, or the file of certificates is of no use.
    pub fn traces(
        &self,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
    ) -> anyhow::Result<Option<(Tracer, Exporter)>> {
        let exporter =
            |collector| export::to_collector(collector, self.traces_one_in, clock, randomness);
        Ok(self.collector()?.map(exporter))
    }

    /// The collector; none by default.
    ///
    /// # Errors
    /// Those of [`traces`](Self::traces).
    pub fn collector(&self) -> anyhow::Result<Option<Collector>> {
        let Some(url) = &self.traces_url else { return Ok(None) };
        let (url, ca) = (one_line("TRACES_URL", url)?, self.traces_ca_file.as_deref());
        Ok(Some(Collector::new(url, ca).context("TRACES_URL")?))
    }

    /// Whether they can be made; nothing is started.
    ///
    /// # Errors
    /// Those of [`traces`](Self::traces).
    pub fn check(&self) -> anyhow::Result<()> {
        let Some(url) = &self.traces_url else { return Ok(()) };
        let url = one_line("TRACES_URL", url)?;
        collector::check(url, self.traces_ca_file.as_deref()).context("TRACES_URL")
    }
}
