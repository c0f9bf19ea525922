//! Table `account_alias`: the IDs of accounts that were merged into others, and the one rule by
//! which an ID leads to its account.
//!
//! An alias is as good as the ID. So whatever a caller names is looked up by `leads_to`, in
//! the very statement that reads the account: known, unknown and alias cost the same work, and
//! what is counted is counted under the ID of the row that was found.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, Func, Query, SimpleExpr},
};

use super::{
    account::account_id,
    entity::account_alias::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    to_millis,
};
use crate::{
    domain::account_id::AccountId,
    model::account_alias::{AccountAlias, MergedMachines},
};

/// The ID of the account that an ID leads to, as a value in a statement: that of the account
/// that it was merged into, or itself.
pub(super) fn leads_to(id: AccountId) -> SimpleExpr {
    let target = Query::select()
        .column(Column::AccountId)
        .from(Entity)
        .and_where(Expr::col((Entity, Column::Id)).eq(id.to_db()))
        .take();
    let target = SimpleExpr::SubQuery(None, Box::new(target.into()));
    Func::coalesce([target, Expr::val(id.to_db())]).into()
}

/// The alias with this ID, if it is one.
pub async fn find(
    db: &impl ConnectionTrait,
    id: AccountId,
) -> Result<Option<AccountAlias>, StorageError> {
    Entity::find_by_id(id.to_db()).one(db).await?.map(AccountAlias::try_from).transpose()
}

/// The IDs that lead to an account, the lowest first.
pub async fn list(
    db: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Vec<AccountId>, StorageError> {
    let ids: Vec<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::AccountId.eq(account.to_db()))
        .order_by_asc(Column::Id)
        .into_tuple()
        .all(db)
        .await?;
    ids.into_iter().map(account_id).collect()
}

/// Has the ID of an account that ends, and all that lead to it, lead to another one.
pub async fn insert(
    db: &impl ConnectionTrait,
    alias: &AccountAlias,
    now: Timestamp,
) -> Result<(), StorageError> {
    let target = Set(alias.account_id.to_db());
    Entity::update_many()
        .set(ActiveModel { account_id: target.clone(), ..Default::default() })
        .filter(Column::AccountId.eq(alias.id.to_db()))
        .exec(db)
        .await?;
    let count = |machines: u32| Set(i32::try_from(machines).unwrap_or(i32::MAX));
    let row = ActiveModel {
        id: Set(alias.id.to_db()),
        account_id: target,
        merge_time: Set(to_millis(now)),
        moved_machines: count(alias.machines.moved),
        joined_machines: count(alias.machines.joined),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

impl TryFrom<Model> for AccountAlias {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        Ok(Self {
            id: account_id(row.id)?,
            account_id: account_id(row.account_id)?,
            machines: MergedMachines {
                moved: row.moved_machines.unsigned_abs(),
                joined: row.joined_machines.unsigned_abs(),
            },
        })
    }
}
