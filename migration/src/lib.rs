//! The schema, one change a file. Times are milliseconds since 1970-01-01 UTC in
//! a 64-bit integer, the same in every database; secrets are digests or hashes.
//!
//! A change must leave the schema usable by the version before (expand, then
//! contract), and must be able to be taken back by its `down`.

use sea_orm_migration::prelude::*;

mod m20261124_000001_create_account;
mod m20261124_000002_create_link;
mod m20261124_000003_create_challenge;
mod m20261124_000004_create_idempotency_key;
mod m20261124_000005_create_outbox_mail;
mod m20261124_000006_create_audit_event;
mod m20261124_000007_create_support_key;
mod m20261124_000008_create_throttle;
mod m20261124_000009_create_heartbeat;
mod m20261124_000010_index_what_is_purged;
mod m20261129_000011_index_wrong_passwords;
mod m20261130_000012_spend_codes;
mod m20261130_000013_add_last_seen_network;
mod m20261130_000015_count_uncertain_attempts;
mod m20261130_000016_add_support_roles;
mod m20261130_000017_add_search_words;
mod m20261130_000018_add_account_alias;
mod m20261130_000019_index_recipients;
mod m20261201_000020_add_time_ledger;
mod m20261201_000021_add_erasure;
mod m20261201_000022_add_event_outbox;

/// Applies and takes back the changes, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_create_account::Migration),
            Box::new(m20261124_000002_create_link::Migration),
            Box::new(m20261124_000003_create_challenge::Migration),
            Box::new(m20261124_000004_create_idempotency_key::Migration),
            Box::new(m20261124_000005_create_outbox_mail::Migration),
            Box::new(m20261124_000006_create_audit_event::Migration),
            Box::new(m20261124_000007_create_support_key::Migration),
            Box::new(m20261124_000008_create_throttle::Migration),
            Box::new(m20261124_000009_create_heartbeat::Migration),
            Box::new(m20261124_000010_index_what_is_purged::Migration),
            Box::new(m20261129_000011_index_wrong_passwords::Migration),
            Box::new(m20261130_000012_spend_codes::Migration),
            Box::new(m20261130_000013_add_last_seen_network::Migration),
            Box::new(m20261130_000015_count_uncertain_attempts::Migration),
            Box::new(m20261130_000016_add_support_roles::Migration),
            Box::new(m20261130_000017_add_search_words::Migration),
            Box::new(m20261130_000018_add_account_alias::Migration),
            Box::new(m20261130_000019_index_recipients::Migration),
            Box::new(m20261201_000020_add_time_ledger::Migration),
            Box::new(m20261201_000021_add_erasure::Migration),
            Box::new(m20261201_000022_add_event_outbox::Migration),
        ]
    }
}
