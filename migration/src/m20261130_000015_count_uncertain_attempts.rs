//! Counts the tries of a mail after which its mail server may have taken it: they are few.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("outbox_mail")
                    .add_column(integer("uncertain_attempts").default(0))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column =
            Table::alter().table("outbox_mail").drop_column("uncertain_attempts").to_owned();
        manager.alter_table(column).await
    }
}
