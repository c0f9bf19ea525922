//! What a testing server takes of the settings. Those that it takes are listed, and all others are
//! refused: a setting that comes later is refused until somebody has thought about it.

use clap::error::ErrorKind;

use super::known_settings::Setting;

/// The flag of a testing server, which is the only way to have one.
const FLAG: &str = "testing";

/// The command that looks at a service, of which a testing server has nothing.
const DOCTOR: &str = "doctor";

/// What a testing server may be told: where to listen, within `settings::testing`'s bounds, what
/// to log, how long things are valid, which limits it is to have for a test of theirs.
const TAKEN: [&str; 30] = [
    "admin-listen",
    "call-burst",
    "call-deadline",
    "calls-per-second",
    "code-lifetime",
    "config",
    "handshake-timeout",
    "hash-lanes",
    "hash-memory-kib",
    "hash-passes",
    "hash-queue",
    "hash-threads",
    "idle-timeout",
    "link-call-burst",
    "link-calls-per-second",
    "listen",
    "log",
    "log-answered-one-in",
    "log-format",
    "mails-in-all",
    "mails-per-address",
    "mails-per-ip",
    "max-connections",
    "max-connections-per-ip",
    "max-unfinished-calls",
    "max-unfinished-calls-per-ip",
    "reflection",
    "resend-interval",
    "shutdown-grace",
    "ticket-lifetime",
];

/// What it has where nothing is said: any port, reflection for everybody, cheap hashes, and limits
/// that no test comes to.
const DEFAULTS: [(&str, &str); 15] = [
    ("call-burst", "1000000"),
    ("calls-per-second", "1000000"),
    ("hash-memory-kib", "64"),
    ("hash-passes", "1"),
    ("hash-queue", "100000"),
    ("link-call-burst", "1000000"),
    ("link-calls-per-second", "1000000"),
    ("listen", "127.0.0.1:0"),
    ("mails-in-all", "1000000/1h"),
    ("mails-per-address", "1000000/1h"),
    ("mails-per-ip", "1000000/1h"),
    ("max-connections-per-ip", "10000"),
    ("max-unfinished-calls", "10000"),
    ("max-unfinished-calls-per-ip", "10000"),
    ("reflection", "on"),
];

/// Whether the arguments ask for a testing server. They ask so by a flag only.
pub(super) fn is_asked(is_typed: impl Fn(&str) -> bool) -> bool {
    is_typed(FLAG)
}

/// Refuses a command that has nothing to do with a testing server.
///
/// # Errors
/// When it is that one.
pub(super) fn refuse_command(name: &str) -> clap::error::Result<()> {
    if name != DOCTOR {
        return Ok(());
    }
    let what = "--testing is of `serve`: `doctor` looks at what a service for customers needs\n";
    Err(clap::Error::raw(ErrorKind::ArgumentConflict, what))
}

/// Refuses a setting beside `--testing` that a testing server does not take. `origin` is where it
/// is set, and its value is not told: it may hold a password.
///
/// # Errors
/// When it is none of those.
pub(super) fn refuse(setting: &Setting<'_>, origin: &str) -> clap::error::Result<()> {
    if TAKEN.contains(&setting.flag) {
        return Ok(());
    }
    let what = format!(
        "--testing and --{} ({origin}) exclude each other: a testing server has a database, a \
         mailbox and a clock of its own, and nothing that a service for customers has. Take that \
         setting away, or leave --testing out\n",
        setting.flag
    );
    Err(clap::Error::raw(ErrorKind::ArgumentConflict, what))
}

/// What a setting is on a testing server where nothing is said.
pub(super) fn default(setting: &Setting<'_>) -> Option<&'static str> {
    DEFAULTS.iter().find(|(flag, _)| *flag == setting.flag).map(|(_, value)| *value)
}
