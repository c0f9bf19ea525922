//! SetPassword by ticket: sets the password and links the machine of the challenge
//! that gave it, once; the same call again gets the same answer for a while.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Accounts, ByTicket, Error, NewPassword, Origin, PasswordSet, SetPassword};
use crate::{
    accounts::unit_of_work::Work,
    credentials::{
        derivation::{Seed, link_token_of_ticket},
        hasher::{HashFor, PasswordHash, Verdict},
        token::Token,
    },
    domain::account_id::AccountId,
    model::challenge::{Challenge, IssuedTicket},
    storage::{account, challenge, link},
    telemetry::call,
    throttle::{AttemptBy, Tried, TriedSecret},
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
        call::note_account(ticketed.account_id);
        call::note_machine(ticketed.challenge.machine.id);
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
    ///
    /// Another password is no repeat, but a guess at the one in force.
    async fn repeat_with_ticket(
        &self,
        command: &SetPassword,
        ticket: &Token,
        origin: &Origin,
    ) -> Result<PasswordSet, Error> {
        let found = challenge::find_by_ticket(&self.db.read(), &ticket.digest()).await?;
        let ticketed = Ticketed::of(found, ticket)?;
        ticketed.seed_to_repeat(self.now())?;
        let account = account::find(&self.db.read(), ticketed.account_id).await?;
        let account = account.ok_or(Error::TicketSpent)?;
        let stored = account.password_hash.clone();
        let (who, password) = (HashFor::Known(origin.ip), command.new_password.clone());
        let verdict = self.hasher.verify_password(who, password, stored).await?;
        let is_right = matches!(verdict, Verdict::Right { .. });
        let ids = (account.id, ticketed.challenge.id);
        self.change(origin, |work| work.repeat_ticket(ticket, ids, is_right)).await
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
            by_ticket: Some(ByTicket { challenge_id: challenge.id, detached: &detached }),
            unlink_other_machines: command.unlink_other_machines,
        };
        // Before all others are ended: a ticket that is used may be repeated.
        challenge::spend_ticket(&self.db, challenge.id, self.now).await?;
        self.store_password(&mut account, &new).await?;
        self.commit().await?;
        Ok(Use::Done(Box::new(PasswordSet { account, link_token: Some(link_token) })))
    }
}

impl Work<'_> {
    /// Gives the answer again. The first wrong password counts, and ends the right to ask:
    /// else a spent ticket would tell, uncounted, which password is in force.
    async fn repeat_ticket(
        self,
        ticket: &Token,
        (account_id, challenge_id): (AccountId, Uuid),
        is_right: bool,
    ) -> Result<PasswordSet, Error> {
        let account = self.account(account_id).await?;
        let locked = challenge::find_for_update(&self.db, challenge_id).await?;
        let ticketed = Ticketed::of(locked, ticket)?;
        // It is gone if another password was set while this one was hashed.
        let seed = ticketed.seed_to_repeat(self.now)?;
        if !is_right {
            challenge::end_repeats(&self.db, challenge_id).await?;
            let by = AttemptBy::Stranger(self.ip);
            let tried = TriedSecret::new(account_id, Tried::Password, by);
            self.count_wrong_password(&tried).await?;
            self.commit().await?;
            return Err(Error::TicketSpent);
        }
        let link_token = link_token_of_ticket(ticket, &seed);
        let link = link::find(&self.db, account_id, ticketed.challenge.machine.id).await?;
        self.discard().await?;
        if link.is_some_and(|link| link.is_opened_by(&link_token.digest())) {
            Ok(PasswordSet { account, link_token: Some(link_token) })
        } else {
            Err(Error::TicketSpent)
        }
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

    /// What gives the answer again to the call that used it.
    fn seed_to_repeat(&self, now: Timestamp) -> Result<Seed, Error> {
        let seed = self.challenge.seed.filter(|_| self.ticket.may_repeat(now));
        seed.ok_or(Error::TicketSpent)
    }

    fn check_fresh(&self, now: Timestamp) -> Result<(), Error> {
        if self.ticket.is_expired(now) { Err(Error::TicketExpired) } else { Ok(()) }
    }
}
