//! What clients cost that take no answers, measured on the real program with the
//! limits that it is released with.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use gestan_account_client::{Client, ClientOptions, v1};
use gestan_account_server::{
    clock::{Clock as _, SystemClock},
    credentials::token::{Token, TokenKind},
    domain::{
        account_id::AccountId,
        machine::{Machine, MachineId, MachineName},
    },
    randomness::SystemRandomness,
    storage::link,
};
use gestan_account_tests::{
    Wire, headers_with, message,
    process::{Home, ServerProcess},
    uuid, window,
};
use sea_orm::{Database, TransactionTrait as _};
use tokio::{
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// `SETTINGS_INITIAL_WINDOW_SIZE`.
const INITIAL_WINDOW: u16 = 4;
/// Connections from as many networks. Of eight, one asks for the long account, and
/// the others for what reflection tells.
const CONNECTIONS: u8 = 80;
const GETS: u32 = 40;
const REFLECTIONS: u32 = 100;
/// What the released server may take above what it takes idle: 128 MiB of answers
/// that wait, what the calls themselves hold, and what the allocator keeps.
const BOUND_MIB: f64 = 350.0;

/// An account whose `Get` is long, for attackers, and one for a customer.
async fn accounts(home: &Home, server: &ServerProcess) -> (String, Client) {
    let client = server.connect(ClientOptions::new()).await;
    let attacker = server.open_account(&client, 1).await;
    let customer = server.open_account(&client, 2).await;
    let db = Database::connect(home.database_url()).await.expect("the database");
    let db = db.begin().await.expect("a transaction");
    let id = AccountId::parse(attacker.account_id).expect("an ID");
    let name = MachineName::parse(&"caisse ".repeat(13)).expect("a name");
    for number in 100..1_000 {
        let machine =
            Machine { id: MachineId::parse(&uuid(number)).expect("an ID"), name: name.clone() };
        let token = Token::generate(TokenKind::Link, &SystemRandomness).digest();
        let now = SystemClock::start().now();
        link::upsert(&db, id, &machine, &token, None, now).await.expect("a link");
    }
    db.commit().await.expect("they are stored");
    (attacker.link_token, customer.client)
}

/// A customer who calls meanwhile; gives how long each call took.
fn bystander(client: Client, stop: CancellationToken) -> JoinHandle<Vec<Duration>> {
    tokio::spawn(async move {
        let mut took = Vec::new();
        while !stop.is_cancelled() {
            let asked = Instant::now();
            client.get(v1::GetRequest::default()).await.expect("the bystander is served");
            took.push(asked.elapsed());
        }
        took.sort_unstable();
        took
    })
}

async fn connect_from(ip: [u8; 4], address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((ip, 0).into()).expect("an address");
    socket.connect(address).await.expect("a connection")
}

fn get(stream: u32, bearer: &str) -> Vec<u8> {
    let path = "/gestan.account.v1.AccountService/Get";
    let head = headers_with(stream, path, &[("authorization", bearer)]);
    [head, message(stream, &[], true)].concat()
}

fn reflect(stream: u32) -> Vec<u8> {
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    // file_containing_symbol, four times.
    let ask = [&[0x22, 32][..], b"gestan.account.v1.AccountService"].concat();
    [headers_with(stream, path, &[]), message(stream, &ask, false).repeat(4)].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_takes_no_answers_takes_no_memory_beyond_a_bound() {
    let home = Home::on_sqlite();
    let server = ServerProcess::start(&home, &["--reflection", "on"]).await;
    let (token, customer) = accounts(&home, &server).await;
    let before = server.memory("VmRSS");
    let stop = CancellationToken::new();
    let bystanders = bystander(customer, stop.clone());
    let bearer = format!("Bearer {token}");
    let mut held = Vec::new();
    for number in 0..CONNECTIONS {
        let stream = connect_from([127, 8, number, 1], server.address).await;
        // No window, one of a byte, or TCP that is not read.
        let initial = [0, 1, 0x7fff_ffff][usize::from(number % 3)];
        let (mut wire, _) = Wire::begin_with(stream, &[(INITIAL_WINDOW, initial)]).await;
        wire.send(&window(0, 0x7fff_0000)).await;
        let gets = number % 8 == 0;
        let mut calls = Vec::new();
        for call in 0..if gets { GETS } else { REFLECTIONS } {
            let stream = 2 * call + 1;
            calls.extend(if gets { get(stream, &bearer) } else { reflect(stream) });
        }
        wire.send(&calls).await;
        held.push(wire);
    }
    let mut worst = before;
    let mut calm = 0;
    // Until the deadline has taken all of them, or nothing more comes for a while.
    while calm < 20 {
        let now = server.memory("VmRSS");
        calm = if now > worst { 0 } else { calm + 1 };
        worst = worst.max(now);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop.cancel();
    let took = bystanders.await.expect("the bystander was served");
    let p99 = took[(took.len() * 99 / 100).min(took.len() - 1)];
    println!(
        "memory: {before:.0} MiB before, {worst:.0} MiB at most; a bystander's {} calls: p50 {:?}, \
         p99 {p99:?}, worst {:?}",
        took.len(),
        took[took.len() / 2],
        took[took.len() - 1]
    );
    assert!(worst - before < BOUND_MIB, "{worst:.0} MiB after {before:.0} MiB");
}
