//! A machine's first call, from the connection on, beside the handshake of openssl.

use std::{
    process::{Command, Stdio},
    time::Instant,
};

use gestan_account_tests::{Authority, Identity};
use tempfile::TempDir;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use crate::{
    Effort,
    figure::{Goal, Table, Values},
    reads::get_once,
    world::World,
};

/// Calls a turn.
const CALLS: usize = 20;

pub(crate) async fn measure(effort: Effort, table: &mut Table) {
    let folder = TempDir::new().expect("a folder");
    let authority = Authority::new();
    authority.issue().write(folder.path());
    let files = Identity::files(folder.path());
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).expect("a file");
    let (certificate, key) = (files.certificate.to_str(), files.key.to_str());
    let settings =
        [("TLS_CERTIFICATE", certificate.expect("a path")), ("TLS_KEY", key.expect("a path"))];
    let world = World::start(effort.small, &settings).await;
    let port = world.server.address.port();
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem()));
    let endpoint = Endpoint::from_shared(format!("https://localhost:{port}")).expect("a URL");
    let endpoint = endpoint.tls_config(tls).expect("a configuration");

    let ours = async || {
        let mut times = Values::default();
        for number in 0..CALLS {
            let start = Instant::now();
            let channel = endpoint.connect().await.expect("the server answers");
            get_once(channel, world.member(number as u64)).await;
            times.push(start.elapsed().as_secs_f64() * 1_000.0);
        }
        times.median()
    };
    let connect = format!("localhost:{port}");
    let handshake = ["s_client", "-connect", &connect, "-alpn", "h2", "-brief", "-CAfile"];
    let limit = async || {
        tokio::task::block_in_place(|| {
            let mut times = Values::default();
            for _ in 0..CALLS {
                let whole = run(Command::new("openssl").args(handshake).arg(&ca));
                // A process starts, too, which a machine's first call does not.
                times.push(whole - run(Command::new("openssl").arg("version")));
            }
            times.median()
        })
    };
    let figure = ("first call over TLS", "ms", "handshake of openssl s_client");
    table.compare(effort, figure, Goal::AtMost(1.5), ours, limit).await;
}

fn run(command: &mut Command) -> f64 {
    let start = Instant::now();
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().expect("openssl runs").success(), "openssl connects");
    start.elapsed().as_secs_f64() * 1_000.0
}
