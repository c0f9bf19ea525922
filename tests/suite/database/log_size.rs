//! What SQLite's log takes on the disk: it grows while somebody reads the state of before, as a
//! backup does, and gives back what it took.

use std::fs;

use gestan_account_client::v1::Account;
use gestan_account_tests::{TestServer, change, execute, is_postgres};
use sea_orm::{ConnectionTrait as _, Database, TransactionTrait as _};

const MIB: u64 = 1 << 20;

/// Four times what the log is cut to.
const SPIKE: u64 = 32 * MIB;

fn log_bytes(server: &TestServer) -> u64 {
    let path = server.database_url().trim_start_matches("sqlite:");
    fs::metadata(format!("{path}-wal")).expect("a log").len()
}

#[tokio::test]
async fn the_log_gives_back_what_it_took_while_somebody_read() {
    if is_postgres() {
        return;
    }
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let reader = Database::connect(server.database_url()).await.expect("a connection");
    let reading = reader.begin().await.expect("a transaction");
    reading.execute_unprepared("SELECT count(*) FROM account").await.expect("it reads");
    while log_bytes(&server) < SPIKE {
        let event = "INSERT INTO event_outbox (id, kind, body, state, next_attempt_time, \
                     create_time, end_time) VALUES (randomblob(16), 'account.opened', \
                     hex(zeroblob(400000)), 'delivered', 0, 0, 0)";
        execute(server.db(), event).await;
    }
    member.update(change(&["city"], city("Lyon"))).await;
    assert!(log_bytes(&server) >= SPIKE, "it is held while somebody reads");

    reading.rollback().await.expect("it ends");
    // The first call has the log written into the file, the next begins it anew.
    for name in ["Nantes", "Rennes", "Brest"] {
        member.update(change(&["city"], city(name))).await;
    }
    let left = log_bytes(&server);
    assert!(left <= SPIKE / 4, "{left} bytes");
    assert_eq!(member.read().await.city, "Brest");
}

fn city(name: &str) -> Account {
    Account { city: name.to_owned(), ..Default::default() }
}
