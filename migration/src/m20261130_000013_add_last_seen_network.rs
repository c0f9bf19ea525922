//! The network in which a link was last seen: limits keep callers from there apart from
//! strangers. A release before writes none, and is content.

use sea_orm_migration::prelude::*;

/// For the look whether a machine of an account was seen in a network; and for the purge,
/// which erases the networks of machines that were not seen for long.
const INDICES: [[&str; 2]; 2] =
    [["link_seen_network", "account_id, last_seen_network"], ["link_seen_time", "last_seen_time"]];

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared("ALTER TABLE link ADD COLUMN last_seen_network text").await?;
        for [name, columns] in INDICES {
            let index = format!(
                "CREATE INDEX {name} ON link ({columns}) WHERE last_seen_network IS NOT NULL"
            );
            db.execute_unprepared(&index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for [name, _] in INDICES {
            db.execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        db.execute_unprepared("ALTER TABLE link DROP COLUMN last_seen_network").await?;
        Ok(())
    }
}
