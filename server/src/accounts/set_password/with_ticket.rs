//! SetPassword by ticket: sets the password and links the machine that asked
//! for the code, once; the same call again gets the same answer for a while.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Accounts, Error, NewPassword, Origin, PasswordSet, SetPassword};
use crate::{
    accounts::unit_of_work::Work,
    credentials::{
        derivation::link_token_of_ticket,
        hasher::{HashFor, PasswordHash, Verdict},
        token::Token,
    },
    domain::account_id::AccountId,
    model::challenge::{Challenge, IssuedTicket},
    storage::{account, challenge, link},
};

/// A challenge that gave a ticket.
struct Ticketed {
    challenge: Challenge,
    ticket: IssuedTicket,
    account_id: AccountId,
}

/// What a try to use a ticket came to.
enum Use {
    Done(Box<PasswordSet>),
    /// It was spent before.
    SpentBefore,
}

impl Accounts {
    pub(super) async fn set_password_with_ticket(
        &self,
        command: &SetPassword,
        ticket: &Token,
        origin: &Origin,
    ) -> Result<PasswordSet, Error> {
        let found = challenge::find_by_ticket(&self.db.read(), &ticket.digest()).await?;
        let ticketed = Ticketed::of(found, ticket)?;
        if ticketed.ticket.spent_time.is_none() {
            ticketed.check_fresh(self.now())?;
            let account = account::find(&self.db.read(), ticketed.account_id).await?;
            let account = account.ok_or(Error::InvalidCredentials)?;
            let hash = self.hash_new_password(&account, &command.new_password, origin).await?;
            let ids = (account.id, ticketed.challenge.id);
            let attempt = |work| Work::use_ticket(work, command, ticket, ids, &hash);
            let tried = self.change(origin, attempt).await?;
            if let Use::Done(set) = tried {
                return Ok(*set);
            }
        }
        self.repeat_with_ticket(command, ticket, origin).await
    }

    /// The answer may have been lost: within the window, the same ticket with
    /// the same password gets it again, unless what it gave was undone since.
    async fn repeat_with_ticket(
        &self,
        command: &SetPassword,
        ticket: &Token,
        origin: &Origin,
    ) -> Result<PasswordSet, Error> {
        let found = challenge::find_by_ticket(&self.db.read(), &ticket.digest()).await?;
        let Ticketed { challenge, ticket: issued, account_id } = Ticketed::of(found, ticket)?;
        let (Some(seed), true) = (challenge.seed, issued.may_repeat(self.now())) else {
            return Err(Error::TicketSpent);
        };
        let account = account::find(&self.db.read(), account_id).await?;
        let account = account.ok_or(Error::TicketSpent)?;
        let stored = account.password_hash.clone();
        let (who, password) = (HashFor::Known(origin.ip), command.new_password.clone());
        let verdict = self.hasher.verify_password(who, password, stored).await?;
        let link_token = link_token_of_ticket(ticket, &seed);
        let link = link::find(&self.db.read(), account_id, challenge.machine.id).await?;
        let is_its_own = link.is_some_and(|link| link.is_opened_by(&link_token.digest()));
        if !matches!(verdict, Verdict::Right { .. }) || !is_its_own {
            return Err(Error::TicketSpent);
        }
        Ok(PasswordSet { account, link_token: Some(link_token) })
    }
}

impl Work<'_> {
    async fn use_ticket(
        mut self,
        command: &SetPassword,
        ticket: &Token,
        (account_id, challenge_id): (AccountId, Uuid),
        hash: &PasswordHash,
    ) -> Result<Use, Error> {
        // Whoever holds an account may go on to its challenges: it is locked first.
        let mut account = self.account(account_id).await?;
        let locked = challenge::find_for_update(&self.db, challenge_id).await?;
        let ticketed = Ticketed::of(locked, ticket)?;
        if ticketed.ticket.spent_time.is_some() {
            return Ok(Use::SpentBefore);
        }
        ticketed.check_fresh(self.now)?;
        let challenge = &ticketed.challenge;
        let seed = challenge.seed.as_ref().ok_or(Error::TicketExpired)?;
        // It proved the mailbox of that time: a person who has only that one must not
        // come back into an account that has left it.
        if account.email.key() != challenge.email.key() {
            return Err(Error::TicketExpired);
        }
        let link_token = link_token_of_ticket(ticket, seed);
        let machine = &challenge.machine;
        let detached = self.link(account.id, machine, &link_token.digest()).await?;
        let new = NewPassword {
            hash,
            machine,
            linked: Some(&detached),
            unlink_other_machines: command.unlink_other_machines,
        };
        // Before all others are ended: a ticket that is used may be repeated.
        challenge::spend_ticket(&self.db, challenge.id, self.now).await?;
        self.store_password(&mut account, &new).await?;
        self.commit().await?;
        Ok(Use::Done(Box::new(PasswordSet { account, link_token: Some(link_token) })))
    }
}

impl Ticketed {
    /// The challenge that gave this ticket; compared as a digest, in constant time.
    fn of(found: Option<Challenge>, ticket: &Token) -> Result<Self, Error> {
        let challenge = found.ok_or(Error::InvalidCredentials)?;
        let issued = challenge.ticket.clone().ok_or(Error::InvalidCredentials)?;
        let account_id = challenge.spent.as_ref().map(|spent| spent.account_id);
        let account_id = account_id.ok_or(Error::InvalidCredentials)?;
        if !ticket.digest().matches(&issued.digest) {
            return Err(Error::InvalidCredentials);
        }
        Ok(Self { challenge, ticket: issued, account_id })
    }

    fn check_fresh(&self, now: Timestamp) -> Result<(), Error> {
        if self.ticket.is_expired(now) { Err(Error::TicketExpired) } else { Ok(()) }
    }
}
