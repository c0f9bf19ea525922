//! The client ID.

use std::{fmt, num::NonZeroU32};

/// The ID of an account: a small positive number, never reused, read out over
/// the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(NonZeroU32);

impl AccountId {
    /// Takes a number from a request; `None` for 0, which names no account.
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

    /// The ID that the database gave out; `None` beyond four billion accounts.
    #[must_use]
    pub(crate) fn from_db(id: i64) -> Option<Self> {
        u32::try_from(id).ok().and_then(Self::parse)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
