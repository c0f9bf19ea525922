//! What the customers share: where the servers are just now, the mail that came,
//! and the count of what was acknowledged.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use gestan_account_client::{Client, ClientOptions, Error, LinkToken};
use gestan_account_tests::{
    first_code,
    process::{MailFile, PATIENCE},
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Duration, sleep, timeout},
};
use tonic::Code;

/// The world of the customers.
pub(crate) struct World {
    servers: watch::Sender<Vec<SocketAddr>>,
    calls: AtomicUsize,
    acknowledged: watch::Sender<BTreeMap<&'static str, u64>>,
    /// The address and the code of every mail with a code.
    codes: watch::Receiver<Vec<(String, String)>>,
    open: watch::Sender<bool>,
    mail_folder: PathBuf,
}

/// An answer, and how often one was lost on the way to it.
pub(super) struct Answer<T> {
    pub(super) outcome: Result<T, Error>,
    pub(super) lost: u32,
}

impl World {
    pub(crate) fn new(
        servers: Vec<SocketAddr>,
        mail_folder: PathBuf,
    ) -> (Arc<Self>, JoinHandle<()>) {
        let (sender, codes) = watch::channel(Vec::new());
        let reading = tokio::spawn(read_codes(mail_folder.clone(), sender));
        let world = Self {
            servers: watch::Sender::new(servers),
            calls: AtomicUsize::new(0),
            acknowledged: watch::Sender::default(),
            codes,
            open: watch::Sender::new(true),
            mail_folder,
        };
        (Arc::new(world), reading)
    }

    /// The servers are elsewhere now.
    pub(crate) fn moved_to(&self, servers: Vec<SocketAddr>) {
        self.servers.send_replace(servers);
    }

    /// No more customers come.
    pub(super) fn close(&self) {
        self.open.send_replace(false);
    }

    pub(super) fn is_open(&self) -> bool {
        *self.open.borrow()
    }

    pub(super) fn mail_folder(&self) -> &Path {
        &self.mail_folder
    }

    pub(super) fn acknowledged(&self) -> BTreeMap<&'static str, u64> {
        self.acknowledged.borrow().clone()
    }

    /// Waits until so many more calls are acknowledged.
    pub(super) async fn wait_for_answers(&self, more: u64) {
        let sum = |counts: &BTreeMap<_, u64>| counts.values().sum::<u64>();
        let wanted = sum(&self.acknowledged.borrow()) + more;
        let mut counts = self.acknowledged.subscribe();
        let reached = timeout(PATIENCE, counts.wait_for(|counts| sum(counts) >= wanted)).await;
        reached.expect("the customers get on").expect("the counter lives");
    }

    /// The code that came to `address`.
    pub(crate) async fn code_to(&self, address: &str) -> String {
        let mut codes = self.codes.clone();
        let find = |codes: &Vec<(String, String)>| {
            codes.iter().find(|(to, _)| to == address).map(|(_, code)| code.clone())
        };
        let came = timeout(PATIENCE, codes.wait_for(|codes| find(codes).is_some())).await;
        let came = came.unwrap_or_else(|_| panic!("no mail came to {address}"));
        find(&came.expect("mail is read")).expect("a code")
    }

    /// Makes one call, and the very same again whenever its answer is lost.
    pub(super) async fn insist<T, F>(
        &self,
        name: &'static str,
        token: &str,
        call: impl Fn(Client) -> F,
    ) -> Answer<T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut lost = 0;
        loop {
            let outcome = call(self.client(token)).await;
            let is_lost = match &outcome {
                Ok(_) => false,
                Err(Error::Rejected(rejection)) => rejection.code() == Code::Unavailable,
                Err(Error::Transport(_) | Error::Deadline) => true,
                Err(error) => panic!("{name}: {error}"),
            };
            if !is_lost {
                if outcome.is_ok() {
                    self.acknowledged.send_modify(|counts| *counts.entry(name).or_default() += 1);
                }
                return Answer { outcome, lost };
            }
            lost += 1;
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn client(&self, token: &str) -> Client {
        let options = ClientOptions::new().max_attempts(1).deadline(PATIENCE);
        let url = {
            let servers = self.servers.borrow();
            let turn = self.calls.fetch_add(1, Ordering::Relaxed);
            format!("http://{}", servers[turn % servers.len()])
        };
        let client = Client::connect_lazy(&url, options).expect("a client");
        if token.is_empty() {
            return client;
        }
        client.with_link_token(&LinkToken::parse(token).expect("a token"))
    }
}

/// Reads each new mail once.
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
