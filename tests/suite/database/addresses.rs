//! A PostgreSQL whose name stands for several addresses, of which the first do not answer.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
};

use gestan_account_client::{ClientOptions, v1::ConfirmRequest};
use gestan_account_tests::{
    Authority, Identity, creation,
    names::{DeadAddress, Names},
    postgres::{Cluster, VOLATILE},
    process::{Ended, Home, ServerProcess, run_to_end},
};
use tokio::process::Command;

const HOST: &str = "base.gestan.example";
const DEAD: [&str; 2] = ["127.0.0.2", "127.0.0.3"];

/// A cluster at the last of three addresses.
struct Behind {
    cluster: Cluster,
    names: Names,
    _dead: [DeadAddress; 2],
}

impl Behind {
    fn start() -> Self {
        let cluster = Cluster::start(VOLATILE);
        let dead = DEAD.map(|ip| DeadAddress::at(ip, cluster.port));
        let names = Names::new(HOST, &[DEAD[0], DEAD[1], "127.0.0.1"]);
        Self { cluster, names, _dead: dead }
    }

    fn home(&self, query: &str) -> Home {
        let port = self.cluster.port;
        let url = format!("postgres://postgres@{HOST}:{port}/postgres?{query}");
        Home::with_database(url)
    }

    /// The server's program, which makes its temporary files at home.
    fn command(&self, home: &Home) -> Command {
        let temporary = home.path().join("tmp");
        fs::create_dir_all(&temporary).expect("a folder");
        let mut command = home.command();
        self.names.tell(command.env("TMPDIR", temporary));
        command
    }

    async fn migrate(&self, query: &str) -> Ended {
        let home = self.home(query);
        run_to_end(self.command(&home).arg("migrate")).await
    }

    /// Has the cluster show a certificate for this name; gives its authority.
    fn protect(&self, name: &str, home: &Home) -> String {
        let (authority, data) = (Authority::new(), self.cluster.data());
        let Identity { certificate, key } = authority.issue_for([name]);
        let owner = fs::metadata(data).expect("a folder");
        for (file, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = data.join(file);
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
            chown(&path, Some(owner.uid()), Some(owner.gid())).expect("an owner");
        }
        self.cluster.execute("postgres", "ALTER SYSTEM SET ssl = on");
        // Told to read its settings again, it does so some time later.
        self.cluster.stop_hard();
        self.cluster.start_again();
        let ca = home.path().join("ca.pem");
        fs::write(&ca, authority.pem()).expect("a file");
        ca.display().to_string()
    }
}

#[tokio::test]
async fn a_server_serves_though_the_first_addresses_of_its_database_do_not_answer() {
    let behind = Behind::start();
    let home = behind.home("sslmode=disable");
    let server = ServerProcess::start_as(behind.command(&home), &home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let created = client.create(creation(1)).await.expect("it is stored");
    let code = server.code_to("client1@exemple.fr").await;
    let challenge_id = created.challenge_id;
    let confirm = ConfirmRequest { challenge_id, code, ..Default::default() };
    client.confirm(confirm).await.expect("it is confirmed");
    assert_eq!(behind.cluster.query("postgres", "SELECT count(*) FROM account").trim(), "1");

    server.terminate().await;
    let (status, log) = server.wait().await;
    assert!(status.success(), "{status}: {log}");
    let left: Vec<_> = fs::read_dir(home.path().join("tmp")).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn the_certificate_of_a_database_is_checked_for_its_name_whichever_address_answers() {
    let behind = Behind::start();
    let folder = Home::on_sqlite();
    let query = |ca: &str| format!("sslmode=verify-full&sslrootcert={ca}");

    let ca = behind.protect("autre.gestan.example", &folder);
    let refused = behind.migrate(&query(&ca)).await;
    assert!(!refused.status.success(), "a certificate for another name is accepted");
    assert!(refused.log.contains("certificate"), "{}", refused.log);
    // Nor one for the address.
    let ca = behind.protect("127.0.0.1", &folder);
    let refused = behind.migrate(&query(&ca)).await;
    assert!(!refused.status.success(), "a certificate for the address is accepted");

    let ca = behind.protect(HOST, &folder);
    let migrated = behind.migrate(&query(&ca)).await;
    assert!(migrated.status.success(), "{}", migrated.log);
}

#[tokio::test]
async fn when_no_address_of_the_database_answers_each_is_named() {
    let cluster = Cluster::start(VOLATILE);
    let _dead = DeadAddress::at("127.0.0.2", cluster.port);
    let names = Names::new(HOST, &["127.0.0.2", "127.0.0.3"]);
    let port = cluster.port;
    let home = Home::with_database(format!("postgres://postgres@{HOST}:{port}/postgres"));
    let mut command = home.command();
    names.tell(&mut command);
    let refused = run_to_end(command.arg("migrate")).await;
    assert!(!refused.status.success(), "{}", refused.log);
    let told = format!("127.0.0.2:{port}: no answer; 127.0.0.3:{port}: connection refused");
    assert!(refused.log.contains(&told), "{}", refused.log);
}

#[tokio::test]
async fn a_temporary_folder_that_cannot_be_written_is_named_with_the_way_out() {
    let behind = Behind::start();
    let home = behind.home("sslmode=disable");
    let mut command = behind.command(&home);
    let refused = run_to_end(command.env("TMPDIR", "/proc/nowhere").arg("migrate")).await;
    assert!(!refused.status.success(), "{}", refused.log);
    for told in [HOST, "/proc/nowhere", "TMPDIR"] {
        assert!(refused.log.contains(told), "{told}: {}", refused.log);
    }
}
