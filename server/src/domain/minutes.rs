//! Support time, in whole minutes: what an entry of the time ledger adds or takes, and the
//! balance that comes of it. Sums are checked; none wraps, and none leaves its bounds.

use std::fmt;

/// A number of minutes, less than none for time that is used or owed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minutes(i32);

impl Minutes {
    /// None.
    pub const ZERO: Self = Self(0);

    /// The most that a customer buys with one call.
    pub const MAX_GRANT: i32 = 60_000;

    /// The most that is charged with one call: a day.
    pub const MAX_CHARGE: i32 = 1_440;

    /// How far a balance may lie from 0, on either side.
    pub const MAX_BALANCE: i32 = 1_000_000;

    /// Takes a number of minutes as it is.
    #[must_use]
    pub fn new(minutes: i32) -> Self {
        Self(minutes)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The number without its sign.
    #[must_use]
    pub fn size(self) -> u32 {
        self.0.unsigned_abs()
    }

    /// The other way round.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// A balance after so many minutes more; `None` outside its bounds.
    #[must_use]
    pub fn plus(self, change: Self) -> Option<Self> {
        let sum = self.0.checked_add(change.0)?;
        (sum.unsigned_abs() <= Self::MAX_BALANCE.unsigned_abs()).then_some(Self(sum))
    }

    /// Whether it is less than none.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is none.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// For people: `2 h 05`, `-0 h 30`.
impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        write!(f, "{sign}{} h {:02}", self.size() / 60, self.size() % 60)
    }
}
