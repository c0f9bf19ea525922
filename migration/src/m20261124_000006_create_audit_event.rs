//! The audit trail: who changed what of an account, when, from where. It has the names of
//! fields, never values.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit_event")
                    .col(big_pk_auto("id"))
                    .col(big_integer("time"))
                    .col(big_integer("account_id"))
                    .col(text("action"))
                    .col(text("actor_kind"))
                    .col(text("actor_id"))
                    // Names of fields, with commas between.
                    .col(text("fields"))
                    .col(text_null("ip"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_event_account_time")
                    .table("audit_event")
                    .col("account_id")
                    .col("time")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("audit_event_time")
                    .table("audit_event")
                    .col("time")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("audit_event").to_owned()).await
    }
}
