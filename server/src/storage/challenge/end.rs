//! Ends, before its time, what was mailed for an account and what was given for that.

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    QueryFilter as _,
};

use super::super::{
    entity::challenge::{ActiveModel, Column, Entity},
    error::StorageError,
    to_millis,
};
use crate::{domain::email_address::EmailAddress, model::account::Account};

/// When what was ended has expired: so long ago that no server, whatever its clock says,
/// takes it for open. No column of its own says it: servers of the version before know
/// what has expired, too.
const ENDED: Timestamp = Timestamp::UNIX_EPOCH;

/// Ends every open challenge of an account, and with it its codes, and every ticket that
/// is not used: those of the address in place, and those of the address that is pending.
/// With two statements, however many they are.
pub async fn end_all(
    db: &impl ConnectionTrait,
    account: &Account,
    now: Timestamp,
) -> Result<(), StorageError> {
    let row = ActiveModel { expire_time: Set(to_millis(ENDED)), ..Default::default() };
    Entity::update_many()
        .set(row)
        .filter(is_of(account))
        .filter(Column::SpentTime.is_null())
        .filter(Column::ExpireTime.gt(to_millis(now)))
        .exec(db)
        .await?;
    let row = ActiveModel { ticket_expire_time: Set(Some(to_millis(ENDED))), ..Default::default() };
    Entity::update_many()
        .set(row)
        .filter(is_of(account))
        .filter(Column::TicketSpentTime.is_null())
        .filter(Column::TicketExpireTime.gt(to_millis(now)))
        .exec(db)
        .await?;
    Ok(())
}

/// Which challenges those are, whether they can be answered or not. One by which another
/// account asks for this address is not among them: it is that account's.
fn is_of(account: &Account) -> Condition {
    let of_address = Condition::all()
        .add(Column::EmailKey.eq(account.email.key()))
        .add(Column::AccountId.is_null());
    let of_pending = account.pending_address().map(|pending: EmailAddress| {
        Condition::all()
            .add(Column::EmailKey.eq(pending.key()))
            .add(Column::AccountId.eq(account.id.to_db()))
    });
    Condition::any().add(of_address).add_option(of_pending)
}
