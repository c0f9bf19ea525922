//! The event outbox, the queue of what other systems are told. It holds numbers of accounts and
//! names of fields, and nothing that a person typed.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("event_outbox")
                    // By which a receiver knows a repeat.
                    .col(pk_uuid("id"))
                    .col(text("kind"))
                    // What is sent, byte by byte, as JSON.
                    .col(text("body"))
                    .col(text("state"))
                    .col(integer("attempts").default(0))
                    .col(big_integer("next_attempt_time"))
                    // The lease: which server is sending it, and until when no other may.
                    .col(uuid_null("lease_id"))
                    .col(big_integer("lease_expire_time").default(0))
                    .col(big_integer("create_time"))
                    .col(big_integer_null("end_time"))
                    .col(text_null("last_error"))
                    .to_owned(),
            )
            .await?;
        for (name, columns) in [
            ("event_outbox_due", &["state", "next_attempt_time"][..]),
            ("event_outbox_waiting", &["state", "create_time"]),
            ("event_outbox_ended", &["end_time"]),
        ] {
            let mut index = Index::create().name(name).table("event_outbox").to_owned();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("event_outbox").to_owned()).await
    }
}
