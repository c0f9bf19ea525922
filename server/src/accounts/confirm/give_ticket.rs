//! A confirmed code of Create or ResendPassword comes into the account of its
//! address, or opens it, and gives the right to set the password.

use super::{Answer, Confirmed};
use crate::{
    accounts::{error::Error, unit_of_work::Work},
    audit::Action,
    model::{
        account::Account,
        challenge::{IssuedTicket, Purpose},
    },
    storage::{account, challenge},
};

impl Work<'_> {
    pub(super) async fn give_ticket(
        &self,
        answer: &Answer<'_>,
        existing: Option<Account>,
    ) -> Result<Confirmed, Error> {
        let (challenge, now) = (&answer.challenge, self.now);
        let email = &challenge.email;
        let account_existed = existing.is_some();
        let account = match (existing, challenge.purpose) {
            (Some(account), _) => account,
            (None, Purpose::Create) => {
                let profile = challenge.profile.clone();
                let account =
                    account::insert(&self.db, email, challenge.locale, profile, now).await?;
                self.record(account.id, challenge.machine.id, &Action::CreateAccount).await?;
                account
            }
            // The account has another address by now.
            (None, _) => return Err(Error::CodeExpired),
        };
        let ticket = answer.key.ticket(challenge.seed.as_ref().ok_or(Error::CodeSpent)?);
        let ticket_expire_time = now + self.accounts.lifetimes.ticket;
        let issued = IssuedTicket {
            digest: ticket.digest().as_bytes().to_vec(),
            expire_time: ticket_expire_time,
            spent_time: None,
        };
        let spent = answer.spent(account.id, account_existed, now);
        challenge::spend(&self.db, challenge.id, &spent, Some(&issued)).await?;
        Ok(Confirmed::Ticket {
            account_id: account.id,
            account_existed,
            ticket,
            ticket_expire_time,
        })
    }
}
