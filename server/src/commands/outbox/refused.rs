//! `outbox refused`: the customers whom no mail reaches, because a mail server refused their
//! address for good.

use anyhow::Context as _;
use jiff::Timestamp;
use uuid::Uuid;

use super::{shown, unknown};
use crate::{
    settings::one_line::{Trimmed, parsed},
    storage::{
        account,
        database::Database,
        outbox_mail::{self, operator},
    },
};

/// Which of them.
#[derive(clap::Args)]
pub(super) struct Refused {
    /// Only recipients that were refused before the one of this mail: the next page.
    #[arg(long, value_name = "ID", value_parser = Trimmed(parsed::<Uuid>))]
    after: Option<Uuid>,

    /// Most recipients.
    #[arg(long, value_name = "COUNT", default_value_t = 50,
        value_parser = Trimmed(clap::value_parser!(u16).range(1..=1000)))]
    limit: u16,
}

impl Refused {
    /// Lists them.
    ///
    /// # Errors
    /// When the database cannot be reached, or there is no mail `after`.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    #[expect(clippy::print_stderr, reason = "what that person should know, apart from the list")]
    pub(super) async fn run(&self, db: &Database, now: Timestamp) -> anyhow::Result<()> {
        let reader = db.read();
        let after = match self.after {
            Some(id) => {
                let mail = operator::find(&reader, id, now).await?.with_context(|| unknown(id))?;
                let ended = mail.end_time.with_context(|| format!("mail {id} has not ended"))?;
                Some((ended, id))
            }
            None => None,
        };
        let limit = usize::from(self.limit);
        // One more tells whether there are more.
        let mut refused = outbox_mail::list_refused(&reader, after, limit + 1).await?;
        let has_more = refused.len() > limit;
        refused.truncate(limit);
        let keys: Vec<&str> = refused.iter().map(|refused| refused.recipient.key()).collect();
        let accounts = account::find_ids_by_emails(&reader, &keys).await?;
        for refused in &refused {
            let account = accounts.get(refused.recipient.key());
            let account = account.map_or_else(|| "-".to_owned(), ToString::to_string);
            println!(
                "{}\t{account}\t{}\t{}\t{}",
                refused.mail_id,
                refused.recipient.masked(),
                shown::age(refused.time, now),
                refused.error.replace(char::is_control, " "),
            );
        }
        if let Some(last) = refused.last().filter(|_| has_more) {
            eprintln!("There are more: --after {} goes on.", last.mail_id);
        }
        Ok(())
    }
}
