//! An index for what is forgotten when a password is set: the wrong passwords of one
//! account, however many machines tried them, by what their keys begin with.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// By bytes: PostgreSQL sorts the primary key by the rules of a language, in which what
/// begins alike does not always stand together. Only these rows stand in the index: the
/// counts of mails, which are written far more often, cost nothing more.
const POSTGRES: &str = "CREATE INDEX throttle_passwords ON throttle (key COLLATE \"C\") \
                        WHERE key LIKE 'passwords:%'";

/// The primary key would do here. It is made all the same: the schema is one.
const SQLITE: &str = "CREATE INDEX throttle_passwords ON throttle (key) \
                      WHERE key >= 'passwords:' AND key < 'passwords;'";

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
        manager.get_connection().execute_unprepared("DROP INDEX throttle_passwords").await?;
        Ok(())
    }
}
