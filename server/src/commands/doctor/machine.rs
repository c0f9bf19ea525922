//! The machine: its clock against the database's, open files, memory; and the certificates.

use std::{collections::HashSet, fs, path::Path};

use jiff::{SignedDuration, Timestamp};

use super::finding::Finding;
use crate::{
    clock::{Clock as _, SystemClock},
    commands::Serve,
    listener::Transport,
    private_file,
    storage::database::Database,
};

/// How far two clocks may differ: codes and limits are counted in minutes.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// What the server takes beside its hashes, roughly.
const BESIDE_HASHES: u64 = 128 << 20;

const MIB: u64 = 1 << 20;

/// The transport as `serve` makes it: address, certificates, limits.
pub(super) fn certificates(serve: &Serve, now: Timestamp, findings: &mut Vec<Finding>) {
    const AREA: &str = "certificates";
    let transport = match serve.listen.transport(now) {
        Ok(transport) => transport,
        Err(error) => {
            let what = format!("{error:#}");
            let remedy = "the server does not start with them: renew or mend the files";
            findings.push(Finding::problem(AREA, what, remedy));
            return;
        }
    };
    open_to_others(AREA, serve.listen.private_files(), findings);
    let Transport { tls: Some(tls), .. } = transport else {
        let what = "the server speaks no TLS itself";
        let remedy = "see to it that a proxy before it does, if customers come over a network";
        findings.push(Finding::warning(AREA, what, remedy));
        return;
    };
    let complaints = tls.complaints(now);
    if complaints.is_empty() {
        findings.push(Finding::ok(AREA, tls.summary()));
    }
    for complaint in complaints {
        let remedy = "renew it, or append what is missing to its file: it is read again by itself";
        findings.push(Finding::warning(AREA, complaint, remedy));
    }
}

/// What else `serve` would refuse.
pub(super) fn settings(serve: &Serve, findings: &mut Vec<Finding>) {
    const AREA: &str = "settings";
    let mut told = HashSet::new();
    for fault in serve.parts().into_iter().filter_map(Result::err) {
        let what = format!("{fault:#}");
        // Two parts may be made of one setting.
        if told.insert(what.clone()) {
            let remedy = "the server does not start with it: `config check` tells where it is set";
            findings.push(Finding::problem(AREA, what, remedy));
        }
    }
    open_to_others(AREA, serve.hashing.private_files(), findings);
}

/// Files of secrets that others may read.
fn open_to_others<'a>(
    area: &'static str,
    files: impl Iterator<Item = &'a Path>,
    findings: &mut Vec<Finding>,
) {
    for file in files {
        if let Some((mode, wanted)) = private_file::open_to_others(file) {
            let what = format!("others may read {} (mode {mode:o})", file.display());
            let remedy = format!("chmod {wanted:o} {}", file.display());
            findings.push(Finding::problem(area, what, remedy));
        }
    }
}

/// Whether this machine and the database agree about the time.
pub(super) async fn clock(db: &Database) -> Finding {
    const AREA: &str = "clock";
    let clock = SystemClock::start();
    let before = clock.now();
    let told = db.time().await;
    let after = clock.now();
    let skew = match told {
        Ok(Some(time)) if time < before => before.duration_since(time),
        Ok(Some(time)) if time > after => time.duration_since(after),
        Ok(_) => SignedDuration::ZERO,
        Err(error) => {
            let what = format!("the database does not tell the time: {error}");
            return Finding::problem(AREA, what, "look at the database first");
        }
    };
    if skew > SKEW {
        return Finding::problem(
            AREA,
            format!("this machine and the database differ by {} s", skew.as_secs()),
            "set both right (NTP): codes, limits and leases go by the time",
        );
    }
    match db.last_sign_of_life().await {
        Ok(Some(time)) if time.duration_since(after) > SKEW => Finding::problem(
            AREA,
            format!("a server was seen at {time:.0}, which is yet to come by this clock"),
            "set this machine's clock right (NTP), or that of the other server",
        ),
        Ok(_) => Finding::ok(AREA, "this machine and the database agree about the time"),
        Err(error) => {
            let what = format!("the signs of life of servers cannot be read: {error}");
            Finding::problem(AREA, what, "look at the database first")
        }
    }
}

/// Open files and memory.
pub(super) fn limits(serve: &Serve, findings: &mut Vec<Finding>) {
    const AREA: &str = "limits";
    let (files, wanted) = serve.listen.open_files();
    findings.push(match files {
        Some(files) if files < wanted => Finding::problem(
            AREA,
            format!("{files} files may be open, and {wanted} connections are to be"),
            "raise the limit (LimitNOFILE= of systemd, ulimit -n), or lower MAX_CONNECTIONS",
        ),
        _ => Finding::ok(AREA, format!("enough files may be open for {wanted} connections")),
    });
    let needed = serve.hashing.memory_bytes().saturating_add(BESIDE_HASHES);
    let Some(memory) = memory() else { return };
    let what = format!("{} MiB of memory, and hashes take {}", memory / MIB, needed / MIB);
    findings.push(if memory < needed {
        let remedy = "lower HASH_MEMORY_KIB × HASH_THREADS, or give the server more memory";
        Finding::problem(AREA, what, remedy)
    } else {
        Finding::ok(AREA, what)
    });
}

/// The memory that this process may have: the machine's, or less if a container gives less.
fn memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        total.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
    });
    let container = fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let container = container.and_then(|text| text.trim().parse::<u64>().ok());
    match (machine, container) {
        (Some(machine), Some(container)) => Some(machine.min(container)),
        (machine, container) => machine.or(container),
    }
}
