//! The words by which the support desk finds an account, and up to which version of an
//! account they are written. A release before writes neither: the accounts that it opens or
//! changes are told by their versions, and get their words from the purge.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// A word is looked for by its beginning, which is a range of bytes in both databases.
const SQLITE: &str = "CREATE TABLE account_word (word text NOT NULL, \
                      account_id bigint NOT NULL REFERENCES account (id), \
                      PRIMARY KEY (word, account_id)) WITHOUT ROWID";
const POSTGRES: &str = "CREATE TABLE account_word (word text COLLATE \"C\" NOT NULL, \
                        account_id bigint NOT NULL REFERENCES account (id), \
                        PRIMARY KEY (word, account_id))";

const OF_ACCOUNT: &str = "CREATE INDEX account_word_account ON account_word (account_id, word)";

/// In the order of (version, id), which no other index has: PostgreSQL, which guesses that
/// many accounts are stale, would else read the whole table to find out that none is.
const STALE: &str = "CREATE INDEX account_stale ON account (version, id) \
                     WHERE search_version IS DISTINCT FROM version";

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let words = match db.get_database_backend() {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        };
        let column = "ALTER TABLE account ADD COLUMN search_version bigint";
        for statement in [words, OF_ACCOUNT, column, STALE] {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for statement in [
            "DROP INDEX account_stale",
            "ALTER TABLE account DROP COLUMN search_version",
            "DROP TABLE account_word",
        ] {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
