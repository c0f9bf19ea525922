//! How many rows there are: what a call stored, or did not.

use gestan_account_tests::{TestServer, count};

/// The rows of every table that a call may write to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) accounts: i64,
    pub(crate) challenges: i64,
    pub(crate) codes: i64,
    pub(crate) request_ids: i64,
    pub(crate) mails: i64,
    pub(crate) links: i64,
    pub(crate) audit_events: i64,
}

/// Counts.
pub(crate) async fn stored(server: &TestServer) -> Stored {
    let of = async |table: &str| count(server.db(), &format!("SELECT count(*) FROM {table}")).await;
    Stored {
        accounts: of("account").await,
        challenges: of("challenge").await,
        codes: of("personal_code").await,
        request_ids: of("idempotency_key").await,
        mails: of("outbox_mail").await,
        links: of("link WHERE unlink_time IS NULL").await,
        audit_events: of("audit_event").await,
    }
}
