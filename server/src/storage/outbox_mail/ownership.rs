//! Whose a mail is, for an account that is erased; and the end of its last mail, which nothing
//! is kept of.

use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbBackend, EntityTrait as _, ExprTrait as _,
    QueryFilter as _, QuerySelect as _, sea_query::Expr,
};
use uuid::Uuid;

use super::{
    super::{
        entity::outbox_mail::{Column, Entity},
        error::StorageError,
    },
    LeasedMail, is_held,
};
use crate::domain::{account_id::AccountId, email_address::EmailAddress};

/// A mail, and what tells whose it is.
#[derive(Clone)]
pub struct Owned {
    /// Its ID.
    pub id: Uuid,
    /// What it tells, as JSON.
    pub letter: String,
    /// To whom, if to anybody.
    pub recipient: Option<EmailAddress>,
}

/// The mails whose letters have the ID of one of these accounts, whatever became of them. The
/// outbox is read through: what is kept of it is of a week, and accounts are erased rarely.
pub async fn list_about(
    db: &impl ConnectionTrait,
    accounts: &[AccountId],
) -> Result<Vec<Owned>, StorageError> {
    // `account_id`, `from_account_id`, `into_account_id`: the letters say which it is.
    let has = |id: &AccountId| Column::Letter.contains(format!("account_id\":{id},"));
    let any = accounts.iter().map(has).fold(Condition::any(), Condition::add);
    owned(db, any).await
}

/// The mails to these addresses, whatever became of them.
pub async fn list_all_to(
    db: &impl ConnectionTrait,
    email_keys: impl IntoIterator<Item = &str>,
) -> Result<Vec<Owned>, StorageError> {
    // The very expression of the index.
    let key = match db.get_database_backend() {
        DbBackend::Postgres => "lower(recipient COLLATE \"C\")",
        _ => "lower(recipient)",
    };
    owned(db, Condition::all().add(Expr::cust(key).is_in(email_keys))).await
}

async fn owned(db: &impl ConnectionTrait, which: Condition) -> Result<Vec<Owned>, StorageError> {
    let rows: Vec<(Uuid, String, Option<String>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::Letter, Column::Recipient])
        .filter(which)
        .into_tuple()
        .all(db)
        .await?;
    let owned = |(id, letter, recipient): (Uuid, String, Option<String>)| {
        let address = |deliverable: String| {
            let key = deliverable.to_ascii_lowercase();
            EmailAddress::from_db(deliverable, key)
        };
        Owned { id, letter, recipient: recipient.map(address) }
    };
    Ok(rows.into_iter().map(owned).collect())
}

/// Deletes a mail that has ended, if the lease is still held: its address is to be forgotten.
pub async fn forget(db: &impl ConnectionTrait, mail: &LeasedMail) -> Result<(), StorageError> {
    Entity::delete_many().filter(is_held(mail)).exec(db).await?;
    Ok(())
}
