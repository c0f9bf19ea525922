//! Table `account`. Whatever ID a caller names is one that leads to an account (`leads_to`).

use std::mem::take;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, ExprTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, SimpleExpr},
};

use super::{
    account_alias::leads_to,
    account_word::{self, SEARCH_VERSION},
    entity::{
        account::{ActiveModel, Column, Entity, Model},
        challenge,
    },
    error::StorageError,
    from_millis,
    many_keys::padded_lengths,
    to_millis,
};
use crate::{
    credentials::hasher::PasswordHash,
    domain::{
        account_id::AccountId,
        ape_code::{ApeCode, NafVersion},
        country::Country,
        email_address::EmailAddress,
        locale::Locale,
        minutes::Minutes,
        phone::Phone,
        postal_code::PostalCode,
        profile::Profile,
        search_words,
        text::{Line, Lines},
    },
    model::account::Account,
};

/// Finds an account by its ID, or by that of one that was merged into it.
pub async fn find(
    db: &impl ConnectionTrait,
    id: AccountId,
) -> Result<Option<Account>, StorageError> {
    Entity::find().filter(is_led_to_by(id)).one(db).await?.map(Account::try_from).transpose()
}

/// Finds an account by its ID, or by that of one that was merged into it, and keeps others from
/// changing it until the transaction ends.
///
/// On PostgreSQL, whoever waits here while the account is merged finds none, because where the
/// ID leads was read before the wait. The next look finds it.
pub async fn find_for_update(
    db: &impl ConnectionTrait,
    id: AccountId,
) -> Result<Option<Account>, StorageError> {
    let row = Entity::find().filter(is_led_to_by(id)).lock_exclusive().one(db).await?;
    row.map(Account::try_from).transpose()
}

/// Finds those of two accounts that there are, by their own IDs, and keeps others from changing
/// them until the transaction ends. They are locked in the order of their IDs: two transactions
/// that lock the same two do not each wait for the other.
pub async fn find_both_for_update(
    db: &impl ConnectionTrait,
    ids: [AccountId; 2],
) -> Result<Vec<Account>, StorageError> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids.map(AccountId::to_db)))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(Account::try_from).collect()
}

fn is_led_to_by(id: AccountId) -> SimpleExpr {
    Expr::col((Entity, Column::Id)).eq(leads_to(id))
}

/// Finds an account by its address' [key](EmailAddress::key), and keeps others
/// from changing it until the transaction ends.
pub async fn find_by_email_for_update(
    db: &impl ConnectionTrait,
    email_key: &str,
) -> Result<Option<Account>, StorageError> {
    let row =
        Entity::find().filter(Column::EmailKey.eq(email_key)).lock_exclusive().one(db).await?;
    row.map(Account::try_from).transpose()
}

/// The ID of the account with this address, if there is one.
pub async fn find_id_by_email(
    db: &impl ConnectionTrait,
    email_key: &str,
) -> Result<Option<AccountId>, StorageError> {
    let id: Option<i64> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::EmailKey.eq(email_key))
        .into_tuple()
        .one(db)
        .await?;
    id.map(account_id).transpose()
}

/// The accounts with these IDs, as far as there are any.
pub async fn find_all(
    db: &impl ConnectionTrait,
    ids: impl IntoIterator<Item = AccountId>,
) -> Result<Vec<Account>, StorageError> {
    let ids = padded_lengths(ids.into_iter().map(AccountId::to_db).collect(), 1);
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db).await?;
    rows.into_iter().map(Account::try_from).collect()
}

/// The accounts for which this address waits to be confirmed, by ID; at most `limit`. It is
/// looked up by the challenges, which have an index.
pub async fn find_ids_by_pending_email(
    db: &impl ConnectionTrait,
    email_key: &str,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<AccountId>, StorageError> {
    let ids: Vec<Option<i64>> = challenge::Entity::find()
        .select_only()
        .column(challenge::Column::AccountId)
        .filter(challenge::Column::EmailKey.eq(email_key))
        .filter(challenge::Column::AccountId.is_not_null())
        .filter(challenge::Column::SpentTime.is_null())
        .filter(challenge::Column::ExpireTime.gt(to_millis(now)))
        .group_by(challenge::Column::AccountId)
        .order_by_asc(challenge::Column::AccountId)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    ids.into_iter().flatten().map(account_id).collect()
}

/// The account that an ID leads to, and its address, if there is one. Whether there is takes
/// no more and no less time: the aggregates give one row in either case, and a driver
/// takes longer to hand over a row than none.
pub async fn find_email(
    db: &impl ConnectionTrait,
    id: AccountId,
) -> Result<Option<(AccountId, EmailAddress)>, StorageError> {
    let found: Option<(Option<i64>, Option<String>, Option<String>)> = Entity::find()
        .select_only()
        .column_as(Column::Id.max(), "id")
        .column_as(Column::Email.max(), "email")
        .column_as(Column::EmailKey.max(), "email_key")
        .filter(is_led_to_by(id))
        .into_tuple()
        .one(db)
        .await?;
    let Some((Some(id), Some(typed), Some(key))) = found else { return Ok(None) };
    Ok(Some((account_id(id)?, EmailAddress::from_db(typed, key))))
}

/// Opens an account.
///
/// # Errors
/// [`StorageError::Unique`] when the address has an account already.
pub async fn insert(
    db: &impl ConnectionTrait,
    email: &EmailAddress,
    locale: Locale,
    profile: Profile,
    now: Timestamp,
) -> Result<Account, StorageError> {
    let row = ActiveModel {
        version: Set(1),
        email: Set(email.as_typed().to_owned()),
        email_key: Set(email.key().to_owned()),
        locale: Set(locale.tag().to_owned()),
        create_time: Set(to_millis(now)),
        update_time: Set(to_millis(now)),
        ..columns(&profile)
    };
    let account = Account::try_from(Entity::insert(row).exec_with_returning(db).await?)?;
    account_word::insert(db, account.id.to_db(), words_of(&account)).await?;
    Ok(account)
}

/// Stores a changed account, which the transaction has
/// [locked](find_for_update), as its next version.
///
/// # Errors
/// [`StorageError::Unique`] when its address is another account's.
pub async fn update(
    db: &impl ConnectionTrait,
    account: &mut Account,
    now: Timestamp,
) -> Result<(), StorageError> {
    account.version += 1;
    account.update_time = now;
    let (pending_email, pending_email_expire_time) = account.pending_email.clone().unzip();
    let row = ActiveModel {
        version: Set(account.version),
        email: Set(account.email.as_typed().to_owned()),
        email_key: Set(account.email.key().to_owned()),
        pending_email: Set(pending_email),
        pending_email_expire_time: Set(pending_email_expire_time.map(to_millis)),
        locale: Set(account.locale.tag().to_owned()),
        update_time: Set(to_millis(now)),
        ..columns(&account.profile)
    };
    let id = account.id.to_db();
    Entity::update_many()
        .set(row)
        .col_expr(SEARCH_VERSION, Expr::value(account.version))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    account_word::update(db, id, words_of(account)).await
}

/// By which it is found.
fn words_of(account: &Account) -> Vec<String> {
    search_words::of_account(&account.email, &account.profile)
}

/// Stores a password's hash; the account's version stays, for the form has not changed.
pub async fn update_password(
    db: &impl ConnectionTrait,
    id: AccountId,
    hash: &PasswordHash,
) -> Result<(), StorageError> {
    let row = ActiveModel { password_hash: Set(Some(hash.to_phc())), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(id.to_db())).exec(db).await?;
    Ok(())
}

/// Raises an account's version, by which forms that were read before are known.
pub async fn update_version(
    db: &impl ConnectionTrait,
    id: AccountId,
    version: i64,
) -> Result<(), StorageError> {
    let row = ActiveModel { version: Set(version), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(id.to_db())).exec(db).await?;
    Ok(())
}

/// Stores the balance of an account's time ledger; its version stays, for the form has not
/// changed.
pub async fn update_time_balance(
    db: &impl ConnectionTrait,
    id: AccountId,
    balance: Minutes,
) -> Result<(), StorageError> {
    let row = ActiveModel { time_balance: Set(balance.number()), ..Default::default() };
    Entity::update_many().set(row).filter(Column::Id.eq(id.to_db())).exec(db).await?;
    Ok(())
}

/// Deletes an account to which nothing refers any more.
pub async fn delete(db: &impl ConnectionTrait, id: AccountId) -> Result<(), StorageError> {
    Entity::delete_by_id(id.to_db()).exec(db).await?;
    Ok(())
}

/// The ID in a row.
pub(super) fn account_id(id: i64) -> Result<AccountId, StorageError> {
    AccountId::from_db(id).ok_or_else(|| StorageError::damaged("account_id"))
}

/// Declares the way of a profile into its columns and back, from one list of the
/// columns that hold one text each: neither way can lack a field.
macro_rules! profile_columns {
    ($($text:ident $parsed:ident),+ $(,)?) => {
        fn columns(profile: &Profile) -> ActiveModel {
            let Profile { $($text,)+ country, phone, ape_code } = profile;
            ActiveModel {
                $($text: Set($text.as_str().to_owned()),)+
                country_code: Set(country.alpha3().to_owned()),
                phone: Set(phone.as_str().to_owned()),
                phone_e164: Set(phone.e164().map(str::to_owned)),
                ape_code: Set(ape_code.as_str().to_owned()),
                ape_version: Set(ape_code.version().map(|version| version.to_db().to_owned())),
                ..Default::default()
            }
        }

        /// The profile in a row, whose texts are taken out of it.
        fn take_profile(row: &mut Model) -> Result<Profile, StorageError> {
            let country = Country::parse(&row.country_code);
            let ape_version = row.ape_version.as_deref().map(NafVersion::from_db);
            Ok(Profile {
                $($text: $parsed::from_db(take(&mut row.$text)),)+
                country: country.map_err(|_| StorageError::damaged("country"))?,
                phone: Phone::from_db(take(&mut row.phone), row.phone_e164.take()),
                ape_code: ApeCode::from_db(take(&mut row.ape_code), ape_version),
            })
        }
    };
}

profile_columns! {
    company_name Line,
    last_name Line,
    first_name Line,
    address Lines,
    postal_code PostalCode,
    city Line,
}

impl TryFrom<Model> for Account {
    type Error = StorageError;

    fn try_from(mut row: Model) -> Result<Self, StorageError> {
        let password_hash = row.password_hash.as_deref().map(PasswordHash::parse).transpose();
        Ok(Self {
            profile: take_profile(&mut row)?,
            id: account_id(row.id)?,
            version: row.version,
            email: EmailAddress::from_db(row.email, row.email_key),
            pending_email: row.pending_email.zip(row.pending_email_expire_time.map(from_millis)),
            locale: Locale::from_db(&row.locale),
            password_hash: password_hash.map_err(|_| StorageError::damaged("password_hash"))?,
            create_time: from_millis(row.create_time),
            update_time: from_millis(row.update_time),
            time_balance: Minutes::new(row.time_balance),
        })
    }
}
