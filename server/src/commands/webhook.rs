//! `webhook`: the events that wait for another system, were delivered, or could not be; and a
//! trial of the way to it, by the very settings of `serve`.

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::{
    clock::{Clock as _, SystemClock},
    model::event::{EventState, QueuedEvent},
    randomness::{Randomness, SystemRandomness},
    settings::{
        database::{Connection, close, naming_holder},
        one_line::{Trimmed, parsed},
        webhook::WebhookSettings,
    },
    storage::{
        database::Database,
        event_outbox::operator::{self, Which},
    },
};

/// The settings of `webhook`; they may also stand behind what it is to do.
#[derive(clap::Args)]
#[command(mut_args = |setting| setting.global(true))]
pub struct Webhook {
    #[command(flatten)]
    database: Connection,

    #[command(flatten)]
    webhook: WebhookSettings,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List events, the newest first: ID, state, when it happened, attempts, the last error and
    /// what is sent.
    List(List),
    /// Send events once more, whether they were delivered or not. One that is being sent is not
    /// touched.
    Retry(Retry),
    /// Send a signed event of the type `webhook.test` at once, and tell what came of it.
    Test,
}

#[derive(clap::Args)]
struct List {
    /// Only events in this state: `expired`, `dropped`, `deferred`, `waiting`, `sending` or
    /// `delivered`.
    #[arg(long, value_name = "STATE", value_parser = Trimmed(parsed::<EventState>))]
    state: Option<EventState>,

    /// Only events that are older than the one with this ID: the next page.
    #[arg(long, value_name = "ID", value_parser = Trimmed(parsed::<Uuid>))]
    after: Option<Uuid>,

    /// Most events.
    #[arg(long, value_name = "COUNT", default_value_t = 50,
        value_parser = Trimmed(clap::value_parser!(u16).range(1..=1000)))]
    limit: u16,
}

/// Which events are meant.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Retry {
    /// Their IDs, as `list` tells them.
    #[arg(value_name = "ID", value_parser = Trimmed(parsed::<Uuid>))]
    ids: Vec<Uuid>,

    /// All that are in this state.
    #[arg(long, value_name = "STATE", value_parser = Trimmed(parsed::<EventState>))]
    state: Option<EventState>,
}

impl Webhook {
    /// Lists or retries events, or tries the way to the receiver, and prints what came of it.
    ///
    /// # Errors
    /// When the database cannot be reached or does not exist, one of the events is none, or the
    /// receiver does not take the trial.
    pub async fn run(&self) -> anyhow::Result<()> {
        let now = SystemClock::start().now();
        if matches!(self.command, Command::Test) {
            return self.test(now).await;
        }
        let db = self.database.open_existing().await?;
        let done = match &self.command {
            Command::List(list) => list.run(&db, now).await,
            Command::Retry(retry) => retry.run(&db, now).await,
            Command::Test => Ok(()),
        };
        close(db).await;
        done
    }

    /// Nothing is enqueued: the database is not asked.
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    async fn test(&self, now: Timestamp) -> anyhow::Result<()> {
        let Some(endpoint) = self.webhook.endpoint()? else {
            bail!("there is no webhook: WEBHOOK_URL and WEBHOOK_SECRET are not set");
        };
        let randomness: &dyn Randomness = &SystemRandomness;
        let (id, time) = (randomness.uuid(), format!("{now:.3}"));
        let body = json!({ "type": "webhook.test", "timestamp": time, "data": {} }).to_string();
        let sent = endpoint.send(id, &body, now).await;
        sent.with_context(|| format!("{} did not take it", endpoint.place()))?;
        println!("{id}\ttaken by {}", endpoint.place());
        Ok(())
    }
}

impl List {
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    #[expect(clippy::print_stderr, reason = "what that person should know, apart from the events")]
    async fn run(&self, db: &Database, now: Timestamp) -> anyhow::Result<()> {
        let reader = db.read();
        let after = match self.after {
            Some(id) => Some(operator::find(&reader, id, now).await?.with_context(|| unknown(id))?),
            None => None,
        };
        let after = after.map(|event| (event.create_time, event.id));
        let limit = usize::from(self.limit);
        // One more tells whether there are more.
        let mut events = operator::list(&reader, self.state, after, limit + 1, now).await?;
        let has_more = events.len() > limit;
        events.truncate(limit);
        for event in &events {
            println!("{}", line(event));
        }
        if let Some(last) = events.last().filter(|_| has_more) {
            eprintln!("There are more: --after {} goes on.", last.id);
        }
        Ok(())
    }
}

impl Retry {
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    async fn run(&self, db: &Database, now: Timestamp) -> anyhow::Result<()> {
        let which = match self.state {
            Some(EventState::Sending) => bail!("a server sends them just now"),
            Some(state) => Which::State(state),
            None => Which::Ids(self.ids.clone()),
        };
        let wanted = u64::try_from(self.ids.len()).unwrap_or(u64::MAX);
        let writer = db.write();
        let enqueued = db.retry(|| operator::enqueue_anew(&writer, &which, now)).await;
        let enqueued = enqueued.map_err(|error| naming_holder(db, error))?;
        tracing::info!(events = enqueued, "events enqueued again");
        println!("{enqueued} enqueued again");
        if enqueued < wanted {
            bail!(
                "{} of {wanted} were left as they are: there is no such event, or a server sends it \
                 just now",
                wanted - enqueued
            );
        }
        Ok(())
    }
}

fn line(event: &QueuedEvent) -> String {
    let error = event.last_error.as_deref().filter(|error| !error.is_empty());
    let error = error.unwrap_or("-").replace(char::is_control, " ");
    format!(
        "{}\t{}\t{:.0}\t{}\t{}\t{}",
        event.id, event.state, event.create_time, event.attempts, error, event.body
    )
}

fn unknown(id: Uuid) -> String {
    format!("there is no event {id}: `webhook list` tells them; those that ended go with the purge")
}
