//! Rate limits: when what is limited happened.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("throttle")
                    // What is limited, and whose; addresses as digests.
                    .col(text("key").primary_key())
                    // When it happened, as a JSON array.
                    .col(text("hits"))
                    // From when on the row means nothing.
                    .col(big_integer("expire_time"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("throttle_expire_time")
                    .table("throttle")
                    .col("expire_time")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("throttle").to_owned()).await
    }
}
