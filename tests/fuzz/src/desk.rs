//! The desk's and the reference data's RPCs, over real TCP and through every layer, on a real
//! database whose state lives on between the calls of a run.

pub mod seeds;

use std::time::Duration;

use gestan_account_proto::{
    FILE_DESCRIPTOR_SET,
    support::v1::{self as support, support_service_client::SupportServiceClient},
};
use gestan_account_server::{
    credentials::token::Token, domain::role::Role, storage::time_entry::check::check,
};
use gestan_account_tests::{TestServer, TestServerOptions};
use jiff::SignedDuration;
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::{
    runtime::{Builder, Runtime},
    time::timeout,
};
use tonic::{
    Code, Request,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    transport::{Channel, Endpoint},
};

use crate::{
    raw_codec::RawCodec,
    service::{LAST, assert_is_no_fault},
};

/// A minute goes by before the call, and mail is sent.
pub const LATER: u8 = 1 << 7;

/// The services whose RPCs are called.
const SERVICES: [&str; 2] = ["SupportService", "ReferenceService"];

/// Whose key is sent; the fourth value of the bits is nobody's.
const ROLES: [Role; 3] = [Role::Reader, Role::Agent, Role::Admin];
const ROLE_SHIFT: u8 = 5;

/// Accounts that there are at the start.
const ACCOUNTS: u128 = 8;

/// Calls between two looks at the ledger, and for which a server lives: in the end its accounts
/// are merged and erased.
const CHECK_INTERVAL: u64 = 1_024;
const LIFE: u64 = 8 * CHECK_INTERVAL;

/// The longest that a call may take: one that hangs is a finding.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The servers, one after the other.
#[derive(Debug)]
pub struct Desk {
    runtime: Runtime,
    paths: Vec<PathAndQuery>,
    world: World,
    calls: u64,
}

#[derive(Debug)]
struct World {
    server: TestServer,
    channel: Channel,
    keys: Vec<Token>,
}

impl Desk {
    /// Starts the first, with accounts that have a machine each, and a key of each role.
    #[must_use]
    pub fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let world = runtime.block_on(World::new());
        Self { runtime, paths: paths(), world, calls: 0 }
    }

    /// Makes a call: the first byte has the RPC in its low five bits, then the role, then
    /// [`LATER`]; all the rest is the message. Gives the code of its refusal, or `Ok`; `None`
    /// when there is no byte.
    pub fn call(&mut self, bytes: &[u8]) -> Option<Code> {
        let (&first, message) = bytes.split_first()?;
        self.calls += 1;
        if self.calls.is_multiple_of(CHECK_INTERVAL) {
            self.runtime.block_on(self.world.look_at_ledger());
        }
        if self.calls.is_multiple_of(LIFE) {
            self.world = self.runtime.block_on(World::new());
        }
        let path = self.paths[usize::from(first & 0x1F) % self.paths.len()].clone();
        let role = usize::from(first >> ROLE_SHIFT & 3);
        let world = &self.world;
        let answer = self.runtime.block_on(async {
            if first & LATER != 0 {
                world.later().await;
            }
            let message = world.with_etags(path.path(), message).await;
            timeout(TIMEOUT, world.call(path, role, message)).await.expect("an answer")
        });
        Some(answer)
    }
}

impl World {
    async fn new() -> Self {
        let options = TestServerOptions { hash_params: (8, 1, 1), ..Default::default() };
        let mut server = TestServer::start_with(options).await;
        server.leaves_mail();
        for number in 1..=ACCOUNTS {
            server.open_account(&format!("client{number}@exemple.fr"), number).await;
        }
        let mut keys = Vec::new();
        for role in ROLES {
            keys.push(server.support_key("Alice", role, None).await.1);
        }
        let endpoint = Endpoint::from_shared(format!("http://{}", server.address));
        let channel = endpoint.expect("a URL").connect().await.expect("the server answers");
        Self { server, channel, keys }
    }

    async fn later(&self) {
        self.server.advance(SignedDuration::from_mins(1));
        self.server.deliver_mail().await;
        let _ = self.server.mailbox().take();
    }

    async fn call(&self, path: PathAndQuery, role: usize, message: Vec<u8>) -> Code {
        // They are kept for tests, which look at them.
        let _ = self.server.take_statements();
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.expect("the server is there");
        match grpc.unary(self.authorized(message, role), path, RawCodec).await {
            Ok(_) => Code::Ok,
            Err(status) => {
                assert_is_no_fault(&status);
                status.code()
            }
        }
    }

    fn authorized<T>(&self, message: T, role: usize) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(key) = self.keys.get(role) {
            let value = format!("Bearer {}", key.reveal()).parse().expect("a header");
            request.metadata_mut().insert("authorization", value);
        }
        request
    }

    /// The message, in which [`LAST`] stands for the etag that an account has now: no fuzzer can
    /// guess it.
    async fn with_etags(&self, path: &str, message: &[u8]) -> Vec<u8> {
        let changed = match path.rsplit('/').next() {
            Some("StartEmailChange") => match support::StartEmailChangeRequest::decode(message) {
                Ok(mut change) if change.etag == LAST => {
                    change.etag = self.etag(change.account_id).await;
                    Some(change.encode_to_vec())
                }
                _ => None,
            },
            Some("MergeAccounts") => match support::MergeAccountsRequest::decode(message) {
                Ok(mut merge) if merge.from_etag == LAST => {
                    merge.from_etag = self.etag(merge.from_account_id).await;
                    merge.into_etag = self.etag(merge.into_account_id).await;
                    Some(merge.encode_to_vec())
                }
                _ => None,
            },
            Some("EraseAccount") => match support::EraseAccountRequest::decode(message) {
                Ok(mut erase) if erase.etag == LAST => {
                    erase.etag = self.etag(erase.account_id).await;
                    Some(erase.encode_to_vec())
                }
                _ => None,
            },
            _ => None,
        };
        changed.unwrap_or_else(|| message.to_vec())
    }

    async fn etag(&self, account_id: u32) -> String {
        let mut client = SupportServiceClient::new(self.channel.clone());
        let admin = ROLES.len() - 1;
        let request = self.authorized(support::GetAccountRequest { account_id }, admin);
        let Ok(answer) = client.get_account(request).await else { return String::new() };
        answer.into_inner().account.map(|account| account.etag).unwrap_or_default()
    }

    /// Whatever was granted, charged, corrected, merged and erased: it adds up.
    async fn look_at_ledger(&self) {
        let snapshot = self.server.accounts.db.snapshot().await.expect("a snapshot");
        let checked = check(&snapshot).await.expect("the ledger is read");
        snapshot.rollback().await.expect("it ends");
        assert!(checked.breaches.is_empty(), "{:?}", checked.breaches);
    }
}

fn paths() -> Vec<PathAndQuery> {
    let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
    let mut paths = Vec::new();
    for name in SERVICES {
        for file in &set.file {
            let services = file.service.iter().filter(|service| service.name() == name);
            for method in services.flat_map(|service| &service.method) {
                let path = format!("/{}.{name}/{}", file.package(), method.name());
                paths.push(path.parse().expect("a path"));
            }
        }
    }
    paths
}
