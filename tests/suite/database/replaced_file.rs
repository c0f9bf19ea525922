//! The file of the database loses its name under the server: nothing is
//! acknowledged into a file that nobody finds, and the server goes on by itself with
//! the file that has the name.
//!
//! A test of one database alone is the same, whichever one the others run on: it runs
//! once.

use std::{fs, path::PathBuf};

use gestan_account_client::{Client, ClientOptions, Code, Error, v1};
use gestan_account_tests::{
    becomes, count, creation, is_postgres,
    process::{Home, ServerProcess, TIMEOUT, run_to_end},
    text,
};
use sea_orm::Database;
use tokio::{
    task::JoinSet,
    time::{Duration, sleep, timeout},
};
use tonic_health::pb::health_check_response::ServingStatus;

struct Scene {
    home: Home,
    server: ServerProcess,
    client: Client,
}

impl Scene {
    /// A server that serves, with the mails of customers 1 to 5 on their way.
    async fn new() -> Self {
        let home = Home::on_sqlite();
        let server = ServerProcess::start(&home, &[]).await;
        let client = server.connect(ClientOptions::new().max_attempts(1)).await;
        let scene = Self { home, server, client };
        for number in 1..=5 {
            scene.create(number).await.expect("Create is answered");
        }
        becomes(&scene.server.url(), ServingStatus::Serving).await;
        scene
    }

    async fn create(&self, number: u32) -> Result<v1::CreateResponse, Error> {
        self.client.create(creation(number)).await
    }

    async fn assert_refused(&self, number: u32) {
        let error = self.create(number).await.expect_err("nothing can be stored");
        let rejection = error.rejection().unwrap_or_else(|| panic!("{error:?}"));
        assert_eq!(rejection.code(), Code::Unavailable, "{rejection:?}");
        assert!(rejection.retry_delay().is_some(), "{rejection:?}");
    }

    /// Calls until it is answered.
    async fn insist(&self, number: u32) {
        let answered = async {
            while self.create(number).await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(TIMEOUT, answered).await.expect("it serves again");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join("data").join(name)
    }

    fn database(&self) -> PathBuf {
        self.file("gestan-account.sqlite")
    }

    /// Whether the file of the name is sound, and holds so many challenges.
    async fn check(&self, challenges: i64) {
        let db = Database::connect(self.home.database_url()).await.expect("a database");
        assert_eq!(text(&db, "PRAGMA integrity_check").await.as_deref(), Some("ok"));
        assert_eq!(count(&db, "SELECT count(*) FROM challenge").await, challenges);
        db.close().await.expect("it closes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_taken_away_and_put_back_has_all_that_was_acknowledged() {
    if is_postgres() {
        return;
    }
    let scene = Scene::new().await;
    let away = scene.file("ailleurs");
    for turn in 0..5 {
        // Some are at it just then.
        let mut calls = JoinSet::new();
        for number in 0..20 {
            let client = scene.client.clone();
            calls.spawn(async move { client.create(creation(100 + turn * 20 + number)).await });
        }
        sleep(Duration::from_millis(u64::from(turn) * 3)).await;
        fs::rename(scene.database(), &away).expect("it is taken away");
        calls.join_all().await;
        scene.assert_refused(6).await;
        if turn == 4 {
            becomes(&scene.server.url(), ServingStatus::NotServing).await;
            scene.server.wait_for_log("no connection to the database").await;
            assert!(!scene.database().exists(), "no empty one takes its place");
        }
        fs::rename(&away, scene.database()).expect("it is put back");
        for number in 0..20 {
            scene.insist(100 + turn * 20 + number).await;
        }
    }
    becomes(&scene.server.url(), ServingStatus::Serving).await;
    scene.check(5 + 5 * 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_another_one_replaces_is_left_for_it() {
    if is_postgres() {
        return;
    }
    let scene = Scene::new().await;
    let copy = scene.file("copie.sqlite");
    let backup = run_to_end(scene.home.command().args(["backup", "--to"]).arg(&copy)).await;
    assert!(backup.status.success(), "{}", backup.log);
    // These are lost with the file, as the person who replaces it means it.
    for number in 6..=40 {
        scene.create(number).await.expect("Create is answered");
    }
    fs::rename(&copy, scene.database()).expect("it is replaced");
    scene.assert_refused(41).await;
    becomes(&scene.server.url(), ServingStatus::NotServing).await;
    becomes(&scene.server.url(), ServingStatus::Serving).await;
    scene.create(42).await.expect("it is stored in the new one");
    scene.check(6).await;
    let log = scene.server.log();
    assert!(log.contains("put aside"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_removed_takes_nothing_with_it() {
    if is_postgres() {
        return;
    }
    let scene = Scene::new().await;
    fs::remove_file(scene.file("gestan-account.sqlite-wal")).expect("it is removed");
    scene.assert_refused(6).await;
    scene.insist(6).await;
    becomes(&scene.server.url(), ServingStatus::Serving).await;
    scene.check(6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_database_of_this_program_is_left_alone() {
    if is_postgres() {
        return;
    }
    let scene = Scene::new().await;
    let away = scene.file("ailleurs");
    fs::rename(scene.database(), &away).expect("it is taken away");
    let others = b"Ceci n'est pas une base, mais un texte de quelque longueur.".repeat(100);
    fs::write(scene.database(), &others).expect("a file");
    becomes(&scene.server.url(), ServingStatus::NotServing).await;
    scene.server.wait_for_log("no connection to the database").await;
    scene.assert_refused(6).await;
    assert_eq!(fs::read(scene.database()).expect("a file"), others);
}
