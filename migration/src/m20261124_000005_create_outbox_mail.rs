//! The outbox, the queue of mails. No secret is in it: a code is minted when its mail is
//! sent.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("outbox_mail")
                    // The Message-ID is made of it.
                    .col(pk_uuid("id"))
                    // What the mail tells, as JSON.
                    .col(text("letter"))
                    // None for an account that does not exist: the mail is not sent.
                    .col(text_null("recipient"))
                    .col(text("locale"))
                    .col(text("state"))
                    .col(integer("attempts").default(0))
                    .col(big_integer("next_attempt_time"))
                    // The lease: which server is sending it, and until when no other may.
                    .col(uuid_null("lease_id"))
                    .col(big_integer("lease_expire_time").default(0))
                    .col(big_integer("create_time"))
                    .col(big_integer("expire_time"))
                    .col(big_integer_null("end_time"))
                    .col(text_null("last_error"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("outbox_mail_due")
                    .table("outbox_mail")
                    .col("state")
                    .col("next_attempt_time")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("outbox_mail").to_owned()).await
    }
}
