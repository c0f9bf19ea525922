//! Accounts that nobody uses, for whoever decides what becomes of them.

use jiff::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{account::account_id, error::StorageError, from_millis, to_millis};
use crate::domain::account_id::AccountId;

/// An account, and when it was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Its ID.
    pub id: AccountId,
    /// When a machine of it was last seen, or, if none ever was, the account last changed.
    pub seen: Timestamp,
    /// How many machines are linked.
    pub machines: u32,
}

/// The accounts that no machine has used since `before`, by ID, behind the one at `after`. The
/// links of each account are looked at: it is for a command, and no call.
pub async fn list(
    db: &impl ConnectionTrait,
    before: Timestamp,
    after: Option<AccountId>,
    limit: u16,
) -> Result<Vec<Unused>, StorageError> {
    const POSTGRES: &str = "SELECT id, seen, machines FROM (\
        SELECT account.id, \
               COALESCE((SELECT max(last_seen_time) FROM link WHERE account_id = account.id), \
                        account.update_time) AS seen, \
               (SELECT count(*) FROM link WHERE account_id = account.id \
                AND unlink_time IS NULL) AS machines \
          FROM account WHERE account.id > $1) AS used \
        WHERE seen < $2 ORDER BY id LIMIT $3";
    let backend = db.get_database_backend();
    let sql = match backend {
        DbBackend::Postgres => POSTGRES.to_owned(),
        _ => POSTGRES.replace("$1", "?").replace("$2", "?").replace("$3", "?"),
    };
    let after = after.map_or(0, AccountId::to_db);
    let values = [after.into(), to_millis(before).into(), i64::from(limit).into()];
    let rows = db.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    let unused = |row: &sea_orm::QueryResult| {
        let machines: i64 = row.try_get_by_index(2)?;
        Ok(Unused {
            id: account_id(row.try_get_by_index(0)?)?,
            seen: from_millis(row.try_get_by_index(1)?),
            machines: u32::try_from(machines).unwrap_or(u32::MAX),
        })
    };
    rows.iter().map(unused).collect()
}
