//! RegisterExisting: links a machine by client ID and secret. An unknown ID and
//! a wrong secret cost the same work and get the same answer.

use super::{
    Accounts, Origin, call_digest,
    error::Error,
    secret_check::{Attempt, Consumed, HashedSecret},
    unit_of_work::Work,
};
use crate::{
    credentials::token::{Token, TokenKind},
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId},
        secret::Secret,
    },
    mail::notice::{Event, Notice},
    model::account::Account,
    storage::{account, link},
    telemetry::call,
    throttle::{AttemptBy, Tried, TriedSecret},
};

/// Input of RegisterExisting.
#[derive(Clone, Debug)]
pub struct RegisterExisting {
    /// The account.
    pub account_id: AccountId,
    /// Its password, or a live code.
    pub secret: Secret,
    /// The machine to link.
    pub machine: Machine,
}

/// A machine was linked.
pub struct Registered {
    /// The account.
    pub account: Account,
    /// The machine's token.
    pub link_token: Token,
}

impl Accounts {
    /// Links a machine to an account that exists.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], whatever was wrong; [`Error::Throttled`].
    pub async fn register_existing(
        &self,
        command: &RegisterExisting,
        origin: &Origin,
    ) -> Result<Registered, Error> {
        self.examine(|| self.try_register_existing(command, origin)).await
    }

    async fn try_register_existing(
        &self,
        command: &RegisterExisting,
        origin: &Origin,
    ) -> Result<Registered, Error> {
        let account = account::find(&self.db.read(), command.account_id).await?;
        // Counted under the ID that it leads to: another one is no second set of tries.
        let account_id = account.as_ref().map_or(command.account_id, |account| account.id);
        let attempt = Attempt {
            account_id,
            account: account.as_ref(),
            by: self.attempt_by(account_id, origin).await?,
            ip: origin.ip,
        };
        let secret = self.hash_secret(&attempt, &command.secret).await?;
        let existed = account.is_some();
        let registered =
            self.change(origin, |work| work.register(command, &secret, existed)).await?;
        call::note_account(registered.account.id);
        call::note_machine(command.machine.id);
        Ok(registered)
    }
}

impl Work<'_> {
    async fn register(
        mut self,
        command: &RegisterExisting,
        secret: &HashedSecret,
        existed: bool,
    ) -> Result<Registered, Error> {
        let machine = &command.machine;
        let call = call_digest("RegisterExisting", &[machine.id.uuid().as_bytes()]);
        let account = account::find_for_update(&self.db, command.account_id).await?;
        if existed && account.is_none() {
            // Merged while this waited for it: the other one has another password and other codes.
            return Err(Error::PasswordReplaced);
        }
        let link_token = match self.consume(account.as_ref(), secret, call).await? {
            Consumed::Password => {
                // What this machine tried when it was linked before.
                let own = AttemptBy::Linked(machine.id);
                let own = TriedSecret::new(secret.account_id(), Tried::Password, own);
                self.accounts.throttles.clear(&self.db, &own).await?;
                Token::generate(TokenKind::Link, &*self.accounts.randomness)
            }
            Consumed::Code { key, seed } => key.link_token(&seed),
            Consumed::Repeat { key, seed, .. } => {
                return self.register_again(account, machine.id, key.link_token(&seed)).await;
            }
            Consumed::Refused => return self.refuse().await,
        };
        let account = account.ok_or(Error::InvalidCredentials)?;
        let detached = self.link(account.id, machine, &link_token.digest()).await?;
        let event = Event::new(account.id, machine.name.as_str(), self.now).detaching(&detached);
        self.notify(&account, Notice::MachineLinked(event)).await?;
        self.commit().await?;
        Ok(Registered { account, link_token })
    }

    /// Gives the token again only while it is the machine's: a repeat must not bring
    /// back a link that was cut or renewed since.
    async fn register_again(
        self,
        account: Option<Account>,
        machine: MachineId,
        link_token: Token,
    ) -> Result<Registered, Error> {
        let account = account.ok_or(Error::InvalidCredentials)?;
        let link = link::find(&self.db, account.id, machine).await?;
        let is_its_own = link.is_some_and(|link| link.is_opened_by(&link_token.digest()));
        self.discard().await?;
        if is_its_own {
            Ok(Registered { account, link_token })
        } else {
            Err(Error::InvalidCredentials)
        }
    }
}
