//! `support-key`: the keys of support agents.

mod end;

use anyhow::bail;
use jiff::Timestamp;

use crate::{
    clock::{Clock as _, SystemClock},
    credentials::token::{Token, TokenKind},
    domain::role::Role,
    randomness::SystemRandomness,
    settings::{
        database::{Connection, close, naming_holder},
        one_line::{Trimmed, parsed},
        time_zone::TimeZoneSetting,
    },
    storage::{
        database::Database,
        support_key::{self, NewSupportKey},
    },
};
use end::End;

/// The settings of `support-key`; they may also stand behind what it is to do.
#[derive(clap::Args)]
#[command(mut_args = |setting| setting.global(true))]
pub struct SupportKey {
    #[command(flatten)]
    database: Connection,

    #[command(flatten)]
    time_zone: TimeZoneSetting,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a key and print it. It is not shown again.
    Create(Create),
    /// List every key: number, first characters, name, role, when it was made, ends and was last
    /// used, and whether it is alive, expired or revoked.
    List,
    /// Revoke a key, immediately.
    Revoke {
        /// Its number, as `list` tells it.
        id: i32,
    },
    /// Replace the name of a revoked key by `agent` and its number, for one who has left.
    Forget {
        /// Its number, as `list` tells it.
        id: i32,
    },
}

#[derive(clap::Args)]
struct Create {
    /// Name of its holder.
    name: String,

    /// What its holder may do: `reader`, `agent`, `billing` or `admin`.
    #[arg(long, value_name = "ROLE", default_value_t, value_parser = Trimmed(parsed::<Role>))]
    role: Role,

    /// When it ends: after a duration such as `90d`, or with a day such as `2027-03-31`. Without
    /// this it has no end.
    #[arg(long, value_name = "WHEN", value_parser = Trimmed(parsed::<End>))]
    expires: Option<End>,
}

impl SupportKey {
    /// Makes, lists, revokes and forgets support keys, and prints what came of it.
    ///
    /// # Errors
    /// When the database cannot be reached or does not exist, there is no such key, or what is asked for
    /// cannot be.
    pub async fn run(&self) -> anyhow::Result<()> {
        let db = self.database.open_existing().await?;
        let now = SystemClock::start().now();
        match &self.command {
            Command::Create(create) => self.create(&db, create, now).await?,
            Command::List => list(&db, now).await?,
            Command::Revoke { id } => revoke(&db, *id, now).await?,
            Command::Forget { id } => forget(&db, *id).await?,
        }
        close(db).await;
        Ok(())
    }

    #[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
    #[expect(clippy::print_stderr, reason = "what that person should know, apart from the key")]
    async fn create(&self, db: &Database, asked: &Create, now: Timestamp) -> anyhow::Result<()> {
        let name = asked.name.trim();
        if name.is_empty() || name.chars().count() > 100 {
            bail!("the name must have 1 to 100 characters");
        }
        if name.chars().any(char::is_control) {
            bail!("the name must not hold a tab, a line break or another control character");
        }
        let end = asked.expires.map(|end| end.time(now, self.time_zone.get()));
        let expire_time = end.transpose()?;
        let key = Token::generate(TokenKind::SupportKey, &SystemRandomness);
        let new = NewSupportKey { name, role: asked.role, expire_time, key: &key };
        let made = support_key::insert(&db.write(), &new, now).await;
        let id = made.map_err(|error| naming_holder(db, error))?;
        println!("{}", key.reveal());
        if expire_time.is_none() {
            eprintln!(
                "This key has no end: give --expires 90d, or revoke it when its holder leaves."
            );
        }
        tracing::info!(
            support_key.id = id,
            support_key.role = asked.role.name(),
            "support key made"
        );
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
async fn list(db: &Database, now: Timestamp) -> anyhow::Result<()> {
    let shown = |time: Option<Timestamp>| time.map_or("-".to_owned(), |time| format!("{time:.0}"));
    for key in support_key::list(&db.read()).await? {
        println!(
            "{}\t{}\t{}\t{}\t{:.0}\t{}\t{}\t{}",
            key.id,
            if key.hint.is_empty() { "-" } else { &key.hint },
            key.name,
            key.role,
            key.create_time,
            shown(key.expire_time),
            shown(key.last_use_time),
            key.state(now),
        );
    }
    Ok(())
}

async fn revoke(db: &Database, id: i32, now: Timestamp) -> anyhow::Result<()> {
    let revoked = support_key::revoke(&db.write(), id, now).await;
    if !revoked.map_err(|error| naming_holder(db, error))? {
        bail!("there is no support key {id} that is not revoked: `support-key list` tells them");
    }
    Ok(())
}

async fn forget(db: &Database, id: i32) -> anyhow::Result<()> {
    let forgotten = support_key::forget(&db.write(), id).await;
    if !forgotten.map_err(|error| naming_holder(db, error))? {
        bail!(
            "there is no support key {id} that is revoked: `support-key revoke {id}` comes first"
        );
    }
    Ok(())
}
