//! Makes what the settings ask for: the only place that knows all the parts.

use std::{fs, num::NonZeroUsize, sync::Arc, thread};

use anyhow::{Context as _, anyhow, bail};
use tokio::{net::TcpListener, sync::Notify};
use zeroize::Zeroizing;

use crate::{
    Dependencies, Workers,
    accounts::{Accounts, CodeRequests, Lifetimes},
    clock::SystemClock,
    config::{Settings, unsigned},
    credentials::{
        hasher::{HashParams, Hasher},
        pepper::Peppers,
    },
    domain::ape_code::Nomenclature,
    grpc::Gate,
    listener::{
        Allowance, Allowances, Transport, open_files,
        tls::{Tls, TlsFiles},
    },
    mail::{
        mailer::Mailer,
        outbox::{Outbox, OutboxConfig},
    },
    randomness::SystemRandomness,
    shutdown::{Shutdown, asked_to_stop},
    storage::{
        copy,
        database::{Database, DatabaseConfig},
        link_reads::LinkReads,
        purge::Retention,
    },
    throttle::{
        Throttles,
        calls::{CallBuckets, CallRate},
        mails_in_all::MailsInAll,
    },
};

/// Serves until the process is asked to stop.
///
/// # Errors
/// When a part cannot be made as the settings ask.
pub async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let transport = transport(settings)?;
    let dependencies = dependencies(settings).await?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    tracing::info!(address = %listener.local_addr()?, tls = transport.tls.is_some(), "listening");
    let shutdown = Shutdown::default();
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            asked_to_stop().await;
            tracing::info!("stopping");
            shutdown.begin();
        }
    });
    let grace = unsigned(settings.shutdown_grace);
    crate::run(listener, transport, dependencies, shutdown, grace).await;
    tracing::info!("stopped");
    Ok(())
}

/// Connects to the database, whose schema is then the one that this program
/// needs, or newer.
///
/// # Errors
/// When it cannot be reached, is a copy that is not whole, or its schema is
/// older and `migrate` is false.
pub(crate) async fn open_database(settings: &Settings, migrate: bool) -> anyhow::Result<Database> {
    let config = DatabaseConfig::new(settings.database_url.clone(), settings.database_connections);
    let db = Database::open(&config, Arc::new(SystemRandomness))
        .await
        .context("cannot open the database")?;
    if copy::is_begun(&db.read()).await.context("cannot read the database's schema")? {
        bail!(
            "a copy into this database was begun and has not come to its end: run `copy` again, or \
             use another database"
        );
    }
    if migrate {
        db.migrate().await.context("cannot bring the database's schema up to date")?;
    } else if !db.is_migrated().await.context("cannot read the database's schema")? {
        bail!("the database's schema is not up to date: run the command `migrate`");
    }
    Ok(db)
}

/// What connections are taken by. Secrets do not go over a network in the clear
/// unless the operator says so.
fn transport(settings: &Settings) -> anyhow::Result<Transport> {
    let tls = match (&settings.tls_certificate, &settings.tls_key) {
        (Some(certificate), Some(key)) => {
            let (certificate, key) = (certificate.clone(), key.clone());
            let client_ca = settings.tls_client_ca.clone();
            Some(Arc::new(Tls::load(TlsFiles { certificate, key, client_ca })?))
        }
        _ => None,
    };
    if tls.is_none() && !settings.listen.ip().to_canonical().is_loopback() {
        if !settings.dangerously_listen_in_clear {
            bail!(
                "{} can be reached from other machines, and without TLS anyone on the way could \
                 read passwords and link tokens: give --tls-certificate and --tls-key, or listen \
                 on 127.0.0.1, or, behind a proxy that terminates TLS, \
                 --dangerously-listen-in-clear",
                settings.listen
            );
        }
        tracing::warn!("listening without TLS: passwords and link tokens travel in the clear");
    }
    let max_connections = settings.max_connections.get();
    let files = open_files::raise_limit().and_then(|limit| usize::try_from(limit).ok());
    if files.is_some_and(|files| files < max_connections) {
        tracing::warn!(files, max_connections, "fewer files may be open than connections");
    }
    let usual = Transport::default();
    let calls = Allowance {
        max: settings.max_unfinished_calls.get(),
        per_share: settings.max_unfinished_calls_per_ip.get(),
    };
    Ok(Transport {
        tls,
        max_connections,
        max_connections_per_ip: settings.max_connections_per_ip.get(),
        handshake_timeout: unsigned(settings.handshake_timeout),
        idle_timeout: unsigned(settings.idle_timeout),
        call_deadline: unsigned(settings.call_deadline),
        allowances: Allowances { calls, ..usual.allowances },
        ..usual
    })
}

async fn dependencies(settings: &Settings) -> anyhow::Result<Dependencies> {
    let clock = Arc::new(SystemClock);
    let randomness = Arc::new(SystemRandomness);
    let (mailer, message_id_domain) = mailer(settings)?;
    let nomenclature = Arc::new(nomenclature(settings)?);
    let hasher = hasher(settings)?;
    let db = open_database(settings, !settings.no_migrate).await?;
    let accounts = Accounts {
        db: db.clone(),
        links: LinkReads::new(&db),
        code_requests: CodeRequests::new(&db),
        hasher: hasher.clone(),
        clock: clock.clone(),
        randomness: randomness.clone(),
        nomenclature,
        mail_owed: Arc::new(Notify::new()),
        lifetimes: Lifetimes {
            code: settings.code_lifetime,
            ticket: settings.ticket_lifetime,
            resend: settings.resend_interval,
            notice: settings.notice_lifetime,
        },
        throttles: Arc::new(Throttles {
            mails_per_address: settings.mails_per_address.clone(),
            mails_per_ip: settings.mails_per_ip.clone(),
            ..Throttles::default()
        }),
        mails_in_all: MailsInAll::new(settings.mails_in_all.clone()),
        token_calls: CallBuckets::new(CallRate {
            burst: settings.link_call_burst,
            per_second: settings.link_calls_per_second,
        }),
    };
    let lease = unsigned(settings.mail_lease);
    let time_zone = settings.time_zone.clone();
    let config = OutboxConfig { message_id_domain, lease, time_zone };
    let outbox = Outbox { db, hasher, clock, randomness, mailer, config };
    let retention = Retention {
        challenges: settings.challenge_retention,
        audit_events: settings.audit_retention,
    };
    let rate = CallRate { burst: settings.call_burst, per_second: settings.calls_per_second };
    let gate = Gate { proxies: settings.trusted_proxies.clone(), buckets: CallBuckets::new(rate) };
    let reflection = settings.reflection;
    Ok(Dependencies { accounts, gate, reflection, workers: Some(Workers { outbox, retention }) })
}

fn mailer(settings: &Settings) -> anyhow::Result<(Mailer, String)> {
    let is_file = settings.mail_url.starts_with("file:");
    if !is_file && settings.mail_lease < settings.mail_timeout * 4 {
        bail!("the mail lease must be at least four times the mail time-out");
    }
    let timeout = unsigned(settings.mail_timeout);
    let mailer = Mailer::from_url(&settings.mail_url, &settings.mail_from, timeout)?;
    let domain = settings.mail_from.rsplit_once('@').map(|(_, domain)| domain);
    let domain = domain.ok_or_else(|| anyhow!("the sender must be an address"))?;
    Ok((mailer, domain.trim_end_matches('>').to_owned()))
}

fn nomenclature(settings: &Settings) -> anyhow::Result<Nomenclature> {
    let Some(path) = &settings.naf_2025_file else {
        return Ok(Nomenclature::default());
    };
    let list = fs::read_to_string(path)
        .with_context(|| format!("cannot read the NAF 2025 list {}", path.display()))?;
    let nomenclature = Nomenclature::with_naf_2025(&list);
    let codes = nomenclature.naf_2025_len().unwrap_or_default();
    if codes == 0 {
        bail!("{} holds no code of NAF 2025", path.display());
    }
    tracing::info!(codes, "NAF 2025 checked by list");
    Ok(nomenclature)
}

fn hasher(settings: &Settings) -> anyhow::Result<Hasher> {
    let params =
        HashParams::new(settings.hash_memory_kib, settings.hash_passes, settings.hash_lanes)
            .map_err(|error| anyhow!("the hash parameters cannot be used: {error}"))?;
    let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let threads = settings.hash_threads.unwrap_or(processors);
    let (queue, randomness) = (settings.hash_queue, Arc::new(SystemRandomness));
    Ok(Hasher::start(params, threads, queue, peppers(settings)?, randomness)?)
}

fn peppers(settings: &Settings) -> anyhow::Result<Peppers> {
    let Some(path) = &settings.pepper_file else { return Ok(Peppers::default()) };
    let text = Zeroizing::new(
        fs::read_to_string(path)
            .with_context(|| format!("cannot read the peppers {}", path.display()))?,
    );
    text.parse().map_err(|error| anyhow!("{}: {error}", path.display()))
}
