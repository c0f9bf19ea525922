//! The codes that come into a folder of mails, read as they come.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Duration, sleep, timeout},
};

use crate::{
    mail::first_code,
    process::{MailFile, TIMEOUT},
};

/// Reads each mail of a folder once: with thousands of them, to read them all for
/// every code would take most of the time of a test.
#[derive(Debug)]
pub struct Mailbox {
    folder: PathBuf,
    /// The address and the code of every mail with a code.
    codes: watch::Receiver<Vec<(String, String)>>,
    reading: JoinHandle<()>,
}

impl Mailbox {
    /// Begins to read; the folder may come into being later.
    #[must_use]
    pub fn open(folder: PathBuf) -> Self {
        let (sender, codes) = watch::channel(Vec::new());
        let reading = tokio::spawn(read_codes(folder.clone(), sender));
        Self { folder, codes, reading }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits for a code that is mailed to `address`; gives the first one.
    ///
    /// # Panics
    /// When none comes.
    pub async fn code_to(&self, address: &str) -> String {
        let mut codes = self.codes.clone();
        let find = |codes: &Vec<(String, String)>| {
            codes.iter().find(|(to, _)| to == address).map(|(_, code)| code.clone())
        };
        let came = timeout(TIMEOUT, codes.wait_for(|codes| find(codes).is_some())).await;
        let came = came.unwrap_or_else(|_| panic!("no mail came to {address}"));
        find(&came.expect("mail is read")).expect("a code")
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn read_codes(folder: PathBuf, codes: watch::Sender<Vec<(String, String)>>) {
    let mut read = HashSet::new();
    loop {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|end| end == "eml") && read.insert(path.clone()) {
                let mail = MailFile::read(&path);
                if let Some(code) = first_code(&mail.text) {
                    codes.send_modify(|codes| codes.push((mail.to, code)));
                }
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}
