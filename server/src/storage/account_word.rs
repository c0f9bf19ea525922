//! Table `account_word`: the words by which an account is found. They are written wherever an
//! account is (`account::insert`, `account::update`), in the same transaction, and nowhere
//! else but in [`repair`].
//!
//! `account.search_version` is the version of the account whose words these are. It is in no
//! entity: only what is here looks at it, and a copy of a database has none, so that words
//! are made anew there.

mod repair;
mod search;

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, SimpleExpr},
};

pub use repair::{has_stale, repair};
pub use search::{Entry, Found, Search, count_beginnings, search, search_statement};

use super::{
    account::account_id,
    entity::{
        account,
        account_word::{ActiveModel, Column, Entity},
    },
    error::StorageError,
};
use crate::domain::account_id::AccountId;

/// The column of `account` that tells which version of it the words are of.
pub(super) const SEARCH_VERSION: &str = "search_version";

/// Rows that a statement writes at most: each has two values, and SQLite takes 32,766.
const MAX_ROWS: usize = 10_000;

/// Writes the words of an account that was opened in this transaction, and that they are
/// those of its version.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    id: i64,
    words: Vec<String>,
) -> Result<(), StorageError> {
    insert_rows(db, words.into_iter().map(|word| (id, word))).await?;
    mark(db, [id]).await
}

/// Makes `words` the words of an account that is locked; only what differs is written.
pub(super) async fn update(
    db: &impl ConnectionTrait,
    id: i64,
    words: Vec<String>,
) -> Result<(), StorageError> {
    update_all(db, HashMap::from([(id, words.into_iter().collect())])).await
}

/// The same of several accounts.
async fn update_all(
    db: &impl ConnectionTrait,
    mut words: HashMap<i64, BTreeSet<String>>,
) -> Result<(), StorageError> {
    let ids: Vec<i64> = words.keys().copied().collect();
    let rows: Vec<(i64, String)> = Entity::find()
        .select_only()
        .columns([Column::AccountId, Column::Word])
        .filter(Column::AccountId.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    let mut gone = HashMap::<i64, Vec<String>>::new();
    for (id, word) in rows {
        // Those that are there already need not be written.
        if !words.get_mut(&id).is_some_and(|words| words.remove(&word)) {
            gone.entry(id).or_default().push(word);
        }
    }
    if !gone.is_empty() {
        let of =
            |(id, words)| Column::AccountId.eq(id).and(Column::Word.is_in::<String, Vec<_>>(words));
        let which = gone.into_iter().map(of).fold(Condition::any(), Condition::add);
        Entity::delete_many().filter(which).exec(db).await?;
    }
    let new =
        words.into_iter().flat_map(|(id, words)| words.into_iter().map(move |word| (id, word)));
    insert_rows(db, new).await
}

/// Deletes the words of an account that ends.
pub async fn delete(db: &impl ConnectionTrait, id: AccountId) -> Result<(), StorageError> {
    Entity::delete_many().filter(Column::AccountId.eq(id.to_db())).exec(db).await?;
    Ok(())
}

/// The accounts that have this word as a whole, by ID, behind the one at `after`.
pub async fn find_with(
    db: &impl ConnectionTrait,
    word: &str,
    after: Option<AccountId>,
    without: &[AccountId],
    limit: usize,
) -> Result<Vec<AccountId>, StorageError> {
    let ids: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::AccountId)
        .filter(Column::Word.eq(word))
        .filter(Column::AccountId.gt(after.map_or(0, AccountId::to_db)))
        .filter(Column::AccountId.is_not_in(without.iter().map(|id| id.to_db())))
        .order_by_asc(Column::AccountId)
        .limit(u64::try_from(limit).unwrap_or(u64::MAX))
        .into_tuple()
        .all(db)
        .await?;
    ids.into_iter().map(account_id).collect()
}

async fn insert_rows(
    db: &impl ConnectionTrait,
    rows: impl Iterator<Item = (i64, String)>,
) -> Result<(), StorageError> {
    let row = |(id, word)| ActiveModel { word: Set(word), account_id: Set(id) };
    let rows: Vec<ActiveModel> = rows.map(row).collect();
    for rows in rows.chunks(MAX_ROWS) {
        Entity::insert_many(rows.to_vec()).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Notes that the words of these accounts, which are locked, are those of their versions.
async fn mark(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = i64>,
) -> Result<(), StorageError> {
    account::Entity::update_many()
        .col_expr(SEARCH_VERSION, Expr::col(account::Column::Version))
        .filter(account::Column::Id.is_in(ids))
        .exec(db)
        .await?;
    Ok(())
}

/// That the words of an account are not those of its version. It is written as in the index
/// that finds such accounts.
fn is_stale() -> SimpleExpr {
    Expr::cust("search_version IS DISTINCT FROM version")
}
