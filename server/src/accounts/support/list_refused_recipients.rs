//! ListRefusedRecipients: an agent reads which customers no mail reaches, because a mail server
//! refused their address for good. They do not know it: their codes and notices do not come.

use jiff::Timestamp;
use uuid::Uuid;

use super::Agent;
use crate::{
    accounts::{Accounts, error::Error},
    audit::Search,
    domain::account_id::AccountId,
    storage::{account, outbox_mail},
};

/// Where a page of refused recipients ends: the next one begins with what was refused before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalPosition {
    /// When the last recipient of the page was refused.
    pub time: Timestamp,
    /// The mail, for several at that time.
    pub mail_id: Uuid,
}

/// Input of ListRefusedRecipients.
#[derive(Clone, Copy, Debug)]
pub struct ListRefusedRecipients {
    /// How many recipients at most.
    pub page_size: u16,
    /// Where the page before ended; none for the first page.
    pub after: Option<RefusalPosition>,
}

/// A page of refused recipients.
pub struct RefusedListed {
    /// The recipients, the last refused first.
    pub recipients: Vec<RecipientShown>,
    /// Where the next page begins; none when there is none.
    pub next: Option<RefusalPosition>,
}

/// A refused recipient as an agent may see it.
pub struct RecipientShown {
    /// The account that the address leads to, if there is one.
    pub account_id: Option<AccountId>,
    /// The address, with most of it hidden.
    pub masked_recipient: String,
    /// When it was refused last.
    pub time: Timestamp,
    /// What the mail server said then: its codes.
    pub answer: String,
    /// The mail that it refused.
    pub mail_id: Uuid,
}

impl Accounts {
    /// Reads a page of the recipients whom a mail server has refused for good.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Unavailable`].
    pub async fn list_refused_recipients(
        &self,
        query: &ListRefusedRecipients,
        agent: &Agent,
    ) -> Result<RefusedListed, Error> {
        let db = self.db.read();
        let size = usize::from(query.page_size);
        let after = query.after.map(|after| (after.time, after.mail_id));
        // One more tells whether there is another page.
        let mut refused = outbox_mail::list_refused(&db, after, size + 1).await?;
        let has_more = refused.len() > size;
        refused.truncate(size);
        let keys: Vec<&str> = refused.iter().map(|refused| refused.recipient.key()).collect();
        let accounts = account::find_ids_by_emails(&db, &keys).await?;
        // Before anything is shown: what cannot be written is not read.
        let (now, actor) = (self.now(), agent.actor());
        self.search_events.record(Search::RefusedRecipients, refused.len(), actor, now).await?;
        tracing::info!(
            support_key.id = agent.key.id,
            hits = refused.len(),
            "refused recipients listed"
        );
        let last = refused.last().filter(|_| has_more);
        let next = last.map(|last| RefusalPosition { time: last.time, mail_id: last.mail_id });
        let recipients = refused.into_iter().map(|refused| RecipientShown {
            account_id: accounts.get(refused.recipient.key()).copied(),
            masked_recipient: refused.recipient.masked(),
            time: refused.time,
            answer: refused.answer().to_owned(),
            mail_id: refused.mail_id,
        });
        Ok(RefusedListed { recipients: recipients.collect(), next })
    }
}
