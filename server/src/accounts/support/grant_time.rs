//! GrantTime: time that a customer has bought comes to the account's time credit.

use jiff::Timestamp;

use super::{Agent, written_time::TimeWritten};
use crate::{
    accounts::{Accounts, Origin, error::Error, unit_of_work::Work},
    audit::Action,
    domain::{account_id::AccountId, minutes::Minutes, request_name::RequestName},
    model::time_entry::{
        NewTimeEntry, Reference, Summary, TimeEntry, TimeEntryKind, TimeEntryNote,
    },
};

/// Input of GrantTime.
#[derive(Clone, Debug)]
pub struct GrantTime {
    /// The account.
    pub account_id: AccountId,
    /// What the caller calls the request, if anything.
    pub request: Option<RequestName>,
    /// How many minutes, more than 0.
    pub minutes: Minutes,
    /// The number of the invoice.
    pub reference: Reference,
    /// What it is for.
    pub summary: Summary,
    /// When it was bought; now if it is not told.
    pub support_time: Option<Timestamp>,
    /// Whether to write it although the same was just written.
    pub allow_duplicate: bool,
}

impl Accounts {
    /// Adds bought time for an agent; once, however often it is repeated under one request ID.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no such account, or the same was just written;
    /// [`Error::Invalid`] when the request ID is another request's, or the balance would leave
    /// its bounds.
    pub async fn grant_time(
        &self,
        command: &GrantTime,
        agent: &Agent,
    ) -> Result<TimeWritten, Error> {
        let origin = Origin { token: None, ip: agent.ip };
        self.change(&origin, |work| work.grant_for_desk(command, agent)).await
    }
}

impl Work<'_> {
    async fn grant_for_desk(
        self,
        command: &GrantTime,
        agent: &Agent,
    ) -> Result<TimeWritten, Error> {
        let ledger = self.ledger(command.account_id).await?;
        let new = NewTimeEntry {
            request: self.request_name(command.request.as_ref()),
            kind: TimeEntryKind::Grant,
            minutes: command.minutes,
            allow_overdraft: false,
            corrects: None,
            transfer_id: None,
            reference: command.reference.clone(),
            support_key_id: Some(agent.key.id),
            support_time: command.support_time.unwrap_or(self.now),
            note: TimeEntryNote { summary: command.summary.clone(), ..Default::default() },
        };
        let is_the_same = |entry: &TimeEntry| entry.is_of(&new);
        let written = self.find_written(&ledger, command.request.as_ref(), is_the_same).await?;
        if let Some(written) = written {
            self.discard().await?;
            return Ok(written);
        }
        if command.request.is_none() && !command.allow_duplicate {
            self.refuse_duplicate(&ledger, &new).await?;
        }
        self.write_time(ledger, new, |entry| Action::GrantTime { entry }, agent).await
    }
}
