//! Get: reads an account and its machines. Reading by support leaves an event.

use std::sync::Arc;

use super::{Accounts, BearerToken, Origin, error::Error, support::Agent};
use crate::{
    audit::Action,
    credentials::token::Token,
    domain::{account_id::AccountId, violation::Problem},
    model::{
        account::Account,
        calling_machine::CallingMachine,
        link::{Link, Machines},
    },
    storage::{account, link, machine_lookups::Reader},
};

/// Input of Get.
#[derive(Clone, Copy, Debug)]
pub struct Get {
    /// The account; none for the caller's own.
    pub account_id: Option<AccountId>,
}

/// An account as it was read.
pub struct AccountRead {
    /// The account.
    pub account: Account,
    /// Its machines, as they were a moment ago.
    pub machines: Arc<Machines>,
    /// The machine that reads, as it was just seen; none for a support agent.
    pub current: Option<Link>,
}

impl Accounts {
    /// Reads an account.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], also when a support key names an account
    /// that does not exist; [`Error::PermissionDenied`] when a machine names
    /// another account than its own; [`Error::Invalid`] when a support key
    /// names none; [`Error::Throttled`].
    pub async fn get(&self, query: &Get, origin: &Origin) -> Result<AccountRead, Error> {
        match &origin.token {
            Some(BearerToken::Link(token)) => self.read_own(query, token, origin).await,
            Some(BearerToken::SupportKey(key)) => self.read_by_support(query, key, origin).await,
            None => Err(Error::InvalidCredentials),
        }
    }

    async fn read_own(
        &self,
        query: &Get,
        token: &Token,
        origin: &Origin,
    ) -> Result<AccountRead, Error> {
        let Reader { machine, machines } = self.authenticate_reader(token, origin).await?;
        self.check_names(&machine, query.account_id).await?;
        let CallingMachine { link, account } = machine;
        Ok(AccountRead { account, machines, current: Some(link) })
    }

    async fn read_by_support(
        &self,
        query: &Get,
        key: &Token,
        origin: &Origin,
    ) -> Result<AccountRead, Error> {
        let key = self.authenticate_support(key, origin).await?;
        let id = query.account_id;
        let id = id.ok_or_else(|| Error::invalid("account_id", Problem::Required))?;
        let found = account::find(&self.db.read(), id).await?;
        let account = found.ok_or(Error::InvalidCredentials)?;
        self.record_reading(account.id, &Action::ReadAccount, &Agent::of(key, origin)).await?;
        let machines = Arc::new(link::list(&self.db.read(), account.id).await?);
        Ok(AccountRead { account, machines, current: None })
    }
}

impl AccountRead {
    /// The machines to show, the oldest link first: with the one that reads as it was
    /// just seen, also where it was not among the last seen before.
    #[must_use]
    pub fn listed(&self) -> Vec<&Link> {
        let mut listed: Vec<&Link> = self.machines.links.iter().collect();
        let Some(current) = &self.current else { return listed };
        let is_shortened = self.machines.count as usize > listed.len();
        let own = listed.iter().position(|link| link.id == current.id);
        let place = own.or_else(|| {
            let unseen = listed.iter().enumerate().min_by_key(|(_, link)| link.last_seen_time);
            unseen.map(|(place, _)| place).filter(|_| is_shortened)
        });
        if let Some(place) = place {
            listed[place] = current;
            listed.sort_by_key(|link| (link.link_time, link.id));
        }
        listed
    }
}
