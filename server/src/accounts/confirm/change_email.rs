//! A confirmed code of a new address puts it in place, and tells the old one.

use super::{Answer, Confirmed};
use crate::{
    accounts::{error::Error, unit_of_work::Work},
    audit::{self, Action, Actor},
    domain::{email_address::EmailAddress, machine::MachineId},
    mail::notice::{Event, Notice},
    model::account::Account,
    storage::{account, challenge},
};

impl Work<'_> {
    pub(super) async fn change_email(
        &mut self,
        answer: &Answer<'_>,
        mut account: Account,
    ) -> Result<Confirmed, Error> {
        let (challenge, now) = (&answer.challenge, self.now);
        let (email, account_id) = (&challenge.email, account.id);
        if account.pending_address().as_ref().map(EmailAddress::key) != Some(email.key()) {
            // Another change of address has been asked for, or this one taken back.
            return Err(Error::CodeExpired);
        }
        let owner = account::find_id_by_email(&self.db, email.key()).await?;
        if owner.is_some_and(|owner| owner != account_id) {
            return Err(Error::EmailTaken);
        }
        let notice = Notice::EmailChanged {
            event: Event::new(account_id, challenge.machine.name.as_str(), now),
            new_email_masked: email.masked(),
        };
        // Before the address changes: it is the old one that is told.
        self.notify(&account, notice).await?;
        account.email = email.clone();
        account.pending_email = None;
        account::update(&self.db, &mut account, now).await?;
        // Of a change that the desk has started, or that is confirmed by the account's ID, all
        // that is known is the mailbox.
        let is_without_machine = answer.by_account || challenge.machine.id == MachineId::SUPPORT;
        let actor = if is_without_machine {
            Actor::mailbox(self.ip)
        } else {
            Actor::machine(challenge.machine.id, self.ip)
        };
        audit::record(&self.db, account_id, &Action::ChangeEmail, actor, now).await?;
        let spent = answer.spent(account_id, true, now);
        challenge::spend(&self.db, challenge.id, &spent, None).await?;
        Ok(Confirmed::EmailChanged(Box::new(account)))
    }
}
