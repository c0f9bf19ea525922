//! Moves the links of an account that ends to another one. Tokens stay as they are: a machine
//! notices nothing but another ID.

use std::collections::HashMap;

use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::super::{
    entity::link::{ActiveModel, Column, Entity, Model},
    error::StorageError,
};
use crate::{domain::account_id::AccountId, model::account_alias::MergedMachines};

/// How many machines two accounts have together.
pub async fn count_machines_of_both(
    db: &impl ConnectionTrait,
    accounts: [AccountId; 2],
) -> Result<u32, StorageError> {
    let machines: Option<i64> = Entity::find()
        .select_only()
        .column_as(Expr::col(Column::MachineId).count_distinct(), "machines")
        .filter(Column::AccountId.is_in(accounts.map(AccountId::to_db)))
        .filter(Column::UnlinkTime.is_null())
        .into_tuple()
        .one(db)
        .await?;
    Ok(u32::try_from(machines.unwrap_or_default()).unwrap_or(u32::MAX))
}

/// What is to become of the links of two accounts.
#[derive(Debug)]
pub struct Plan {
    /// How many machines come over, and how many lose one of two links.
    pub machines: MergedMachines,
    /// Links of either account that end.
    ending: Vec<i64>,
    /// The machines whose links move.
    moving: Vec<Uuid>,
}

/// Decides what becomes of the links of `from` when it is merged into `into`. Of a machine that
/// both have, the link that was seen later stays. Both accounts are locked.
pub async fn plan_merge(
    db: &impl ConnectionTrait,
    from: AccountId,
    into: AccountId,
) -> Result<Plan, StorageError> {
    let living = Entity::find()
        .filter(Column::AccountId.is_in([from.to_db(), into.to_db()]))
        .filter(Column::UnlinkTime.is_null())
        .all(db)
        .await?;
    let (coming, staying): (Vec<Model>, Vec<Model>) =
        living.into_iter().partition(|link| link.account_id == from.to_db());
    let staying: HashMap<Uuid, Model> =
        staying.into_iter().map(|link| (link.machine_id, link)).collect();
    let mut plan = Plan { machines: MergedMachines::default(), ending: vec![], moving: vec![] };
    for link in coming {
        match staying.get(&link.machine_id) {
            None => plan.machines.moved += 1,
            Some(other) => {
                plan.machines.joined += 1;
                if other.by_last_seen() <= link.by_last_seen() {
                    // Sorted so that the one that was seen last comes first.
                    plan.ending.push(link.id);
                    continue;
                }
                plan.ending.push(other.id);
            }
        }
        plan.moving.push(link.machine_id);
    }
    Ok(plan)
}

/// Carries out what was decided, under the same locks: nothing of `from` is left.
pub async fn merge(
    db: &impl ConnectionTrait,
    from: AccountId,
    into: AccountId,
    plan: Plan,
) -> Result<(), StorageError> {
    let Plan { ending, moving, .. } = plan;
    if !ending.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(ending)).exec(db).await?;
    }
    Entity::delete_many()
        .filter(Column::AccountId.eq(from.to_db()))
        .filter(Column::UnlinkTime.is_not_null())
        .exec(db)
        .await?;
    if moving.is_empty() {
        return Ok(());
    }
    // A dead link of the same machine would be in the way: an account has one of a machine.
    Entity::delete_many()
        .filter(Column::AccountId.eq(into.to_db()))
        .filter(Column::UnlinkTime.is_not_null())
        .filter(Column::MachineId.is_in(moving))
        .exec(db)
        .await?;
    Entity::update_many()
        .set(ActiveModel { account_id: Set(into.to_db()), ..Default::default() })
        .filter(Column::AccountId.eq(from.to_db()))
        .exec(db)
        .await?;
    Ok(())
}
