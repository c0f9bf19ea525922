//! The steps that look for one thing, as a whole: an ID, an address, a telephone number. The
//! first two ask the accounts themselves, and are right at any moment.

use super::{
    FoundBy,
    pages::{Behind, Page, Step, StepPosition},
};
use crate::{
    accounts::Accounts,
    domain::{account_id::AccountId, email_address::EmailAddress, search_words::Query},
    model::account::Account,
    storage::{account, account_word, account_word::Entry, error::StorageError},
};

/// How many accounts are shown that wait for one address to be confirmed.
const MOST_PENDING: u64 = 20;

impl Accounts {
    /// The accounts that the query names by ID or address.
    pub(super) async fn find_exact(
        &self,
        query: &Query,
    ) -> Result<Vec<(AccountId, FoundBy)>, StorageError> {
        let db = self.db.read();
        let mut found = Vec::new();
        if let Some(id) = query.account_id()
            && let Some((id, _)) = account::find_email(&db, id).await?
        {
            found.push((id, FoundBy::Id));
        }
        if let Some(email) = query.email() {
            let owner = account::find_id_by_email(&db, email.key()).await?;
            let ids = owner.into_iter().chain(self.find_pending(email).await?);
            found.extend(ids.map(|id| (id, FoundBy::Email)));
        }
        Ok(found)
    }

    /// The accounts whose pending address this is.
    async fn find_pending(&self, email: &EmailAddress) -> Result<Vec<AccountId>, StorageError> {
        let (db, now) = (self.db.read(), self.now());
        let ids = account::find_ids_by_pending_email(&db, email.key(), now, MOST_PENDING).await?;
        if ids.is_empty() {
            return Ok(ids);
        }
        // One that has asked for yet another address since is not meant.
        let waits = |account: &Account| {
            let pending = account.pending_address();
            account.shown_pending_email(now).is_some()
                && pending.is_some_and(|pending| pending.key() == email.key())
        };
        let mut accounts = account::find_all(&db, ids).await?;
        accounts.retain(waits);
        accounts.sort_by_key(|account| account.id);
        Ok(accounts.into_iter().map(|account| account.id).collect())
    }

    /// The accounts with the telephone number that the query is.
    pub(super) async fn find_phone(
        &self,
        query: &Query,
        exact: &[(AccountId, FoundBy)],
        begun: Option<&StepPosition>,
        page: &mut Page,
    ) -> Result<(), StorageError> {
        let Some(number) = query.phone() else { return Ok(()) };
        let without: Vec<AccountId> = exact.iter().map(|(id, _)| *id).collect();
        let after = begun.and_then(|begun| begun.behind.as_ref());
        let after = after.map(|behind| behind.entry.account_id);
        let (db, wanted) = (self.db.read(), page.wanted());
        let ids = account_word::find_with(&db, number, after, &without, wanted).await?;
        let ids = ids.into_iter().map(Behind::account);
        page.add((Step::Phone, FoundBy::Phone), begun, ids);
        Ok(())
    }
}

impl Page {
    /// Takes the accounts that the query names; they are few, and in the order of the steps.
    pub(super) fn add_exact(
        &mut self,
        exact: &[(AccountId, FoundBy)],
        begun: Option<&StepPosition>,
    ) {
        let shown = begun.and_then(|begun| begun.behind.as_ref());
        let shown = shown
            .and_then(|behind| exact.iter().position(|(id, _)| *id == behind.entry.account_id));
        let rest = &exact[shown.map_or(0, |shown| shown + 1)..];
        for (id, by) in rest {
            let last = self.found.last().map(|(id, _)| Behind::account(*id));
            if self.wanted() == 1 {
                self.next = Some(StepPosition { step: Step::Exact, behind: last });
                return;
            }
            self.found.push((*id, *by));
        }
    }
}

impl Behind {
    /// Behind an account that was found by no word of the query.
    fn account(id: AccountId) -> Self {
        Self { driver: 0, entry: Entry { word: String::new(), account_id: id } }
    }
}
