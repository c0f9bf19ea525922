//! RegisterExisting: links a machine by client ID and secret. An unknown ID and
//! a wrong secret cost the same work and get the same answer.

use super::{
    Accounts, Origin, call_digest,
    error::Error,
    linking::link_machine,
    secret_check::{Examined, Guess, Redeemed},
};
use crate::{
    audit::Actor,
    credentials::{
        hasher::HashFor,
        token::{Token, TokenKind},
    },
    domain::{account_id::AccountId, machine::Machine, secret::Secret},
    mail::letter::{Event, Letter},
    model::account::Account,
    storage::{account, link},
    throttle::Guesser,
};

/// What RegisterExisting is asked.
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
        let account = account::find(&self.db.read(), command.account_id).await?;
        let guess = Guess {
            account_id: command.account_id,
            account: account.as_ref(),
            guesser: Guesser::Strangers,
            who: HashFor::Stranger(origin.ip),
        };
        let examined = self.examine(&guess, &command.secret).await?;
        let registered =
            self.db.retry(|| self.register_existing_once(command, &examined, origin)).await?;
        self.wake_mailer();
        Ok(registered)
    }

    async fn register_existing_once(
        &self,
        command: &RegisterExisting,
        examined: &Examined,
        origin: &Origin,
    ) -> Result<Registered, Error> {
        let now = self.now();
        let call = call_digest("RegisterExisting", &[command.machine.id.uuid().as_bytes()]);
        let transaction = self.db.begin().await?;
        let account = account::find_for_update(&transaction, command.account_id).await?;
        let redeemed = self.redeem(&transaction, account.as_ref(), examined, call, now).await?;
        let (link_token, repeated) = match redeemed {
            Redeemed::Password => (Token::generate(TokenKind::Link, &*self.randomness), false),
            Redeemed::Code { key, seed } => (key.link_token(&seed), false),
            Redeemed::Repeat { key, seed, .. } => (key.link_token(&seed), true),
            Redeemed::Refused => {
                transaction.commit().await?;
                return Err(Error::InvalidCredentials);
            }
        };
        let account = account.ok_or(Error::InvalidCredentials)?;
        if repeated {
            // The token is given again only while it is the machine's: a repeat
            // must not bring back a link that was cut or renewed since.
            let link = link::find(&transaction, account.id, command.machine.id).await?;
            let lives = link.is_some_and(|link| link.is_opened_by(&link_token.digest()));
            transaction.rollback().await?;
            let registered = Registered { account, link_token };
            return if lives { Ok(registered) } else { Err(Error::InvalidCredentials) };
        }
        let digest = link_token.digest();
        let actor = Actor::machine(command.machine.id, origin.ip);
        let detached =
            link_machine(&transaction, account.id, &command.machine, &digest, actor, now).await?;
        let event = Event::new(account.id, command.machine.name.as_str(), now).detaching(&detached);
        self.owe_notice(&transaction, &account, &Letter::MachineLinked(event), now).await?;
        transaction.commit().await?;
        Ok(Registered { account, link_token })
    }
}
