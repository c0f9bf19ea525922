//! Two servers on one database, whose disk can be filled; a mail server that can go away. The
//! first server is killed and restarted again and again, the second one lives through it all, so
//! that what it takes can be looked at.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use gestan_account_tests::{
    SmallDisk, count, is_postgres,
    postgres::Cluster,
    process::{Home, ServerProcess, run_to_end},
    rows, text,
};
use sea_orm::Database;

use crate::relay::Relay;

/// Room for the database of a quarter of an hour, and to spare.
const DISK_MIB: u32 = 1_500;

/// All that there is.
pub(crate) struct World {
    pub(crate) disk: SmallDisk,
    pub(crate) cluster: Option<Cluster>,
    pub(crate) relay: Relay,
    home: Home,
    /// Killed again and again, but where it is stays.
    mortal: Option<ServerProcess>,
    mortal_address: SocketAddr,
    /// Never restarted.
    pub(crate) steady: ServerProcess,
    admin: SocketAddr,
}

/// How the first server ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Killed,
    Asked,
}

impl World {
    pub(crate) async fn start() -> Self {
        let disk = SmallDisk::new(DISK_MIB);
        let cluster = is_postgres().then(|| {
            let cluster = Cluster::start_on(disk.path(), &["max_wal_size=64MB"]);
            cluster.execute("postgres", "CREATE DATABASE comptes");
            cluster
        });
        let url = cluster.as_ref().map_or_else(|| disk.sqlite_url(), |own| own.url("comptes"));
        let home = Home::with_database(url);
        let relay = Relay::open(home.path().join("arrived")).await;
        let admin = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let steady = start(&home, &relay, "127.0.0.1:0", Some(admin)).await;
        let mortal = start(&home, &relay, "127.0.0.1:0", None).await;
        let mortal_address = mortal.address;
        Self { disk, cluster, relay, home, mortal: Some(mortal), mortal_address, steady, admin }
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        vec![self.mortal_address, self.steady.address]
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.addresses().iter().map(|address| format!("http://{address}")).collect()
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin
    }

    pub(crate) fn mail_folder(&self) -> PathBuf {
        self.relay.folder().to_owned()
    }

    pub(crate) fn database_url(&self) -> String {
        self.home.database_url()
    }

    /// The log of what is written, which must not grow for ever: its folder.
    pub(crate) fn log_folder(&self) -> PathBuf {
        self.cluster
            .as_ref()
            .map_or_else(|| self.disk.path().join("data"), |cluster| cluster.data().join("pg_wal"))
    }

    pub(crate) async fn support_key(&self) -> String {
        let mut create = self.home.command();
        let made = run_to_end(create.args(["support-key", "create", "Luc", "--role", "agent"]));
        let made = made.await;
        assert!(made.status.success(), "{}", made.log);
        made.printed.trim().to_owned()
    }

    /// Ends the first server and starts it again where it was.
    pub(crate) async fn restart(&mut self, end: End) {
        let server = self.mortal.take().expect("a server");
        match end {
            End::Killed => server.kill().await,
            End::Asked => {
                server.terminate().await;
                let (status, log) = server.wait().await;
                assert!(status.success(), "{status}: {log}");
            }
        }
        let address = self.mortal_address.to_string();
        self.mortal = Some(start(&self.home, &self.relay, &address, None).await);
    }

    /// What holds of a database whatever befell its servers.
    pub(crate) async fn check(&self) {
        let db = Database::connect(self.database_url()).await.expect("the database opens");
        if self.cluster.is_none() {
            assert_eq!(text(&db, "PRAGMA integrity_check").await.as_deref(), Some("ok"));
        }
        for (what, query) in [
            (
                "a link without an account",
                "SELECT id FROM link WHERE account_id NOT IN (SELECT id FROM account)",
            ),
            (
                "an account that nobody has opened",
                "SELECT id FROM account WHERE id NOT IN (SELECT account_id FROM audit_event WHERE \
                 action = 'create_account')",
            ),
            (
                "a living link without its event",
                "SELECT id FROM link WHERE unlink_time IS NULL AND account_id NOT IN (SELECT \
                 account_id FROM audit_event WHERE action = 'link_machine')",
            ),
            (
                "a code that is used and not spent",
                "SELECT id FROM challenge WHERE ticket_digest IS NOT NULL AND spent_time IS NULL",
            ),
        ] {
            let found = rows(&db, query).await;
            assert!(found.is_empty(), "{what}: {} of them", found.len());
        }
        println!("{} accounts", count(&db, "SELECT count(*) FROM account").await);
        db.close().await.expect("it closes");
        let log = self.steady.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

async fn start(
    home: &Home,
    relay: &Relay,
    listen: &str,
    admin: Option<SocketAddr>,
) -> ServerProcess {
    let (url, admin) = (relay.url(), admin.map(|admin| admin.to_string()));
    // What is answered leaves no line: this program keeps the whole log.
    let mut arguments = vec!["--listen", listen, "--mail-url", &url, "--mail-lease", "2s"];
    arguments.extend(["--log-answered-one-in", "0", "--support-calls-per-minute", "1000000"]);
    if let Some(admin) = &admin {
        arguments.extend(["--admin-listen", admin]);
    }
    ServerProcess::start(home, &arguments).await
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The bytes of a folder's files of this ending, or of all.
pub(crate) fn bytes_of(folder: &Path, ending: &str) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(ending))
        .filter_map(|entry| entry.metadata().ok().map(|metadata| metadata.len()));
    sizes.sum()
}
