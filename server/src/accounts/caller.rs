//! Who calls: a linked machine or a support agent, by the token that it brings.

mod support;

use jiff::SignedDuration;

use super::{Accounts, Origin, error::Error, secret_check::Attempt};
use crate::{
    credentials::token::{Token, TokenKind},
    domain::account_id::AccountId,
    model::{calling_machine::CallingMachine, link::Link},
    network::narrowest,
    storage::{account_alias, error::StorageError, link, machine_lookups::Reader},
    telemetry::call,
    throttle::{AttemptBy, Throttled},
};

/// How exact the time is when a token was last used: a read need not write each time.
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
    /// A secret that this machine gives for its account.
    pub(super) fn attempt(&self, origin: &Origin) -> Attempt<'_> {
        Attempt {
            account_id: self.account.id,
            account: Some(&self.account),
            by: AttemptBy::Linked(self.link.machine.id),
            ip: origin.ip,
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
                note_machine(&found);
                Ok(Caller::Machine(Box::new(found)))
            }
            Some(BearerToken::SupportKey(key)) => {
                self.authenticate_support(key, origin).await?;
                Ok(Caller::Support)
            }
            None => Err(Error::InvalidCredentials),
        }
    }

    /// Refuses a call in which a machine names another account than its own. One that was merged
    /// into its own is its own; only an ID that differs is looked up.
    pub(super) async fn check_names(
        &self,
        caller: &CallingMachine,
        named: Option<AccountId>,
    ) -> Result<(), Error> {
        let own = caller.account.id;
        let Some(id) = named.filter(|id| *id != own) else { return Ok(()) };
        let alias = account_alias::find(&self.db.read(), id).await?;
        let is_own = alias.is_some_and(|alias| alias.account_id == own);
        if is_own { Ok(()) } else { Err(Error::PermissionDenied) }
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
                self.note_address(machine.account.id, origin);
                self.note_seen(&mut machine.link, origin).await;
                Ok(*machine)
            }
            Caller::Support => Err(Error::PermissionDenied),
        }
    }

    /// The caller that tries a secret of an account, which need not exist, without a link
    /// token.
    pub(super) async fn attempt_by(
        &self,
        account_id: AccountId,
        origin: &Origin,
    ) -> Result<AttemptBy, StorageError> {
        let Some(ip) = origin.ip else { return Ok(AttemptBy::Stranger(None)) };
        let (network, now) = (narrowest(ip), self.now());
        let is_seen = link::is_seen_from(&self.db.read(), account_id, network, now).await?;
        Ok(if is_seen { AttemptBy::Seen(network) } else { AttemptBy::Stranger(Some(ip)) })
    }

    /// The machine that reads its account, whose link lives.
    pub(super) async fn authenticate_reader(
        &self,
        token: &Token,
        origin: &Origin,
    ) -> Result<Reader, Error> {
        let mut reader = self.known(token, self.machines.find_reader(token.digest())).await?;
        note_machine(&reader.machine);
        check_live(&reader.machine.link)?;
        if !reader.lists_itself() {
            // Its account was merged, or it was detached, between the two statements.
            let again = self.machines.find_reader(token.digest()).await?;
            reader = again.ok_or(Error::InvalidCredentials)?;
            check_live(&reader.machine.link)?;
        }
        self.note_address(reader.machine.account.id, origin);
        self.note_seen(&mut reader.machine.link, origin).await;
        Ok(reader)
    }

    /// What `find` finds by a link token. Each token that is known has a bucket of calls,
    /// whatever they come to; one that has used it up costs no look-up any more.
    async fn known<T>(
        &self,
        token: &Token,
        find: impl Future<Output = Result<Option<T>, StorageError>>,
    ) -> Result<T, Error> {
        let (key, now) = (token.digest().to_bytes(), self.clock.elapsed());
        let limit = Throttled::CallsWithToken;
        let refused = |retry_after| Error::Throttled { limit, retry_after };
        self.token_calls.check(key, now).map_err(refused)?;
        let found = find.await?.ok_or(Error::InvalidCredentials)?;
        self.token_calls.take(key, now).map_err(refused)?;
        Ok(found)
    }

    fn note_address(&self, account: AccountId, origin: &Origin) {
        if let Some(ip) = origin.ip {
            self.crowded_addresses.note(narrowest(ip), account, self.clock.elapsed());
        }
    }

    async fn note_seen(&self, link: &mut Link, origin: &Origin) {
        let now = self.now();
        // Also when it lies that far ahead: then a clock that was ahead has written it.
        if now.duration_since(link.last_seen_time).abs() < SEEN_EXACTNESS {
            return;
        }
        // What was asked for does not depend on it: the next call notes it again.
        if let Err(error) = self.machines.touch(link, origin.ip.map(narrowest), now).await {
            return tracing::warn!(link.id, %error, "last seen time not stored");
        }
        link.last_seen_time = now;
    }
}

/// For the line of the call, also when its link is dead.
fn note_machine(machine: &CallingMachine) {
    call::note_account(machine.account.id);
    call::note_machine(machine.link.machine.id);
}

pub(super) fn check_live(link: &Link) -> Result<(), Error> {
    if link.is_live() { Ok(()) } else { Err(Error::InvalidCredentials) }
}
