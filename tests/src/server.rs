//! A server of one's own for each test.

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use gestan_account_client::{Client, ClientOptions, TlsOptions};
use gestan_account_server::{
    Dependencies, Telemetry,
    accounts::{Accounts, CodeRequests, Lifetimes, SupportKeys},
    audit::SearchEvents,
    clock::{Clock, ManualClock},
    credentials::{
        derivation::MailedCodeKey,
        hasher::{HashParams, Hasher},
        pepper::Peppers,
    },
    domain::ape_code::Nomenclature,
    grpc::{Gate, Reflection},
    listener::Transport,
    mail::{
        mailer::{Mailer, Memory, Sent},
        message::Letterhead,
        outbox::{Outbox, OutboxConfig},
    },
    metrics::{MailMetrics, WebhookMetrics},
    model::compact_at::CompactAt,
    network::{SupportNetworks, TrustedProxies},
    reference::privacy_notice::PrivacyNotice,
    settings::{mail, time_zone::TIME_ZONE},
    shutdown::Shutdown,
    storage::{
        connections::Connections, database::Database, event_queue::EventQueue,
        machine_lookups::MachineLookups, outbox_mail, purge::Retention, transaction::Transaction,
    },
    supervisor::Supervisor,
    throttle::{
        Limits, Throttles,
        calls::{CallBuckets, CallRate},
        crowded_addresses::CrowdedAddresses,
        mails_in_all::MailsInAll,
    },
    webhook::{Bounds, Webhook, endpoint::Endpoint},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use sea_orm::ConnectionTrait as _;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use crate::{
    SeededRandomness, TestDatabase, is_postgres,
    mail::last_to,
    test_database::{on_a_runtime_of_its_own, open},
};

/// How a test server differs from the usual.
#[derive(Debug)]
pub struct TestServerOptions {
    /// The cost of a hash; small, unless the cost is what is tested.
    pub hash_params: (u32, u32, u32),
    /// Hashing threads.
    pub hash_threads: usize,
    /// Places in the hashing queue.
    pub hash_queue: usize,
    /// The peppers.
    pub peppers: Peppers,
    /// How often things may happen; any number of times, unless that is what
    /// is tested.
    pub throttles: Throttles,
    /// Mails that strangers may ask for.
    pub mails_in_all: Limits,
    /// Calls that no token vouches for.
    pub call_rate: CallRate,
    /// Calls with one token.
    pub token_call_rate: CallRate,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// How long things are kept, for whoever is told.
    pub retention: Retention,
    /// When the file of the database is compacted.
    pub compact_at: CompactAt,
    /// The networks that support keys are taken from.
    pub support_networks: SupportNetworks,
    /// Calls with one support key.
    pub support_calls_per_minute: u32,
    /// The trusted proxies.
    pub proxies: TrustedProxies,
    /// The callers that may ask by reflection.
    pub reflection: Reflection,
    /// Which APE codes there are.
    pub nomenclature: Nomenclature,
    /// What people are told before they open an account.
    pub privacy_notice: PrivacyNotice,
    /// Where mail goes instead of into memory.
    pub mailer: Option<Mailer>,
    /// What mails say of their sender.
    pub letterhead: Letterhead,
    /// Who is told of events.
    pub webhook: Option<Endpoint>,
    /// How many events may wait.
    pub webhook_max_waiting: u64,
    /// The address of the database instead of a fresh one.
    pub database_url: Option<String>,
    /// Where to listen.
    pub listen: &'static str,
    /// How connections are taken.
    pub transport: Transport,
    /// The clock of the account flow instead of the manual one.
    pub clock: Option<Arc<dyn Clock>>,
    /// The authority that the clients trust, when the server speaks TLS.
    pub client_tls: Option<TlsOptions>,
}

impl Default for TestServerOptions {
    fn default() -> Self {
        Self {
            hash_params: (64, 1, 1),
            hash_threads: 2,
            hash_queue: 512,
            peppers: Peppers::default(),
            throttles: Throttles {
                mails_per_address: Limits::new([]),
                // By it a repeat is known.
                support_mails: Throttles::default().support_mails,
                mails_per_ip: Limits::new([]),
                wrong_passwords: Limits::new([]),
                wrong_codes: Limits::new([]),
                wrong_passwords_of_strangers: Limits::new([]),
            },
            mails_in_all: Limits::new([]),
            call_rate: CallRate { burst: u32::MAX, per_second: u32::MAX },
            token_call_rate: CallRate { burst: u32::MAX, per_second: u32::MAX },
            lifetimes: Lifetimes::default(),
            retention: Retention {
                challenges: SignedDuration::from_hours(7 * 24),
                audit_events: SignedDuration::from_hours(365 * 24),
                time_notes: SignedDuration::from_hours(43_800),
                ledgers: SignedDuration::from_hours(87_660),
            },
            compact_at: CompactAt::daily(jiff::civil::time(3, 30, 0, 0), TimeZone::UTC),
            support_networks: SupportNetworks::default(),
            support_calls_per_minute: u32::MAX,
            proxies: TrustedProxies::default(),
            reflection: Reflection::default(),
            nomenclature: Nomenclature::default(),
            privacy_notice: PrivacyNotice::default(),
            mailer: None,
            letterhead: Letterhead::default(),
            webhook: None,
            webhook_max_waiting: 100_000,
            database_url: None,
            listen: "127.0.0.1:0",
            transport: Transport::default(),
            clock: None,
            client_tls: None,
        }
    }
}

/// When the clock of a test server begins.
///
/// # Panics
/// Never.
#[must_use]
pub fn start_time() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().expect("a time")
}

/// A running server. When it is dropped, no mail may be left unsent, unless the
/// test says so.
#[derive(Debug)]
pub struct TestServer {
    /// A client without a token.
    pub client: Client,
    /// The server's clock.
    pub clock: ManualClock,
    /// The account flow, for what has no RPC.
    pub accounts: Accounts,
    /// Sends mail, when the test says so.
    pub outbox: Outbox,
    /// Tells another system, when the test says so.
    pub webhook: Option<Webhook>,
    /// Where the server listens.
    pub address: SocketAddr,
    /// Where it answers operators.
    pub admin_address: SocketAddr,
    /// Stops the server.
    pub shutdown: Shutdown,
    client_tls: Option<TlsOptions>,
    db: Connections,
    memory: Memory,
    statements: Arc<Mutex<Vec<String>>>,
    database_url: String,
    mail_may_be_left: bool,
    serving: JoinHandle<()>,
    own_database: Option<TestDatabase>,
}

impl TestServer {
    /// Starts the usual server.
    pub async fn start() -> Self {
        Self::start_with(TestServerOptions::default()).await
    }

    /// Starts a server that differs.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn start_with(options: TestServerOptions) -> Self {
        // All that is built on the way is more than a test's own future should hold.
        Box::pin(Self::build(options)).await
    }

    async fn build(options: TestServerOptions) -> Self {
        let randomness = Arc::new(SeededRandomness::new(7));
        let hasher = hasher(&options, randomness.clone());
        let own_database = options.database_url.is_none().then(TestDatabase::new);
        let database_url = options
            .database_url
            .unwrap_or_else(|| own_database.as_ref().expect("one of the two").url().to_owned());
        let clock = ManualClock::new(start_time());
        let statements: Arc<Mutex<Vec<String>>> = Arc::default();
        let db = open_observed(&database_url, Arc::clone(&statements)).await;
        let queue = EventQueue::new(Arc::new(SeededRandomness::new(13)));
        let db = if options.webhook.is_some() { db.telling(queue.clone()) } else { db };
        let webhook = options.webhook.map(|endpoint| {
            let clock: Arc<dyn Clock> = Arc::new(clock.clone());
            webhook_to(endpoint, options.webhook_max_waiting, &db, queue, clock)
        });
        let memory = Memory::default();
        let accounts_db = db.write();
        let accounts = Accounts {
            db: db.clone(),
            machines: MachineLookups::new(&db),
            code_requests: CodeRequests::new(&db),
            search_events: SearchEvents::new(&db),
            hasher: hasher.clone(),
            clock: options.clock.unwrap_or_else(|| Arc::new(clock.clone())),
            randomness: randomness.clone(),
            nomenclature: Arc::new(options.nomenclature),
            mail_queued: Arc::new(Notify::new()),
            lifetimes: options.lifetimes,
            throttles: Arc::new(options.throttles),
            mails_in_all: MailsInAll::new(options.mails_in_all),
            token_calls: CallBuckets::new(options.token_call_rate),
            crowded_addresses: CrowdedAddresses::default(),
            support_keys: SupportKeys {
                networks: options.support_networks,
                calls: CallBuckets::per_minute(options.support_calls_per_minute),
            },
            retention: options.retention,
            compact_at: options.compact_at,
        };
        let outbox = Outbox {
            metrics: MailMetrics::default(),
            db,
            hasher,
            clock: Arc::new(clock.clone()),
            code_key: MailedCodeKey::generate(&SeededRandomness::new(11)),
            randomness,
            mailer: options.mailer.unwrap_or_else(|| Mailer::Memory(memory.clone())),
            config: outbox_config(options.letterhead),
        };
        let (listener, address) = bind(options.listen).await;
        let shutdown = Shutdown::default();
        let (admin, admin_address) = bind("127.0.0.1:0").await;
        let telemetry = Telemetry {
            log_answered_one_in: 1,
            admin: Some(admin),
            log: None,
            mails: outbox.metrics.clone(),
            events: webhook.as_ref().map(|webhook| webhook.metrics.clone()),
            tracer: None,
        };
        let dependencies = Dependencies {
            accounts: accounts.clone(),
            gate: gate(options.proxies, options.call_rate),
            reflection: options.reflection,
            privacy_notice: options.privacy_notice,
            telemetry,
            workers: None,
            supervisor: Supervisor::default(),
            testing: None,
        };
        let serving = tokio::spawn(gestan_account_server::run(
            listener,
            options.transport,
            dependencies,
            shutdown.clone(),
            Duration::from_secs(5),
        ));
        let client =
            connect(address, ClientOptions::new().max_attempts(1), options.client_tls.clone())
                .await;
        Self {
            client,
            clock,
            accounts,
            outbox,
            webhook,
            address,
            admin_address,
            shutdown,
            client_tls: options.client_tls,
            db: accounts_db,
            memory,
            statements,
            database_url,
            mail_may_be_left: false,
            serving,
            own_database,
        }
    }

    /// A client of this server with options of its own.
    pub async fn connect(&self, options: ClientOptions) -> Client {
        connect(self.address, options, self.client_tls.clone()).await
    }

    /// Moves the server's clock.
    pub fn advance(&self, step: SignedDuration) {
        self.clock.advance(step);
    }

    /// Sends every mail that is due; gives their number.
    ///
    /// # Panics
    /// When the outbox cannot be read.
    pub async fn deliver_mail(&self) -> usize {
        self.outbox.drain().await.expect("the outbox is read")
    }

    /// Sends every event that is due to the webhook; gives their number.
    ///
    /// # Panics
    /// When there is no webhook, or its outbox cannot be read.
    pub async fn deliver_events(&self) -> usize {
        let webhook = self.webhook.as_ref().expect("a webhook");
        webhook.drain().await.expect("the event outbox is read")
    }

    /// The mails that arrived so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Sent> {
        self.memory.sent()
    }

    /// The memory that mail goes to, to script its failures.
    #[must_use]
    pub fn mailbox(&self) -> &Memory {
        &self.memory
    }

    /// Sends what is due and gives the last mail to `address`.
    pub async fn mail_to(&self, address: &str) -> Sent {
        self.deliver_mail().await;
        last_to(&self.mails(), address)
    }

    /// The database, to look at what is stored.
    #[must_use]
    pub fn db(&self) -> &Connections {
        &self.db
    }

    /// Begins a transaction in which nobody else writes what a call would.
    ///
    /// # Panics
    /// When the database fails.
    pub async fn keep_others_from_writing(&self) -> Transaction {
        let transaction = self.accounts.db.begin().await.expect("a transaction");
        // SQLite has one writer at a time as it is.
        if is_postgres() {
            let lock = "LOCK TABLE throttle, challenge, idempotency_key IN EXCLUSIVE MODE";
            transaction.execute_unprepared(lock).await.expect("the lock");
        }
        transaction
    }

    /// The statements that were run since this was last asked.
    #[must_use]
    pub fn take_statements(&self) -> Vec<String> {
        std::mem::take(&mut self.statements.lock().expect("no panic under the lock"))
    }

    /// The database's address.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The contents of every file of its own database.
    ///
    /// # Panics
    /// When the database was handed in.
    #[must_use]
    pub fn database_files(&self) -> Vec<Vec<u8>> {
        self.own_database.as_ref().expect("a database of its own").files()
    }

    /// This test leaves mail unsent on purpose.
    pub fn leaves_mail(&mut self) {
        self.mail_may_be_left = true;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.serving.abort();
        if thread::panicking() || self.mail_may_be_left {
            return;
        }
        let url = self.database_url.clone();
        let left = on_a_runtime_of_its_own(async move {
            let db = open(&url).await;
            let left = outbox_mail::count_pending(&db.read()).await.expect("the outbox");
            db.close().await;
            left
        });
        assert_eq!(left, 0, "mail is left in the outbox: deliver it, or say leaves_mail()");
    }
}

async fn connect(address: SocketAddr, options: ClientOptions, tls: Option<TlsOptions>) -> Client {
    let (url, options) = match tls {
        None => (format!("http://{address}"), options),
        Some(tls) => (format!("https://{address}"), options.tls(tls)),
    };
    Client::connect(&url, options).await.expect("the server answers")
}

/// Opens a database with the schema, and has its statements noted.
async fn open_observed(url: &str, statements: Arc<Mutex<Vec<String>>>) -> Database {
    let mut db = open(url).await;
    db.observe_statements(move |sql| {
        // The health check's come whenever they come, and belong to no call.
        if !sql.contains("heartbeat") {
            statements.lock().expect("no panic under the lock").push(sql.to_owned());
        }
    });
    db.migrate().await.expect("migrations apply");
    db
}

fn hasher(options: &TestServerOptions, randomness: Arc<SeededRandomness>) -> Hasher {
    let (memory_kib, passes, lanes) = options.hash_params;
    Hasher::start(
        HashParams::new(memory_kib, passes, lanes).expect("valid parameters"),
        NonZeroUsize::new(options.hash_threads).expect("a thread"),
        NonZeroUsize::new(options.hash_queue).expect("a place"),
        options.peppers.clone(),
        randomness,
    )
    .expect("threads start")
}

fn gate(proxies: TrustedProxies, call_rate: CallRate) -> Gate {
    let (buckets, reference_buckets) = (CallBuckets::new(call_rate), CallBuckets::new(call_rate));
    Gate { proxies, buckets, reference_buckets }
}

async fn bind(address: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

fn webhook_to(
    endpoint: Endpoint,
    most: u64,
    db: &Database,
    queue: EventQueue,
    clock: Arc<dyn Clock>,
) -> Webhook {
    Webhook {
        db: db.clone(),
        queue,
        clock,
        randomness: Arc::new(SeededRandomness::new(17)),
        endpoint,
        bounds: Bounds { keep: SignedDuration::from_hours(72), most },
        metrics: WebhookMetrics::default(),
    }
}

fn outbox_config(letterhead: Letterhead) -> OutboxConfig {
    OutboxConfig {
        message_id_domain: "gestan.example".to_owned(),
        lease: mail::LEASE,
        time_zone: TimeZone::get(TIME_ZONE).expect("the time zone"),
        letterhead,
    }
}
