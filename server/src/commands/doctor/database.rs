//! The database: whether it is there, keeps what is written, has room, and is its owner's alone.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::finding::Finding;
use crate::{
    private_file::wanted_mode,
    settings::database::{DatabaseSettings, naming_holder},
    storage::{database::Database, disk, sqlite},
};

const AREA: &str = "database";

/// Below this, a busy day fills the disk.
const LITTLE_ROOM: u64 = 1 << 30;

/// Below this, it is as good as full: the log alone may take as much.
const NO_ROOM: u64 = 64 << 20;

const MIB: u64 = 1 << 20;

/// Opens the database as a command does, and looks at it.
pub(super) async fn examine(
    settings: &DatabaseSettings,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Option<Database> {
    let file = settings.as_given().ok().and_then(sqlite::file);
    if let Some(file) = file.filter(|file| file.exists()) {
        findings.extend(room(&file));
        findings.extend(owner_and_mode(&file));
    }
    let db = match settings.open_existing().await {
        Ok(db) => db,
        Err(error) => {
            let remedy = "the server cannot serve: mend what is told here first";
            findings.push(Finding::problem(AREA, format!("{error:#}"), remedy));
            return None;
        }
    };
    match db.ping(now).await {
        Ok(()) => findings.push(Finding::ok(AREA, "it is there, and keeps what is written")),
        Err(error) => {
            let error = naming_holder(&db, error);
            findings.push(Finding::problem(
                AREA,
                format!("it does not keep what is written: {error:#}"),
                "look at its disk, its rights, and at who has it locked",
            ));
        }
    }
    findings.push(durability(&db).await);
    Some(db)
}

/// Whether an acknowledged call survives a power cut.
async fn durability(db: &Database) -> Finding {
    match db.unsafe_settings().await {
        Ok(unsafe_ones) if unsafe_ones.is_empty() => {
            Finding::ok(AREA, "its settings are durable: what is acknowledged survives a power cut")
        }
        Ok(unsafe_ones) => Finding::problem(
            AREA,
            format!("a power cut loses acknowledged calls: {}", unsafe_ones.join(", ")),
            "set each to `on` (SQLite: a disk that is no network's)",
        ),
        Err(error) => Finding::problem(
            AREA,
            format!("its settings cannot be read: {error}"),
            "look at the rights of its role",
        ),
    }
}

/// How much room there is on its disk.
fn room(file: &Path) -> Option<Finding> {
    let free = disk::space(file.parent()?)?.free_bytes;
    let size = std::fs::metadata(file).map_or(0, |file| file.len());
    let what = format!("{} MiB are free on its disk", free / MIB);
    Some(if free < NO_ROOM {
        Finding::problem(AREA, what, "make room: calls are refused on a full disk")
    } else if free < LITTLE_ROOM.max(size) {
        Finding::warning(
            AREA,
            what,
            format!("make room: a restore beside it takes {} MiB", size / MIB),
        )
    } else {
        Finding::ok(AREA, what)
    })
}

/// Whether others may read it, and whether all its files have one owner: a command that root
/// has started leaves files that the server may not open.
#[cfg(unix)]
fn owner_and_mode(file: &Path) -> Vec<Finding> {
    use std::os::unix::fs::MetadataExt as _;
    let mut findings = Vec::new();
    let Ok(own) = std::fs::metadata(file) else { return findings };
    for suffix in ["", "-wal", "-shm"] {
        let path = PathBuf::from(format!("{}{suffix}", file.display()));
        let Ok(each) = std::fs::metadata(&path) else { continue };
        if wanted_mode(each.mode(), true).is_some() {
            findings.push(Finding::problem(
                AREA,
                format!("others may read {} (mode {:o})", path.display(), each.mode() & 0o777),
                format!("chmod 600 {}", path.display()),
            ));
        }
        if each.uid() != own.uid() {
            findings.push(Finding::problem(
                AREA,
                format!("{} belongs to another user than the database", path.display()),
                format!("chown --reference={} {}", file.display(), path.display()),
            ));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(AREA, "only its owner may read its files"));
    }
    findings
}

/// Elsewhere than on Unix, permissions are not modes.
#[cfg(not(unix))]
fn owner_and_mode(_: &Path) -> Vec<Finding> {
    Vec::new()
}
