//! Where the IDs of accounts lead that were merged into others. A release before knows of none:
//! to it such an ID is one that never was.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("account_alias")
                    // The ID of the account that has ended.
                    .col(big_integer("id").primary_key())
                    // The one that it leads to. No foreign key: an alias outlives it.
                    .col(big_integer("account_id"))
                    .col(big_integer("merge_time"))
                    // What the merge was answered, for a repeat.
                    .col(integer("moved_machines"))
                    .col(integer("joined_machines"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("account_alias_account")
                    .table("account_alias")
                    .col("account_id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("account_alias").to_owned()).await
    }
}
