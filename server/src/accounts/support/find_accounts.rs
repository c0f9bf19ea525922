//! FindAccounts: an agent looks for whoever is on the telephone. What the query may be is
//! tried in turn, from what names one account (the ID, the address) to what many have (words),
//! and no account is found twice.

mod by_words;
mod exact;
mod pages;

use std::collections::HashMap;

pub use pages::{Behind, Step, StepPosition};

use self::{by_words::Words, pages::Page};
use super::Agent;
use crate::{
    accounts::{Accounts, error::Error},
    audit::Search,
    domain::{account_id::AccountId, search_words::Query},
    model::account::Account,
    storage::{account, account_word, error::StorageError},
};

/// How many entries of the index a page may read. It makes every page cheap, whatever is
/// asked, so that a page may be short, and have a next one all the same.
const MAX_ENTRIES: u32 = 5_000;

/// Input of FindAccounts.
#[derive(Clone)]
pub struct FindAccounts {
    /// What the caller says.
    pub query: Query,
    /// How many accounts at most.
    pub page_size: u16,
    /// Where the page before ended; none for the first page.
    pub after: Option<StepPosition>,
}

/// A page of accounts.
pub struct AccountsFound {
    /// The accounts, the best match first, and how each was found.
    pub accounts: Vec<(Account, FoundBy)>,
    /// Where the next page begins; none when there is none.
    pub next: Option<StepPosition>,
    /// What there is to say about it.
    pub outlook: Outlook,
}

/// How an account was found, the best way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// By its ID.
    Id,
    /// By its address, or the one that is pending.
    Email,
    /// By its telephone number.
    Phone,
    /// By every word.
    AllWords,
    /// By every word that is not weak.
    MainWords,
}

/// What an agent may expect of the search beside what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four things that do not depend on each other")]
pub struct Outlook {
    /// Whether this page has any account.
    pub is_empty: bool,
    /// Whether there is another page.
    pub has_more: bool,
    /// Whether the page ended because it had read as much as it may.
    pub is_cut: bool,
    /// Whether accounts are there whose words are not written yet.
    pub is_incomplete: bool,
}

impl Accounts {
    /// Finds accounts for an agent.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Unavailable`].
    pub async fn find_accounts(
        &self,
        search: &FindAccounts,
        agent: &Agent,
    ) -> Result<AccountsFound, Error> {
        let page = self.search(search).await?;
        let accounts = self.accounts_of(&page.found).await?;
        let is_incomplete = account_word::has_stale(&self.db.read()).await?;
        // Before anything is shown: what cannot be written is not read.
        let (now, actor) = (self.now(), agent.actor());
        self.search_events.record(Search::Accounts, accounts.len(), actor, now).await?;
        tracing::info!(support_key.id = agent.key.id, hits = accounts.len(), "accounts searched");
        let outlook = Outlook {
            is_empty: accounts.is_empty(),
            has_more: page.next.is_some(),
            is_cut: page.is_cut,
            is_incomplete,
        };
        Ok(AccountsFound { accounts, next: page.next, outlook })
    }

    /// One step after the other, until the page is full or has read as much as it may.
    async fn search(&self, search: &FindAccounts) -> Result<Page, StorageError> {
        let exact = self.find_exact(&search.query).await?;
        let mut page = Page::new(search.page_size);
        let (mut step, mut position) = match &search.after {
            Some(after) => (after.step, Some(after)),
            None => (Step::Exact, None),
        };
        let mut words = Words::new(self, &search.query, &exact);
        loop {
            match step {
                Step::Exact => page.add_exact(&exact, position),
                Step::Phone => self.find_phone(&search.query, &exact, position, &mut page).await?,
                Step::AllWords => words.find_all(position, &mut page).await?,
                Step::MainWords => words.find_main(position, &mut page).await?,
            }
            match step.next() {
                Some(next) if page.next.is_none() => (step, position) = (next, None),
                _ => return Ok(page),
            }
        }
    }

    /// The accounts in the order in which they were found. One that ended meanwhile is not
    /// among them.
    async fn accounts_of(
        &self,
        found: &[(AccountId, FoundBy)],
    ) -> Result<Vec<(Account, FoundBy)>, StorageError> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let ids = found.iter().map(|(id, _)| *id);
        let accounts = account::find_all(&self.db.read(), ids).await?;
        let mut accounts: HashMap<AccountId, Account> =
            accounts.into_iter().map(|account| (account.id, account)).collect();
        let found = found.iter().filter_map(|(id, by)| Some((accounts.remove(id)?, *by)));
        Ok(found.collect())
    }
}
