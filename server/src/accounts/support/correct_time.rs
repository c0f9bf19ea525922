//! CorrectTime: an entry of the time ledger is put right by another one, wholly or in part. The
//! entry that was wrong stays as it is.

use super::{
    Agent,
    permissions::DeskRpc,
    written_time::{Ledger, TimeWritten},
};
use crate::{
    accounts::{
        Accounts, Origin,
        error::{DeskRefusal, Error},
        unit_of_work::Work,
    },
    audit::Action,
    domain::{
        account_id::AccountId, entry_id::EntryId, minutes::Minutes, request_name::RequestName,
        violation::Problem,
    },
    model::time_entry::{
        NewTimeEntry, Reference, Summary, TimeEntry, TimeEntryKind, TimeEntryNote,
    },
    storage::time_entry,
};

/// Input of CorrectTime.
#[derive(Clone, Debug)]
pub struct CorrectTime {
    /// The account.
    pub account_id: AccountId,
    /// What the caller calls the request, if anything.
    pub request: Option<RequestName>,
    /// The entry to put right.
    pub entry: EntryId,
    /// How many of its minutes to take back; none for all that are left.
    pub minutes: Option<Minutes>,
    /// Why.
    pub summary: Summary,
    /// Whether the balance may fall below zero, when a grant is taken back.
    pub allow_overdraft: bool,
}

/// An entry that is to be put right, and what was put right of it before.
struct Original {
    entry: TimeEntry,
    corrections: Vec<TimeEntry>,
}

impl Accounts {
    /// Puts an entry right for an agent; once, however often it is repeated under one request ID.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account or entry, the agent may not correct it, it
    /// cannot be corrected, or the time credit does not suffice; [`Error::Invalid`] when it has
    /// not so many minutes left, or the request ID is another request's.
    pub async fn correct_time(
        &self,
        command: &CorrectTime,
        agent: &Agent,
    ) -> Result<TimeWritten, Error> {
        let origin = Origin { token: None, ip: agent.ip };
        self.change(&origin, |work| work.correct_for_desk(command, agent)).await
    }
}

impl Work<'_> {
    async fn correct_for_desk(
        self,
        command: &CorrectTime,
        agent: &Agent,
    ) -> Result<TimeWritten, Error> {
        let ledger = self.ledger(command.account_id).await?;
        let original = self.original(&ledger, command.entry).await?;
        let is_the_same = |entry: &TimeEntry| {
            original.as_ref().is_some_and(|original| original.is_corrected_so(entry, command))
        };
        let written = self.find_written(&ledger, command.request.as_ref(), is_the_same).await?;
        if let Some(written) = written {
            self.discard().await?;
            return Ok(written);
        }
        let original = original.ok_or(DeskRefusal::EntryNotFound { entry: command.entry })?;
        original.check_written_by(agent)?;
        let new = NewTimeEntry {
            request: self.request_name(command.request.as_ref()),
            kind: TimeEntryKind::Correction,
            minutes: original.correction(command.minutes)?,
            allow_overdraft: command.allow_overdraft,
            corrects: Some(original.entry.id),
            transfer_id: None,
            reference: Reference::default(),
            support_key_id: Some(agent.key.id),
            support_time: original.entry.support_time,
            note: TimeEntryNote { summary: command.summary.clone(), ..Default::default() },
        };
        self.write_time(ledger, new, |entry| Action::CorrectTime { entry }, agent).await
    }

    async fn original(&self, ledger: &Ledger, id: EntryId) -> Result<Option<Original>, Error> {
        let Some(entry) = time_entry::find(&self.db, &ledger.ids, id).await? else {
            return Ok(None);
        };
        let corrections = time_entry::list_corrections(&self.db, id).await?;
        Ok(Some(Original { entry, corrections }))
    }
}

impl Original {
    /// How many of its minutes were left before the corrections from `id` on.
    fn left_before(&self, id: Option<EntryId>) -> u32 {
        let earlier = self.corrections.iter().filter(|entry| id.is_none_or(|id| entry.id < id));
        let corrected: u32 = earlier.map(|entry| entry.minutes.size()).sum();
        self.entry.minutes.size().saturating_sub(corrected)
    }

    /// Whether `entry` is what the command asks for: all that was left then, or so many minutes.
    fn is_corrected_so(&self, entry: &TimeEntry, command: &CorrectTime) -> bool {
        let asked = command.minutes.map_or_else(|| self.left_before(Some(entry.id)), Minutes::size);
        entry.kind == TimeEntryKind::Correction
            && entry.corrects == Some(self.entry.id)
            && entry.minutes.size() == asked
    }

    /// An agent may have mistyped a charge of its own. What others have written, and what was
    /// bought, is for those who answer for the books.
    fn check_written_by(&self, agent: &Agent) -> Result<(), Error> {
        let is_own = self.entry.support_key_id == Some(agent.key.id);
        let is_own_charge = is_own && self.entry.kind == TimeEntryKind::Charge;
        let rpc = DeskRpc::CorrectTimeOfOthers;
        if is_own_charge || rpc.is_for(agent.role()) {
            return Ok(());
        }
        Err(DeskRefusal::RoleLacking { role: agent.role(), rpc }.into())
    }

    /// By how much the balance changes.
    fn correction(&self, asked: Option<Minutes>) -> Result<Minutes, Error> {
        let is_correctable = self.entry.kind.is_correctable();
        let left = if is_correctable { self.left_before(None) } else { 0 };
        if left == 0 {
            return Err(DeskRefusal::EntryNotCorrectable { entry: self.entry.id, left }.into());
        }
        let size = asked.map_or(left, Minutes::size);
        if size > left {
            return Err(Error::invalid("minutes", Problem::MoreThanLeft { left }));
        }
        let size = Minutes::new(i32::try_from(size).unwrap_or(i32::MAX));
        Ok(if self.entry.minutes.is_negative() { size } else { size.negated() })
    }
}
