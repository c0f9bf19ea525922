//! What a machine remembers between two runs: who it is, its link, and a wizard that was left
//! half-way. Where it is kept is the program's own affair; nothing here is read or written.

use std::fmt;

use gestan_account_client::v1::Machine;
use serde::{Deserialize, Serialize};

/// All that is to be kept. It holds secrets: only the machine's user may read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    /// This machine, under the name that the account's list shows.
    pub machine: Machine,
    /// Its link to an account.
    pub link: Option<Link>,
    /// The wizard that is open.
    pub pending: Option<Pending>,
}

/// The bond to an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The client ID.
    pub account_id: u32,
    /// The link token.
    pub token: String,
}

/// A wizard that was left half-way: its mail is sent, perhaps its code given.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What the code is for.
    pub purpose: Purpose,
    /// The challenge that the code answers.
    pub challenge_id: String,
    /// What the mail was asked for: an address, a client ID, or, when it was this machine's own
    /// account, nothing.
    pub recipient: String,
    /// The right to set the password, once the code was given.
    pub ticket: Option<String>,
    /// Whether the code has led to an account that was there before.
    pub account_existed: bool,
}

/// What a mailed code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// A new account.
    Opening,
    /// A password that is forgotten.
    Forgotten,
    /// Another address of the account.
    NewAddress,
}

impl Kept {
    /// What a machine remembers that was never here before.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self { machine, link: None, pending: None }
    }
}

impl Pending {
    pub(crate) fn new(purpose: Purpose, challenge_id: String, recipient: &str) -> Self {
        let recipient = recipient.to_owned();
        Self { purpose, challenge_id, recipient, ticket: None, account_existed: false }
    }
}

/// Shows no name, which a person typed.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("machine", &self.machine.id)
            .field("link", &self.link)
            .field("pending", &self.pending)
            .finish()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account_id = &self.account_id;
        f.debug_struct("Link").field("account_id", account_id).finish_non_exhaustive()
    }
}

/// Shows neither the ticket nor what a person typed.
impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("purpose", &self.purpose)
            .field("challenge_id", &self.challenge_id)
            .field("ticket", &self.ticket.is_some())
            .field("account_existed", &self.account_existed)
            .finish_non_exhaustive()
    }
}
