//! The steps that look for words. The rarest word of a step, its driver, is read in the index,
//! and the account of each of its entries is asked for the others.

use super::{
    FoundBy, MAX_ENTRIES,
    pages::{Behind, Page, Step, StepPosition},
};
use crate::{
    accounts::Accounts,
    domain::{
        account_id::AccountId,
        search_words::{Query, Word},
    },
    storage::{
        account_word::{self, Entry, Search},
        error::StorageError,
    },
};

/// Beyond these, a word is not counted: it is a usual one.
const COUNTED: u32 = 1_001;

/// The search by words for one page.
pub(super) struct Words<'a> {
    accounts: &'a Accounts,
    query: &'a Query,
    /// Accounts that were found by ID or address.
    exact: Vec<AccountId>,
    /// How many entries each word has, once that is counted.
    counts: Option<Vec<u32>>,
    /// How many entries may still be read.
    entries: u32,
}

impl<'a> Words<'a> {
    pub(super) fn new(
        accounts: &'a Accounts,
        query: &'a Query,
        exact: &[(AccountId, FoundBy)],
    ) -> Self {
        let exact = exact.iter().map(|(id, _)| *id).collect();
        Self { accounts, query, exact, counts: None, entries: MAX_ENTRIES }
    }

    /// The accounts that have every word.
    pub(super) async fn find_all(
        &mut self,
        begun: Option<&StepPosition>,
        page: &mut Page,
    ) -> Result<(), StorageError> {
        self.find((Step::AllWords, FoundBy::AllWords), |_| true, begun, page).await
    }

    /// The accounts that have every word but weak ones, and not those, too.
    pub(super) async fn find_main(
        &mut self,
        begun: Option<&StepPosition>,
        page: &mut Page,
    ) -> Result<(), StorageError> {
        let words = self.query.words();
        // With weak words only, they are what is looked for; without any, this was done.
        if words.iter().all(|word| word.is_weak) || !words.iter().any(|word| word.is_weak) {
            return Ok(());
        }
        self.find((Step::MainWords, FoundBy::MainWords), |word| !word.is_weak, begun, page).await
    }

    async fn find(
        &mut self,
        (step, by): (Step, FoundBy),
        is_asked: fn(&Word) -> bool,
        begun: Option<&StepPosition>,
        page: &mut Page,
    ) -> Result<(), StorageError> {
        let behind = begun.and_then(|begun| begun.behind.as_ref());
        let (driver, count) = match behind {
            // The word that the page before has read, whichever is the rarest by now.
            Some(behind) => (usize::from(behind.driver), COUNTED),
            None => self.rarest(is_asked).await?,
        };
        if count == 0 {
            return Ok(());
        }
        if self.entries == 0 {
            page.cut(step, None);
            return Ok(());
        }
        let after = behind.map(|behind| &behind.entry);
        let search = self.search(driver, is_asked, after, page.wanted());
        let found = account_word::search(&self.accounts.db.read(), &search).await?;
        let is_full = found.hits.len() == search.limit;
        let at = |entry| Behind { driver: u8::try_from(driver).unwrap_or(u8::MAX), entry };
        page.add((step, by), begun, found.hits.into_iter().map(at));
        match found.bound {
            Some(bound) if !is_full => page.cut(step, Some(at(bound))),
            _ => {
                let read = self.count_read(driver, count, after).await?;
                self.entries = self.entries.saturating_sub(read);
            }
        }
        Ok(())
    }

    /// Which of the words has the fewest entries, and how many.
    async fn rarest(&mut self, is_asked: fn(&Word) -> bool) -> Result<(usize, u32), StorageError> {
        let words = self.query.words();
        let counts = if let Some(counts) = self.counts.take() {
            counts
        } else {
            let texts = words.iter().map(|word| &*word.text);
            let db = self.accounts.db.read();
            account_word::count_beginnings(&db, texts, None, COUNTED).await?
        };
        let asked = words.iter().zip(&counts).enumerate().filter(|(_, (word, _))| is_asked(word));
        // Of several usual words the longest one is likely to be the rarest.
        let rarest = asked.min_by_key(|(_, (word, count))| (**count, usize::MAX - word.text.len()));
        let rarest = rarest.map_or((0, 0), |(place, (_, count))| (place, *count));
        self.counts = Some(counts);
        Ok(rarest)
    }

    fn search<'s>(
        &'s self,
        driver: usize,
        is_asked: fn(&Word) -> bool,
        after: Option<&'s Entry>,
        limit: usize,
    ) -> Search<'s> {
        let words = self.query.words();
        let others = words.iter().enumerate().filter(|(place, _)| *place != driver);
        let others = others.map(|(_, word)| word);
        let left_out = words.iter().filter(|word| !is_asked(word));
        Search {
            driver: words.get(driver).map_or("", |word| &word.text),
            others: others.filter(|word| is_asked(word)).map(|word| &*word.text).collect(),
            not_all_of: left_out.map(|word| &*word.text).collect(),
            not_with: self.query.phone(),
            without: &self.exact,
            after,
            entries: self.entries,
            limit,
        }
    }

    /// How many entries a step has read to the end of its word.
    async fn count_read(
        &self,
        driver: usize,
        count: u32,
        after: Option<&Entry>,
    ) -> Result<u32, StorageError> {
        if count < COUNTED {
            return Ok(count);
        }
        let words = self.query.words();
        // Nothing is read after this step, so that it need not be known.
        if !words.iter().any(|word| word.is_weak) {
            return Ok(self.entries);
        }
        let (word, db) = (words.get(driver).map(|word| &*word.text), self.accounts.db.read());
        let counts = account_word::count_beginnings(&db, word, after, self.entries).await?;
        Ok(counts.first().copied().unwrap_or(self.entries))
    }
}
