//! The machine that calls, known by its link token.

use super::{account::Account, link::Link};

/// A machine, as its token found it.
pub struct CallingMachine {
    /// Its link, dead or alive.
    pub link: Link,
    /// The account.
    pub account: Account,
}
