//! The backups in a folder: each has the time of its making in its name, and only what has
//! such a name is ever removed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};

use crate::new_file;

const BEFORE: &str = "gestan-account-";
const BEHIND: &str = ".sqlite";

/// What stands behind the name of one that is not whole, after the number of its process.
const PARTIAL: &str = ".partial";

/// After how long one that is not whole is a leftover: no backup takes as long.
const LEFTOVER_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// The name of a backup that is made at `now`: `gestan-account-20270331T080000Z.sqlite`.
#[must_use]
pub fn dated_name(now: Timestamp) -> String {
    format!("{BEFORE}{}{BEHIND}", stamp(now))
}

/// A time as it stands in the name of a file; names sort as their times do.
#[must_use]
pub fn stamp(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Removes the oldest backups of a folder until there are `keep`, the one at `made` always
/// among them: another one may have a time that a wrong clock told. Gives those removed.
/// To be called when `made` is whole and on disk.
///
/// # Errors
/// Any error of the file system. Those before it are removed.
pub fn keep_newest(made: &Path, keep: usize, now: Timestamp) -> io::Result<Vec<PathBuf>> {
    let folder = made.parent().unwrap_or(Path::new("."));
    let (mut backups, mut leftovers) = (Vec::new(), Vec::new());
    let yesterday = now.saturating_sub(LEFTOVER_AFTER).unwrap_or(now);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // A link, or a folder, was put there by somebody else.
        if !entry.file_type()?.is_file() || entry.path() == made {
            continue;
        }
        let Ok(name) = entry.file_name().into_string() else { continue };
        if is_dated(&name) {
            backups.push((name, entry.path()));
        } else if is_leftover(&name, &dated_name(yesterday)) {
            leftovers.push(entry.path());
        }
    }
    backups.sort_unstable();
    let too_many = (backups.len() + 1).saturating_sub(keep.max(1));
    let old = backups.into_iter().take(too_many).map(|(_, path)| path);
    let removed: Vec<PathBuf> = old.chain(leftovers).collect();
    for path in &removed {
        fs::remove_file(path)?;
    }
    new_file::sync_folder(folder)?;
    Ok(removed)
}

/// Whether it is the name of a backup, to the letter.
fn is_dated(name: &str) -> bool {
    let stamp = name.strip_prefix(BEFORE).and_then(|name| name.strip_suffix(BEHIND));
    stamp.is_some_and(|stamp| {
        let shape = |(at, character): (usize, char)| match at {
            8 => character == 'T',
            15 => character == 'Z',
            _ => character.is_ascii_digit(),
        };
        stamp.len() == 16 && stamp.char_indices().all(shape)
    })
}

/// Whether it is what a backup that came to no end has left, before the one of that name.
fn is_leftover(name: &str, before: &str) -> bool {
    let hidden = name.strip_prefix('.').and_then(|name| name.strip_suffix(PARTIAL));
    let parts = hidden.and_then(|name| name.rsplit_once('.'));
    parts.is_some_and(|(name, process)| {
        is_dated(name) && name < before && process.bytes().all(|byte| byte.is_ascii_digit())
    })
}
