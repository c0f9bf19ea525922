//! Table `maintenance`: whether the file of the database is to be compacted, and whether a
//! server is at it. A mark is set in the transaction that deletes what must leave no byte behind.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    sea_query::OnConflict,
};

use super::{
    entity::maintenance::{ActiveModel, Column, Entity},
    error::StorageError,
    from_millis, to_millis,
};

/// It is to be done.
const DUE: &str = "compaction";
/// A server is at it.
const BEGUN: &str = "compacting";

/// What is to be done, and what is being done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// Since when the file is to be compacted.
    pub marked: Option<Timestamp>,
    /// Since when a server is at it.
    pub begun: Option<Timestamp>,
}

/// Marks the file as to be compacted. A mark that is there already keeps its time.
pub async fn mark(db: &impl ConnectionTrait, now: Timestamp) -> Result<(), StorageError> {
    let as_it_is = OnConflict::column(Column::Name).update_column(Column::Name).to_owned();
    Entity::insert(row(DUE, now)).on_conflict(as_it_is).exec_without_returning(db).await?;
    Ok(())
}

/// The marks.
pub async fn find(db: &impl ConnectionTrait) -> Result<Compaction, StorageError> {
    let mut compaction = Compaction::default();
    for row in Entity::find().filter(Column::Name.is_in([DUE, BEGUN])).all(db).await? {
        let millis: i64 = row.value.parse().map_err(|_| StorageError::damaged("value"))?;
        let since = Some(from_millis(millis));
        if row.name == DUE {
            compaction.marked = since;
        } else {
            compaction.begun = since;
        }
    }
    Ok(compaction)
}

/// Takes the mark, in a transaction: from here on it is this server's to compact the file. What
/// is marked from now on is marked anew.
pub async fn take(transaction: &impl ConnectionTrait, now: Timestamp) -> Result<(), StorageError> {
    Entity::delete_many().filter(Column::Name.eq(DUE)).exec(transaction).await?;
    let again = OnConflict::column(Column::Name).update_column(Column::Value).to_owned();
    Entity::insert(row(BEGUN, now)).on_conflict(again).exec_without_returning(transaction).await?;
    Ok(())
}

/// Notes that what was taken is done.
pub async fn finish(db: &impl ConnectionTrait) -> Result<(), StorageError> {
    Entity::delete_many().filter(Column::Name.eq(BEGUN)).exec(db).await?;
    Ok(())
}

fn row(name: &str, now: Timestamp) -> ActiveModel {
    ActiveModel { name: Set(name.to_owned()), value: Set(to_millis(now).to_string()) }
}
