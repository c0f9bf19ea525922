//! Where the server listens, and how it takes connections.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context as _, bail};
use clap::builder::{BoolValueParser, EnumValueParser};
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::{
    connections::ConnectionLimits,
    duration::Positive,
    one_line::{Trimmed, parsed},
    tls::TlsSettings,
};
use crate::{grpc::Reflection, listener::Transport};

/// The listener.
#[derive(clap::Args)]
#[command(next_help_heading = "Listening")]
#[expect(clippy::struct_field_names, reason = "the settings are named after them")]
pub struct Listen {
    /// Address and port to listen on.
    #[arg(
        long = "listen",
        env = "GESTAN_ACCOUNT_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:50051",
        value_parser = Trimmed(parsed::<SocketAddr>)
    )]
    address: SocketAddr,

    /// Listen without TLS on an address that other machines can reach. Dangerous: passwords,
    /// personal codes and link tokens can then be read, and used, by anyone on the way. Only for a
    /// server that nobody but a proxy which terminates TLS can reach.
    #[arg(long, env = "GESTAN_ACCOUNT_DANGEROUSLY_LISTEN_IN_CLEAR",
        value_parser = Trimmed(BoolValueParser::new()))]
    dangerously_listen_in_clear: bool,

    /// Who may use gRPC server reflection, which tells what the proto files say.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_REFLECTION",
        value_name = "WHO",
        default_value_t,
        value_enum,
        value_parser = Trimmed(EnumValueParser::<Reflection>::new())
    )]
    reflection: Reflection,

    /// Address and port at which Prometheus and probes ask how the server is (`/metrics`,
    /// `/healthz`, `/readyz`), in clear text. It answers everybody who reaches it; by default
    /// there is none.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_ADMIN_LISTEN",
        value_name = "ADDRESS",
        value_parser = Trimmed(parsed::<SocketAddr>)
    )]
    admin_listen: Option<SocketAddr>,

    /// How long the calls in progress may take when the server is asked to stop.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_SHUTDOWN_GRACE",
        value_name = "DURATION",
        default_value = "30s",
        value_parser = Trimmed(parsed::<Positive>)
    )]
    shutdown_grace: Positive,

    #[command(flatten)]
    tls: TlsSettings,

    #[command(flatten)]
    connections: ConnectionLimits,
}

impl Listen {
    /// Listens.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(&self) -> anyhow::Result<TcpListener> {
        let listener = TcpListener::bind(self.address).await;
        listener.with_context(|| format!("cannot listen on {}", self.address))
    }

    /// Listens at the address for operators, if there is one.
    ///
    /// # Errors
    /// When it cannot be listened on.
    pub async fn bind_admin(&self) -> anyhow::Result<Option<TcpListener>> {
        let Some(address) = self.admin_listen else { return Ok(None) };
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        if !address.ip().to_canonical().is_loopback() {
            tracing::warn!(
                %address,
                "the figures of this server can be read from other machines: let a firewall keep \
                 them from all but yours"
            );
        }
        tracing::info!(%address, "admin address");
        Ok(Some(listener))
    }

    /// What connections are taken by. Secrets do not go over a network in the clear
    /// unless the operator says so.
    ///
    /// # Errors
    /// When the certificates cannot be used `now`, or there are none and others could
    /// connect.
    pub fn transport(&self, now: Timestamp) -> anyhow::Result<Transport> {
        let tls = self.tls.load(now)?;
        if tls.is_none() && !self.address.ip().to_canonical().is_loopback() {
            if !self.dangerously_listen_in_clear {
                bail!(
                    "{} can be reached from other machines, and without TLS anyone on the way \
                     could read passwords and link tokens: give --tls-certificate and --tls-key, \
                     or listen on 127.0.0.1, or, behind a proxy that terminates TLS, \
                     --dangerously-listen-in-clear",
                    self.address
                );
            }
            tracing::warn!("listening without TLS: passwords and link tokens travel in the clear");
        }
        Ok(self.connections.transport(tls))
    }

    /// Where it listens, and for operators, by the flags.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        let admin = self.admin_listen.map(|address| ("--admin-listen", address));
        [("--listen", self.address)].into_iter().chain(admin)
    }

    /// How many files may be open, where the system says so, and how many connections are to be.
    #[must_use]
    pub fn open_files(&self) -> (Option<usize>, usize) {
        self.connections.open_files()
    }

    /// The files that nobody else is to read.
    pub fn private_files(&self) -> impl Iterator<Item = &Path> {
        self.tls.key().into_iter()
    }

    /// Who may use reflection.
    #[must_use]
    pub fn reflection(&self) -> Reflection {
        self.reflection
    }

    /// How long the calls in progress may take at the end.
    #[must_use]
    pub fn shutdown_grace(&self) -> Duration {
        self.shutdown_grace.unsigned()
    }
}
