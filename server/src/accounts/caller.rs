//! Who calls: a linked machine or a support agent, by the token that it brings.

use jiff::SignedDuration;

use super::{Accounts, Origin, error::Error, secret_check::Guess};
use crate::{
    credentials::token::{Token, TokenKind},
    storage::{
        link_reads::Linked,
        support_key::{self, SupportKey},
    },
    throttle::Guesser,
};

/// How exact a link's last seen time is: a read need not write each time.
const SEEN_EXACTNESS: SignedDuration = SignedDuration::from_mins(1);

/// The token of an `authorization` header.
#[derive(Clone, Debug)]
pub enum BearerToken {
    /// A link token.
    Link(Token),
    /// A support key.
    SupportKey(Token),
}

impl BearerToken {
    /// Reads a token; `None` when it is none of these kinds, or damaged.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Token::parse(TokenKind::Link, text)
            .map(Self::Link)
            .or_else(|| Token::parse(TokenKind::SupportKey, text).map(Self::SupportKey))
    }
}

impl Linked {
    /// A secret that this machine gives for its account.
    pub(super) fn guess(&self) -> Guess<'_> {
        Guess {
            account_id: self.account.id,
            account: Some(&self.account),
            guesser: Guesser::Linked(self.link.machine.id),
        }
    }
}

/// Who calls.
pub(super) enum Caller {
    Machine(Box<Linked>),
    Support(SupportKey),
}

impl Accounts {
    /// Who calls, if the token is known; its link may be dead.
    pub(super) async fn find_caller(&self, origin: &Origin) -> Result<Caller, Error> {
        match &origin.token {
            Some(BearerToken::Link(token)) => {
                let found = self.links.find(token.digest()).await?;
                let found = found.ok_or(Error::InvalidCredentials)?;
                Ok(Caller::Machine(Box::new(found)))
            }
            Some(BearerToken::SupportKey(key)) => {
                let found = support_key::find_by_digest(&self.db.read(), &key.digest()).await?;
                found.map(Caller::Support).ok_or(Error::InvalidCredentials)
            }
            None => Err(Error::InvalidCredentials),
        }
    }

    /// Who calls; the link of a machine lives, and is noted as seen.
    pub(super) async fn authenticate(&self, origin: &Origin) -> Result<Caller, Error> {
        let mut caller = self.find_caller(origin).await?;
        if let Caller::Machine(machine) = &mut caller {
            if machine.link.unlink_time.is_some() {
                return Err(Error::InvalidCredentials);
            }
            self.note_seen(machine).await;
        }
        Ok(caller)
    }

    /// The machine that calls; a support key may not.
    pub(super) async fn authenticate_machine(&self, origin: &Origin) -> Result<Linked, Error> {
        match self.authenticate(origin).await? {
            Caller::Machine(machine) => Ok(*machine),
            Caller::Support(_) => Err(Error::PermissionDenied),
        }
    }

    async fn note_seen(&self, machine: &mut Linked) {
        let (link, now) = (&mut machine.link, self.now());
        if now.duration_since(link.last_seen_time) < SEEN_EXACTNESS {
            return;
        }
        // What was asked for does not depend on it: the next call notes it again.
        if let Err(error) = self.links.touch(link, now).await {
            return tracing::warn!(link.id, %error, "last seen time not stored");
        }
        link.last_seen_time = now;
        for listed in machine.links.iter_mut().filter(|listed| listed.id == link.id) {
            listed.last_seen_time = now;
        }
    }
}
