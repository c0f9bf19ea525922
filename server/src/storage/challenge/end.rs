//! Ends, before its time, what was mailed for an account and what was given for that.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, ExprTrait as _,
    QueryFilter as _,
    sea_query::{Expr, SimpleExpr},
};
use uuid::Uuid;

use super::super::{
    entity::challenge::{ActiveModel, Column, Entity},
    error::StorageError,
    to_millis,
};
use crate::{
    domain::{account_id::AccountId, email_address::EmailAddress},
    model::{account::Account, challenge::ENDED},
};

/// Ends every challenge of an account, answered or not, and with it its codes, every ticket
/// that is not used, and the right to repeat a call that used any of them: of the address in
/// place, and of the one that is pending. Only the call that ends them may be repeated: its
/// ticket is that of the challenge `by`. With two statements, however many they are. Also those
/// that have expired: by a clock that is ahead for a moment they all have, and they would be
/// open again when it is back.
pub async fn end_all(
    db: &impl ConnectionTrait,
    account: &Account,
    by: Option<Uuid>,
) -> Result<(), StorageError> {
    let row = ActiveModel { expire_time: Set(to_millis(ENDED)), ..Default::default() };
    Entity::update_many().set(row).filter(is_of(account)).filter(is_not_ended()).exec(db).await?;
    // A ticket that may be used, and a call that may be repeated, have their seed.
    let ended = Expr::case(Column::TicketExpireTime.is_not_null(), to_millis(ENDED));
    Entity::update_many()
        .set(ActiveModel { seed: Set(None), ..Default::default() })
        .col_expr(Column::TicketExpireTime, ended.into())
        .filter(is_of(account))
        .filter(Column::Seed.is_not_null())
        .filter(Column::Id.ne(by.unwrap_or_default()))
        .exec(db)
        .await?;
    Ok(())
}

/// Ends every challenge by which an account was to get another address.
pub async fn end_email_changes(
    db: &impl ConnectionTrait,
    account_id: AccountId,
) -> Result<(), StorageError> {
    let row = ActiveModel { expire_time: Set(to_millis(ENDED)), ..Default::default() };
    Entity::update_many()
        .set(row)
        .filter(Column::AccountId.eq(account_id.to_db()))
        .filter(is_not_ended())
        .exec(db)
        .await?;
    Ok(())
}

/// Ends the right to repeat the call that used the ticket of this challenge.
pub async fn end_repeats(db: &impl ConnectionTrait, id: Uuid) -> Result<(), StorageError> {
    let row = ActiveModel { seed: Set(None), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// That a challenge was not ended.
pub(super) fn is_not_ended() -> SimpleExpr {
    Column::ExpireTime.gt(to_millis(ENDED))
}

/// Which challenges those are. One by which another account asks for this address is not
/// among them: it is that account's.
pub(super) fn is_of(account: &Account) -> Condition {
    let is_its_own = Column::AccountId.is_null().or(Column::AccountId.eq(account.id.to_db()));
    let of_address = Condition::all().add(Column::EmailKey.eq(account.email.key())).add(is_its_own);
    let of_pending = account.pending_address().map(|pending: EmailAddress| {
        Condition::all()
            .add(Column::EmailKey.eq(pending.key()))
            .add(Column::AccountId.eq(account.id.to_db()))
    });
    Condition::any().add(of_address).add_option(of_pending)
}
