//! All that is counted for one account, whoever has done it and however it was asked for: for
//! an account that is erased, and for whoever is told what is kept of it.

use std::{collections::BTreeMap, ops::Range};

use jiff::Timestamp;
use sea_orm::ConnectionTrait;

use super::{Asker, Subject, subject::Helped};
use crate::{
    domain::{account_id::AccountId, email_address::EmailAddress},
    storage::{self, error::StorageError},
};

/// How many rows of wrong passwords and codes are told: a siege leaves more.
const MOST: u64 = 1_000;

/// Every way to ask for a mail.
const WAYS: [Asker; 6] = [
    Asker::StrangerByAddress,
    Asker::StrangerById,
    Asker::Seen,
    Asker::Linked,
    Asker::NewAddress,
    Asker::Support,
];

/// The keys of the mails that are counted for an account, into its mailboxes, and as new address
/// into those that it was to have.
pub fn keys_of_mails<'a>(
    account: AccountId,
    mailboxes: impl IntoIterator<Item = &'a EmailAddress>,
    new: impl IntoIterator<Item = &'a EmailAddress>,
) -> Vec<String> {
    let by_id = WAYS.map(|way| Subject::MailsFor(account, way));
    let by_desk = [Helped::Account(account), Helped::NewAddress(account)];
    let mailboxes = mailboxes.into_iter().flat_map(|mailbox| {
        let ways = WAYS.into_iter().flat_map(|way| {
            [Subject::MailsTo(mailbox.clone(), way), Subject::MailsInto(mailbox.clone(), way)]
        });
        ways.chain([Subject::SupportMails(Helped::Address(mailbox.clone()))])
    });
    let new = new.into_iter().flat_map(|mailbox| {
        [Asker::NewAddress, Asker::Support].map(|way| Subject::MailsInto(mailbox.clone(), way))
    });
    let desk = by_desk.map(Subject::SupportMails);
    let subjects = by_id.into_iter().chain(desk).chain(mailboxes).chain(new);
    subjects.map(|subject| subject.key()).collect()
}

/// The keys of the wrong passwords and codes that are counted for an account.
#[must_use]
pub fn keys_of_secrets(account: AccountId) -> Range<String> {
    Subject::keys_of_secrets(account)
}

/// When what is counted happened, the oldest first.
#[derive(Debug, Default)]
pub struct CountedTimes {
    /// Wrong passwords, and wrong codes beside the client ID.
    pub secrets: Vec<Timestamp>,
    /// Mails.
    pub mails: Vec<Timestamp>,
}

/// When what is counted for an account happened. What strangers have sent to the address that is
/// pending may be somebody else's, and is not told.
///
/// # Errors
/// A [`StorageError`].
pub async fn counted(
    db: &impl ConnectionTrait,
    account: AccountId,
    mailbox: &EmailAddress,
    pending: Option<&EmailAddress>,
) -> Result<CountedTimes, StorageError> {
    let keys = keys_of_mails(account, [mailbox], pending);
    let mails = storage::throttle::find(db, keys).await?;
    let secrets = storage::throttle::find_secrets(db, keys_of_secrets(account), MOST).await?;
    Ok(CountedTimes { secrets: times(secrets), mails: times(mails) })
}

/// One mail is counted in several places, at one time.
fn times(hits: BTreeMap<String, Vec<Timestamp>>) -> Vec<Timestamp> {
    let mut times: Vec<Timestamp> = hits.into_values().flatten().collect();
    times.sort_unstable();
    times.dedup();
    times
}
