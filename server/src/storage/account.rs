//! Table `account`.

use std::mem::take;

use jiff::Timestamp;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QuerySelect as _,
};

use super::{
    entity::account::{ActiveModel, Column, Entity, Model},
    error::StorageError,
    from_millis, to_millis,
};
use crate::{
    credentials::hasher::PasswordHash,
    domain::{
        account_id::AccountId,
        ape_code::{ApeCode, NafVersion},
        country::Country,
        email_address::EmailAddress,
        locale::Locale,
        phone::Phone,
        postal_code::PostalCode,
        profile::Profile,
        text::{Line, Lines},
    },
    model::account::Account,
};

/// Finds an account by its ID.
pub async fn find(
    db: &impl ConnectionTrait,
    id: AccountId,
) -> Result<Option<Account>, StorageError> {
    Entity::find_by_id(id.to_db()).one(db).await?.map(Account::try_from).transpose()
}

/// Finds an account and keeps others from changing it until the transaction ends.
pub async fn find_for_update(
    db: &impl ConnectionTrait,
    id: AccountId,
) -> Result<Option<Account>, StorageError> {
    let row = Entity::find_by_id(id.to_db()).lock_exclusive().one(db).await?;
    row.map(Account::try_from).transpose()
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

/// The address of an account, if there is one. Whether there is takes no more
/// and no less time: the aggregates give one row in either case, and a driver
/// takes longer to hand over a row than none.
pub async fn find_email(
    db: &impl ConnectionTrait,
    id: AccountId,
) -> Result<Option<EmailAddress>, StorageError> {
    let email: Option<(Option<String>, Option<String>)> = Entity::find_by_id(id.to_db())
        .select_only()
        .column_as(Column::Email.max(), "email")
        .column_as(Column::EmailKey.max(), "email_key")
        .into_tuple()
        .one(db)
        .await?;
    let email = email.and_then(|(typed, key)| typed.zip(key));
    Ok(email.map(|(typed, key)| EmailAddress::from_db(typed, key)))
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
    Account::try_from(Entity::insert(row).exec_with_returning(db).await?)
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
    Entity::update_many().set(row).filter(Column::Id.eq(account.id.to_db())).exec(db).await?;
    Ok(())
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
        })
    }
}
