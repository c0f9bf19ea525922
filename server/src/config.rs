//! Every setting, as a flag and as a variable `GESTAN_ACCOUNT_…`.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use jiff::{SignedDuration, tz::TimeZone};
use tracing::level_filters::LevelFilter;

use crate::{grpc::Reflection, network::TrustedProxies, telemetry::LogFormat, throttle::Limits};

/// Gestan's account service. Durations are written like `24h`, `10m`, `90s`.
#[derive(Parser)]
#[command(name = "gestan-account-server", version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings.
    #[command(flatten)]
    pub settings: Settings,
}

/// What the program can do.
#[derive(Subcommand)]
pub enum Command {
    /// Serve (the default).
    Serve,
    /// Bring the schema of the database up to date, and end.
    Migrate,
    /// Copy the SQLite database of the setting `--database-url`, also while servers use it.
    Backup {
        /// The file to make; none is ever replaced.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Move everything from one database into another, empty one, and compare them. Stop every
    /// server first. Taken up again where it stopped, if it is interrupted.
    Copy {
        /// The database to read, written like `--database-url`. Passwords are better left out here,
        /// where others can see them: PostgreSQL's are taken from PGPASSWORD or ~/.pgpass, too.
        #[arg(long, value_name = "URL")]
        from: String,
        /// The database to fill.
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Make, list and revoke the keys of support agents.
    #[command(subcommand)]
    SupportKey(SupportKeyCommand),
}

/// What can be done about support keys.
#[derive(Subcommand)]
pub enum SupportKeyCommand {
    /// Make a key and print it: it is shown this once.
    Create {
        /// Whose key it is.
        name: String,
    },
    /// List every key.
    List,
    /// Revoke a key: it is dead at once.
    Revoke {
        /// Its number, as `list` tells it.
        id: i32,
    },
}

/// The settings.
#[derive(Args)]
#[command(next_display_order = None)]
pub struct Settings {
    /// Where to listen.
    #[arg(long, env = "GESTAN_ACCOUNT_LISTEN", default_value = "127.0.0.1:50051", global = true)]
    pub listen: SocketAddr,

    /// The server's certificate chain, as PEM; read again when it changes and on SIGHUP.
    #[arg(long, env = "GESTAN_ACCOUNT_TLS_CERTIFICATE", requires = "tls_key", global = true)]
    pub tls_certificate: Option<PathBuf>,

    /// The private key of the certificate, as PEM.
    #[arg(long, env = "GESTAN_ACCOUNT_TLS_KEY", requires = "tls_certificate", global = true)]
    pub tls_key: Option<PathBuf>,

    /// Demand certificates of clients, signed by one of this PEM file.
    #[arg(long, env = "GESTAN_ACCOUNT_TLS_CLIENT_CA", requires = "tls_certificate", global = true)]
    pub tls_client_ca: Option<PathBuf>,

    /// Listen without TLS on an address that others can reach. Dangerous: passwords, personal codes
    /// and link tokens can then be read, and used, by anyone on the way. Only for a server that
    /// nobody but a proxy which terminates TLS can reach.
    #[arg(long, env = "GESTAN_ACCOUNT_DANGEROUSLY_LISTEN_IN_CLEAR", global = true)]
    pub dangerously_listen_in_clear: bool,

    /// Connections in all; for one more, the idlest makes room, of the network that has the most.
    #[arg(long, env = "GESTAN_ACCOUNT_MAX_CONNECTIONS", default_value = "10000", global = true)]
    pub max_connections: NonZeroUsize,

    /// Connections of one IPv4 address, or of one IPv6 /64. A /56 has twice as many, a /48 and an
    /// IPv4 /24 eight times. For one more, its idlest makes room.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAX_CONNECTIONS_PER_IP",
        default_value = "200",
        global = true
    )]
    pub max_connections_per_ip: NonZeroUsize,

    /// Calls that may be under way in all, until their answers are taken.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAX_UNFINISHED_CALLS",
        default_value = "8192",
        global = true
    )]
    pub max_unfinished_calls: NonZeroUsize,

    /// The same of one IPv4 address, or of one IPv6 /64; wider networks as for connections.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAX_UNFINISHED_CALLS_PER_IP",
        default_value = "512",
        global = true
    )]
    pub max_unfinished_calls_per_ip: NonZeroUsize,

    /// How long the TLS handshake may take, and then the first bytes of HTTP/2. The first byte of
    /// all must come within 3 seconds.
    #[arg(long, env = "GESTAN_ACCOUNT_HANDSHAKE_TIMEOUT", default_value = "10s",
        value_parser = positive, global = true)]
    pub handshake_timeout: SignedDuration,

    /// How long a connection is kept on which no call runs; clients connect anew when they need to.
    #[arg(long, env = "GESTAN_ACCOUNT_IDLE_TIMEOUT", default_value = "15m",
        value_parser = positive, global = true)]
    pub idle_timeout: SignedDuration,

    /// How long a call may take, whatever its caller would wait. A connection that takes no answer
    /// until a second later is ended.
    #[arg(long, env = "GESTAN_ACCOUNT_CALL_DEADLINE", default_value = "20s",
        value_parser = positive, global = true)]
    pub call_deadline: SignedDuration,

    /// Who may ask by reflection what the proto files say.
    #[arg(long, env = "GESTAN_ACCOUNT_REFLECTION", default_value = "support", global = true)]
    pub reflection: Reflection,

    /// The database: `sqlite:FILE` (created with its folder) or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_DATABASE_URL",
        default_value = "sqlite:data/gestan-account.sqlite",
        hide_env_values = true,
        global = true
    )]
    pub database_url: String,

    /// Database connections, by default 8; with SQLite, those for reading, by default
    /// one a processor, but from 2 to 8.
    #[arg(long, env = "GESTAN_ACCOUNT_DATABASE_CONNECTIONS",
        value_parser = clap::value_parser!(u32).range(1..=1000), global = true)]
    pub database_connections: Option<u32>,

    /// Leave the schema of the database as it is; `migrate` brings it up to date.
    #[arg(long, env = "GESTAN_ACCOUNT_NO_MIGRATE", global = true)]
    pub no_migrate: bool,

    /// Where mail goes: `file:FOLDER` (an `.eml` file each), `smtp://HOST`,
    /// `smtp+starttls://USER:PASSWORD@HOST`, `smtps://USER:PASSWORD@HOST`; with TLS, `?ca=FILE`
    /// trusts one more certificate.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAIL_URL",
        default_value = "file:data/mail",
        hide_env_values = true,
        global = true
    )]
    pub mail_url: String,

    /// Who the mail is from.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAIL_FROM",
        default_value = "Gestan <compte@gestan.invalid>",
        global = true
    )]
    pub mail_from: String,

    /// How long the mail server may take for a mail.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_TIMEOUT", default_value = "20s",
        value_parser = positive, global = true)]
    pub mail_timeout: SignedDuration,

    /// How long a mail belongs to the server that sends it; if that one crashes, the mail waits as
    /// long for another. At least four times the time-out, unless mail goes to files.
    #[arg(long, env = "GESTAN_ACCOUNT_MAIL_LEASE", default_value = "90s",
        value_parser = positive, global = true)]
    pub mail_lease: SignedDuration,

    /// The time zone in which mails tell the time.
    #[arg(long, env = "GESTAN_ACCOUNT_TIME_ZONE", default_value = "Europe/Paris",
        value_parser = time_zone, global = true)]
    pub time_zone: TimeZone,

    /// How long a personal code is valid.
    #[arg(long, env = "GESTAN_ACCOUNT_CODE_LIFETIME", default_value = "24h",
        value_parser = positive, global = true)]
    pub code_lifetime: SignedDuration,

    /// How long a ticket is valid.
    #[arg(long, env = "GESTAN_ACCOUNT_TICKET_LIFETIME", default_value = "1h",
        value_parser = positive, global = true)]
    pub ticket_lifetime: SignedDuration,

    /// After how long callers are told that they may ask for another mail.
    #[arg(long, env = "GESTAN_ACCOUNT_RESEND_INTERVAL", default_value = "1m",
        value_parser = positive, global = true)]
    pub resend_interval: SignedDuration,

    /// For how long sending a security notice is tried.
    #[arg(long, env = "GESTAN_ACCOUNT_NOTICE_LIFETIME", default_value = "72h",
        value_parser = positive, global = true)]
    pub notice_lifetime: SignedDuration,

    /// How long challenges, request IDs, ended mails and dead links are kept.
    #[arg(long, env = "GESTAN_ACCOUNT_CHALLENGE_RETENTION", default_value = "168h",
        value_parser = positive, global = true)]
    pub challenge_retention: SignedDuration,

    /// How long audit events are kept.
    #[arg(long, env = "GESTAN_ACCOUNT_AUDIT_RETENTION", default_value = "8760h",
        value_parser = positive, global = true)]
    pub audit_retention: SignedDuration,

    /// Mails to one address, or asked for under one account ID: at most so many in so long.
    #[arg(
        long,
        env = "GESTAN_ACCOUNT_MAILS_PER_ADDRESS",
        default_value = "1/1m,5/1h,10/24h",
        global = true
    )]
    pub mails_per_address: Limits,

    /// Mails asked for from one IP address (IPv6: from one /64). The networks around it may have
    /// more: a /56 twice as many, a /48 or an IPv4 /24 eight times.
    #[arg(long, env = "GESTAN_ACCOUNT_MAILS_PER_IP", default_value = "20/1h", global = true)]
    pub mails_per_ip: Limits,

    /// Mails that callers without a link token may ask this server for, all together.
    #[arg(long, env = "GESTAN_ACCOUNT_MAILS_IN_ALL", default_value = "10000/1h", global = true)]
    pub mails_in_all: Limits,

    /// Calls at once from one IP address that no token vouches for. The networks around it may have
    /// more, as with mails.
    #[arg(long, env = "GESTAN_ACCOUNT_CALL_BURST", default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub call_burst: u32,

    /// The same, a second, in the long run.
    #[arg(long, env = "GESTAN_ACCOUNT_CALLS_PER_SECOND", default_value_t = 2,
        value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub calls_per_second: u32,

    /// Calls at once with one link token, or with one support key.
    #[arg(long, env = "GESTAN_ACCOUNT_LINK_CALL_BURST", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub link_call_burst: u32,

    /// The same, a second, in the long run.
    #[arg(long, env = "GESTAN_ACCOUNT_LINK_CALLS_PER_SECOND", default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub link_calls_per_second: u32,

    /// Proxies whose `X-Forwarded-For` is believed: addresses and networks, with commas between.
    #[arg(long, env = "GESTAN_ACCOUNT_TRUSTED_PROXIES", default_value = "", global = true)]
    pub trusted_proxies: TrustedProxies,

    /// Argon2id: memory of a hash, in KiB.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_MEMORY_KIB", default_value_t = 19_456, global = true)]
    pub hash_memory_kib: u32,

    /// Argon2id: passes over the memory.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_PASSES", default_value_t = 2, global = true)]
    pub hash_passes: u32,

    /// Argon2id: lanes.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_LANES", default_value_t = 1, global = true)]
    pub hash_lanes: u32,

    /// Peppers, one a line as `ID:HEX`, the one in force first. Older ones stay until every hash
    /// that names them has been renewed, which happens when its password is next right.
    #[arg(long, env = "GESTAN_ACCOUNT_PEPPER_FILE", global = true)]
    pub pepper_file: Option<PathBuf>,

    /// Threads that hash, each with its own memory; by default one a processor.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_THREADS", global = true)]
    pub hash_threads: Option<NonZeroUsize>,

    /// Hashes that may wait, a quarter of them for mails and linked machines; who comes after them is
    /// told to come back.
    #[arg(long, env = "GESTAN_ACCOUNT_HASH_QUEUE", default_value = "256", global = true)]
    pub hash_queue: NonZeroUsize,

    /// A list of NAF 2025 codes, one a line; without it they are checked by their shape.
    #[arg(long, env = "GESTAN_ACCOUNT_NAF_2025_FILE", global = true)]
    pub naf_2025_file: Option<PathBuf>,

    /// How long running calls may take when the server is asked to stop.
    #[arg(long, env = "GESTAN_ACCOUNT_SHUTDOWN_GRACE", default_value = "30s",
        value_parser = positive, global = true)]
    pub shutdown_grace: SignedDuration,

    /// What is logged: off, error, warn, info, debug or trace. No level tells an address or a secret.
    #[arg(long, env = "GESTAN_ACCOUNT_LOG", default_value = "info", global = true)]
    pub log: LevelFilter,

    /// How it is logged, to standard error.
    #[arg(long, env = "GESTAN_ACCOUNT_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: LogFormat,
}

fn positive(text: &str) -> Result<SignedDuration, String> {
    let duration: SignedDuration = text.parse().map_err(|error| format!("{error}"))?;
    if duration.is_positive() { Ok(duration) } else { Err("must be longer than zero".to_owned()) }
}

fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|error| error.to_string())
}

/// A duration that [`positive`] has let through.
pub(crate) fn unsigned(duration: SignedDuration) -> Duration {
    duration.unsigned_abs()
}
