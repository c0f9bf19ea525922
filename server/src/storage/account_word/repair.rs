//! Gives accounts the words that they lack: those that were there before the table was, and
//! those that a server of the release before has opened or changed.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
    sea_query::{Expr, LockBehavior, LockType},
};

use super::{is_stale, mark, update_all};
use crate::{
    domain::search_words,
    model::account::Account,
    storage::{
        database::Database,
        entity::account::{Column, Entity, Model},
        error::StorageError,
    },
};

/// Accounts that a transaction repairs: some ten milliseconds of work, for which calls wait
/// that write.
const CHUNK: u64 = 500;

/// Where the next chunk begins: behind this version and ID.
type Place = (i64, i64);

/// Whether there is any account whose words are not up to date.
pub async fn has_stale(db: &impl ConnectionTrait) -> Result<bool, StorageError> {
    let version: Option<i64> = Entity::find()
        .select_only()
        .column(Column::Version)
        .filter(is_stale())
        .order_by_asc(Column::Version)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(version.is_some())
}

/// Writes the words of all such accounts. May run on any number of servers, and may be
/// dropped at any moment.
pub async fn repair(database: &Database) -> Result<(), StorageError> {
    // Most of the time there are none, and nobody waits for a transaction.
    if !has_stale(&database.read()).await? {
        return Ok(());
    }
    let mut place = Some((0, 0));
    let mut repaired = 0;
    while let Some(behind) = place {
        let (next, count) = database.retry(|| repair_chunk(database, behind)).await?;
        place = next;
        repaired += count;
    }
    tracing::info!(accounts = repaired, "words of accounts written that were not up to date");
    Ok(())
}

/// Repairs the next accounts, which stay as they are meanwhile; gives where to go on, and
/// how many they were. Those that somebody changes at this moment get their words thereby,
/// or by the next run.
async fn repair_chunk(
    database: &Database,
    behind: Place,
) -> Result<(Option<Place>, usize), StorageError> {
    let db = database.begin().await?;
    let (version, id) = behind;
    let is_next = Expr::tuple([Expr::col(Column::Version), Expr::col(Column::Id)])
        .gt(Expr::tuple([version.into(), id.into()]));
    let rows: Vec<Model> = Entity::find()
        .filter(is_stale())
        .filter(is_next)
        .order_by_asc(Column::Version)
        .order_by_asc(Column::Id)
        .limit(CHUNK)
        // Others never wait for this one while it waits for them.
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .all(&db)
        .await?;
    let next = rows.last().map(|row| (row.version, row.id));
    let mut words = HashMap::<i64, BTreeSet<String>>::new();
    for row in rows {
        let id = row.id;
        match Account::try_from(row) {
            Ok(account) => {
                let of_account = search_words::of_account(&account.email, &account.profile);
                words.insert(id, of_account.into_iter().collect());
            }
            // It must not keep the others from being found.
            Err(error) => tracing::warn!(account.id = id, %error, "words not written"),
        }
    }
    if words.is_empty() {
        db.rollback().await?;
        return Ok((next, 0));
    }
    let ids: Vec<i64> = words.keys().copied().collect();
    update_all(&db, words).await?;
    let count = ids.len();
    mark(&db, ids).await?;
    db.commit().await?;
    Ok((next, count))
}
