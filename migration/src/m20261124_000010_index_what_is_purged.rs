//! Indices for the purge, where it looks for few rows among many: without them it reads
//! whole tables each minute, a million accounts among them.

use sea_orm_migration::prelude::*;

/// Name, table and column; only rows that meet the condition stand in the index.
const INDICES: [[&str; 4]; 4] = [
    ["account_pending_email", "account", "pending_email_expire_time", "IS NOT NULL"],
    ["challenge_repeatable", "challenge", "spent_time", "IS NOT NULL AND seed IS NOT NULL"],
    ["link_dead", "link", "unlink_time", "IS NOT NULL"],
    ["outbox_mail_ended", "outbox_mail", "end_time", "IS NOT NULL"],
];

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for [name, table, column, condition] in INDICES {
            let index =
                format!("CREATE INDEX {name} ON {table} ({column}) WHERE {column} {condition}");
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for [name, ..] in INDICES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
