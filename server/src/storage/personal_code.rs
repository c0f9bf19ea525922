//! Table `personal_code`: hashes of the codes that were mailed, and by what they were spent.

use std::collections::HashMap;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _,
};
use uuid::Uuid;

use super::{
    bytes,
    entity::personal_code::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::{
    credentials::hasher::CodeHash,
    model::mailed_code::{CallByAccount, MailedCode, SpentCode},
};

/// How many codes of a challenge are valid together: a newer mail must not kill
/// the code that the customer is just typing.
const VALID_AT_ONCE: usize = 3;

/// How a code's hash was stored.
#[derive(Clone, Copy, Debug)]
pub struct Inserted {
    /// The code's ID.
    pub id: Uuid,
    /// Whether it was not stored before.
    pub is_new: bool,
}

/// Stores a code's hash, unless it is among those that are valid already: then a copy of its mail
/// may have arrived before. Gives `None` where one of them was spent, whose mail has arrived:
/// another one is of no use.
///
/// The three codes before it stay, of which the oldest is valid again when this one is
/// deleted because its mail did not leave.
pub async fn insert(
    db: &impl ConnectionTrait,
    id: Uuid,
    challenge_id: Uuid,
    hash: &CodeHash,
    now: Timestamp,
    expire_time: Timestamp,
) -> Result<Option<Inserted>, StorageError> {
    let codes = Entity::find()
        .filter(Column::ChallengeId.eq(challenge_id))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    if codes.iter().any(|code| code.spent_time.is_some()) {
        return Ok(None);
    }
    let mut valid = codes.iter().take(VALID_AT_ONCE);
    if let Some(code) = valid.find(|code| hash.matches(&code.hash)) {
        return Ok(Some(Inserted { id: code.id, is_new: false }));
    }
    let row = ActiveModel {
        id: Set(id),
        challenge_id: Set(challenge_id),
        hash: Set(hash.as_bytes().to_vec()),
        create_time: Set(to_millis(now)),
        expire_time: Set(to_millis(expire_time)),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(db).await?;
    let old: Vec<Uuid> = codes.into_iter().skip(VALID_AT_ONCE).map(|code| code.id).collect();
    if !old.is_empty() {
        Entity::delete_many().filter(Column::Id.is_in(old)).exec(db).await?;
    }
    Ok(Some(Inserted { id, is_new: true }))
}

/// Deletes a code whose mail certainly did not leave.
pub async fn delete(db: &impl ConnectionTrait, id: Uuid) -> Result<(), StorageError> {
    Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// The code with this hash, among the last three of each of the given
/// challenges. Every one is compared, each in constant time.
pub async fn find_matching(
    db: &impl ConnectionTrait,
    challenge_ids: impl IntoIterator<Item = Uuid>,
    hash: &CodeHash,
) -> Result<Option<MailedCode>, StorageError> {
    // With the nil UUID, which is no challenge's, the list is never empty: the
    // same query runs where there is nothing to find.
    let ids = challenge_ids.into_iter().chain([Uuid::nil()]);
    let rows = Entity::find()
        .filter(Column::ChallengeId.is_in(ids))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    let mut seen: HashMap<Uuid, usize> = HashMap::new();
    let mut found = None;
    for row in rows {
        let rank = seen.entry(row.challenge_id).or_default();
        *rank += 1;
        if *rank <= VALID_AT_ONCE && hash.matches(&row.hash) {
            found = Some(row);
        }
    }
    found.map(MailedCode::try_from).transpose()
}

/// The codes that were mailed for these challenges, the newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    challenge_ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<MailedCode>, StorageError> {
    let rows = Entity::find()
        .filter(Column::ChallengeId.is_in(challenge_ids))
        .order_by_desc(Column::CreateTime)
        .order_by_desc(Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(MailedCode::try_from).collect()
}

/// Whether this is the hash of one code; compared in constant time.
pub async fn is_hash_of(
    db: &impl ConnectionTrait,
    id: Uuid,
    hash: &CodeHash,
) -> Result<bool, StorageError> {
    let row = Entity::find_by_id(id).one(db).await?;
    Ok(row.is_some_and(|row| hash.matches(&row.hash)))
}

/// Spends a code, unless it is spent: gives whether it was this call that did. A concurrent
/// one waits for the end of the transaction.
pub async fn claim(
    db: &impl ConnectionTrait,
    id: Uuid,
    spent: &SpentCode,
) -> Result<bool, StorageError> {
    let by_account = spent.by_account.as_ref();
    let row = ActiveModel {
        spent_time: Set(Some(to_millis(spent.time))),
        spent_call: Set(by_account.map(|by_account| by_account.call.to_vec())),
        seed: Set(by_account.and_then(|by_account| by_account.seed).map(|seed| seed.to_vec())),
        ..Default::default()
    };
    let unspent = Entity::update_many().set(row).filter(Column::Id.eq(id));
    let claimed = unspent.filter(Column::SpentTime.is_null()).exec(db).await?;
    Ok(claimed.rows_affected == 1)
}

impl TryFrom<Model> for MailedCode {
    type Error = StorageError;

    fn try_from(row: Model) -> Result<Self, StorageError> {
        let seed = row.seed.map(|seed| bytes(&seed, "seed")).transpose()?;
        let call = row.spent_call.map(|call| bytes(&call, "spent_call")).transpose()?;
        let by_account = call.map(|call| CallByAccount { call, seed });
        let spent = |time| SpentCode { time: from_millis(time), by_account };
        Ok(Self {
            id: row.id,
            challenge_id: row.challenge_id,
            expire_time: from_millis(row.expire_time),
            spent: row.spent_time.map(spent),
        })
    }
}
