//! `serve`: makes every part of the server as its settings say, and runs it until the
//! process is asked to stop. The only place that knows all the parts.

mod ground;
mod parts;

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use tokio::{net::TcpListener, sync::Notify};
use tracing::field::display;

use self::ground::Ground;
use crate::{
    Dependencies, Telemetry, Workers,
    accounts::{Accounts, CodeRequests},
    audit::SearchEvents,
    credentials::derivation::MailedCodeKey,
    listener::Transport,
    mail::outbox::Outbox,
    metrics::{MailMetrics, WebhookMetrics},
    randomness::SystemRandomness,
    settings::{
        compaction::CompactionSettings, database::DatabaseSettings, hashing::Hashing,
        letterhead::LetterheadSettings, lifetimes::LifetimeSettings, listen::Listen,
        log::CallLogSettings, mail::MailSettings, nomenclature::NomenclatureSettings,
        privacy_notice::PrivacyNoticeSettings, rate_limits::RateLimits, support::SupportSettings,
        testing::TestingSettings, traces::TraceSettings, trial::TrialSettings,
        webhook::WebhookSettings,
    },
    shutdown::{Shutdown, signals::StopSignals},
    storage::{about::About, event_queue::EventQueue, machine_lookups::MachineLookups},
    supervisor::Supervisor,
    telemetry::Output,
    testing::Testing,
    throttle::crowded_addresses::CrowdedAddresses,
    version::VERSION,
    webhook::Webhook,
};

/// The settings of `serve`: all there are.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    pub(super) listen: Listen,
    #[command(flatten)]
    pub(super) database: DatabaseSettings,
    #[command(flatten)]
    compaction: CompactionSettings,
    #[command(flatten)]
    pub(super) mail: MailSettings,
    #[command(flatten)]
    letterhead: LetterheadSettings,
    #[command(flatten)]
    lifetimes: LifetimeSettings,
    #[command(flatten)]
    rate_limits: RateLimits,
    #[command(flatten)]
    support: SupportSettings,
    #[command(flatten)]
    pub(super) hashing: Hashing,
    #[command(flatten)]
    nomenclature: NomenclatureSettings,
    #[command(flatten)]
    privacy_notice: PrivacyNoticeSettings,
    #[command(flatten)]
    trial: TrialSettings,
    #[command(flatten)]
    call_log: CallLogSettings,
    #[command(flatten)]
    pub(super) webhook: WebhookSettings,
    #[command(flatten)]
    pub(super) traces: TraceSettings,
    #[command(flatten)]
    testing: TestingSettings,
}

impl Serve {
    /// Serves until `stop`.
    ///
    /// # Errors
    /// When a part cannot be made as the settings ask.
    pub async fn run(&self, stop: &StopSignals, log: Option<Output>) -> anyhow::Result<()> {
        let supervisor = Supervisor::of_process();
        let (listener, transport, dependencies) = tokio::select! {
            biased;
            // Its start may wait: for another server's migration, or for a database that
            // says nothing.
            () = stop.asked() => {
                tracing::info!("stopped before it served");
                return Ok(());
            }
            started = self.start(log, supervisor) => started?,
        };
        let shutdown = Shutdown::default();
        tokio::spawn({
            let (shutdown, stop) = (shutdown.clone(), stop.clone());
            async move {
                stop.asked().await;
                tracing::info!("stopping");
                shutdown.begin();
            }
        });
        let grace = self.shutdown_grace();
        let throwaway = dependencies.testing.as_ref().map(Testing::database);
        crate::run(listener, transport, dependencies, shutdown, grace).await;
        if let Some(error) = throwaway.and_then(|database| database.remove().err()) {
            tracing::warn!(%error, "the database of the tests is left behind");
        }
        tracing::info!("stopped");
        Ok(())
    }

    /// How long the calls in progress may take at the end.
    #[must_use]
    pub fn shutdown_grace(&self) -> Duration {
        self.listen.shutdown_grace()
    }

    async fn start(
        &self,
        log: Option<Output>,
        supervisor: Supervisor,
    ) -> anyhow::Result<(TcpListener, Transport, Dependencies)> {
        tracing::info!(version = VERSION, "starting");
        self.check_trial()?;
        self.tell_trial()?;
        let ground = Ground::new(self.testing.is_on(&self.listen)?);
        let proxy_protocol = self.rate_limits.proxy_protocol()?;
        let transport = self.listen.transport(ground.clock().now())?;
        let transport = Transport { proxy_protocol, ..transport };
        let dependencies = self.dependencies(&ground, log, supervisor).await?;
        let listener = self.listen.bind().await?;
        let address = listener.local_addr()?;
        let tls = transport.tls.as_ref();
        let tls_until = tls.and_then(|tls| tls.expire_time()).map(display);
        tracing::info!(%address, tls = tls.is_some(), tls_until, "listening");
        if dependencies.testing.is_some() {
            tell_address(address).context("cannot write to standard output")?;
        }
        Ok((listener, transport, dependencies))
    }

    /// The database comes last: whatever else is wrong is told before its schema is
    /// changed.
    async fn dependencies(
        &self,
        ground: &Ground,
        log: Option<Output>,
        supervisor: Supervisor,
    ) -> anyhow::Result<Dependencies> {
        let (clock, randomness) = (ground.clock(), Arc::new(SystemRandomness));
        let mailer = ground.mailer(&self.mail)?;
        let config = self.mail.outbox_config(self.letterhead.letterhead()?)?;
        let nomenclature = Arc::new(self.nomenclature.nomenclature()?);
        let privacy_notice = self.privacy_notice.privacy_notice()?;
        privacy_notice.tell_source();
        let endpoint = self.webhook.endpoint()?;
        let hasher = self.hashing.hasher(randomness.clone())?;
        let (tracer, to_collector) = self.traces.traces(clock.clone(), randomness.clone())?.unzip();
        let telemetry = Telemetry {
            log_answered_one_in: self.call_log.answered_one_in(),
            admin: self.listen.bind_admin().await?,
            log,
            mails: MailMetrics::default(),
            events: endpoint.is_some().then(WebhookMetrics::default),
            tracer,
        };
        if let Some(to_collector) = &to_collector {
            tracing::info!(to = to_collector.place(), "traces configured");
        }
        tracing::info!(to = mailer.place(), sender = self.mail.sender()?, "mail configured");
        if let Some(endpoint) = &endpoint {
            tracing::info!(to = endpoint.place(), "webhook configured");
        }
        supervisor.starting("opening the database, and bringing its schema up to date");
        let (db, throwaway) = ground.open(&self.database, randomness.clone()).await?;
        let About { place, engine, schema } =
            db.about().await.context("cannot read the database")?;
        tracing::info!(place, engine, schema, "database opened");
        let queue = EventQueue::new(randomness.clone());
        let db = if endpoint.is_some() { db.telling(queue.clone()) } else { db };
        let webhook = endpoint.zip(telemetry.events.clone()).map(|(endpoint, metrics)| Webhook {
            db: db.clone(),
            queue,
            clock: clock.clone(),
            randomness: randomness.clone(),
            endpoint,
            bounds: self.webhook.bounds(),
            metrics,
        });
        let accounts = Accounts {
            db: db.clone(),
            machines: MachineLookups::new(&db),
            code_requests: CodeRequests::new(&db),
            search_events: SearchEvents::new(&db),
            hasher: hasher.clone(),
            clock: clock.clone(),
            randomness: randomness.clone(),
            nomenclature,
            mail_queued: Arc::new(Notify::new()),
            lifetimes: self.support.lifetimes(self.lifetimes.lifetimes()),
            throttles: Arc::new(self.rate_limits.throttles()),
            mails_in_all: self.rate_limits.mails_in_all(),
            token_calls: self.rate_limits.token_calls(),
            crowded_addresses: CrowdedAddresses::default(),
            support_keys: self.support.keys(),
            retention: self.lifetimes.retention(),
            compact_at: self.compaction.get(self.mail.time_zone()),
        };
        let code_key = MailedCodeKey::generate(&*randomness);
        let metrics = telemetry.mails.clone();
        let outbox = Outbox { db, hasher, clock, code_key, randomness, mailer, config, metrics };
        let retention = self.lifetimes.retention();
        let testing = ground.testing(throwaway, &accounts, &outbox, retention);
        Ok(Dependencies {
            accounts,
            gate: self.rate_limits.gate(),
            reflection: self.listen.reflection(),
            privacy_notice,
            telemetry,
            workers: Some(Workers { outbox, webhook, traces: to_collector, retention }),
            supervisor,
            testing,
        })
    }
}

/// Tells the program that started a testing server where it is: the first line of standard output,
/// and the only one.
fn tell_address(address: SocketAddr) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "http://{address}")?;
    output.flush()
}
