//! The server beside PocketBase: each has its own way to do what a customer
//! wants, its own defaults, and callers in Rust that keep their connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use gestan_account_proto::v1;
use gestan_account_tests::{PASSWORD, uuid};
use tonic::{Request, transport::Channel};

use crate::{
    Effort,
    figure::{Goal, Table},
    hashing::join,
    http::HttpClient,
    load::{Connection, Service, connect, keep_calling},
    pocketbase::PocketBase,
    reads::get,
    sink::Sink,
    world::World,
};

/// Calls at once. With HTTP/1.1 each needs a connection, with HTTP/2 it does not.
const READERS: usize = 64;
const CONNECTIONS: usize = 4;
/// The same where a password is hashed: more would only wait.
const HASHERS: usize = 8;

const WHAT_DIFFERS: &str = "\
The server: gRPC on HTTP/2, 64 reads at once on 4 connections; Argon2id (19 MiB, 2 passes); SQLite
with synchronous=FULL: what was answered is on disk. A sign-up is Create, the code out of the mail,
Confirm and SetPassword: three hashes, and two mails over SMTP. A login leaves an audit event.
PocketBase: JSON on HTTP/1.1, a connection for each of 64 reads; bcrypt; SQLite with
synchronous=NORMAL: a power cut may take what was answered. A sign-up is one call and one hash, without
a mail. Its log of calls is switched off: the server keeps none.
";

pub(crate) async fn measure(effort: Effort, table: &mut Table) {
    let customers = Arc::new(Customers { mails: Sink::open().await, signed_up: AtomicU64::new(0) });
    let url = customers.mails.url();
    let settings = [("MAIL_URL", url.as_str()), ("TRUSTED_PROXIES", "127.0.0.1")];
    let world = Arc::new(World::start(effort.small, &settings).await);
    let channels = connect(&world.server.url(), CONNECTIONS).await;
    let peer = Arc::new(PocketBase::start(effort.small).await);
    let connections = peer.connect(READERS).await;

    let ours = async || get(&channels, READERS, &world, effort.turn).await.rate;
    let theirs = async || rate(&peer, &connections, PocketBase::read, effort.turn).await;
    ours().await;
    theirs().await;
    let figure = ("reads of one's own record", "calls/s", "PocketBase");
    table.compare(effort, figure, Goal::AtLeast(2.0), ours, theirs).await;

    let ours = async || join(&channels, HASHERS, &world, effort.turn).await.rate;
    let theirs =
        async || rate(&peer, &connections[..HASHERS], PocketBase::log_in, effort.turn).await;
    let figure = ("logins by password", "calls/s", "PocketBase");
    table.compare(effort, figure, Goal::AtLeast(2.0), ours, theirs).await;

    let ours = async || {
        let customers = Arc::clone(&customers);
        let sign_up = move |channel, _| Arc::clone(&customers).sign_up(channel);
        keep_calling(&channels, HASHERS, effort.turn, sign_up).await.rate
    };
    let theirs =
        async || rate(&peer, &connections[..HASHERS], PocketBase::sign_up, effort.turn).await;
    let figure = ("sign-ups, ours with the mailbox proved", "accounts/s", "PocketBase");
    table.compare(effort, figure, Goal::None, ours, theirs).await;
    println!("{WHAT_DIFFERS}PocketBase's bcrypt has the cost {}.\n", peer.hash_cost());
}

/// What PocketBase answers a second, with a caller for each connection.
async fn rate<F: Future<Output = ()> + Send + 'static>(
    peer: &Arc<PocketBase>,
    connections: &[Connection<HttpClient>],
    call: fn(Arc<PocketBase>, HttpClient, u64) -> F,
    time: Duration,
) -> f64 {
    let peer = Arc::clone(peer);
    let call = move |connection, number| call(Arc::clone(&peer), connection, number);
    keep_calling(connections, connections.len(), time, call).await.rate
}

/// People who want an account, and their mails.
struct Customers {
    mails: Sink,
    signed_up: AtomicU64,
}

impl Customers {
    /// Somebody new asks for an account, reads the mail, and chooses a password.
    async fn sign_up(self: Arc<Self>, channel: Channel) {
        let number = self.signed_up.fetch_add(1, Ordering::Relaxed);
        let mut service = Service::new(channel);
        let email = format!("nouveau{number}@exemple.fr");
        let code = self.mails.code_to(&email);
        let request = v1::CreateRequest {
            request_id: uuid(u128::from(number) + 1),
            email,
            machine: Some(v1::Machine { id: uuid(7), name: "Caisse 1".to_owned() }),
            ..Default::default()
        };
        let mut request = Request::new(request);
        // From an address of their own, as customers do.
        let [.., a, b, c] = number.to_be_bytes();
        let from = format!("10.{a}.{b}.{c}").parse().expect("an address");
        request.metadata_mut().insert("x-forwarded-for", from);
        let created = service.create(request).await.expect("it is answered").into_inner();
        let code = code.await.expect("a mail comes");
        let request =
            v1::ConfirmRequest { challenge_id: created.challenge_id, code, ..Default::default() };
        let confirmed = service.confirm(request).await.expect("the code is right").into_inner();
        let request = v1::SetPasswordRequest {
            ticket: confirmed.ticket,
            new_password: PASSWORD.to_owned(),
            ..Default::default()
        };
        service.set_password(request).await.expect("the ticket is right");
    }
}
