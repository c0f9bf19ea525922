//! An index of the mails by address, for the support desk. It is one over an expression, and
//! not a column of its own: a release before need not write it, and no old row has to be
//! filled. Local parts are ASCII, and domains are stored in ASCII.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// By bytes: in Turkish the lower case of I is another letter.
const POSTGRES: &str = "CREATE INDEX outbox_mail_recipient \
                        ON outbox_mail (lower(recipient COLLATE \"C\"), create_time)";
const SQLITE: &str =
    "CREATE INDEX outbox_mail_recipient ON outbox_mail (lower(recipient), create_time)";

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        };
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX outbox_mail_recipient").await?;
        Ok(())
    }
}
