//! Table `link`.

mod merge;
mod seen;

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use ipnet::IpNet;
use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Select,
    sea_query::{IntoCondition as _, OnConflict},
};
use uuid::Uuid;

pub use merge::{Plan, count_machines_of_both, merge, plan_merge};
pub use seen::{find_seen, is_seen_from};
pub(super) use seen::{forget_networks, touch};

use super::{
    account::account_id,
    entity::link::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis,
    machines::machines,
    to_millis,
};
use crate::{
    credentials::token::TokenDigest,
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId, MachineName},
    },
    model::link::{Link, MAX_MACHINES, Machines},
};

/// The link of a machine to an account, dead or alive.
pub async fn find(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machine_id: MachineId,
) -> Result<Option<Link>, StorageError> {
    let row = Entity::find().filter(is_of(account_id, machine_id)).one(db).await?;
    row.map(Link::try_from).transpose()
}

/// The living links of an account that were seen last, and how many there are.
pub async fn list(
    db: &impl ConnectionTrait,
    account_id: AccountId,
) -> Result<Machines, StorageError> {
    let living = Entity::find().filter(is_live(account_id));
    let rows = last_seen_first(living.clone()).limit(u64::from(MAX_MACHINES) + 1).all(db).await?;
    let count = match u32::try_from(rows.len()) {
        Ok(count) if count <= MAX_MACHINES => count.into(),
        _ => living.count(db).await?,
    };
    machines(rows, count)
}

/// Every link of an account that there is, dead or alive, the oldest first, with the network that
/// the machine was last seen in.
pub async fn list_all(
    db: &impl ConnectionTrait,
    account_id: AccountId,
) -> Result<Vec<(Link, Option<String>)>, StorageError> {
    let of_account = Entity::find().filter(Column::AccountId.eq(account_id.to_db()));
    let by_age = of_account.order_by_asc(Column::LinkTime).order_by_asc(Column::Id);
    let rows = by_age.all(db).await?.into_iter();
    let with_network = |mut row: Model| {
        let network = row.last_seen_network.take();
        Ok((Link::try_from(row)?, network))
    };
    rows.map(with_network).collect()
}

/// Kills the living links of an account beyond the [`MAX_MACHINES`] last seen, of
/// which that of `machine_id` is one whatever the clocks say: those that were seen
/// last stand first. A thousand at most: this is to have an end.
pub async fn unlink_longest_unseen(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machine_id: MachineId,
    now: Timestamp,
) -> Result<Vec<Machine>, StorageError> {
    let others = is_live(account_id).add(Column::MachineId.ne(machine_id.uuid()));
    let beyond = last_seen_first(Entity::find().select_only().column(Column::Id).filter(others))
        .offset(u64::from(MAX_MACHINES) - 1)
        .limit(1_000);
    unlink_which(db, Column::Id.in_subquery(beyond.into_query()).into_condition(), now).await
}

/// Kills the living links of an account but that of `machine_id`.
pub async fn unlink_others(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machine_id: MachineId,
    now: Timestamp,
) -> Result<Vec<Machine>, StorageError> {
    unlink_which(db, is_live(account_id).add(Column::MachineId.ne(machine_id.uuid())), now).await
}

/// Kills every living link of an account.
pub async fn unlink_all(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    now: Timestamp,
) -> Result<Vec<Machine>, StorageError> {
    unlink_which(db, is_live(account_id), now).await
}

/// Kills every living link of accounts; gives which machine was whose.
pub async fn unlink_all_of(
    db: &impl ConnectionTrait,
    account_ids: &[AccountId],
    now: Timestamp,
) -> Result<Vec<(AccountId, MachineId)>, StorageError> {
    let dead = Entity::update_many()
        .set(dead(now))
        .filter(Column::AccountId.is_in(account_ids.iter().map(|id| id.to_db())))
        .filter(Column::UnlinkTime.is_null())
        .exec_with_returning(db)
        .await?;
    let whose = |row: Model| Ok((account_id(row.account_id)?, MachineId::from_db(row.machine_id)));
    dead.into_iter().map(whose).collect()
}

/// The names of machines that are linked to an account, or were a short while ago.
pub async fn find_names(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machines: impl IntoIterator<Item = MachineId>,
) -> Result<HashMap<MachineId, MachineName>, StorageError> {
    let ids: HashSet<Uuid> = machines.into_iter().map(MachineId::uuid).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String)> = Entity::find()
        .select_only()
        .columns([Column::MachineId, Column::MachineName])
        .filter(Column::AccountId.eq(account_id.to_db()))
        .filter(Column::MachineId.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    let named = |(id, name)| (MachineId::from_db(id), MachineName::from_db(name));
    Ok(rows.into_iter().map(named).collect())
}

/// One statement, however many there are.
async fn unlink_which(
    db: &impl ConnectionTrait,
    which: Condition,
    now: Timestamp,
) -> Result<Vec<Machine>, StorageError> {
    let mut dead =
        Entity::update_many().set(dead(now)).filter(which).exec_with_returning(db).await?;
    dead.sort_unstable_by_key(Model::by_last_seen);
    Ok(dead.into_iter().map(Model::machine).collect())
}

/// Links a machine that calls from `network`, if that is known, or gives its link a new
/// token: the old one is dead.
pub async fn upsert(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machine: &Machine,
    digest: &TokenDigest,
    network: Option<IpNet>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        account_id: Set(account_id.to_db()),
        machine_id: Set(machine.id.uuid()),
        machine_name: Set(machine.name.as_str().to_owned()),
        token_digest: Set(digest.as_bytes().to_vec()),
        link_time: Set(to_millis(now)),
        last_seen_time: Set(to_millis(now)),
        last_seen_network: Set(network.map(|network| network.to_string())),
        unlink_time: Set(None),
        ..Default::default()
    };
    let replace = OnConflict::columns([Column::AccountId, Column::MachineId])
        .update_columns([
            Column::MachineName,
            Column::TokenDigest,
            Column::LinkTime,
            Column::LastSeenTime,
            Column::LastSeenNetwork,
            Column::UnlinkTime,
        ])
        .to_owned();
    Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// Kills the link of a machine; false when it had none that lived.
pub async fn unlink(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machine_id: MachineId,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let result = Entity::update_many()
        .set(dead(now))
        .filter(is_of(account_id, machine_id))
        .filter(Column::UnlinkTime.is_null())
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

/// What kills a link. Where the machine was is nobody's business any more.
fn dead(now: Timestamp) -> ActiveModel {
    ActiveModel {
        unlink_time: Set(Some(to_millis(now))),
        last_seen_network: Set(None),
        ..Default::default()
    }
}

fn is_of(account_id: AccountId, machine_id: MachineId) -> Condition {
    Condition::all()
        .add(Column::AccountId.eq(account_id.to_db()))
        .add(Column::MachineId.eq(machine_id.uuid()))
}

/// The links of an account that are not dead.
fn is_live(account_id: AccountId) -> Condition {
    Condition::all().add(Column::AccountId.eq(account_id.to_db())).add(Column::UnlinkTime.is_null())
}

fn last_seen_first(links: Select<Entity>) -> Select<Entity> {
    links
        .order_by_desc(Column::LastSeenTime)
        .order_by_desc(Column::LinkTime)
        .order_by_desc(Column::Id)
}

impl Model {
    /// Sorts those first that were seen last, as [`last_seen_first`] does.
    pub(super) fn by_last_seen(&self) -> Reverse<(i64, i64, i64)> {
        Reverse((self.last_seen_time, self.link_time, self.id))
    }

    fn machine(self) -> Machine {
        Machine {
            id: MachineId::from_db(self.machine_id),
            name: MachineName::from_db(self.machine_name),
        }
    }
}

impl TryFrom<Model> for Link {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.id,
            account_id: account_id(row.account_id)?,
            link_time: from_millis(row.link_time),
            last_seen_time: from_millis(row.last_seen_time),
            unlink_time: row.unlink_time.map(from_millis),
            token_digest: row.token_digest.clone(),
            machine: row.machine(),
        })
    }
}
