//! `serve`: makes every part of the server as its settings say, and runs it until the
//! process is asked to stop. The only place that knows all the parts.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    Dependencies, Workers,
    accounts::{Accounts, CodeRequests},
    clock::SystemClock,
    mail::outbox::Outbox,
    randomness::SystemRandomness,
    settings::{
        database::DatabaseSettings, hashing::Hashing, lifetimes::LifetimeSettings, listen::Listen,
        mail::MailSettings, nomenclature::NomenclatureSettings, rate_limits::RateLimits,
    },
    shutdown::{Shutdown, asked_to_stop},
    storage::machine_lookups::MachineLookups,
};

/// The settings of `serve`: all there are.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    listen: Listen,
    #[command(flatten)]
    database: DatabaseSettings,
    #[command(flatten)]
    mail: MailSettings,
    #[command(flatten)]
    lifetimes: LifetimeSettings,
    #[command(flatten)]
    rate_limits: RateLimits,
    #[command(flatten)]
    hashing: Hashing,
    #[command(flatten)]
    nomenclature: NomenclatureSettings,
}

impl Serve {
    /// Serves until the process is asked to stop.
    ///
    /// # Errors
    /// When a part cannot be made as the settings ask.
    pub async fn run(&self) -> anyhow::Result<()> {
        let transport = self.listen.transport()?;
        let dependencies = self.dependencies().await?;
        let listener = self.listen.bind().await?;
        let address = listener.local_addr()?;
        tracing::info!(%address, tls = transport.tls.is_some(), "listening");
        let shutdown = Shutdown::default();
        tokio::spawn({
            let shutdown = shutdown.clone();
            async move {
                asked_to_stop().await;
                tracing::info!("stopping");
                shutdown.begin();
            }
        });
        let grace = self.listen.shutdown_grace();
        crate::run(listener, transport, dependencies, shutdown, grace).await;
        tracing::info!("stopped");
        Ok(())
    }

    /// The database comes last: whatever else is wrong is told before its schema is
    /// changed.
    async fn dependencies(&self) -> anyhow::Result<Dependencies> {
        let clock = Arc::new(SystemClock);
        let randomness = Arc::new(SystemRandomness);
        let mailer = self.mail.mailer()?;
        let config = self.mail.outbox_config()?;
        let nomenclature = Arc::new(self.nomenclature.nomenclature()?);
        let hasher = self.hashing.hasher(randomness.clone())?;
        let db = self.database.open().await?;
        let accounts = Accounts {
            db: db.clone(),
            machines: MachineLookups::new(&db),
            code_requests: CodeRequests::new(&db),
            hasher: hasher.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            nomenclature,
            mail_queued: Arc::new(Notify::new()),
            lifetimes: self.lifetimes.lifetimes(),
            throttles: Arc::new(self.rate_limits.throttles()),
            mails_in_all: self.rate_limits.mails_in_all(),
            token_calls: self.rate_limits.token_calls(),
        };
        let outbox = Outbox { db, hasher, clock, randomness, mailer, config };
        let retention = self.lifetimes.retention();
        Ok(Dependencies {
            accounts,
            gate: self.rate_limits.gate(),
            reflection: self.listen.reflection(),
            workers: Some(Workers { outbox, retention }),
        })
    }
}
