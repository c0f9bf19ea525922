//! The `request_id` of calls that send mail, with the answer that a repeat gets.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("idempotency_key")
                    .col(pk_uuid("request_id"))
                    // SHA-256 of the request, to tell a repeat from a reuse.
                    .col(binary_len("request_digest", 32))
                    .col(uuid("challenge_id"))
                    .col(big_integer("code_expire_time"))
                    .col(big_integer("resend_time"))
                    .col(big_integer("create_time"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("idempotency_key_create_time")
                    .table("idempotency_key")
                    .col("create_time")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("idempotency_key").to_owned()).await
    }
}
