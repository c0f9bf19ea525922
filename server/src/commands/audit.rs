//! `audit`: the audit trail, of one account or of all.

mod when;

use jiff::Timestamp;

use self::when::When;
use crate::{
    audit::{self, Action, Actor, Done, Recorded, Span},
    clock::{Clock as _, SystemClock},
    domain::account_id::AccountId,
    settings::{
        database::{Connection, close, naming_holder},
        one_line::{Trimmed, parsed},
        time_zone::TimeZoneSetting,
    },
    storage::{account, database::Database, support_key},
};

/// The settings of `audit`; they may also stand behind what it is to do.
#[derive(clap::Args)]
#[command(mut_args = |setting| setting.global(true))]
pub struct Audit {
    #[command(flatten)]
    database: Connection,

    #[command(flatten)]
    time_zone: TimeZoneSetting,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// List events, the newest first: time, account, action, who did it, what it was about, and
    /// from which address. To read the trail of one account is itself an event of it.
    List(List),
}

#[derive(clap::Args)]
struct List {
    /// Only what was done by the support key of this number.
    #[arg(long, value_name = "NUMBER", value_parser = Trimmed(clap::value_parser!(i32).range(1..)))]
    support_key: Option<i32>,

    /// Only events of this account.
    #[arg(long, value_name = "ID", value_parser = Trimmed(clap::value_parser!(u32).range(1..)))]
    account: Option<u32>,

    /// Only events from then on: a duration ago such as `2h` or `7d`, a day such as `2027-03-31`,
    /// or a time such as `2027-03-31T08:00:00Z`.
    #[arg(long, value_name = "WHEN", value_parser = Trimmed(parsed::<When>))]
    since: Option<When>,

    /// Only events until then, written alike; of a day, the whole.
    #[arg(long, value_name = "WHEN", value_parser = Trimmed(parsed::<When>))]
    until: Option<When>,

    /// Most events.
    #[arg(long, value_name = "COUNT", default_value_t = 50,
        value_parser = Trimmed(clap::value_parser!(u16).range(1..=1000)))]
    limit: u16,
}

impl Audit {
    /// Lists events.
    ///
    /// # Errors
    /// When the database cannot be reached or does not exist, or a time is beyond the calendar.
    pub async fn run(&self) -> anyhow::Result<()> {
        let Command::List(list) = &self.command;
        let now = SystemClock::start().now();
        let zone = self.time_zone.get();
        let span = Span {
            account_id: list.account.and_then(AccountId::parse),
            since: list.since.map(|when| when.first(now, zone)).transpose()?,
            until: list.until.map(|when| when.last(now, zone)).transpose()?,
            support_key: list.support_key,
        };
        let db = self.database.open_existing().await?;
        list.run(&db, span, now).await?;
        close(db).await;
        Ok(())
    }
}

impl List {
    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    #[expect(clippy::print_stderr, reason = "what that person should know, apart from the events")]
    async fn run(&self, db: &Database, span: Span, now: Timestamp) -> anyhow::Result<()> {
        // What is left of an account that is gone has no reader to be told of.
        if let Some(id) = span.account_id
            && let Some(account) = account::find(&db.read(), id).await?
        {
            let (id, actor) = (account.id, Actor::operator());
            let recorded = audit::record_reading(db, id, &Action::ListEvents, actor, now);
            recorded.await.map_err(|error| naming_holder(db, error))?;
        }
        let limit = usize::from(self.limit);
        // One more tells whether there are more.
        let mut events = audit::list_span(&db.read(), span, limit + 1).await?;
        let has_more = events.len() > limit;
        events.truncate(limit);
        let agents = events.iter().filter_map(Recorded::support_key);
        let agents = support_key::find_names(&db.read(), agents).await?;
        for event in &events {
            let by = match event.by {
                Done::ByMachine(id) => format!("machine {}", id.uuid()),
                Done::BySupportKey(id) => {
                    format!("key {id} ({})", agents.get(&id).map_or("-", String::as_str))
                }
                Done::ByMailbox => "mailbox".to_owned(),
                Done::ByOperator => "operator".to_owned(),
                Done::ByUnknown => "-".to_owned(),
            };
            let about = about(event);
            let ip = event.ip.as_deref().unwrap_or("-");
            // A search is an event of no account.
            let account = event.account_id.map_or("-".to_owned(), |id| id.to_string());
            let (time, action) = (event.time, &event.action);
            println!("{time:.3}\t{account}\t{action}\t{by}\t{about}\t{ip}");
        }
        if let Some(last) = events.last().filter(|_| has_more) {
            eprintln!("There are more: --until {:.3} goes on.", last.time);
        }
        Ok(())
    }
}

/// What stands beside the action.
fn about(event: &Recorded) -> String {
    let target = event.target.map(|machine| format!("machine {}", machine.uuid()));
    let reason = event.reason.as_ref().map(|reason| format!("reason: {reason}"));
    let parts: Vec<String> = event.fields.iter().cloned().chain(target).chain(reason).collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ").replace(char::is_control, " ") }
}
