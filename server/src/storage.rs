//! The database: one file a table, functions over `&impl ConnectionTrait`, so
//! that a pool and a transaction serve alike. No rule of the account flow is
//! decided here.
//!
//! Every function that asks the database fails with a [`StorageError`](error::StorageError),
//! which says what is to be done about it. `# Errors` stands only where there is more
//! to say.

#![expect(clippy::missing_errors_doc, reason = "said once, above")]

pub mod about;
pub mod account;
pub mod account_alias;
pub mod account_word;
pub mod audit_event;
pub mod backup;
mod by_position;
mod calling_machine;
pub mod challenge;
pub mod compaction;
mod condition;
mod connect_options;
pub mod connections;
pub mod copy;
pub mod database;
mod database_config;
mod database_host;
#[cfg(unix)]
mod detour;
pub(crate) mod disk;
#[expect(unreachable_pub, reason = "SeaORM's derives ask for it")]
mod entity;
pub mod erased_account;
pub mod erasure;
pub mod error;
pub mod event_outbox;
pub mod event_queue;
mod heartbeat;
pub mod idempotency_key;
pub(crate) mod in_time;
pub mod link;
pub mod machine_lookups;
pub mod machines;
pub mod maintenance;
mod many_keys;
pub mod outbox_mail;
pub mod personal_code;
pub(crate) mod pools;
pub mod postgres;
pub mod purge;
pub mod restore;
mod schema;
pub mod sqlite;
mod sqlite_file;
pub mod support_key;
pub mod throttle;
pub mod throwaway;
pub mod time_entry;
pub mod transaction;
pub mod unused_account;
mod unwritable;

use jiff::Timestamp;

/// How a time is stored: milliseconds since 1970-01-01 UTC.
fn to_millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Bytes of a column that always has as many.
fn bytes<const N: usize>(stored: &[u8], column: &str) -> Result<[u8; N], error::StorageError> {
    stored.try_into().map_err(|_| error::StorageError::damaged(column))
}
