//! The real program, at work on a database with so many accounts.

use std::{fmt::Write as _, num::NonZeroUsize, sync::Arc};

use gestan_account_proto::v1;
use gestan_account_server::{
    credentials::{
        hasher::{HashFor, HashParams, Hasher},
        pepper::Peppers,
        token::{Token, TokenKind},
    },
    domain::password::Password,
    randomness::SystemRandomness,
    storage::database::{Database, DatabaseConfig},
};
use gestan_account_tests::{
    PASSWORD, change,
    postgres::Cluster,
    process::{Home, ServerProcess},
    uuid,
};
use sea_orm::{ConnectionTrait as _, DbBackend};
use tonic::{Request, metadata::MetadataValue};

/// The city of every account.
const CITY: &str = "Nîmes";

/// Accounts with a link whose token is known, at most.
const LINKED: u32 = 10_000;

/// A server at work.
pub(crate) struct World {
    pub(crate) server: ServerProcess,
    pub(crate) home: Home,
    accounts: u32,
}

impl World {
    /// Starts a server with its usual settings on an SQLite file with `accounts`
    /// accounts, a machine each; `settings` go before the usual ones.
    pub(crate) async fn start(accounts: u32, settings: &[(&str, &str)]) -> Self {
        Self::start_at(Home::on_sqlite(), accounts, settings).await
    }

    /// The same on a PostgreSQL of one's own.
    pub(crate) async fn start_on(
        cluster: &Cluster,
        accounts: u32,
        settings: &[(&str, &str)],
    ) -> Self {
        cluster.execute("postgres", "DROP DATABASE IF EXISTS gestan WITH (FORCE)");
        cluster.execute("postgres", "CREATE DATABASE gestan");
        let world = Self::start_at(Home::with_database(cluster.url("gestan")), accounts, settings);
        let world = world.await;
        cluster.execute("gestan", "VACUUM ANALYZE");
        world
    }

    async fn start_at(home: Home, accounts: u32, settings: &[(&str, &str)]) -> Self {
        fill(&home.database_url(), accounts).await;
        let server = spawn(&home, settings).await;
        Self { server, home, accounts }
    }

    /// Stops it, and starts it again on the same database.
    pub(crate) async fn restart(self, settings: &[(&str, &str)]) -> Self {
        let Self { server, home, accounts } = self;
        server.terminate().await;
        server.wait().await;
        let server = spawn(&home, settings).await;
        Self { server, home, accounts }
    }

    /// A machine that is linked, and its account: a new one for each number, as
    /// far as there are any.
    pub(crate) fn member(&self, number: u64) -> u32 {
        let (linked, apart) = linked(self.accounts);
        (number % u64::from(linked)) as u32 * apart + 1
    }
}

/// Starts the server there.
pub(crate) async fn spawn(home: &Home, settings: &[(&str, &str)]) -> ServerProcess {
    let mut command = home.command();
    command
        .env("GESTAN_ACCOUNT_LISTEN", "127.0.0.1:0")
        .env("GESTAN_ACCOUNT_MAILS_PER_ADDRESS", "1000000/1h")
        .env("GESTAN_ACCOUNT_MAILS_PER_IP", "1000000/1h")
        .env("GESTAN_ACCOUNT_MAILS_IN_ALL", "1000000/1h")
        .env("GESTAN_ACCOUNT_LINK_CALL_BURST", "100000000")
        .env("GESTAN_ACCOUNT_LINK_CALLS_PER_SECOND", "1000000")
        .env("GESTAN_ACCOUNT_CALL_BURST", "100000000")
        .env("GESTAN_ACCOUNT_CALLS_PER_SECOND", "1000000");
    for (name, value) in settings {
        command.env(format!("GESTAN_ACCOUNT_{name}"), value);
    }
    ServerProcess::spawn(command, &home.mail_folder()).await
}

/// The token of the only machine of an account.
fn token(account: u32) -> Token {
    let mut bits = [7; 32];
    bits[..4].copy_from_slice(&account.to_be_bytes());
    Token::from_bits(TokenKind::Link, &bits)
}

/// A request of that machine.
pub(crate) fn as_member<T>(account: u32, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let header = format!("Bearer {}", token(account).reveal());
    let header: MetadataValue<_> = header.parse().expect("a token is ASCII");
    request.metadata_mut().insert("authorization", header);
    request
}

/// A call that checks a password: a second machine joins the account, again and again.
pub(crate) fn joining(account: u32) -> v1::RegisterExistingRequest {
    v1::RegisterExistingRequest {
        account_id: account,
        secret: PASSWORD.to_owned(),
        machine: Some(v1::Machine { id: uuid(2), name: "Caisse 2".to_owned() }),
    }
}

/// A call that checks a password, and does nothing else: the account's machine
/// gives it a city that it has already.
pub(crate) fn changing_nothing(account: u32) -> Request<v1::UpdateRequest> {
    let city = v1::Account { city: CITY.to_owned(), ..Default::default() };
    as_member(account, change(&["city"], city))
}

/// How many accounts have a link whose token is known, and how far they are from
/// each other: were they side by side, a few pages would hold them all.
fn linked(accounts: u32) -> (u32, u32) {
    let linked = accounts.min(LINKED);
    (linked, accounts / linked)
}

fn machine_id(account: u32) -> String {
    format!("00000000-0000-4000-8000-{account:012x}")
}

/// Makes the schema and the accounts, with SQL, and as if their words were written: nobody
/// searches them, and the server is not to write a million of them meanwhile.
async fn fill(url: &str, accounts: u32) {
    let config = DatabaseConfig { url: url.to_owned(), connections: 1 };
    let db = Database::open(&config, Arc::new(SystemRandomness)).await.expect("it opens");
    db.migrate().await.expect("it migrates");
    let hash = hash_of_password().await;
    let writer = db.write();
    let execute = async |sql: &str| writer.execute_unprepared(sql).await.expect("rows go in");
    execute(&format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {accounts}) \
         INSERT INTO account (version, email, email_key, locale, company_name, last_name, \
         first_name, address, postal_code, city, country_code, phone, ape_code, password_hash, \
         create_time, update_time, search_version) SELECT 1, 'client' || i || '@exemple.fr', \
         'client' || i || '@exemple.fr', 'fr', 'Boulangerie ' || i, 'Martin', 'Jeanne', \
         '12 rue des Lilas', '30000', '{CITY}', 'FRA', '01-58-90-49-77', '1071C', '{hash}', 0, 0, 1 \
         FROM n"
    ))
    .await;
    let is_postgres = writer.get_database_backend() == DbBackend::Postgres;
    let (linked, apart) = linked(accounts);
    let members: Vec<u32> = (0..linked).map(|number| number * apart + 1).collect();
    for some in members.chunks(1_000) {
        let mut rows = String::new();
        for account in some {
            let digest: String = hex(token(*account).digest().as_bytes());
            let machine = machine_id(*account);
            let comma = if rows.is_empty() { "" } else { "," };
            let row = if is_postgres {
                format!("({account}, '{machine}', 'Caisse 1', '\\x{digest}', 0, {SEEN}, NULL)")
            } else {
                let machine = machine.replace('-', "");
                format!("({account}, x'{machine}', 'Caisse 1', x'{digest}', 0, {SEEN}, NULL)")
            };
            let _ = write!(rows, "{comma}{row}");
        }
        execute(&format!("INSERT INTO link {LINK_COLUMNS} VALUES {rows}")).await;
    }
    // The others have a machine, too, whose token nobody knows.
    let (machine, digest) = if is_postgres {
        ("gen_random_uuid()", "sha256(id::text::bytea)")
    } else {
        ("randomblob(16)", "randomblob(32)")
    };
    execute(&format!(
        "INSERT INTO link {LINK_COLUMNS} SELECT id, {machine}, 'Caisse 1', {digest}, 0, {SEEN}, \
         NULL FROM account WHERE (id - 1) % {apart} <> 0 OR id > {}",
        linked * apart
    ))
    .await;
    db.close().await;
}

const LINK_COLUMNS: &str = "(account_id, machine_id, machine_name, token_digest, link_time, \
                            last_seen_time, unlink_time)";

/// Seen in the year 3000: reading writes nothing, but where that is measured.
const SEEN: i64 = 32_503_680_000_000;

async fn hash_of_password() -> String {
    let params = HashParams::new(19_456, 2, 1).expect("usual parameters");
    let one = NonZeroUsize::MIN;
    let hasher = Hasher::start(params, one, one, Peppers::default(), Arc::new(SystemRandomness));
    let hasher = hasher.expect("a thread");
    let password = Password::parse(PASSWORD).expect("a password");
    let hash =
        hasher.judge_and_hash(HashFor::Outbox, password, Vec::new()).await.expect("it is hashed");
    hash.expect("it is strong").to_phc()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
