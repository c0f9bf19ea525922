//! The machines of accounts: a bounded list of each, for many accounts in one
//! statement.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ConnectionTrait, DbBackend, Iterable as _, Value,
    sea_query::{
        Alias, ArrayType, Expr, ExprTrait as _, Func, Order, Query, SelectStatement, SimpleExpr,
        WindowStatement,
    },
};

use super::{connections::Connections, entity::link, error::StorageError, many_keys::ManyKeys};
use crate::{
    domain::account_id::AccountId,
    model::link::{Link, MAX_MACHINES, Machines},
};

/// Outer: the statement failed; inner: rows of this account are damaged.
pub(super) type Listed = HashMap<AccountId, Result<Arc<Machines>, StorageError>>;

/// Lists the machines of accounts.
#[derive(Debug)]
pub(super) struct ByAccounts {
    /// All of them, up to a number of rows.
    all: ManyKeys,
    /// Those that were seen last, and how many there are. Costs several times as
    /// much, and is asked only where the number of rows did not suffice.
    last_seen: ManyKeys,
}

impl ByAccounts {
    /// For up to `most` accounts in one statement.
    pub(super) fn new(backend: DbBackend, most: usize) -> Self {
        let keys = |select: fn(SimpleExpr) -> SelectStatement| {
            let account = || Expr::col(link::Column::AccountId);
            let key = (0_i64.into(), ArrayType::BigInt);
            ManyKeys::new(backend, most, key, account, select)
        };
        Self { all: keys(all), last_seen: keys(last_seen) }
    }

    /// The machines of each of `accounts`, which are all different. It reads
    /// no more than [`MAX_MACHINES`] rows an account, and one.
    pub(super) async fn list(
        &self,
        db: &Connections,
        accounts: &[AccountId],
    ) -> Result<Listed, StorageError> {
        if accounts.is_empty() {
            return Ok(HashMap::new());
        }
        let keys: Vec<Value> = accounts.iter().map(|id| id.to_db().into()).collect();
        let bound = accounts.len() * MAX_MACHINES as usize;
        let limit = i64::try_from(bound + 1).unwrap_or(i64::MAX);
        let mut rows = db.query_all_raw(self.all.statement(keys.clone(), [limit.into()])).await?;
        let all = rows.len() <= bound;
        if !all {
            rows = db
                .query_all_raw(self.last_seen.statement(keys, [i64::from(MAX_MACHINES).into()]))
                .await?;
        }
        let mut counted = HashMap::<i64, (Vec<link::Model>, i64)>::new();
        for row in &rows {
            let link = link::Model::read(row, 0)?;
            let count = if all { None } else { Some(row.try_get_by_index(link::Model::WIDTH)?) };
            let (links, total) = counted.entry(link.account_id).or_default();
            links.push(link);
            *total = count.unwrap_or(*total + 1);
        }
        let listed = |id: &AccountId| {
            let (links, count) = counted.remove(&id.to_db()).unwrap_or_default();
            (*id, machines(links, count.unsigned_abs()).map(Arc::new))
        };
        Ok(accounts.iter().map(listed).collect())
    }
}

/// The machines of these links, or of those that were seen last of more of them.
pub(super) fn machines(mut links: Vec<link::Model>, count: u64) -> Result<Machines, StorageError> {
    links.sort_unstable_by_key(link::Model::by_last_seen);
    links.truncate(MAX_MACHINES as usize);
    links.sort_unstable_by_key(|link| (link.link_time, link.id));
    let links = links.into_iter().map(Link::try_from).collect::<Result<_, _>>()?;
    Ok(Machines { links, count: u32::try_from(count).unwrap_or(u32::MAX) })
}

fn all(is_of_accounts: SimpleExpr) -> SelectStatement {
    living(is_of_accounts).limit(0).take()
}

fn living(is_of_accounts: SimpleExpr) -> SelectStatement {
    Query::select()
        .columns(link::Column::iter())
        .from(link::Entity)
        .and_where(is_of_accounts)
        .and_where(Expr::col(link::Column::UnlinkTime).is_null())
        .take()
}

fn last_seen(is_of_accounts: SimpleExpr) -> SelectStatement {
    let (ranked, rank, count) = (Alias::new("ranked"), Alias::new("rank"), Alias::new("count"));
    let window = || WindowStatement::partition_by(link::Column::AccountId);
    let mut by_last_seen = window();
    for column in [link::Column::LastSeenTime, link::Column::LinkTime, link::Column::Id] {
        by_last_seen.order_by(column, Order::Desc);
    }
    let links = living(is_of_accounts)
        .expr_window_as(Func::count(Expr::col(link::Column::Id)), window(), count.clone())
        .expr_window_as(Func::cust("row_number"), by_last_seen, rank.clone())
        .take();
    Query::select()
        .columns(link::Column::iter())
        .column(count)
        .from_subquery(links, ranked)
        .and_where(Expr::col(rank).lte(0))
        .take()
}
