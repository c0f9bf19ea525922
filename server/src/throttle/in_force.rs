//! Which limits hold for a customer just now, for the support desk. It counts nothing and
//! locks nothing.

use jiff::Timestamp;
use sea_orm::ConnectionTrait;

use super::{Asker, Guesser, Subject, Throttles, Tried, keys};
use crate::{
    domain::{account_id::AccountId, email_address::EmailAddress, machine::MachineId},
    storage::{self, error::StorageError},
};

/// How many networks are looked at that wrong passwords and codes came from: a siege by more
/// of them is seen by the limit of all strangers.
const MOST_NETWORKS: u64 = 500;

/// A limit that holds.
#[derive(Clone, Debug)]
pub struct LimitInForce {
    /// Whose.
    pub subject: Subject,
    /// Until when.
    pub until: Timestamp,
}

impl Throttles {
    /// The limits on wrong passwords and codes that hold for an account with these machines.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn secrets_in_force(
        &self,
        db: &impl ConnectionTrait,
        account: AccountId,
        machines: impl IntoIterator<Item = MachineId>,
        now: Timestamp,
    ) -> Result<Vec<LimitInForce>, StorageError> {
        let guessers = machines.into_iter().map(Guesser::Linked).chain([Guesser::Strangers]);
        // By name, because a siege leaves more rows than are read.
        let named: Vec<Subject> = guessers
            .flat_map(|guesser| {
                [Tried::Password, Tried::Code]
                    .map(|tried| Subject::Secrets(account, tried, guesser))
            })
            .collect();
        let mut hits = storage::throttle::find(db, keys(&named)).await?;
        let of_account = Subject::keys_of_secrets(account);
        hits.extend(storage::throttle::find_secrets(db, of_account, MOST_NETWORKS).await?);
        let in_force = hits.iter().filter_map(|(key, hits)| {
            let subject = Subject::of_secrets(account, key)?;
            let wait = self.limits(&subject).wait_of_shares(hits, subject.shares(), now)?;
            Some(LimitInForce { subject, until: now + wait })
        });
        Ok(in_force.collect())
    }

    /// The limits on mails into a mailbox that hold, by whichever way the customer asks for
    /// them: those by which a call is refused, and those that make a mail wait.
    ///
    /// # Errors
    /// A [`StorageError`].
    pub async fn mails_in_force(
        &self,
        db: &impl ConnectionTrait,
        account: Option<AccountId>,
        mailbox: &EmailAddress,
        now: Timestamp,
    ) -> Result<Vec<LimitInForce>, StorageError> {
        let by_address = [Asker::StrangerByAddress, Asker::Seen, Asker::Linked];
        let by_id = [Asker::StrangerById, Asker::Seen];
        let to = by_address.map(|asker| Subject::MailsTo(mailbox.clone(), asker));
        let into = by_address.into_iter().chain([Asker::StrangerById]);
        let into = into.map(|asker| Subject::MailsInto(mailbox.clone(), asker));
        let ids =
            account.into_iter().flat_map(|id| by_id.map(|asker| Subject::MailsFor(id, asker)));
        let subjects: Vec<Subject> = to.into_iter().chain(ids).chain(into).collect();
        let mut hits = storage::throttle::find(db, keys(&subjects)).await?;
        let in_force = subjects.into_iter().filter_map(|subject| {
            let hits = hits.remove(&subject.key())?;
            let (limits, shares) = (self.limits(&subject), subject.shares());
            let until = match &subject {
                Subject::MailsInto(..) => limits.next_turn(&hits, shares, now),
                _ => now + limits.wait_of_shares(&hits, shares, now)?,
            };
            (until > now).then_some(LimitInForce { subject, until })
        });
        Ok(in_force.collect())
    }
}
