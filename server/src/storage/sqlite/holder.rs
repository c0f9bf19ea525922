//! Who keeps others from writing to an SQLite file, as far as the system tells.

use std::{fmt, fs, path::Path};

use crate::storage::sqlite_file::with_suffix;

/// The byte of the log's index (`-shm`) that whoever writes has locked
/// (<https://www.sqlite.org/walformat.html>).
const WRITES: u64 = 120;
/// The bytes of the file itself by which it is locked against everybody.
const EXCLUSIVE: std::ops::Range<u64> = 0x4000_0000..0x4000_0200;

/// A process that holds the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Another one of this machine.
    Process {
        /// Its number.
        id: u32,
        /// Its program, as far as that can be known.
        name: Option<String>,
    },
    /// Whoever it is.
    Unknown,
}

impl Holder {
    /// Looks for who has locked the file at `path`, or its log, against whoever writes, and is
    /// not this process.
    pub(in crate::storage) fn of(path: &Path) -> Self {
        Self::find(path, |lock, is_index| {
            let bytes = if is_index { WRITES..WRITES + 1 } else { EXCLUSIVE };
            lock.writes && lock.holds(bytes)
        })
    }

    /// Looks for who has the file at `path` open at all, and is not this process.
    pub(in crate::storage) fn of_any_lock(path: &Path) -> Self {
        Self::find(path, |_, _| true)
    }

    /// Looks for a lock on the file or on the index of its log.
    fn find(path: &Path, is_meant: impl Fn(&Lock, bool) -> bool) -> Self {
        let found = fs::read_to_string("/proc/locks").ok().and_then(|locks| {
            let index = inode(&with_suffix(path, "-shm"));
            let file = inode(path);
            let locks = locks.lines().filter_map(Lock::parse);
            let mut holding = locks.filter(|lock| {
                (Some(lock.inode) == index && is_meant(lock, true))
                    || (Some(lock.inode) == file && is_meant(lock, false))
            });
            holding.find(|lock| lock.process != std::process::id())
        });
        let Some(Lock { process: id, .. }) = found else { return Self::Unknown };
        let name = fs::read_to_string(format!("/proc/{id}/comm")).ok();
        Self::Process { id, name: name.map(|name| name.trim().to_owned()) }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { id, name: Some(name) } => write!(f, "process {id} ({name})"),
            Self::Process { id, name: None } => write!(f, "process {id}"),
            Self::Unknown => f.write_str("another process"),
        }
    }
}

/// A lock, as `/proc/locks` has it: a file system's own number of its device
/// may differ from the one there, so that the inode must do.
struct Lock {
    process: u32,
    writes: bool,
    inode: u64,
    first: u64,
    last: u64,
}

impl Lock {
    /// Reads `1: POSIX ADVISORY WRITE 4711 fe:00:5719510 120 120`. Whoever only waits has
    /// an arrow behind the number.
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, "POSIX", _, kind, process, file, first, last] = words[..] else { return None };
        let last = if last == "EOF" { u64::MAX } else { last.parse().ok()? };
        Some(Self {
            process: process.parse().ok()?,
            writes: kind == "WRITE",
            inode: file.rsplit(':').next()?.parse().ok()?,
            first: first.parse().ok()?,
            last,
        })
    }

    fn holds(&self, bytes: std::ops::Range<u64>) -> bool {
        self.first < bytes.end && self.last >= bytes.start
    }
}

#[cfg(unix)]
fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).ok().map(|file| file.ino())
}

#[cfg(not(unix))]
fn inode(_: &Path) -> Option<u64> {
    None
}
