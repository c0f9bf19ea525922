//! What is left of accounts that were erased, and what is to be done to the database file
//! afterwards. A release before knows of neither, and erases nothing.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

/// A file from before has bytes of what was deleted in it before deleted rows were overwritten,
/// and such as lie between the cells of its pages. It is compacted once.
const OLD_SQLITE: &str = "INSERT INTO maintenance \
                          SELECT 'compaction', CAST(strftime('%s', 'now') * 1000 AS text) \
                          WHERE EXISTS (SELECT 1 FROM challenge) \
                          OR EXISTS (SELECT 1 FROM account)";

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("erased_account")
                    // The ID of the account, which is never given again.
                    .col(big_integer("id").primary_key())
                    .col(big_integer("erase_time"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("maintenance")
                    // What is to be done, or is being done: `compaction`, `compacting`.
                    .col(text("name").primary_key())
                    // Since when.
                    .col(text("value"))
                    .to_owned(),
            )
            .await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            manager.get_connection().execute_unprepared(OLD_SQLITE).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("maintenance").to_owned()).await?;
        manager.drop_table(Table::drop().table("erased_account").to_owned()).await
    }
}
