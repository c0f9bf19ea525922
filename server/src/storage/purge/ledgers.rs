//! Deletes the time ledgers of accounts that were erased: they are kept for the books, which are
//! kept for ten years after the end of the year of the last entry. That of an account that is
//! there stays as long as the account.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QuerySelect as _, QueryTrait as _,
    sea_query::{Expr, Query, SelectStatement},
};

use super::{
    super::{
        database::Database,
        entity::{account_alias, erased_account, time_entry},
        error::StorageError,
        to_millis,
    },
    CHUNK,
};

/// Deletes the ledgers whose last entry is of a year that was over at `end`, with the IDs that
/// led to their accounts; gives how many entries.
pub(super) async fn delete_over(database: &Database, end: Timestamp) -> Result<u64, StorageError> {
    let Some(year) = beginning_of_year(end) else { return Ok(0) };
    let db = database.read();
    // For ten years there is none, and nothing more is looked at.
    let oldest: Option<i64> = time_entry::Entity::find()
        .select_only()
        .column(time_entry::Column::Id)
        .filter(time_entry::Column::CreateTime.lt(to_millis(year)))
        .limit(1)
        .into_tuple()
        .one(&db)
        .await?;
    if oldest.is_none() {
        return Ok(0);
    }
    let mut entries = 0;
    loop {
        let accounts = accounts_over(&db, year).await?;
        for account in &accounts {
            entries += delete_ledger(database, *account).await?;
        }
        if accounts.len() < CHUNK {
            return Ok(entries);
        }
    }
}

/// When the year began, by UTC, that is not over at this time.
fn beginning_of_year(time: Timestamp) -> Option<Timestamp> {
    let year = time.to_zoned_datetime(TimeZone::UTC).year();
    let first = Date::new(year, 1, 1).ok()?.to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(first.timestamp())
}

/// Erased accounts that have entries, and none since then.
async fn accounts_over(
    db: &impl ConnectionTrait,
    since: Timestamp,
) -> Result<Vec<i64>, StorageError> {
    let ids = erased_account::Entity::find()
        .select_only()
        .column(erased_account::Column::Id)
        .filter(Expr::exists(entries_of_erased()))
        .filter(
            Expr::exists(
                entries_of_erased()
                    .and_where(time_entry::Column::CreateTime.gte(to_millis(since)))
                    .to_owned(),
            )
            .not(),
        )
        .limit(CHUNK as u64);
    Ok(ids.into_tuple().all(db).await?)
}

/// The entries of the erased account of the statement around, and of those merged into it.
fn entries_of_erased() -> SelectStatement {
    let erased = || Expr::col((erased_account::Entity, erased_account::Column::Id));
    let aliases = Query::select()
        .column((account_alias::Entity, account_alias::Column::Id))
        .from(account_alias::Entity)
        .and_where(
            Expr::col((account_alias::Entity, account_alias::Column::AccountId)).eq(erased()),
        )
        .take();
    let account = || Expr::col((time_entry::Entity, time_entry::Column::AccountId));
    Query::select()
        .expr(Expr::val(1))
        .from(time_entry::Entity)
        .cond_where(
            Condition::any().add(account().eq(erased())).add(account().in_subquery(aliases)),
        )
        .take()
}

/// All of one account or nothing: entries put each other right, and an ID that led to it is known
/// by its alias only.
async fn delete_ledger(database: &Database, account: i64) -> Result<u64, StorageError> {
    database
        .retry(|| async {
            let transaction = database.begin().await?;
            let aliases = account_alias::Entity::find()
                .select_only()
                .column(account_alias::Column::Id)
                .filter(account_alias::Column::AccountId.eq(account))
                .into_query();
            let of_account = Condition::any()
                .add(time_entry::Column::AccountId.eq(account))
                .add(time_entry::Column::AccountId.in_subquery(aliases));
            let deleted =
                time_entry::Entity::delete_many().filter(of_account).exec(&transaction).await?;
            account_alias::Entity::delete_many()
                .filter(account_alias::Column::AccountId.eq(account))
                .exec(&transaction)
                .await?;
            transaction.commit().await?;
            Ok(deleted.rows_affected)
        })
        .await
}
