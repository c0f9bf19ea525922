//! Files with secrets that an operator has put there, and that others may read.

use std::path::Path;

/// The permissions that such a file should have, when those that it has let others in.
///
/// Of a file of its own (`is_own`) a program needs nobody else's permission. One of somebody
/// else's, root's as a rule, it may read as a member of the file's group.
#[must_use]
pub fn wanted_mode(mode: u32, is_own: bool) -> Option<u32> {
    let (wanted, forbidden) = if is_own { (0o600, 0o077) } else { (0o640, 0o037) };
    (mode & forbidden != 0).then_some(wanted)
}

/// The mode of a file that others may read, and the one that it should have. A file that cannot
/// be looked at is told by whoever reads it.
#[cfg(unix)]
pub(crate) fn open_to_others(path: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let file = std::fs::metadata(path).ok()?;
    let is_own = file.uid() == rustix::process::geteuid().as_raw();
    Some((file.mode() & 0o777, wanted_mode(file.mode(), is_own)?))
}

/// Elsewhere than on Unix, permissions are not modes.
#[cfg(not(unix))]
pub(crate) fn open_to_others(_: &Path) -> Option<(u32, u32)> {
    None
}

/// Warns when others may read the file of a secret, and tells what to type.
pub(crate) fn warn_if_others_may_read(path: &Path, what: &str) {
    if let Some((mode, wanted)) = open_to_others(path) {
        tracing::warn!(
            file = %path.display(),
            mode = format!("{mode:o}"),
            "others may read {what}: take that from them with chmod {wanted:o}"
        );
    }
}
