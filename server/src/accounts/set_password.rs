//! SetPassword: with the ticket of Confirm, which also links the machine of the
//! challenge that was named there, or with the current password on a linked machine.

mod with_password;
mod with_ticket;

use uuid::Uuid;

use super::{Accounts, Origin, error::Error, unit_of_work::Work};
use crate::{
    audit::Action,
    credentials::{
        hasher::{HashFor, PasswordHash},
        token::Token,
    },
    domain::{machine::Machine, password::Password, profile::Field, violation::Problem},
    mail::notice::{Event, Notice},
    model::account::Account,
    storage::{account, challenge},
};

/// By what right the password is set.
#[derive(Clone, Debug)]
pub enum Authority {
    /// The ticket of Confirm.
    Ticket(Token),
    /// The password in force, on a linked machine.
    CurrentPassword(Password),
}

/// Input of SetPassword.
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// By what right.
    pub authority: Authority,
    /// The password to set.
    pub new_password: Password,
    /// Whether to detach every other machine.
    pub unlink_other_machines: bool,
}

impl SetPassword {
    /// Whether a linked machine sets it, which brings its token.
    #[must_use]
    pub fn is_by_machine(&self) -> bool {
        matches!(self.authority, Authority::CurrentPassword(_))
    }
}

/// The password was set.
pub struct PasswordSet {
    /// The account.
    pub account: Account,
    /// The token of the machine that the ticket linked.
    pub link_token: Option<Token>,
}

impl Accounts {
    /// Sets the password.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the new password is too weak;
    /// [`Error::InvalidCredentials`], [`Error::PermissionDenied`],
    /// [`Error::TicketSpent`], [`Error::TicketExpired`].
    pub async fn set_password(
        &self,
        command: &SetPassword,
        origin: &Origin,
    ) -> Result<PasswordSet, Error> {
        match &command.authority {
            Authority::Ticket(ticket) => {
                self.set_password_with_ticket(command, ticket, origin).await
            }
            Authority::CurrentPassword(current) => {
                self.examine(|| self.set_password_with_password(command, current, origin)).await
            }
        }
    }

    /// Refuses a password that can be guessed, also by somebody who knows the account.
    /// The caller has shown a ticket, and so a mailbox, or a link token: it is hashed
    /// in the turn of those who are known.
    async fn hash_new_password(
        &self,
        account: &Account,
        new_password: &Password,
        origin: &Origin,
    ) -> Result<PasswordHash, Error> {
        let profile = &account.profile;
        let personal = [
            account.email.as_typed(),
            profile.company_name.as_str(),
            profile.last_name.as_str(),
            profile.first_name.as_str(),
            profile.city.as_str(),
        ];
        let personal = personal.map(str::to_owned).to_vec();
        let who = HashFor::Known(origin.ip);
        let judged = self.hasher.judge_and_hash(who, new_password.clone(), personal).await?;
        judged
            .map_err(|weakness| Error::invalid("new_password", Problem::PasswordTooWeak(weakness)))
    }
}

/// A password about to be stored.
struct NewPassword<'a> {
    hash: &'a PasswordHash,
    machine: &'a Machine,
    /// What the ticket did, if one was used.
    by_ticket: Option<ByTicket<'a>>,
    unlink_other_machines: bool,
}

/// What a ticket did before it sets the password.
struct ByTicket<'a> {
    /// The challenge that gave it.
    challenge_id: Uuid,
    /// What was detached to make room for the machine that it linked.
    detached: &'a [Machine],
}

impl Work<'_> {
    /// Stores the new password, and tells the customer and the audit trail.
    async fn store_password(
        &mut self,
        account: &mut Account,
        new: &NewPassword<'_>,
    ) -> Result<(), Error> {
        let (id, machine) = (account.id, new.machine);
        account::update_password(&self.db, id, new.hash).await?;
        // Whoever has read the mailbox before must not come in by what was mailed until now.
        let own = new.by_ticket.as_ref().map(|by_ticket| by_ticket.challenge_id);
        challenge::end_all(&self.db, account, own).await?;
        self.accounts.throttles.clear_secrets(&self.db, id).await?;
        self.accounts.throttles.clear_mails(&self.db, id, &account.email).await?;
        // A customer who sets a password because a stranger asked for another address
        // must not lose the account to that request afterwards.
        if account.pending_email.take().is_some() {
            account::update(&self.db, account, self.now).await?;
            self.record(id, machine.id, &Action::UpdateFields(vec![Field::Email])).await?;
        }
        self.record(id, machine.id, &Action::SetPassword).await?;
        if new.unlink_other_machines {
            self.unlink_others(id, machine.id).await?;
        }
        let detached = new.by_ticket.as_ref().map_or(&[][..], |by_ticket| by_ticket.detached);
        let event = Event::new(id, machine.name.as_str(), self.now).detaching(detached);
        let notice = if account.password_hash.is_none() {
            Notice::Welcome(event)
        } else {
            Notice::PasswordChanged { event, machine_linked: own.is_some() }
        };
        self.notify(account, notice).await?;
        account.password_hash = Some(new.hash.clone());
        Ok(())
    }
}
