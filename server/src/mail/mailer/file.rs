//! A mailer that writes each mail into a file of a folder, for trials, and for programs that send
//! the files on.
//!
//! A mail holds a code, so its file is for its owner alone (`new_file`). It gets its name only when
//! it is whole and on disk: a program that watches the folder never reads half a mail.

use std::{
    fmt, fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::{Timestamp, tz::TimeZone};
use lettre::message::Mailbox;

use super::{Envelope, MailerError, SendError, mime};
use crate::new_file;

/// Keeps the temporary names of this process apart.
static TEMPORARY_FILES: AtomicU64 = AtomicU64::new(0);

/// Writes mails into a folder. A clone shares the folder.
#[derive(Clone)]
pub struct File {
    folder: Arc<Path>,
    from: Arc<Mailbox>,
}

impl File {
    pub(super) fn open(folder: PathBuf, from: Mailbox) -> Result<Self, MailerError> {
        match make_folder(&folder) {
            Ok(()) => Ok(Self { folder: folder.into(), from: Arc::new(from) }),
            Err(source) => Err(MailerError::Folder { path: folder, source }),
        }
    }

    /// The folder, however it was named.
    pub(super) fn folder(&self) -> PathBuf {
        std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.to_path_buf())
    }

    /// Writes a mail; gives its file.
    pub(super) async fn send(&self, envelope: &Envelope) -> Result<PathBuf, SendError> {
        let mail = mime::build(envelope, &self.from)?.formatted();
        let name = file_name(envelope)?;
        let folder = self.folder();
        match tokio::task::spawn_blocking(move || store(&folder, &name, &mail)).await {
            Ok(Ok(path)) => Ok(path),
            Ok(Err(error)) => Err(SendError::temporary(format!("file: {}", error.kind()), true)),
            // The runtime is shutting down: the file may have been written or not.
            Err(_) => Err(SendError::temporary("file: interrupted", false)),
        }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// `20261124T184205-<local part of the message id>`
fn file_name(envelope: &Envelope) -> Result<String, SendError> {
    let time = Timestamp::try_from(envelope.date)
        .map_err(|_| SendError::temporary("invalid date", true))
        .map(|time| TimeZone::UTC.to_datetime(time))?;
    let (local, _) = envelope.message_id.split_once('@').unwrap_or((&envelope.message_id, ""));
    let local: String = local
        .chars()
        .take(64)
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    Ok(format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}-{local}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
    ))
}

/// Writes a mail under a name that is still free.
fn store(folder: &Path, name: &str, mail: &[u8]) -> io::Result<PathBuf> {
    make_folder(folder)?;
    let number = TEMPORARY_FILES.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!(".{name}.{}-{number}.tmp", std::process::id()));
    let stored = write(&temporary, mail).and_then(|()| publish(folder, name, &temporary));
    if stored.is_err() {
        // It is gone already if it was renamed. A leftover is hidden and harmless.
        let _ = fs::remove_file(&temporary);
    }
    let path = stored?;
    new_file::sync_folder(folder)?;
    Ok(path)
}

fn write(path: &Path, mail: &[u8]) -> io::Result<()> {
    let mut file = new_file::create(path)?;
    file.write_all(mail)?;
    file.sync_all()
}

/// Gives a written file its name, or one like it that is free.
fn publish(folder: &Path, name: &str, temporary: &Path) -> io::Result<PathBuf> {
    for attempt in 1_u32.. {
        let target = match attempt {
            1 => folder.join(format!("{name}.eml")),
            _ => folder.join(format!("{name}-{attempt}.eml")),
        };
        match new_file::publish(temporary, &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            outcome => return outcome.map(|()| target),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
