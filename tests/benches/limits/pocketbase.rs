//! PocketBase, of the same kind as the server: one program with accounts, mails
//! and SQLite in it. `tests/benches/requirements.txt` names the package that has it.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use gestan_account_tests::{
    PASSWORD,
    process::{TIMEOUT, workspace},
};
use http::Method;
use sea_orm::sqlx::{Connection as _, SqliteConnection, query, query_scalar};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::{
    http::HttpClient,
    load::{Connection, spread},
};

const USERS: &str = "/api/collections/users";
const OPERATOR: &str = "exploitant@exemple.fr";

/// A PocketBase at work. It ends when it is dropped.
pub(crate) struct PocketBase {
    address: SocketAddr,
    /// One of each user's.
    tokens: Vec<String>,
    /// A password's.
    hash: String,
    signed_up: AtomicU64,
    _process: Child,
    _folder: TempDir,
}

#[derive(Deserialize)]
struct Record {
    id: String,
}

#[derive(Deserialize)]
struct Authenticated {
    token: String,
    record: Record,
}

impl PocketBase {
    /// Starts one with `users` users.
    pub(crate) async fn start(users: u32) -> Self {
        let folder = TempDir::new().expect("a folder");
        let data = folder.path().join("data");
        // This makes the schema, too.
        let mut superuser = command(&data);
        let superuser = superuser.args(["superuser", "create", OPERATOR, PASSWORD]);
        let status = superuser.status().await.unwrap_or_else(|error| panic!("{error}; {NEEDED}"));
        assert!(status.success(), "a superuser is made");
        let hash = fill(&data.join("data.db"), users).await;

        let address = free_address();
        let process = command(&data).args(["serve", "--http", &address.to_string()]).spawn();
        let process = process.expect("it starts");
        let listens = async {
            while TcpStream::connect(address).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TIMEOUT, listens).await.expect("it listens in time");
        let tokens = make_ready(address, users).await;
        let signed_up = AtomicU64::new(0);
        Self { address, tokens, hash, signed_up, _process: process, _folder: folder }
    }

    /// Connections to it, a TCP stream each.
    pub(crate) async fn connect(&self, connections: usize) -> Vec<Connection<HttpClient>> {
        spread(connections, || HttpClient::open(self.address)).await
    }

    /// As its passwords' hash tells: `$2a$10$…`.
    pub(crate) fn hash_cost(&self) -> &str {
        self.hash.split('$').nth(2).expect("bcrypt's form")
    }

    /// A user reads the own record.
    pub(crate) async fn read(self: Arc<Self>, connection: HttpClient, number: u64) {
        let user = self.user(number);
        let path = format!("{USERS}/records/{}", id(user));
        let token = &self.tokens[user as usize];
        let record: Record = connection.call(Method::GET, &path, token, String::new()).await;
        assert_eq!(record.id, id(user));
    }

    /// A user logs in by password.
    pub(crate) async fn log_in(self: Arc<Self>, connection: HttpClient, number: u64) {
        let user = self.user(number);
        let credentials =
            json!({ "identity": format!("{}@exemple.fr", id(user)), "password": PASSWORD });
        let path = format!("{USERS}/auth-with-password");
        let answer: Authenticated =
            connection.call(Method::POST, &path, "", credentials.to_string()).await;
        assert_eq!(answer.record.id, id(user));
    }

    /// Somebody new signs up.
    pub(crate) async fn sign_up(self: Arc<Self>, connection: HttpClient, _: u64) {
        let number = self.signed_up.fetch_add(1, Ordering::Relaxed);
        let email = format!("nouveau{number}@exemple.fr");
        let record = json!({ "email": email, "password": PASSWORD, "passwordConfirm": PASSWORD });
        let path = format!("{USERS}/records");
        let _: Record = connection.call(Method::POST, &path, "", record.to_string()).await;
    }

    fn user(&self, number: u64) -> u32 {
        (number % self.tokens.len() as u64) as u32
    }
}

/// Puts nothing in its way, and asks for a token of each user.
async fn make_ready(address: SocketAddr, users: u32) -> Vec<String> {
    let connection = HttpClient::open(address).await;
    let credentials = json!({ "identity": OPERATOR, "password": PASSWORD }).to_string();
    let path = "/api/collections/_superusers/auth-with-password";
    let superuser: Authenticated = connection.call(Method::POST, path, "", credentials).await;
    // By default, each call goes into a log in a database.
    let settings = json!({ "logs": { "maxDays": 0 }, "rateLimits": { "enabled": false } });
    let _: Value = connection
        .call(Method::PATCH, "/api/settings", &superuser.token, settings.to_string())
        .await;
    let mut tokens = Vec::new();
    for user in 0..users {
        let path = format!("{USERS}/impersonate/{}", id(user));
        let lasting = json!({ "duration": 86_400 }).to_string();
        let user: Authenticated =
            connection.call(Method::POST, &path, &superuser.token, lasting).await;
        tokens.push(user.token);
    }
    tokens
}

fn id(user: u32) -> String {
    format!("client{user:09}")
}

/// Makes the users, with SQL. All have the superuser's password, and so its hash.
async fn fill(database: &Path, users: u32) -> String {
    let url = format!("sqlite:{}", database.display());
    let mut connection = SqliteConnection::connect(&url).await.expect("a database");
    let hash = "SELECT password FROM _superusers WHERE email = ?";
    let hash: String =
        query_scalar(hash).bind(OPERATOR).fetch_one(&mut connection).await.expect("a hash");
    let insert = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) \
                  INSERT INTO users (id, email, name, password, tokenKey, verified, created, updated) \
                  SELECT printf('client%09d', i), printf('client%09d@exemple.fr', i), \
                  'Boulangerie ' || i, ?, hex(randomblob(25)), TRUE, \
                  '2026-01-01 00:00:00.000Z', '2026-01-01 00:00:00.000Z' FROM n";
    let insert = query(insert).bind(users).bind(&hash);
    insert.execute(&mut connection).await.expect("rows go in");
    connection.close().await.expect("it is closed");
    hash
}

const NEEDED: &str = "PocketBase is needed: python3 -m venv tests/.venv && \
                      tests/.venv/bin/pip install -r tests/benches/requirements.txt";

/// The program of the tests' own environment, or the one on the path.
fn command(data: &Path) -> Command {
    let ours = workspace().join("tests/.venv/bin/pocketbase");
    let program = if ours.is_file() { ours } else { PathBuf::from("pocketbase") };
    let mut command = Command::new(program);
    command.arg("--dir").arg(data).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    command
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}
