//! The number of an entry of the time ledger.

use std::{fmt, num::NonZeroU32};

/// The number of an entry. Of two entries of one account, the later one has the higher
/// number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(NonZeroU32);

impl EntryId {
    /// Takes a number from a request; `None` for 0, which is no entry's.
    #[must_use]
    pub fn parse(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// The number as the database holds it.
    #[must_use]
    pub(crate) fn to_db(self) -> i64 {
        self.number().into()
    }

    /// The number that the database gave out; `None` beyond four billion entries.
    #[must_use]
    pub(crate) fn from_db(id: i64) -> Option<Self> {
        u32::try_from(id).ok().and_then(Self::parse)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
