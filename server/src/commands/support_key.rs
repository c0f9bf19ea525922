//! `support-key`: the keys of support agents.

use anyhow::bail;

use crate::{
    clock::{Clock as _, SystemClock},
    credentials::token::{Token, TokenKind},
    randomness::SystemRandomness,
    settings::database::DatabaseSettings,
    storage::{database::Database, support_key},
};

/// The settings of `support-key`; they may also stand behind what it is to do.
#[derive(clap::Args)]
#[command(mut_args = |setting| setting.global(true))]
pub struct SupportKey {
    #[command(flatten)]
    database: DatabaseSettings,

    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a key and print it. It is not shown again.
    Create {
        /// Name of its holder.
        name: String,
    },
    /// List every key.
    List,
    /// Revoke a key, immediately.
    Revoke {
        /// Its number, as `list` tells it.
        id: i32,
    },
}

impl SupportKey {
    /// Makes, lists and revokes support keys, and prints what came of it.
    ///
    /// # Errors
    /// When the database cannot be reached, or there is no such key.
    pub async fn run(&self) -> anyhow::Result<()> {
        let db = self.database.open().await?;
        match &self.command {
            Command::Create { name } => create(&db, name.trim()).await?,
            Command::List => list(&db).await?,
            Command::Revoke { id } => revoke(&db, *id).await?,
        }
        db.close().await;
        Ok(())
    }
}

#[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
async fn create(db: &Database, name: &str) -> anyhow::Result<()> {
    if name.is_empty() || name.chars().count() > 100 {
        bail!("the name must have 1 to 100 characters");
    }
    let key = Token::generate(TokenKind::SupportKey, &SystemRandomness);
    let id = support_key::insert(&db.write(), name, &key.digest(), SystemClock.now()).await?;
    println!("{}", key.reveal());
    tracing::info!(support_key.id = id, "support key made");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
async fn list(db: &Database) -> anyhow::Result<()> {
    for key in support_key::list(&db.read()).await? {
        let state = match key.revoke_time {
            Some(time) => format!("revoked {time:.0}"),
            None => "alive".to_owned(),
        };
        println!("{}\t{}\tmade {:.0}\t{state}", key.id, key.name, key.create_time);
    }
    Ok(())
}

async fn revoke(db: &Database, id: i32) -> anyhow::Result<()> {
    if !support_key::revoke(&db.write(), id, SystemClock.now()).await? {
        bail!("there is no support key {id} that is alive");
    }
    Ok(())
}
