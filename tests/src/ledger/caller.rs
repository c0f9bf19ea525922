//! How customers call: by which servers, how often, and the count of the calls
//! that were answered.

use std::{
    any,
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use gestan_account_client::{Client, ClientOptions, Code, Error, LinkToken};
use tokio::{
    sync::watch,
    time::{Duration, sleep, timeout},
};

use crate::process::TIMEOUT;

/// What becomes of a call whose answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// The customer makes the very same call again, by the next server and over a
    /// new connection, until it is answered.
    Repeated,
    /// The client may repeat it by rules of its own, over the servers that it was
    /// given. A call that fails all the same ends the test.
    Once,
    /// Nobody repeats it. A call that fails ends the test.
    Unrepeated,
}

/// The servers, as all customers call them.
#[derive(Debug)]
pub(super) struct Servers {
    calls: Calls,
    addresses: watch::Sender<Vec<SocketAddr>>,
    turn: AtomicUsize,
    answered: watch::Sender<BTreeMap<&'static str, u64>>,
}

impl Servers {
    pub(super) fn new(calls: Calls, addresses: Vec<SocketAddr>) -> Arc<Self> {
        Arc::new(Self {
            calls,
            addresses: watch::Sender::new(addresses),
            turn: AtomicUsize::new(0),
            answered: watch::Sender::default(),
        })
    }

    pub(super) fn moved_to(&self, addresses: Vec<SocketAddr>) {
        self.addresses.send_replace(addresses);
    }

    pub(super) fn answered(&self) -> BTreeMap<&'static str, u64> {
        self.answered.borrow().clone()
    }

    /// Waits until so many more calls are answered.
    pub(super) async fn wait_for_answers(&self, more: u64) {
        let sum = |counts: &BTreeMap<_, u64>| counts.values().sum::<u64>();
        let wanted = sum(&self.answered.borrow()) + more;
        let mut counts = self.answered.subscribe();
        let reached = timeout(TIMEOUT, counts.wait_for(|counts| sum(counts) >= wanted)).await;
        reached.expect("the customers get on").expect("the counter lives");
    }

    fn next_url(&self) -> String {
        let addresses = self.addresses.borrow();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        format!("http://{}", addresses[turn % addresses.len()])
    }
}

/// One customer's way to the servers.
#[derive(Debug)]
pub(super) struct Caller {
    servers: Arc<Servers>,
    /// The client that the customer keeps, unless every call goes its own way.
    kept: Option<Client>,
}

/// An answer, and how often one was lost on the way to it.
pub(super) struct Answer<T> {
    pub(super) outcome: Result<T, Error>,
    pub(super) lost: u32,
}

impl Caller {
    pub(super) fn new(servers: &Arc<Servers>) -> Self {
        let kept = (servers.calls != Calls::Repeated).then(|| {
            let addresses = servers.addresses.borrow();
            let urls = addresses.iter().map(|address| format!("http://{address}"));
            // The options of a desktop program, but for the deadline of a slow machine.
            let mut options = ClientOptions::new().deadline(TIMEOUT);
            if servers.calls == Calls::Unrepeated {
                options = options.max_attempts(1);
            }
            Client::connect_any_lazy(urls, options).expect("a client")
        });
        Self { servers: Arc::clone(servers), kept }
    }

    /// Whether the same call may arrive again after its answer was lost.
    pub(super) fn repeats(&self) -> bool {
        self.kept.is_none()
    }

    /// Makes a call with a link token, or with none if it is empty.
    pub(super) async fn call<Q: Clone, T, F: Future<Output = Result<T, Error>>>(
        &self,
        token: &str,
        request: &Q,
        rpc: impl Fn(Client, Q) -> F,
    ) -> Answer<T> {
        let name = rpc_name::<Q>();
        let mut lost = 0;
        loop {
            let outcome = rpc(self.client(token), request.clone()).await;
            let is_lost = match &outcome {
                Err(Error::Rejected(rejection)) => rejection.code() == Code::Unavailable,
                Err(Error::Transport(_) | Error::Deadline) => true,
                Err(error) => panic!("{name}: {error}"),
                Ok(_) => false,
            };
            if is_lost && self.repeats() {
                lost += 1;
                sleep(Duration::from_millis(20)).await;
                continue;
            }
            if outcome.is_ok() {
                self.servers.answered.send_modify(|counts| *counts.entry(name).or_default() += 1);
            }
            return Answer { outcome, lost };
        }
    }

    /// Makes a call that must not be refused.
    pub(super) async fn answer<Q: Clone, T, F: Future<Output = Result<T, Error>>>(
        &self,
        token: &str,
        request: &Q,
        rpc: impl Fn(Client, Q) -> F,
    ) -> T {
        let answer = self.call(token, request, rpc).await;
        answer.outcome.unwrap_or_else(|error| panic!("{}: {error:?}", rpc_name::<Q>()))
    }

    /// Makes such a call again after it was answered: the answer is the same.
    pub(super) async fn same_twice<Q: Clone, T, F: Future<Output = Result<T, Error>>>(
        &self,
        token: &str,
        request: &Q,
        rpc: impl Fn(Client, Q) -> F,
    ) -> T
    where
        T: PartialEq + fmt::Debug,
    {
        let first = self.answer(token, request, &rpc).await;
        assert_eq!(self.answer(token, request, &rpc).await, first, "{} again", rpc_name::<Q>());
        first
    }

    fn client(&self, token: &str) -> Client {
        let client = self.kept.clone().unwrap_or_else(|| {
            let options = ClientOptions::new().max_attempts(1).deadline(TIMEOUT);
            Client::connect_lazy(&self.servers.next_url(), options).expect("a client")
        });
        if token.is_empty() {
            return client;
        }
        client.with_link_token(&LinkToken::parse(token).expect("a token"))
    }
}

/// The name of an RPC, from the type of its request.
fn rpc_name<Q>() -> &'static str {
    let request = any::type_name::<Q>().rsplit("::").next().expect("a name");
    request.trim_end_matches("Request")
}
