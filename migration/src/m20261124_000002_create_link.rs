//! Links: the bond of one machine to one account. A link that was ended stays, without
//! effect, so that Unlink can be repeated.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("link")
                    .col(big_pk_auto("id"))
                    .col(big_integer("account_id"))
                    .col(uuid("machine_id"))
                    .col(text("machine_name"))
                    // SHA-256 of the link token.
                    .col(binary_len("token_digest", 32).unique_key())
                    .col(big_integer("link_time"))
                    .col(big_integer("last_seen_time"))
                    .col(big_integer_null("unlink_time"))
                    .foreign_key(
                        ForeignKey::create().from("link", "account_id").to("account", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("link_account_machine")
                    .table("link")
                    .col("account_id")
                    .col("machine_id")
                    .unique()
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("link").to_owned()).await
    }
}
