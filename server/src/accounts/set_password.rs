//! SetPassword: with the ticket of Confirm, which also links the machine that
//! asked for the code, or with the current password on a linked machine.

mod with_password;
mod with_ticket;

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;

use super::{Accounts, Origin, error::Error, linking::unlink_others};
use crate::{
    audit::{self, Action, Actor},
    credentials::{
        hasher::{HashFor, PasswordHash},
        token::Token,
    },
    domain::{machine::Machine, password::Password, profile::Field, violation::Problem},
    mail::letter::{Event, Letter},
    model::account::Account,
    storage::account,
};

/// By what right the password is set.
#[derive(Clone, Debug)]
pub enum Authority {
    /// The ticket of Confirm.
    Ticket(Token),
    /// The password in force, on a linked machine.
    CurrentPassword(Password),
}

/// What SetPassword is asked.
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// By what right.
    pub authority: Authority,
    /// The password to set.
    pub new_password: Password,
    /// Whether to detach every other machine.
    pub unlink_other_machines: bool,
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
        let set = match &command.authority {
            Authority::Ticket(ticket) => {
                self.set_password_with_ticket(command, ticket, origin).await?
            }
            Authority::CurrentPassword(current) => {
                self.set_password_with_password(command, current, origin).await?
            }
        };
        self.wake_mailer();
        Ok(set)
    }

    /// Refuses a password that can be guessed, also by who knows the account. It is
    /// asked for by who has shown a ticket, and so a mailbox, or a link token.
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

/// Stores the new password, and tells the customer and the audit trail.
struct Change<'a> {
    accounts: &'a Accounts,
    command: &'a SetPassword,
    machine: &'a Machine,
    /// What was detached to make room, if the machine is linked by this very change.
    linked: Option<Vec<Machine>>,
    actor: Actor,
    now: Timestamp,
}

impl Change<'_> {
    async fn store(
        &self,
        transaction: &DatabaseTransaction,
        account: &mut Account,
        hash: &PasswordHash,
    ) -> Result<(), Error> {
        let (id, now) = (account.id, self.now);
        account::update_password(transaction, id, hash).await?;
        // Whoever sets a password because a stranger asked for another address
        // must not lose the account to that request afterwards.
        if account.pending_email.take().is_some() {
            account::update(transaction, account, now).await?;
            let action = Action::UpdateFields(vec![Field::Email]);
            audit::record(transaction, id, &action, self.actor, now).await?;
        }
        audit::record(transaction, id, &Action::SetPassword, self.actor, now).await?;
        if self.command.unlink_other_machines {
            unlink_others(transaction, id, self.machine.id, self.actor, now).await?;
        }
        let detached = self.linked.as_deref().unwrap_or_default();
        let event = Event::new(id, self.machine.name.as_str(), now).detaching(detached);
        let letter = if account.password_hash.is_none() {
            Letter::Welcome(event)
        } else {
            Letter::PasswordChanged { event, machine_linked: self.linked.is_some() }
        };
        self.accounts.owe_notice(transaction, account, &letter, now).await?;
        account.password_hash = Some(hash.clone());
        Ok(())
    }
}
