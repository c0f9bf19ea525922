//! After a long standstill there is much to purge: a hundred thousand rows of each
//! kind go, while calls are answered.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::GrantTimeRequest;
use gestan_account_server::{
    domain::role::Role,
    storage::purge::{Retention, purge},
};
use gestan_account_tests::{TestServer, count, execute, grant, is_postgres};
use jiff::SignedDuration;

const ROWS: i64 = 100_000;
const RETENTION: Retention = Retention {
    challenges: SignedDuration::from_hours(7 * 24),
    audit_events: SignedDuration::from_hours(365 * 24),
    time_notes: SignedDuration::from_hours(365 * 24),
    ledgers: SignedDuration::from_hours(87_660),
};
/// The tables that are purged, and what of them is.
const PURGED: [(&str, &str); 12] = [
    ("challenge", "true"),
    ("challenge", "seed IS NOT NULL"),
    ("personal_code", "true"),
    ("personal_code", "seed IS NOT NULL"),
    ("idempotency_key", "true"),
    ("outbox_mail", "true"),
    ("event_outbox", "true"),
    ("link", "unlink_time IS NOT NULL"),
    ("account", "pending_email IS NOT NULL"),
    ("throttle", "true"),
    ("audit_event", "true"),
    ("time_entry_note", "true"),
];

/// Copies the only row of a table, or the first, under so many new keys; the
/// `changed` columns get the expression given, in which `n` counts.
async fn multiply(server: &TestServer, table: &str, changed: &[(&str, &str)]) {
    let columns = columns(server, table).await;
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let new = changed.iter().find(|(name, _)| name == column);
            new.map_or_else(|| format!("one.{column}"), |(_, value)| (*value).to_owned())
        })
        .collect();
    let numbers = if is_postgres() {
        format!("SELECT n FROM generate_series(1, {ROWS}) AS numbers(n)")
    } else {
        format!(
            "WITH RECURSIVE numbers(n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS}) SELECT n FROM numbers"
        )
    };
    let sql = format!(
        "INSERT INTO {table} ({}) SELECT {} FROM ({numbers}) AS many, \
         (SELECT * FROM {table} LIMIT 1) AS one",
        columns.join(", "),
        values.join(", ")
    );
    execute(server.db(), &sql).await;
}

/// The columns of a table whose values are not made by the database.
async fn columns(server: &TestServer, table: &str) -> Vec<String> {
    let sql = if is_postgres() {
        format!(
            "SELECT column_name::text FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name = '{table}' AND is_identity = 'NO'"
        )
    } else {
        format!(
            "SELECT name FROM pragma_table_info('{table}') \
             WHERE NOT (pk = 1 AND lower(type) = 'integer')"
        )
    };
    let rows = gestan_account_tests::rows(server.db(), &sql).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
}

/// The UUID made of `n`.
fn key() -> &'static str {
    if is_postgres() { "lpad(to_hex(n), 32, '0')::uuid" } else { "unhex(printf('%032x', n))" }
}

async fn make_backlog(server: &TestServer) {
    let digest = if is_postgres() { "sha256(n::text::bytea)" } else { "randomblob(32)" };
    let text = |prefix: &str| format!("'{prefix}' || n || '@exemple.fr'");
    let (email, throttle) = (text("client"), text("mails-to:"));
    multiply(server, "challenge", &[("id", key()), ("ticket_digest", digest)]).await;
    let spent = [("id", key()), ("challenge_id", key()), ("spent_time", "0"), ("seed", digest)];
    multiply(server, "personal_code", &spent).await;
    multiply(server, "idempotency_key", &[("request_id", key())]).await;
    multiply(server, "outbox_mail", &[("id", key())]).await;
    let event = "INSERT INTO event_outbox (id, kind, body, state, next_attempt_time, create_time, \
                 end_time) VALUES (";
    let id = if is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    let event = format!("{event}{id}, 'account.opened', '{{}}', 'delivered', 0, 0, 0)");
    execute(server.db(), &event).await;
    multiply(server, "event_outbox", &[("id", key())]).await;
    multiply(server, "audit_event", &[]).await;
    multiply(server, "throttle", &[("key", &throttle)]).await;
    let pending = [("email", &*email), ("email_key", &*email), ("pending_email", "'a@b.fr'")];
    let pending = [&pending[..], &[("pending_email_expire_time", "0")]].concat();
    multiply(server, "account", &pending).await;
    let dead = [("machine_id", key()), ("token_digest", digest), ("unlink_time", "0")];
    multiply(server, "link", &dead).await;
    multiply(server, "time_entry", &[("request_id", "'FA-' || n")]).await;
    multiply(server, "time_entry_note", &[("entry_id", "n + 1")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_rows_of_each_kind_are_purged_while_calls_are_answered() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let noted = GrantTimeRequest { summary: "Carnet".to_owned(), ..grant(member.account_id, 60) };
    let mut desk = server.desk(Role::Admin).await;
    desk.grant_time(noted).await.expect("time is bought");
    // So that each purged table has a row to multiply.
    server.advance(SignedDuration::from_hours(1));
    make_backlog(&server).await;
    for (table, condition) in PURGED {
        let sql = format!("SELECT count(*) FROM {table} WHERE {condition}");
        let rows = count(server.db(), &sql).await;
        assert!(rows >= ROWS, "{rows} in {table} where {condition}");
    }
    server.advance(SignedDuration::from_hours(400 * 24));
    let _ = server.take_statements();
    let now = server.outbox.clock.now();
    let purged = tokio::spawn({
        let db = server.accounts.db.clone();
        async move { purge(&db, RETENTION, now).await }
    });
    // Each is between two chunks at the latest.
    let mut answered = 0;
    while !purged.is_finished() {
        member.client.get(v1::GetRequest::default()).await.expect("Get is answered");
        answered += 1;
    }
    purged.await.expect("it does not panic").expect("it is purged");
    assert!(answered > 0);
    for (table, condition) in PURGED {
        let sql = format!("SELECT count(*) FROM {table} WHERE {condition}");
        assert_eq!(count(server.db(), &sql).await, 0, "{table} where {condition}");
    }
    let longest = server.take_statements().iter().map(String::len).max();
    assert!(longest < Some(50_000), "no statement names every row: {longest:?} characters");
}
