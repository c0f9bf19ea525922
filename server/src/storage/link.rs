//! Table `link`.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{
    account::account_id,
    entity::link::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::{
    credentials::token::TokenDigest,
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId, MachineName},
    },
};

/// The bond of one machine to one account.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its row.
    pub id: i64,
    /// The account.
    pub account_id: AccountId,
    /// The machine.
    pub machine: Machine,
    /// When it was made, or made anew.
    pub link_time: Timestamp,
    /// When its token was last used, to within a minute.
    pub last_seen_time: Timestamp,
    /// Since when it is dead.
    pub unlink_time: Option<Timestamp>,
    token_digest: Vec<u8>,
}

impl Link {
    /// Whether `digest` is that of its token.
    #[must_use]
    pub fn has_token(&self, digest: &TokenDigest) -> bool {
        digest.matches(&self.token_digest)
    }
}

/// The link of a machine to an account, dead or alive.
///
/// # Errors
/// A [`StorageError`].
pub async fn find(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machine_id: MachineId,
) -> Result<Option<Link>, StorageError> {
    let row = Entity::find().filter(is_of(account_id, machine_id)).one(db).await?;
    row.map(Link::try_from).transpose()
}

/// Every living link of an account, the oldest first.
///
/// # Errors
/// A [`StorageError`].
pub async fn list(
    db: &impl ConnectionTrait,
    account_id: AccountId,
) -> Result<Vec<Link>, StorageError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account_id.to_db()))
        .filter(Column::UnlinkTime.is_null())
        .order_by_asc(Column::LinkTime)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(Link::try_from).collect()
}

/// Repeats the last key until there are as many as a power of two, and `least`:
/// each length makes a statement of its own, and drivers keep only so many prepared.
pub(super) fn few_lengths<T: Clone>(mut keys: Vec<T>, least: usize) -> Vec<T> {
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two().max(least), last);
    }
    keys
}

/// The living links of an account beyond the `keep` last seen.
///
/// # Errors
/// A [`StorageError`].
pub async fn find_longest_unseen(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    keep: u64,
) -> Result<Vec<MachineId>, StorageError> {
    let ids: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::MachineId)
        .filter(Column::AccountId.eq(account_id.to_db()))
        .filter(Column::UnlinkTime.is_null())
        .order_by_desc(Column::LastSeenTime)
        .order_by_desc(Column::LinkTime)
        .order_by_desc(Column::Id)
        .offset(keep)
        // SQLite takes no offset without a limit.
        .limit(keep)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids.into_iter().map(MachineId::from_db).collect())
}

/// Links a machine, or gives its link a new token: the old one is dead.
///
/// # Errors
/// A [`StorageError`].
pub async fn upsert(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machine: &Machine,
    digest: &TokenDigest,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel {
        account_id: Set(account_id.to_db()),
        machine_id: Set(machine.id.uuid()),
        machine_name: Set(machine.name.as_str().to_owned()),
        token_digest: Set(digest.as_bytes().to_vec()),
        link_time: Set(to_millis(now)),
        last_seen_time: Set(to_millis(now)),
        unlink_time: Set(None),
        ..Default::default()
    };
    let replace = OnConflict::columns([Column::AccountId, Column::MachineId])
        .update_columns([
            Column::MachineName,
            Column::TokenDigest,
            Column::LinkTime,
            Column::LastSeenTime,
            Column::UnlinkTime,
        ])
        .to_owned();
    Entity::insert(row).on_conflict(replace).exec_without_returning(db).await?;
    Ok(())
}

/// Notes that the tokens of these links were used.
///
/// # Errors
/// A [`StorageError`].
pub(super) async fn touch(
    db: &impl ConnectionTrait,
    link_ids: Vec<i64>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel { last_seen_time: Set(to_millis(now)), ..Default::default() };
    let keys = few_lengths(link_ids, 1);
    Entity::update_many().set(row).filter(Column::Id.is_in(keys)).exec(db).await?;
    Ok(())
}

/// Kills the link of a machine; false when it had none that lived.
///
/// # Errors
/// A [`StorageError`].
pub async fn unlink(
    db: &impl ConnectionTrait,
    account_id: AccountId,
    machine_id: MachineId,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let row = ActiveModel { unlink_time: Set(Some(to_millis(now))), ..Default::default() };
    let result = Entity::update_many()
        .set(row)
        .filter(is_of(account_id, machine_id))
        .filter(Column::UnlinkTime.is_null())
        .exec(db)
        .await?;
    Ok(result.rows_affected > 0)
}

fn is_of(account_id: AccountId, machine_id: MachineId) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::AccountId.eq(account_id.to_db()))
        .add(Column::MachineId.eq(machine_id.uuid()))
}

impl TryFrom<Model> for Link {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        Ok(Self {
            id: row.id,
            account_id: account_id(row.account_id)?,
            machine: Machine {
                id: MachineId::from_db(row.machine_id),
                name: MachineName::from_db(row.machine_name),
            },
            link_time: from_millis(row.link_time),
            last_seen_time: from_millis(row.last_seen_time),
            unlink_time: row.unlink_time.map(from_millis),
            token_digest: row.token_digest,
        })
    }
}
