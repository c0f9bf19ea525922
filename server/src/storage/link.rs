//! Table `link`.

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, JoinType,
    QueryFilter as _, QueryOrder as _, QuerySelect,
    sea_query::{Alias, Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    account::account_id,
    entity::{
        account,
        link::{ActiveModel, Column, Entity, Model},
    },
    error::StorageError,
    from_millis,
    link_reads::Linked,
    to_millis,
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

/// For each token its link, dead or alive, the account and its other machines, in
/// one query. A damaged row is the trouble of its own account only.
///
/// # Errors
/// A [`StorageError`].
pub(super) async fn find_by_tokens(
    db: &impl ConnectionTrait,
    digests: &[TokenDigest],
) -> Result<Vec<Result<Option<Linked>, StorageError>>, StorageError> {
    let caller = Alias::new("caller");
    let of_caller = |column| Expr::col((caller.clone(), column));
    let mut links = Entity::find().select_also(account::Entity);
    // A row a link; the account comes with that of the caller, and with no other.
    let is_callers = Expr::col((Entity, Column::Id)).equals((caller.clone(), Column::Id));
    let is_of_account = of_caller(Column::AccountId).equals((account::Entity, account::Column::Id));
    QuerySelect::query(&mut links)
        .join_as(
            JoinType::InnerJoin,
            Entity,
            caller.clone(),
            of_caller(Column::AccountId).equals((Entity, Column::AccountId)),
        )
        .join(JoinType::LeftJoin, account::Entity, is_of_account.and(is_callers.clone()));
    let keys = few_lengths(digests.iter().map(|digest| digest.as_bytes().to_vec()).collect());
    let rows = links
        .filter(of_caller(Column::TokenDigest).is_in(keys))
        .filter(Column::UnlinkTime.is_null().or(is_callers))
        .all(db)
        .await?;
    let found = ByAccount::new(&rows);
    Ok(digests.iter().map(|digest| found.find(digest)).collect())
}

/// What was found for several tokens.
struct ByAccount<'a> {
    callers: HashMap<&'a [u8], (&'a Model, &'a account::Model)>,
    links: HashMap<i64, Vec<&'a Model>>,
}

impl<'a> ByAccount<'a> {
    fn new(rows: &'a [(Model, Option<account::Model>)]) -> Self {
        let (mut callers, mut links) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
        for (link, account) in rows {
            if let Some(account) = account {
                callers.insert(link.token_digest.as_slice(), (link, account));
            }
            links.entry(link.account_id).or_default().push(link);
        }
        Self { callers, links }
    }

    fn find(&self, digest: &TokenDigest) -> Result<Option<Linked>, StorageError> {
        let Some(&(link, account)) = self.callers.get(digest.as_bytes()) else {
            return Ok(None);
        };
        if !digest.matches(&link.token_digest) {
            return Ok(None);
        }
        let links = self.links.get(&link.account_id).into_iter().flatten();
        let mut links: Vec<&Model> =
            links.copied().filter(|link| link.unlink_time.is_none()).collect();
        // As often as machines of the account have called.
        links.sort_unstable_by_key(|link| (link.link_time, link.id));
        links.dedup_by_key(|link| link.id);
        Ok(Some(Linked {
            link: link.clone().try_into()?,
            account: account.clone().try_into()?,
            links: links.into_iter().cloned().map(Link::try_from).collect::<Result<_, _>>()?,
        }))
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

/// Repeats the last key until there are as many as a power of two: each length
/// makes a statement of its own, and drivers keep only so many prepared.
fn few_lengths<T: Clone>(mut keys: Vec<T>) -> Vec<T> {
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
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
    let keys = few_lengths(link_ids);
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
