//! ChargeTime: support time that was used goes from the account's time credit.

use jiff::Timestamp;

use super::{
    Agent,
    written_time::{Ledger, TimeWritten},
};
use crate::{
    accounts::{Accounts, Origin, error::Error, unit_of_work::Work},
    audit::Action,
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId},
        minutes::Minutes,
        request_name::RequestName,
        violation::Problem,
    },
    model::time_entry::{
        HelpedCompany, NewTimeEntry, Reference, Summary, TimeEntry, TimeEntryKind, TimeEntryNote,
    },
    storage::link,
};

/// Input of ChargeTime.
#[derive(Clone, Debug)]
pub struct ChargeTime {
    /// The account.
    pub account_id: AccountId,
    /// What the caller calls the request, if anything.
    pub request: Option<RequestName>,
    /// How many minutes, more than 0.
    pub minutes: Minutes,
    /// What the time was for.
    pub summary: Summary,
    /// Which of the customer's companies was helped.
    pub company_name: HelpedCompany,
    /// The machine that was helped, if one was.
    pub machine: Option<MachineId>,
    /// When the help was given; now if it is not told.
    pub support_time: Option<Timestamp>,
    /// Whether the balance may fall below zero.
    pub allow_overdraft: bool,
    /// Whether to write it although the same was just written.
    pub allow_duplicate: bool,
}

impl Accounts {
    /// Charges used time for an agent; once, however often it is repeated under one request ID.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account, its time credit does not suffice, or the
    /// same was just written; [`Error::Invalid`] when the request ID is another request's, or the
    /// machine none of the account's.
    pub async fn charge_time(
        &self,
        command: &ChargeTime,
        agent: &Agent,
    ) -> Result<TimeWritten, Error> {
        let origin = Origin { token: None, ip: agent.ip };
        self.change(&origin, |work| work.charge_for_desk(command, agent)).await
    }
}

impl Work<'_> {
    async fn charge_for_desk(
        self,
        command: &ChargeTime,
        agent: &Agent,
    ) -> Result<TimeWritten, Error> {
        let ledger = self.ledger(command.account_id).await?;
        let mut new = NewTimeEntry {
            request: self.request_name(command.request.as_ref()),
            kind: TimeEntryKind::Charge,
            minutes: command.minutes.negated(),
            allow_overdraft: command.allow_overdraft,
            corrects: None,
            transfer_id: None,
            reference: Reference::default(),
            support_key_id: Some(agent.key.id),
            support_time: command.support_time.unwrap_or(self.now),
            note: TimeEntryNote {
                summary: command.summary.clone(),
                company_name: command.company_name.clone(),
                machine: None,
            },
        };
        let is_the_same = |entry: &TimeEntry| entry.is_of(&new);
        let written = self.find_written(&ledger, command.request.as_ref(), is_the_same).await?;
        if let Some(written) = written {
            self.discard().await?;
            return Ok(written);
        }
        new.note.machine = self.helped_machine(&ledger, command.machine).await?;
        if command.request.is_none() && !command.allow_duplicate {
            self.refuse_duplicate(&ledger, &new).await?;
        }
        self.write_time(ledger, new, |entry| Action::ChargeTime { entry }, agent).await
    }

    /// The machine under its name of now, which is kept. Its link may be dead.
    async fn helped_machine(
        &self,
        ledger: &Ledger,
        machine: Option<MachineId>,
    ) -> Result<Option<Machine>, Error> {
        let Some(id) = machine else { return Ok(None) };
        let found = link::find(&self.db, ledger.account.id, id).await?;
        let unknown = || Error::invalid("machine_id", Problem::UnknownMachine);
        Ok(Some(found.ok_or_else(unknown)?.machine))
    }
}
