//! How much room there is for the file of a database.

use std::path::Path;

/// The room of a disk.
#[derive(Clone, Copy, Debug)]
pub struct DiskSpace {
    /// What this program may still take.
    pub free_bytes: u64,
    /// What there is.
    pub size_bytes: u64,
}

/// The room on the disk of `folder`, if the system tells it.
#[cfg(unix)]
pub(crate) fn space(folder: &Path) -> Option<DiskSpace> {
    let folder = Some(folder).filter(|folder| !folder.as_os_str().is_empty());
    let told = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
    Some(DiskSpace { free_bytes: bytes(told.f_bavail), size_bytes: bytes(told.f_blocks) })
}

#[cfg(not(unix))]
pub(crate) fn space(_: &Path) -> Option<DiskSpace> {
    None
}
