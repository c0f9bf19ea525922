//! An entry of the time ledger ("crédit-temps"): support time that was bought, used or put
//! right. Entries are added, and never changed.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::{
    account_id::AccountId, entry_id::EntryId, machine::Machine, minutes::Minutes,
    request_name::RequestName, text::Line,
};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeEntryKind {
    /// Time that was bought or given.
    Grant,
    /// Time that was used.
    Charge,
    /// Puts a grant or a charge right.
    Correction,
    /// The balance of an account that was merged into this one.
    MergeIn,
    /// The balance that went to the account that this one was merged into.
    MergeOut,
    /// What was left when the account was erased.
    WriteOff,
}

impl TimeEntryKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Grant,
        Self::Charge,
        Self::Correction,
        Self::MergeIn,
        Self::MergeOut,
        Self::WriteOff,
    ];

    /// Its name in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Charge => "charge",
            Self::Correction => "correction",
            Self::MergeIn => "merge_in",
            Self::MergeOut => "merge_out",
            Self::WriteOff => "write_off",
        }
    }

    /// What the database holds.
    #[must_use]
    pub(crate) fn from_db(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether a correction can put such an entry right.
    #[must_use]
    pub fn is_correctable(self) -> bool {
        matches!(self, Self::Grant | Self::Charge)
    }
}

/// The number of an invoice; may be empty. It outlives the account.
pub type Reference = Line<40>;

/// What the time was for; may be empty.
pub type Summary = Line<200>;

/// Which of the customer's companies was helped; may be empty.
pub type HelpedCompany = Line<120>;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeEntry {
    /// Its number.
    pub id: EntryId,
    /// The account that it was written under.
    pub account_id: AccountId,
    /// What the request was called.
    pub request: RequestName,
    /// What it is.
    pub kind: TimeEntryKind,
    /// By how much the balance changed; never 0.
    pub minutes: Minutes,
    /// The balance of its account after it.
    pub balance_after: Minutes,
    /// Whether it took the balance below zero, or further below, which was allowed.
    pub overdraft: bool,
    /// The entry that it puts right.
    pub corrects: Option<EntryId>,
    /// The same in both entries of a merge.
    pub transfer_id: Option<Uuid>,
    /// The number of the invoice behind it.
    pub reference: Reference,
    /// The key that wrote it; none for the operator, on the command line.
    pub support_key_id: Option<i32>,
    /// When the help was given, or the time bought.
    pub support_time: Timestamp,
    /// When it was written.
    pub create_time: Timestamp,
}

impl TimeEntry {
    /// Whether it is what a call that asks for `new` has written. Texts are not compared: they may
    /// be erased since.
    #[must_use]
    pub fn is_of(&self, new: &NewTimeEntry) -> bool {
        self.kind == new.kind
            && self.minutes == new.minutes
            && self.reference == new.reference
            && self.corrects == new.corrects
    }
}

/// What a person wrote about an entry. It is kept apart from it, and may be erased. `Debug` does
/// not show what was typed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TimeEntryNote {
    /// What the time was for.
    pub summary: Summary,
    /// Which of the customer's companies was helped.
    pub company_name: HelpedCompany,
    /// The machine that was helped, under its name of then.
    pub machine: Option<Machine>,
}

impl TimeEntryNote {
    /// Whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl std::fmt::Debug for TimeEntryNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TimeEntryNote[redacted]")
    }
}

/// An entry that is to be written.
#[derive(Clone, Debug)]
pub struct NewTimeEntry {
    /// What the request is called.
    pub request: RequestName,
    /// What it is.
    pub kind: TimeEntryKind,
    /// By how much the balance changes.
    pub minutes: Minutes,
    /// Whether it may take the balance below zero; [`TimeEntry::overdraft`] tells whether it has.
    pub allow_overdraft: bool,
    /// The entry that it puts right.
    pub corrects: Option<EntryId>,
    /// The same in both entries of a merge.
    pub transfer_id: Option<Uuid>,
    /// The number of the invoice behind it.
    pub reference: Reference,
    /// The key that writes it; none for the operator, on the command line.
    pub support_key_id: Option<i32>,
    /// When the help was given, or the time bought.
    pub support_time: Timestamp,
    /// What a person wrote about it.
    pub note: TimeEntryNote,
}

/// Which entries of a list are meant; without any bound, all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntryBounds {
    /// Those that were written from then on.
    pub from: Option<Timestamp>,
    /// Those that were written before.
    pub to: Option<Timestamp>,
    /// Those of this kind.
    pub kind: Option<TimeEntryKind>,
}
