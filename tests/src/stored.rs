//! How many rows there are: what a call stored, or did not.

use crate::{TestServer, count, execute};

/// The rows of every table that a call may write to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Accounts.
    pub accounts: i64,
    /// Words by which they are found.
    pub words: i64,
    /// Challenges, whatever became of them.
    pub challenges: i64,
    /// Hashes of codes.
    pub codes: i64,
    /// Request IDs that were seen.
    pub request_ids: i64,
    /// Mails in the outbox, whatever became of them.
    pub mails: i64,
    /// Machines that are linked.
    pub links: i64,
    /// Events of the audit trail.
    pub audit_events: i64,
}

/// Counts the rows of every table.
pub async fn stored(server: &TestServer) -> Stored {
    let of = async |table: &str| count(server.db(), &format!("SELECT count(*) FROM {table}")).await;
    Stored {
        accounts: of("account").await,
        words: of("account_word").await,
        challenges: of("challenge").await,
        codes: of("personal_code").await,
        request_ids: of("idempotency_key").await,
        mails: of("outbox_mail").await,
        links: of("link WHERE unlink_time IS NULL").await,
        audit_events: of("audit_event").await,
    }
}

/// Makes strangers of all callers without a token: every test calls from one network, in
/// which its machines were seen.
pub async fn forget_networks(server: &TestServer) {
    execute(server.db(), "UPDATE link SET last_seen_network = NULL").await;
}
