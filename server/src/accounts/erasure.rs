//! What is erased of an account, for whoever erases it: an agent of the desk, or the operator.
//! It sorts out what belongs to the account; [`storage::erasure`](erasure) deletes it. Of the time
//! ledger, entries stay, for the books, and what people wrote about them goes.
//!
//! What other customers have done with its addresses is theirs: a code by which another account
//! asks for one of them, and whatever there is at an address that has become another account's.

use std::collections::HashSet;

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    domain::{
        account_id::AccountId, email_address::EmailAddress, minutes::Minutes,
        request_name::RequestName,
    },
    mail::letter::Letter,
    model::{
        account::Account,
        time_entry::{NewTimeEntry, Reference, TimeEntryKind, TimeEntryNote},
    },
    storage::{
        account, account_alias, challenge,
        erasure::{self, Belongings, Erased},
        error::StorageError,
        maintenance,
        outbox_mail::{self, Owned},
        time_entry::{self, Placed},
        transaction::Transaction,
    },
    throttle::of_account,
};

/// Erases an account that the transaction has locked, and marks the file as to be compacted. What
/// is left of its time is written off by an entry of the ledger, of this support key or of the
/// operator.
///
/// # Errors
/// A [`StorageError`].
pub async fn erase(
    transaction: &Transaction,
    account: &Account,
    support_key_id: Option<i32>,
    write_off: RequestName,
    now: Timestamp,
) -> Result<Erased, StorageError> {
    if !account.time_balance.is_zero() {
        let entry = NewTimeEntry {
            request: write_off,
            kind: TimeEntryKind::WriteOff,
            minutes: account.time_balance.negated(),
            allow_overdraft: true,
            corrects: None,
            transfer_id: None,
            reference: Reference::default(),
            support_key_id,
            support_time: now,
            note: TimeEntryNote::default(),
        };
        // The balance goes with the account's row.
        let (account_id, balance_after) = (account.id, Minutes::ZERO);
        let placed = Placed { account_id, balance_after, overdraft: false };
        time_entry::insert(transaction, &entry, placed, now).await?;
    }
    let belongings = belongings(transaction, account).await?;
    let erased = erasure::erase(transaction, account.id, belongings, now).await?;
    maintenance::mark(transaction, now).await?;
    Ok(erased)
}

/// How much there is to erase.
///
/// # Errors
/// A [`StorageError`].
pub async fn count(db: &impl ConnectionTrait, account: &Account) -> Result<Erased, StorageError> {
    let ids = ids(db, account.id).await?;
    erasure::count(db, account.id, &ids).await
}

/// The ID of an account, and those that lead to it.
async fn ids(db: &impl ConnectionTrait, id: AccountId) -> Result<Vec<AccountId>, StorageError> {
    let mut ids = account_alias::list(db, id).await?;
    ids.push(id);
    Ok(ids)
}

async fn belongings(
    db: &impl ConnectionTrait,
    account: &Account,
) -> Result<Belongings, StorageError> {
    let ids = ids(db, account.id).await?;
    let about = outbox_mail::list_about(db, &ids).await?;
    let about: Vec<Owned> =
        about.into_iter().filter(|mail| is_notice_of(&mail.letter, &ids)).collect();
    let addresses = addresses(db, account, &about).await?;
    let keys = || addresses.iter().map(EmailAddress::key);

    let naming = challenge::list_naming(db, account.id).await?;
    let own = challenge::list_of_addresses(db, keys()).await?;
    let challenges: HashSet<Uuid> = naming.iter().map(|(id, _)| *id).chain(own).collect();

    // The addresses that it was to have are looked at for its own codes only.
    let asked = naming.iter().map(|(_, email)| email);
    let places = addresses.iter().chain(asked.clone()).map(EmailAddress::key);
    let places: HashSet<&str> = places.filter(|key| !key.is_empty()).collect();
    let sent = outbox_mail::list_all_to(db, places).await?;
    let of_others = codes_of_others(db, &sent, &challenges).await?;
    let own_keys: HashSet<&str> = keys().collect();
    let is_own = |mail: &&Owned| {
        let to_own = mail.recipient.as_ref().is_some_and(|to| own_keys.contains(to.key()));
        match Letter::from_json(&mail.letter) {
            Ok(Letter::Code { challenge_id, .. }) => {
                challenges.contains(&challenge_id) || to_own && !of_others.contains(&challenge_id)
            }
            // Those of the account are among the others.
            Ok(Letter::Notice(_)) => false,
            // Of a later release.
            Err(_) => to_own,
        }
    };
    let mails = sent.iter().filter(is_own).chain(&about).map(|mail| mail.id);
    Ok(Belongings {
        limits: of_account::keys_of_mails(account.id, &addresses, asked),
        secrets: of_account::keys_of_secrets(account.id),
        mails: mails.collect::<HashSet<Uuid>>().into_iter().collect(),
        challenges: challenges.into_iter().collect(),
        ids,
    })
}

/// Its address, the one that is pending, and those that it had lately, as far as its notices
/// tell: a change of address tells the old one. One that is another account's is that one's.
async fn addresses(
    db: &impl ConnectionTrait,
    account: &Account,
    notices: &[Owned],
) -> Result<Vec<EmailAddress>, StorageError> {
    let mut addresses = vec![account.email.clone()];
    let told = notices.iter().filter_map(|mail| mail.recipient.clone());
    for address in account.pending_address().into_iter().chain(told) {
        let is_known = addresses.iter().any(|known| known.key() == address.key());
        if !is_known && account::find_id_by_email(db, address.key()).await?.is_none() {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// Those of the codes in `mails` by which another account is to have an address.
async fn codes_of_others(
    db: &impl ConnectionTrait,
    mails: &[Owned],
    own: &HashSet<Uuid>,
) -> Result<HashSet<Uuid>, StorageError> {
    let codes = mails.iter().filter_map(|mail| match Letter::from_json(&mail.letter) {
        Ok(Letter::Code { challenge_id, .. }) => Some(challenge_id),
        _ => None,
    });
    let others: Vec<Uuid> = codes.filter(|id| !own.contains(id)).collect();
    Ok(challenge::find_changes(db, &others).await?.into_iter().collect())
}

/// Whether a letter tells the owner of one of these accounts of it.
fn is_notice_of(letter: &str, ids: &[AccountId]) -> bool {
    let Ok(Letter::Notice(notice)) = Letter::from_json(letter) else { return false };
    ids.iter().any(|id| id.number() == notice.account_id())
}
