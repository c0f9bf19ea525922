//! A code is spent by itself, apart from the challenge that it was mailed for: it serves in
//! another one, too.

use sea_orm_migration::{prelude::*, schema::*};

/// The purge looks for few rows among many.
const INDEX: &str = "CREATE INDEX personal_code_repeatable ON personal_code (spent_time) \
                     WHERE spent_time IS NOT NULL AND seed IS NOT NULL";

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            big_integer_null("spent_time"),
            // The digest of the call that used it, where no challenge has noted that.
            binary_len_null("spent_call", 32),
            // Makes the link token that it gave repeatable; erased ten minutes after use.
            binary_len_null("seed", 32),
        ];
        // SQLite adds one column at a time.
        for column in columns {
            let table = Table::alter().table("personal_code").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        manager.get_connection().execute_unprepared(INDEX).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared("DROP INDEX personal_code_repeatable").await?;
        for column in ["seed", "spent_call", "spent_time"] {
            let table = Table::alter().table("personal_code").drop_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
