//! Who calls: a linked machine or a support agent, by the token that it brings.

use jiff::SignedDuration;

use super::{Accounts, Origin, error::Error, secret_check::Attempt};
use crate::{
    credentials::{
        hasher::HashFor,
        token::{Token, TokenKind},
    },
    domain::account_id::AccountId,
    model::{calling_machine::CallingMachine, link::Link, support_key::SupportKey},
    storage::{error::StorageError, machine_lookups::Reader, support_key},
    throttle::{AttemptBy, Throttled},
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

impl CallingMachine {
    /// Refuses a call in which a machine names another account than its own.
    pub(super) fn check_names(&self, named: Option<AccountId>) -> Result<(), Error> {
        match named {
            Some(id) if id != self.account.id => Err(Error::PermissionDenied),
            _ => Ok(()),
        }
    }

    /// A secret that this machine gives for its account.
    pub(super) fn attempt(&self, origin: &Origin) -> Attempt<'_> {
        Attempt {
            who: HashFor::Known(origin.ip),
            account_id: self.account.id,
            account: Some(&self.account),
            by: AttemptBy::Linked(self.link.machine.id),
        }
    }
}

/// Who calls.
pub(super) enum Caller {
    Machine(Box<CallingMachine>),
    Support,
}

impl Accounts {
    /// Who calls, if the token is known; its link may be dead.
    pub(super) async fn find_caller(&self, origin: &Origin) -> Result<Caller, Error> {
        match &origin.token {
            Some(BearerToken::Link(token)) => {
                let found = self.known(token, self.machines.find(token.digest())).await?;
                Ok(Caller::Machine(Box::new(found)))
            }
            Some(BearerToken::SupportKey(key)) => {
                self.authenticate_support(key).await?;
                Ok(Caller::Support)
            }
            None => Err(Error::InvalidCredentials),
        }
    }

    /// The machine that calls, whose link lives, and which is noted as seen; a
    /// support key may not.
    pub(super) async fn authenticate_machine(
        &self,
        origin: &Origin,
    ) -> Result<CallingMachine, Error> {
        match self.find_caller(origin).await? {
            Caller::Machine(mut machine) => {
                check_live(&machine.link)?;
                self.note_seen(&mut machine.link).await;
                Ok(*machine)
            }
            Caller::Support => Err(Error::PermissionDenied),
        }
    }

    /// The machine that reads its account, whose link lives.
    pub(super) async fn authenticate_reader(&self, token: &Token) -> Result<Reader, Error> {
        let mut reader = self.known(token, self.machines.find_reader(token.digest())).await?;
        check_live(&reader.machine.link)?;
        self.note_seen(&mut reader.machine.link).await;
        Ok(reader)
    }

    /// The support agent whose key this is.
    pub(super) async fn authenticate_support(&self, key: &Token) -> Result<SupportKey, Error> {
        let (db, digest) = (self.db.read(), key.digest());
        self.known(key, support_key::find_by_digest(&db, &digest)).await
    }

    /// Whether a call brings the key of a support agent. It is not counted here: whoever
    /// asks this has counted the call as a stranger's.
    pub(crate) async fn is_support(&self, token: Option<&BearerToken>) -> Result<bool, Error> {
        let Some(BearerToken::SupportKey(key)) = token else { return Ok(false) };
        Ok(support_key::find_by_digest(&self.db.read(), &key.digest()).await?.is_some())
    }

    /// What `find` finds by a token. Each token that is known has a bucket of calls,
    /// whatever they come to; one that has used it up costs no look-up any more.
    async fn known<T>(
        &self,
        token: &Token,
        find: impl Future<Output = Result<Option<T>, StorageError>>,
    ) -> Result<T, Error> {
        let (key, now) = (token.digest().to_bytes(), self.now());
        let limit = Throttled::CallsWithToken;
        let refused = |retry_after| Error::Throttled { limit, retry_after };
        self.token_calls.check(key, now).map_err(refused)?;
        let found = find.await?.ok_or(Error::InvalidCredentials)?;
        self.token_calls.take(key, now).map_err(refused)?;
        Ok(found)
    }

    async fn note_seen(&self, link: &mut Link) {
        let now = self.now();
        if now.duration_since(link.last_seen_time) < SEEN_EXACTNESS {
            return;
        }
        // What was asked for does not depend on it: the next call notes it again.
        if let Err(error) = self.machines.touch(link, now).await {
            return tracing::warn!(link.id, %error, "last seen time not stored");
        }
        link.last_seen_time = now;
    }
}

fn check_live(link: &Link) -> Result<(), Error> {
    if link.is_live() { Ok(()) } else { Err(Error::InvalidCredentials) }
}
