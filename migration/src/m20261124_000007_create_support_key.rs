//! API keys of support agents.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("support_key")
                    .col(pk_auto("id"))
                    // Whose key it is.
                    .col(text("name"))
                    // SHA-256 of the key.
                    .col(binary_len("key_digest", 32).unique_key())
                    .col(big_integer("create_time"))
                    .col(big_integer_null("revoke_time"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("support_key").to_owned()).await
    }
}
