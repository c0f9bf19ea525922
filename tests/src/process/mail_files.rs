//! The mails that a server writes into a folder, as the tests read them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{sleep, timeout};

use super::TIMEOUT;
use crate::mail::first_code;

/// Waits for a mail to `address` in `folder` that has a code; gives the code of
/// the last one.
///
/// # Panics
/// When none comes.
pub async fn code_to(folder: &Path, address: &str) -> String {
    let code = async {
        loop {
            let last = mail_files(folder).into_iter().rev().find_map(|mail| {
                (mail.to.eq_ignore_ascii_case(address)).then(|| first_code(&mail.text)).flatten()
            });
            match last {
                Some(code) => return code,
                None => sleep(Duration::from_millis(20)).await,
            }
        }
    };
    timeout(TIMEOUT, code).await.unwrap_or_else(|_| panic!("no code was mailed to {address}"))
}

/// A mail that was written into a file.
#[derive(Clone, Debug)]
pub struct MailFile {
    /// To whom it goes.
    pub to: String,
    /// Its Message-ID, which tells it from other mails.
    pub message_id: String,
    /// The file's contents.
    pub text: String,
}

/// Every mail in a folder, the oldest first: by when it was written, since the names of files tell
/// no more than the second.
///
/// # Panics
/// When one cannot be read.
#[must_use]
pub fn mail_files(folder: &Path) -> Vec<MailFile> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("a folder").path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    let written = |path: &PathBuf| fs::metadata(path).and_then(|file| file.modified()).ok();
    paths.sort_by_cached_key(|path| (written(path), path.clone()));
    paths.iter().map(|path| MailFile::read(path)).collect()
}

impl MailFile {
    /// Reads a file.
    ///
    /// # Panics
    /// When it is no mail.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a mail");
        let header = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
        };
        Self { to: header("To:"), message_id: header("Message-ID:"), text: text.clone() }
    }
}
