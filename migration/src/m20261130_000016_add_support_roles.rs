//! What a support key may do, until when, when it was last used, and how it begins. A key of
//! before is a reader's without an end, which is what it could do; a release before writes
//! none of these, and is content.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

const COLUMNS: [&str; 4] = ["role", "expire_time", "last_use_time", "key_hint"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let [role, expire_time, last_use_time, key_hint] = COLUMNS;
        let columns = [
            text(role).default("reader").take(),
            big_integer_null(expire_time),
            big_integer_null(last_use_time),
            text(key_hint).default("").take(),
        ];
        // SQLite takes one column at a time.
        for column in columns {
            let added = Table::alter().table("support_key").add_column(column).to_owned();
            manager.alter_table(added).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS.into_iter().rev() {
            let dropped = Table::alter().table("support_key").drop_column(column).to_owned();
            manager.alter_table(dropped).await?;
        }
        Ok(())
    }
}
