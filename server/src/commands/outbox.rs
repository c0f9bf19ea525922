//! `outbox`: the mails that wait, were sent, or could not be. It tells what became of a mail,
//! and never what it says: a code is made when its mail is sent, and stands nowhere.

mod meaning;
mod refused;
mod shown;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use uuid::Uuid;

use self::refused::Refused;
use crate::{
    audit::Actor,
    clock::{Clock as _, SystemClock},
    mail::outbox::by_operator::{self, Handled, Order},
    model::queued_mail::{MailState, QueuedMail},
    settings::{
        database::{Connection, close, naming_holder},
        one_line::{Trimmed, parsed},
    },
    storage::{database::Database, outbox_mail::operator},
};

/// The settings of `outbox`; they may also stand behind what it is to do.
#[derive(clap::Args)]
#[command(mut_args = |setting| setting.global(true))]
pub struct Outbox {
    #[command(flatten)]
    database: Connection,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List mails, the newest first: ID, state, age, kind, recipient (masked), attempts and the
    /// last error.
    List(List),
    /// List the recipients whom a mail server has refused for good, the last refused first: mail,
    /// account, recipient (masked), age of the refusal and what the mail server said.
    Refused(Refused),
    /// Show all that is known of a mail, but not what it says.
    Show {
        /// Its ID, as `list` tells it.
        #[arg(value_parser = Trimmed(parsed::<Uuid>))]
        id: Uuid,
    },
    /// Send mails once more that failed, expired or were deferred. One that is being sent is not
    /// touched.
    Retry(Which),
    /// End mails that wait or were deferred, unsent, and tell what that means for the customer.
    Drop(Which),
}

#[derive(clap::Args)]
struct List {
    /// Only mails in this state: `failed`, `expired`, `deferred`, `waiting`, `sending`, `sent` or
    /// `dropped`.
    #[arg(long, value_name = "STATE", value_parser = Trimmed(parsed::<MailState>))]
    state: Option<MailState>,

    /// Only mails that are older than the one with this ID: the next page.
    #[arg(long, value_name = "ID", value_parser = Trimmed(parsed::<Uuid>))]
    after: Option<Uuid>,

    /// Most mails.
    #[arg(long, value_name = "COUNT", default_value_t = 50,
        value_parser = Trimmed(clap::value_parser!(u16).range(1..=1000)))]
    limit: u16,
}

/// Which mails are meant.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// Their IDs, as `list` tells them.
    #[arg(value_name = "ID", value_parser = Trimmed(parsed::<Uuid>))]
    ids: Vec<Uuid>,

    /// All that are in this state.
    #[arg(long, value_name = "STATE", value_parser = Trimmed(parsed::<MailState>))]
    state: Option<MailState>,
}

impl Outbox {
    /// Lists, shows, retries or drops mails, and prints what came of it.
    ///
    /// # Errors
    /// When the database cannot be reached or does not exist, or one of the mails is none, or
    /// not in a state in which this can be done.
    pub async fn run(&self) -> anyhow::Result<()> {
        let db = self.database.open_existing().await?;
        let now = SystemClock::start().now();
        let done = match &self.command {
            Command::List(list) => list.run(&db, now).await,
            Command::Refused(refused) => refused.run(&db, now).await,
            Command::Show { id } => show(&db, *id, now).await,
            Command::Retry(which) => which.carry_out(&db, Order::Retry, now).await,
            Command::Drop(which) => which.carry_out(&db, Order::Drop, now).await,
        };
        close(db).await;
        done
    }
}

impl List {
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    #[expect(clippy::print_stderr, reason = "what that person should know, apart from the mails")]
    async fn run(&self, db: &Database, now: Timestamp) -> anyhow::Result<()> {
        let reader = db.read();
        let after = match self.after {
            Some(id) => {
                let mail = operator::find(&reader, id, now).await?;
                Some(mail.with_context(|| unknown(id))?)
            }
            None => None,
        };
        let after = after.map(|mail| (mail.create_time, mail.id));
        let limit = usize::from(self.limit);
        // One more tells whether there are more.
        let mut mails = operator::list(&reader, self.state, after, limit + 1, now).await?;
        let has_more = mails.len() > limit;
        mails.truncate(limit);
        for mail in &mails {
            println!("{}", shown::line(mail, now));
        }
        if let Some(last) = mails.last().filter(|_| has_more) {
            eprintln!("There are more: --after {} goes on.", last.id);
        }
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
async fn show(db: &Database, id: Uuid, now: Timestamp) -> anyhow::Result<()> {
    let reader = db.read();
    let mail = operator::find(&reader, id, now).await?.with_context(|| unknown(id))?;
    let account = by_operator::find_account(&reader, &mail).await?;
    print!("{}", shown::whole(&mail, account, now));
    Ok(())
}

impl Which {
    /// Each mail in a transaction of its own, so that servers get their turn between them.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    #[expect(clippy::print_stderr, reason = "what that person should know, apart from the mails")]
    async fn carry_out(&self, db: &Database, order: Order, now: Timestamp) -> anyhow::Result<()> {
        let ids = match self.state {
            Some(state) if !is_permitted(order, state) => bail!("{}", not_from(order, state)),
            Some(state) => operator::find_ids(&db.read(), state, now).await?,
            None => self.ids.clone(),
        };
        let (mut done, mut refused) = (Vec::<QueuedMail>::new(), 0_usize);
        for id in ids {
            let handled = by_operator::handle(db, order, id, Actor::operator(), now).await;
            let why_not = match handled.map_err(|error| naming_holder(db, error))? {
                Handled::Done(mail) => {
                    tracing::info!(mail.id = %mail.id, order = order.name(), "mail handled");
                    println!("{}\t{}\t{}", id, order.past(), shown::to_whom(&mail));
                    done.push(mail);
                    continue;
                }
                Handled::NotFrom(state) => not_from(order, state),
                Handled::CodeIsOver => "the code that it would bring serves no more: the customer \
                                        asks for another one"
                    .to_owned(),
                Handled::Unknown => "there is no such mail".to_owned(),
            };
            eprintln!("{id}: nothing was changed: {why_not}");
            refused += 1;
        }
        for meaning in meaning::of(order, &done) {
            eprintln!("{meaning}");
        }
        if refused > 0 {
            bail!("{refused} of {} mails were left as they are", done.len() + refused);
        }
        Ok(())
    }
}

impl Order {
    fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Drop => "drop",
        }
    }

    fn past(self) -> &'static str {
        match self {
            Self::Retry => "enqueued again",
            Self::Drop => "dropped",
        }
    }
}

fn is_permitted(order: Order, state: MailState) -> bool {
    match order {
        Order::Retry => state.may_be_retried(),
        Order::Drop => state.may_be_dropped(),
    }
}

fn not_from(order: Order, state: MailState) -> String {
    match (order, state) {
        (_, MailState::Sending) => "a server sends it just now".to_owned(),
        (Order::Retry, MailState::Waiting) => "it waits for its first turn anyhow".to_owned(),
        (Order::Retry, MailState::Dropped) => "there was nothing to send, or it was dropped".into(),
        (_, state) => format!("it is {state} already"),
    }
}

fn unknown(id: Uuid) -> String {
    format!("there is no mail {id}: `outbox list` tells them; those that ended go with the purge")
}
