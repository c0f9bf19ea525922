//! What an operator types beside serving: it is done, said, and the program
//! ends.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::{
    clock::SystemClock,
    config::{Settings, SupportKeyCommand},
    credentials::token::{Token, TokenKind},
    randomness::{Randomness, SystemRandomness},
    startup::open_database,
    storage::{self, support_key},
};

/// Brings the schema up to date.
///
/// # Errors
/// When the database cannot be reached or changed.
pub async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    open_database(settings, true).await?.close().await;
    Ok(())
}

/// Copies the SQLite database into a new file.
///
/// # Errors
/// When there is no such database, or it cannot be copied.
pub async fn backup(settings: &Settings, to: &Path) -> anyhow::Result<()> {
    let bytes = storage::backup::backup(&settings.database_url, to)
        .await
        .context("cannot back the database up")?;
    tracing::info!(file = %to.display(), bytes, "backed up and checked");
    Ok(())
}

/// Moves everything from one database into another, and prints what was moved.
///
/// # Errors
/// When the two are not the same in the end.
#[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
pub async fn copy(from: &str, to: &str) -> anyhow::Result<()> {
    let report = storage::copy::copy(from, to).await.context("cannot copy")?;
    print!("{report}");
    Ok(())
}

/// Makes, lists and revokes support keys, and prints what came of it.
///
/// # Errors
/// When the database cannot be reached, or there is no such key.
#[expect(clippy::print_stdout, reason = "the answer of a command that a person typed")]
pub async fn support_key(settings: &Settings, command: &SupportKeyCommand) -> anyhow::Result<()> {
    let db = open_database(settings, !settings.no_migrate).await?;
    let now = crate::clock::Clock::now(&SystemClock);
    match command {
        SupportKeyCommand::Create { name } => {
            let name = name.trim();
            if name.is_empty() || name.chars().count() > 100 {
                bail!("the name must have 1 to 100 characters");
            }
            let key = Token::generate(TokenKind::SupportKey, &SystemRandomness as &dyn Randomness);
            let id = support_key::insert(&db.write(), name, &key.digest(), now).await?;
            println!("{}", key.reveal());
            tracing::info!(support_key.id = id, "support key made");
        }
        SupportKeyCommand::List => {
            for key in support_key::list(&db.read()).await? {
                let state = match key.revoke_time {
                    Some(time) => format!("revoked {time:.0}"),
                    None => "alive".to_owned(),
                };
                println!("{}\t{}\tmade {:.0}\t{state}", key.id, key.name, key.create_time);
            }
        }
        SupportKeyCommand::Revoke { id } => {
            if !support_key::revoke(&db.write(), *id, now).await? {
                bail!("there is no support key {id} that is alive");
            }
        }
    }
    db.close().await;
    Ok(())
}
