//! Heartbeats: rows that servers write, and read again, to know that the database keeps
//! what is written.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("heartbeat")
                    // A running server; it takes a new one at each start.
                    .col(uuid("server_id").primary_key())
                    // A random value, the last that it wrote.
                    .col(uuid("beat"))
                    .col(big_integer("time"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("heartbeat").to_owned()).await
    }
}
