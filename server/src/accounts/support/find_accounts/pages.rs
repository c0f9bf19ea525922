//! A page of a search, and where the next one begins.

use super::FoundBy;
use crate::{domain::account_id::AccountId, storage::account_word::Entry};

/// What a query is taken for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An ID or an address.
    Exact,
    /// A telephone number.
    Phone,
    /// Words, all of them.
    AllWords,
    /// The words that are not weak.
    MainWords,
}

impl Step {
    /// All steps, each at the place that page tokens know it by.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Phone, Self::AllWords, Self::MainWords];

    /// The step behind it.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        let mut behind = Self::ALL.into_iter().skip_while(|step| *step != self);
        behind.nth(1)
    }
}

/// Where a page ends: the next one begins with what is behind it.
#[derive(Clone, PartialEq, Eq)]
pub struct StepPosition {
    /// In which step.
    pub step: Step,
    /// Behind which account or entry; none for the beginning of the step.
    pub behind: Option<Behind>,
}

/// What a step has come to.
#[derive(Clone, PartialEq, Eq)]
pub struct Behind {
    /// Which word of the query was read in the index; 0 where none is.
    pub driver: u8,
    /// The last account, and its word; an empty one where none is read.
    pub entry: Entry,
}

/// A page that is filled.
pub(super) struct Page {
    pub(super) found: Vec<(AccountId, FoundBy)>,
    size: usize,
    /// Where the next one begins, once that is known: then this one is done.
    pub(super) next: Option<StepPosition>,
    pub(super) is_cut: bool,
}

impl Page {
    pub(super) fn new(size: u16) -> Self {
        Self { found: Vec::new(), size: size.into(), next: None, is_cut: false }
    }

    /// How many accounts a step has to look for: one more than the page takes, which tells
    /// whether there is another one.
    pub(super) fn wanted(&self) -> usize {
        self.size - self.found.len() + 1
    }

    /// Takes what a step has found, of which one may be more than there is room for. The next
    /// page begins behind the last one that has room, or where this step has begun.
    pub(super) fn add(
        &mut self,
        (step, by): (Step, FoundBy),
        begun: Option<&StepPosition>,
        found: impl IntoIterator<Item = Behind>,
    ) {
        let mut last = begun.and_then(|begun| begun.behind.clone());
        for behind in found {
            if self.found.len() == self.size {
                self.next = Some(StepPosition { step, behind: last });
                return;
            }
            self.found.push((behind.entry.account_id, by));
            last = Some(behind);
        }
    }

    /// Ends the page here, because it has read as much as it may.
    pub(super) fn cut(&mut self, step: Step, behind: Option<Behind>) {
        self.next = Some(StepPosition { step, behind });
        self.is_cut = true;
    }
}
