//! What systemd is told by the real program.

use std::{fs, io, os::unix::net::UnixDatagram as StdDatagram, path::Path};

use gestan_account_client::{ClientOptions, v1};
use gestan_account_tests::{
    creation,
    process::{Home, ServerProcess, TIMEOUT},
};
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};
use tokio::{net::UnixDatagram, time::timeout};

/// The end of systemd's socket.
struct Systemd(UnixDatagram);

impl Systemd {
    fn listen(home: &Home) -> io::Result<Self> {
        Ok(Self(UnixDatagram::bind(socket(home.path()))?))
    }

    /// What is told next.
    async fn next(&self) -> String {
        let mut told = vec![0; 4096];
        let length = timeout(TIMEOUT, self.0.recv(&mut told)).await.expect("told in time");
        told.truncate(length.expect("something is told"));
        String::from_utf8(told).expect("text")
    }

    /// What is told until `line` is among it, that included.
    async fn until(&self, line: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while !lines.iter().any(|told| told == line) {
            lines.extend(self.next().await.lines().map(str::to_owned));
        }
        lines
    }
}

fn socket(folder: &Path) -> std::path::PathBuf {
    folder.join("notify")
}

async fn start(home: &Home) -> ServerProcess {
    let mut command = home.command();
    command.env("NOTIFY_SOCKET", socket(home.path()));
    ServerProcess::start_as(command, home, &[]).await
}

#[tokio::test]
async fn systemd_is_told_when_the_server_answers_that_it_lives_and_when_it_stops() {
    let home = Home::new();
    let systemd = Systemd::listen(&home).expect("a socket");
    let server = start(&home).await;
    let told = systemd.until("STATUS=serving").await;
    assert!(told[0].starts_with("STATUS=opening the database"), "{told:?}");
    assert!(told.contains(&"READY=1".to_owned()), "{told:?}");
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    client.create(creation(1)).await.expect("a server that is ready answers");

    // Again and again, as long as it lives.
    let mut told = systemd.until("WATCHDOG=1").await;
    told.extend(systemd.until("WATCHDOG=1").await);
    server.terminate().await;
    told.extend(systemd.until("STOPPING=1").await);
    assert!(!told.contains(&"READY=1".to_owned()), "ready is said once: {told:?}");
    assert!(server.wait().await.0.success());
}

#[tokio::test]
async fn a_server_whose_database_takes_nothing_is_not_ready_and_lives() {
    let home = Home::on_sqlite();
    let first = ServerProcess::start(&home, &[]).await;
    first.terminate().await;
    assert!(first.wait().await.0.success());
    let other = Database::connect(home.database_url()).await.expect("the database");
    let writing = other.begin().await.expect("a transaction");
    writing.execute_unprepared("DELETE FROM heartbeat").await.expect("a lock");

    let systemd = Systemd::listen(&home).expect("a socket");
    let server = start(&home).await;
    let mut told = Vec::new();
    while !told.iter().any(|told: &String| told.starts_with("STATUS=not serving: ")) {
        told.extend(systemd.until("WATCHDOG=1").await);
        told.extend(systemd.next().await.lines().map(str::to_owned));
    }
    told.extend(systemd.until("WATCHDOG=1").await);
    assert!(!told.contains(&"READY=1".to_owned()), "{told:?}");

    writing.rollback().await.expect("the end of the transaction");
    systemd.until("READY=1").await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    client.create(creation(1)).await.expect("a server that is ready answers");
}

#[tokio::test]
async fn a_supervisor_that_is_gone_is_told_of_once_and_keeps_no_call_waiting() {
    let home = Home::new();
    drop(StdDatagram::bind(socket(home.path())).expect("a socket"));
    fs::remove_file(socket(home.path())).expect("the socket's file");
    let server = start(&home).await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    client.create(creation(1)).await.expect("the server answers");
    let refused = client.get(v1::GetRequest::default()).await.expect_err("without a token");
    assert_eq!(refused.reason(), Some(v1::ErrorReason::InvalidCredentials));
    server.terminate().await;
    let (status, log) = server.wait().await;
    assert!(status.success(), "{log}");
    assert_eq!(log.matches("systemd cannot be told").count(), 1, "{log}");
}
