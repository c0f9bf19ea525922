//! Rows read column by column, by position: to look each column up by its name
//! takes longer than to find the row.

use sea_orm::{DbErr, QueryResult};

use super::entity::{account, link};

/// Declares the columns to select and the function that reads them, from one list:
/// the order of an entity's fields has no part in it, and a column cannot be read
/// into the field of its neighbour.
macro_rules! by_position {
    ($entity:ident, $columns:ident, $read:ident: $($column:ident $field:ident),+ $(,)?) => {
        /// What is selected, in the order in which it is read.
        pub(super) const $columns: &[$entity::Column] = &[$($entity::Column::$column),+];

        /// Reads those columns, of which the first stands at `first`.
        pub(super) fn $read(row: &QueryResult, first: usize) -> Result<$entity::Model, DbErr> {
            let mut positions = first..;
            let mut next = || positions.next().unwrap_or(usize::MAX);
            $(let $field = row.try_get_by_index(next())?;)+
            Ok($entity::Model { $($field),+ })
        }
    };
}

by_position!(link, LINK, read_link:
    Id id,
    AccountId account_id,
    MachineId machine_id,
    MachineName machine_name,
    TokenDigest token_digest,
    LinkTime link_time,
    LastSeenTime last_seen_time,
    UnlinkTime unlink_time,
);

by_position!(account, ACCOUNT, read_account:
    Id id,
    Version version,
    Email email,
    EmailKey email_key,
    PendingEmail pending_email,
    PendingEmailExpireTime pending_email_expire_time,
    Locale locale,
    CompanyName company_name,
    LastName last_name,
    FirstName first_name,
    Address address,
    PostalCode postal_code,
    City city,
    CountryCode country_code,
    Phone phone,
    PhoneE164 phone_e164,
    ApeCode ape_code,
    ApeVersion ape_version,
    PasswordHash password_hash,
    CreateTime create_time,
    UpdateTime update_time,
);
