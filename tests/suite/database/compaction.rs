//! The file of the database is compacted after erasures: when, by whom, and beside which calls.

use gestan_account_client::v1;
use gestan_account_server::{
    Compactor,
    domain::role::Role,
    model::compact_at::CompactAt,
    storage::{
        compaction::{Compacted, compact},
        maintenance,
    },
};
use gestan_account_tests::{
    TestDatabase, TestServer, TestServerOptions, change, count, erase, execute, is_postgres,
};
use jiff::{SignedDuration, Timestamp, civil::time, tz::TimeZone};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database};
use tokio::task::JoinSet;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn the_time_of_day_is_that_of_the_zone_whatever_its_clocks_do() {
    let zone = TimeZone::get("Europe/Paris").expect("a zone");
    let half_past_two = CompactAt::daily(time(2, 30, 0, 0), zone);
    for (after, next) in [
        ("2026-11-24T08:00:00Z", "2026-11-25T01:30:00Z"),
        ("2026-11-25T01:29:59Z", "2026-11-25T01:30:00Z"),
        // At that very moment it is over.
        ("2026-11-25T01:30:00Z", "2026-11-26T01:30:00Z"),
        ("2026-07-01T00:00:00Z", "2026-07-01T00:30:00Z"),
        // There is no half past two, and then there are two of them.
        ("2027-03-28T00:00:00Z", "2027-03-28T01:30:00Z"),
        ("2027-10-30T23:00:00Z", "2027-10-31T00:30:00Z"),
    ] {
        assert_eq!(half_past_two.next(at(after)), Some(at(next)), "after {after}");
    }
    assert_eq!(CompactAt::never().next(at("2026-11-24T08:00:00Z")), None);
}

async fn marks(server: &TestServer) -> (bool, bool) {
    let marks = maintenance::find(server.db()).await.expect("marks");
    (marks.marked.is_some(), marks.begun.is_some())
}

/// A server of which one account was erased, and its last mail sent.
async fn with_an_erasure(options: TestServerOptions) -> TestServer {
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let desk = server.desk(Role::Admin).await;
    erase(&desk, member.account_id).await;
    server.deliver_mail().await;
    server
}

#[tokio::test]
async fn a_file_is_compacted_at_its_time_of_day_and_only_when_it_is_marked() {
    let server = with_an_erasure(TestServerOptions::default()).await;
    let mut compactor = Compactor::new(&server.accounts);
    let mut run = async || compactor.run_once().await.expect("it runs");
    if is_postgres() {
        assert!(run().await, "the mark is cleared at once: there is no file to wait for");
        assert_eq!(marks(&server).await, (false, false));
        return;
    }
    assert!(!run().await, "eight in the morning");
    server.advance(SignedDuration::from_hours(19));
    assert!(!run().await, "three in the night");
    server.advance(SignedDuration::from_mins(29));
    assert!(!run().await);
    server.advance(SignedDuration::from_mins(1));
    assert!(run().await, "half past three");
    assert_eq!(marks(&server).await, (false, false));
    assert!(!run().await, "once");
    server.advance(SignedDuration::from_hours(48));
    assert!(!run().await, "nothing was erased since");
}

#[tokio::test]
async fn what_no_server_was_there_for_is_done_by_the_next_one() {
    if is_postgres() {
        return;
    }
    let server = with_an_erasure(TestServerOptions::default()).await;
    server.advance(SignedDuration::from_hours(30));
    let mut compactor = Compactor::new(&server.accounts);
    assert!(compactor.run_once().await.expect("it runs"), "at two in the afternoon");
}

#[tokio::test]
async fn a_mark_of_a_clock_that_was_ahead_waits_for_the_next_time_of_day() {
    if is_postgres() {
        return;
    }
    let server = with_an_erasure(TestServerOptions::default()).await;
    execute(server.db(), "UPDATE maintenance SET value = '4102444800000'").await;
    let mut compactor = Compactor::new(&server.accounts);
    assert!(!compactor.run_once().await.expect("it runs"));
    server.advance(SignedDuration::from_hours(20));
    assert!(compactor.run_once().await.expect("it runs"));
    assert_eq!(marks(&server).await, (false, false));
}

#[tokio::test]
async fn where_it_is_off_only_the_command_compacts() {
    if is_postgres() {
        return;
    }
    let options = TestServerOptions { compact_at: CompactAt::never(), ..Default::default() };
    let server = with_an_erasure(options).await;
    let mut compactor = Compactor::new(&server.accounts);
    server.advance(SignedDuration::from_hours(72));
    assert!(!compactor.run_once().await.expect("it runs"));
    assert_eq!(marks(&server).await, (true, false));
    let now = server.outbox.clock.now();
    let compacted = compact(&server.accounts.db, now).await.expect("it is compacted");
    assert_eq!((compacted, marks(&server).await), (Compacted::File, (false, false)));
}

/// Of several servers one takes the mark; another takes it over when nothing came of that.
#[tokio::test]
async fn a_mark_that_was_taken_is_taken_over_after_an_hour() {
    if is_postgres() {
        return;
    }
    let server = with_an_erasure(TestServerOptions::default()).await;
    server.advance(SignedDuration::from_hours(24));
    let now = server.outbox.clock.now();
    maintenance::take(server.db(), now).await.expect("another server has it");
    let mut compactor = Compactor::new(&server.accounts);
    let mut run = async || compactor.run_once().await.expect("it runs");
    assert!(!run().await);
    server.advance(SignedDuration::from_mins(59));
    assert!(!run().await);
    // What is erased meanwhile is marked anew.
    let now = server.outbox.clock.now();
    maintenance::mark(server.db(), now).await.expect("a mark");
    assert!(!run().await);
    assert_eq!(marks(&server).await, (true, true));
    server.advance(SignedDuration::from_mins(1));
    assert!(run().await);
    assert_eq!(marks(&server).await, (false, false));
}

/// A mark is that of the time when the oldest of what it stands for was erased.
#[tokio::test]
async fn a_mark_keeps_its_time_however_often_it_is_set() {
    let server = TestServer::start().await;
    let first = server.outbox.clock.now();
    for _ in 0..3 {
        let now = server.outbox.clock.now();
        maintenance::mark(server.db(), now).await.expect("a mark");
        server.advance(SignedDuration::from_hours(1));
    }
    let marks = maintenance::find(server.db()).await.expect("marks");
    assert_eq!((marks.marked, marks.begun), (Some(first), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_that_read_and_write_go_on_beside_a_compaction() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut calls = JoinSet::new();
    for number in 0..4_u32 {
        let client = member.client.clone();
        calls.spawn(async move {
            for round in 0..15 {
                let city = format!("Ville {number} {round}");
                let city = v1::Account { city, ..Default::default() };
                client.update(change(&["city"], city)).await.expect("it is written");
                client.get(v1::GetRequest::default()).await.expect("it is read");
            }
        });
    }
    let now = server.outbox.clock.now();
    for _ in 0..10 {
        compact(&server.accounts.db, now).await.expect("it is compacted");
    }
    calls.join_all().await;
    let updates = "SELECT count(*) FROM audit_event WHERE action = 'update_fields'";
    assert_eq!(count(server.db(), updates).await, 60, "every acknowledged change is there");
    compact(&server.accounts.db, now).await.expect("it is compacted");
    assert_eq!(count(server.db(), updates).await, 60);
}

/// A reader that holds the log open keeps it from being cut: nothing is said to be done then.
#[tokio::test]
async fn a_log_that_somebody_reads_is_not_said_to_be_cut() {
    if is_postgres() {
        return;
    }
    let server = with_an_erasure(TestServerOptions::default()).await;
    let mut options = ConnectOptions::new(server.database_url());
    options.max_connections(1);
    let reader = Database::connect(options).await.expect("a database");
    reader.execute_unprepared("BEGIN; SELECT count(*) FROM account").await.expect("it reads");
    let now = server.outbox.clock.now();
    let failed = compact(&server.accounts.db, now).await;
    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(marks(&server).await, (false, true), "it is taken over later");
    reader.execute_unprepared("COMMIT").await.expect("it ends");
    reader.close().await.expect("it closes");
    compact(&server.accounts.db, now).await.expect("it is compacted");
    assert_eq!(marks(&server).await, (false, false));
}

#[tokio::test]
async fn an_old_database_is_marked_by_its_migration_and_a_new_one_is_not() {
    use gestan_account_migration::Migrator;
    use sea_orm_migration::MigratorTrait as _;
    let fresh = TestServer::start().await;
    assert_eq!(marks(&fresh).await, (false, false));
    if is_postgres() {
        return;
    }
    let database = TestDatabase::new();
    let options =
        TestServerOptions { database_url: Some(database.url().to_owned()), ..Default::default() };
    let server = TestServer::start_with(options).await;
    server.open_account("jeanne@exemple.fr", 1).await;
    let db = Database::connect(database.url()).await.expect("a database");
    let changes = Migrator::migrations();
    let own = changes.iter().position(|change| change.name().contains("add_erasure"));
    let own = own.expect("the change");
    let steps = u32::try_from(changes.len() - own).expect("few");
    Migrator::down(&db, Some(steps)).await.expect("down");
    Migrator::up(&db, None).await.expect("up");
    db.close().await.expect("it closes");
    assert_eq!(marks(&server).await, (true, false));
}
