//! The real service on a real database, called in process.
//!
//! The database lives on between the calls of a run, so that they meet what
//! others left; now and then it is purged, and the account that the corpus
//! knows is put back in order.

use std::{net::SocketAddr, sync::Arc};

use gestan_account_proto::v1::{self, account_service_server::AccountService as _};
use gestan_account_server::{
    clock::Clock as _,
    domain::role::Role,
    grpc::{AccountGrpc, Front, Gate},
    storage::purge::{Retention, purge},
    throttle::calls::CallBuckets,
};
use gestan_account_tests::{PASSWORD, TestServer, TestServerOptions, first_code, machine, uuid};
use jiff::SignedDuration;
use prost::Message;
use prost_types::FieldMask;
use tokio::runtime::{Builder, Runtime};
use tonic::{Code, Request, Response, Status, transport::server::TcpConnectInfo};

use crate::call::{LATER, LINKED, MAIL, RawCall, SUPPORT};

/// Stands in a message for the secret or the ID that a mail or an answer
/// brought last, which no fuzzer can guess.
pub const LAST: &str = "?";

/// How many calls there are from one purge to the next.
const PURGE_INTERVAL: u64 = 1024;

/// For how long things are kept: shorter than the time from purge to purge.
const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The most details of a refusal, in bytes. Proxies take 4 KiB of headers, in
/// which they are base64, beside some others.
const MAX_DETAILS: usize = 2_800;

/// The service and what it told last.
#[derive(Debug)]
pub struct Service {
    runtime: Runtime,
    server: TestServer,
    grpc: AccountGrpc,
    support_key: String,
    last: Last,
    calls: u64,
}

/// What was told last.
#[derive(Debug, Default)]
struct Last {
    challenge_id: String,
    code: String,
    ticket: String,
    link_token: String,
}

impl Service {
    /// Starts it, with one account that has the ID 1, [`PASSWORD`] and a machine.
    #[must_use]
    pub fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (server, support_key, link_token) = runtime.block_on(async {
            let options = TestServerOptions {
                hash_params: (8, 1, 1),
                hash_threads: 1,
                ..TestServerOptions::default()
            };
            let call_rate = options.call_rate;
            let mut server = TestServer::start_with(options).await;
            server.leaves_mail();
            let gate = Gate {
                proxies: "10.0.0.0/8".parse().expect("a network"),
                buckets: CallBuckets::new(call_rate),
                reference_buckets: CallBuckets::new(call_rate),
            };
            let member = server.open_account("client@exemple.fr", 1).await;
            assert_eq!(member.account_id, 1);
            let (_, key) = server.support_key("Alice", Role::Reader, None).await;
            let accounts = server.accounts.clone();
            let front = Front {
                gate,
                shutdown: server.shutdown.clone(),
                clock: Arc::clone(&accounts.clock),
                randomness: Arc::clone(&accounts.randomness),
            };
            let grpc = AccountGrpc::new(front, accounts);
            ((server, grpc), key.reveal().to_owned(), member.link_token)
        });
        let (server, grpc) = server;
        let last = Last { link_token, ..Last::default() };
        Self { runtime, server, grpc, support_key, last, calls: 0 }
    }

    /// Makes a call. Gives the code of its refusal, or `Ok`; `None` when the
    /// bytes are no call.
    pub fn call(&mut self, bytes: &[u8]) -> Option<Code> {
        self.calls += 1;
        if self.calls.is_multiple_of(PURGE_INTERVAL) {
            self.tidy();
        }
        let call = RawCall::parse(bytes)?;
        if call.has(LATER) {
            self.server.advance(SignedDuration::from_mins(1));
        }
        if call.has(MAIL) {
            self.runtime.block_on(deliver(&self.server, &mut self.last));
        }
        let outcome = match call.rpc() {
            0 => self.create(call),
            1 => self.confirm(call),
            2 => self.set_password(call),
            3 => self.register_existing(call),
            4 => self.get(call),
            5 => self.update(call),
            6 => self.unlink(call),
            8 => self.list_time_entries(call),
            _ => self.resend_password(call),
        }?;
        let Err(status) = outcome else { return Some(Code::Ok) };
        assert_is_no_fault(&status);
        Some(status.code())
    }

    /// Deletes what is old, and puts the first account back in order.
    fn tidy(&mut self) {
        self.runtime.block_on(async {
            let server = &self.server;
            server.deliver_mail().await;
            server.advance(RETENTION * 2);
            let retention = Retention {
                challenges: RETENTION,
                audit_events: RETENTION,
                time_notes: RETENTION,
                ledgers: RETENTION,
            };
            let db = &server.accounts.db;
            purge(db, retention, server.clock.now()).await.expect("the database is purged");
            let _ = server.mailbox().take();
            let challenge = server.resend(1, 1).await;
            deliver(server, &mut self.last).await;
            let confirmed = server.confirm(&challenge.challenge_id, &self.last.code).await;
            let set = server.set_password(&confirmed.ticket, PASSWORD).await;
            self.last.link_token = set.link_token;
            let _ = server.take_statements();
        });
    }

    fn create(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let request = self.request::<v1::CreateRequest>(call)?;
        let answer = self.runtime.block_on(self.grpc.create(request));
        Some(answer.map(Response::into_inner).map(|answer| {
            self.last.challenge_id = answer.challenge_id;
        }))
    }

    fn confirm(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let mut request = self.request::<v1::ConfirmRequest>(call)?;
        let message = request.get_mut();
        // With an account's ID there is no challenge beside it.
        if message.account_id == 0 {
            fill(&mut message.challenge_id, &self.last.challenge_id);
        }
        fill(&mut message.code, &self.last.code);
        let answer = self.runtime.block_on(self.grpc.confirm(request));
        Some(answer.map(Response::into_inner).map(|answer| {
            assert!(answer.account.is_some() != (answer.account_id > 0));
            fill_in(&mut self.last.ticket, answer.ticket);
        }))
    }

    fn set_password(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let mut request = self.request::<v1::SetPasswordRequest>(call)?;
        fill(&mut request.get_mut().ticket, &self.last.ticket);
        let answer = self.runtime.block_on(self.grpc.set_password(request));
        Some(answer.map(Response::into_inner).map(|answer| {
            assert!(answer.account.is_some_and(|account| account.id > 0));
            fill_in(&mut self.last.link_token, answer.link_token);
        }))
    }

    fn register_existing(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let mut request = self.request::<v1::RegisterExistingRequest>(call)?;
        fill(&mut request.get_mut().secret, &self.last.code);
        let answer = self.runtime.block_on(self.grpc.register_existing(request));
        Some(answer.map(Response::into_inner).map(|answer| {
            assert!(answer.account.is_some_and(|account| account.id > 0));
            fill_in(&mut self.last.link_token, answer.link_token);
        }))
    }

    fn get(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let request = self.request::<v1::GetRequest>(call)?;
        let answer = self.runtime.block_on(self.grpc.get(request));
        Some(answer.map(Response::into_inner).map(|answer| {
            let account = answer.account.expect("an account");
            assert!(account.id > 0 && account.etag.chars().count() <= 64);
        }))
    }

    fn update(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let mut request = self.request::<v1::UpdateRequest>(call)?;
        fill(&mut request.get_mut().password, &self.last.code);
        let answer = self.runtime.block_on(self.grpc.update(request));
        Some(answer.map(Response::into_inner).map(|answer| {
            assert!(answer.account.is_some_and(|account| account.id > 0));
            fill_in(&mut self.last.challenge_id, answer.challenge_id);
        }))
    }

    fn unlink(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let request = self.request::<v1::UnlinkRequest>(call)?;
        let answer = self.runtime.block_on(self.grpc.unlink(request));
        Some(answer.map(|_| ()))
    }

    fn resend_password(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let request = self.request::<v1::ResendPasswordRequest>(call)?;
        let answer = self.runtime.block_on(self.grpc.resend_password(request));
        Some(answer.map(Response::into_inner).map(|answer| {
            self.last.challenge_id = answer.challenge_id;
        }))
    }

    fn list_time_entries(&mut self, call: RawCall<'_>) -> Option<Result<(), Status>> {
        let request = self.request::<v1::ListTimeEntriesRequest>(call)?;
        let answer = self.runtime.block_on(self.grpc.list_time_entries(request));
        Some(answer.map(Response::into_inner).map(|answer| {
            assert!(answer.entries.len() <= 200);
        }))
    }

    /// The request as the transport would hand it over.
    fn request<M: Message + Default>(&self, call: RawCall<'_>) -> Option<Request<M>> {
        let mut request = Request::new(M::decode(call.message).ok()?);
        let token = match (call.has(LINKED), call.has(SUPPORT)) {
            (true, _) => Some(&self.last.link_token),
            (false, true) => Some(&self.support_key),
            (false, false) => None,
        };
        *request.metadata_mut() = call.metadata;
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().expect("a header");
            request.metadata_mut().insert("authorization", value);
        }
        let peer = SocketAddr::from(([10, 0, 0, 1], 40_000));
        let connection = TcpConnectInfo { local_addr: None, remote_addr: Some(peer) };
        request.extensions_mut().insert(connection);
        Some(request)
    }
}

/// A refusal is the caller's matter, and none of the server's.
pub(crate) fn assert_is_no_fault(status: &Status) {
    let is_fault = matches!(status.code(), Code::Internal | Code::Unknown | Code::Unavailable);
    assert!(!is_fault, "{status:?}");
    assert!(status.details().len() <= MAX_DETAILS, "{} bytes", status.details().len());
}

/// Sends what is due, and looks for a code.
async fn deliver(server: &TestServer, last: &mut Last) {
    server.deliver_mail().await;
    for mail in server.mailbox().take() {
        if let Some(code) = first_code(&mail.text) {
            last.code = code;
        }
    }
}

fn fill(field: &mut String, last: &str) {
    if field == LAST {
        last.clone_into(field);
    }
}

fn fill_in(slot: &mut String, told: String) {
    if !told.is_empty() {
        *slot = told;
    }
}

/// Calls that reach every RPC's success, in their order.
#[must_use]
pub fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    use crate::call::encode;

    let text = |text: &str| text.to_owned();
    let profile = v1::Account {
        company_name: text("Cave Dupont"),
        last_name: text("Dupont"),
        first_name: text("Émilie"),
        address: text("3 rue de la Paix\nBâtiment B"),
        postal_code: text("75002"),
        city: text("Paris"),
        country_code: text("FRA"),
        phone: text("01-58-90-49-77"),
        ape_code: text("11.07b"),
        ..v1::Account::default()
    };
    let create = v1::CreateRequest {
        request_id: uuid(100),
        email: text("client2@exemple.fr"),
        machine: Some(machine(2)),
        locale: text("fr-FR"),
        profile: Some(profile.clone()),
    };
    let confirm =
        v1::ConfirmRequest { challenge_id: text(LAST), code: text(LAST), ..Default::default() };
    let by_ticket = v1::SetPasswordRequest {
        ticket: text(LAST),
        new_password: text(PASSWORD),
        ..v1::SetPasswordRequest::default()
    };
    let by_password = v1::SetPasswordRequest {
        current_password: text(PASSWORD),
        new_password: text(PASSWORD),
        unlink_other_machines: true,
        ..v1::SetPasswordRequest::default()
    };
    let register = v1::RegisterExistingRequest {
        account_id: 1,
        secret: text(PASSWORD),
        machine: Some(machine(3)),
    };
    let by_code = v1::RegisterExistingRequest { secret: text(LAST), ..register.clone() };
    let get = v1::GetRequest { account_id: 1 };
    let update =
        v1::UpdateRequest { account: Some(profile), update_mask: None, password: text(PASSWORD) };
    let paths = ["email", "city", "id", "nowhere"].map(text).to_vec();
    let masked = v1::UpdateRequest {
        account: Some(v1::Account { email: text("autre@exemple.fr"), ..v1::Account::default() }),
        update_mask: Some(FieldMask { paths }),
        password: text(LAST),
    };
    let mut change = masked.clone();
    change.update_mask = None;
    let unlink = v1::UnlinkRequest::default();
    let other = v1::UnlinkRequest { account_id: 1, machine_id: uuid(3), password: text(PASSWORD) };
    let resend = v1::ResendPasswordRequest {
        request_id: uuid(101),
        machine: Some(machine(1)),
        locale: text("en"),
        ..v1::ResendPasswordRequest::default()
    };
    let by_id =
        v1::ResendPasswordRequest { account_id: 1, request_id: uuid(102), ..resend.clone() };
    let by_email = v1::ResendPasswordRequest {
        email: text("CLIENT@exemple.fr"),
        request_id: uuid(103),
        ..resend.clone()
    };
    let list = v1::ListTimeEntriesRequest { page_size: 10, ..Default::default() };
    let bare = [""; 3];
    let strange = ["Bearer gestan_link_0", "en;q=0.8, fr", "203.0.113.7, [2001:db8::7]:4711"];
    vec![
        ("create", encode(0, 0, bare, &create)),
        ("confirm", encode(1, MAIL, bare, &confirm)),
        ("set-password-by-ticket", encode(2, 0, bare, &by_ticket)),
        ("get-strange", encode(4, 0, strange, &get)),
        ("register-by-password", encode(3, 0, bare, &register)),
        ("get", encode(4, LINKED, ["", "en", ""], &get)),
        ("get-support", encode(4, SUPPORT, bare, &get)),
        ("update", encode(5, LINKED | LATER, bare, &update)),
        ("resend-by-token", encode(7, LINKED, bare, &resend)),
        ("update-masked-by-code", encode(5, LINKED | MAIL, bare, &masked)),
        ("update-email-by-code", encode(5, LINKED | MAIL, bare, &change)),
        ("confirm-email", encode(1, MAIL, ["", "", "1.2.3.4"], &confirm)),
        ("set-password-by-password", encode(2, LINKED, bare, &by_password)),
        ("resend-by-id", encode(7, 0, bare, &by_id)),
        ("register-by-code", encode(3, MAIL, bare, &by_code)),
        ("resend-by-email", encode(7, LATER, strange, &by_email)),
        ("list-time-entries", encode(0, LINKED | SUPPORT, bare, &list)),
        ("unlink-other", encode(6, LINKED, bare, &other)),
        ("unlink", encode(6, LINKED, bare, &unlink)),
    ]
}
