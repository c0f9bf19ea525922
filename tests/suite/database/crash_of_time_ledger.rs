//! Killed at any moment, the server keeps the time ledger: every call that was acknowledged is
//! there once, and after each restart everything adds up. So it is when PostgreSQL itself is
//! killed.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use gestan_account_proto::support::v1::{
    ChargeTimeRequest, CorrectTimeRequest, GrantTimeRequest,
    support_service_client::SupportServiceClient,
};
use gestan_account_tests::{
    Bearer, Desk, charge, correction, execute, grant,
    postgres::Cluster,
    process::{Home, ServerProcess, TIMEOUT, run_to_end},
    rows,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use sea_orm::Database;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Duration, sleep, timeout},
};
use tonic::{Code, Status, transport::Channel};

const WRITERS: u64 = 6;
const KILLS: usize = 20;
const KILLS_OF_POSTGRESQL: usize = 8;
const ACCOUNTS: u32 = 3;
const SEED: u64 = 20_261_201;
const ARGUMENTS: [&str; 2] = ["--support-calls-per-minute", "1000000"];

/// What a call was answered: the entry and the balance.
type Answered = (u32, i32);

/// What the writers share.
struct World {
    server: watch::Sender<SocketAddr>,
    key: String,
    /// By account and request ID.
    answered: Mutex<BTreeMap<(u32, String), Answered>>,
    count: watch::Sender<u64>,
    is_open: watch::Sender<bool>,
}

impl World {
    fn desk(&self) -> Desk {
        let url = format!("http://{}", *self.server.borrow());
        let endpoint = Channel::from_shared(url).expect("a URL").timeout(TIMEOUT);
        let bearer = Bearer { token: Some(self.key.clone()), language: None };
        SupportServiceClient::with_interceptor(endpoint.connect_lazy(), bearer)
    }

    /// Waits until so many more calls are answered, and then a little, so that the next blow falls
    /// anywhere.
    async fn wait_for_a_moment(&self, chance: &mut StdRng) {
        let wanted = *self.count.borrow() + chance.random_range(5..=60_u64);
        let mut count = self.count.subscribe();
        let reached = timeout(TIMEOUT, count.wait_for(|count| *count >= wanted)).await;
        reached.expect("the writers get on").expect("the counter lives");
        sleep(Duration::from_micros(chance.random_range(0..20_000))).await;
    }
}

/// Makes calls until it is told to stop, each until it is answered, and a fifth of them again.
async fn write(world: Arc<World>, number: u64) {
    let mut chance = StdRng::seed_from_u64(SEED + number);
    let mut last = 1;
    for turn in 0.. {
        if !*world.is_open.borrow() {
            return;
        }
        let account = chance.random_range(1..=ACCOUNTS);
        let request_id = format!("R-{number}-{turn}");
        let kind = chance.random_range(0..3_u8);
        let minutes = chance.random_range(1..=90);
        let mut answers = 0;
        let wanted = if chance.random_range(0..5) == 0 { 2 } else { 1 };
        while answers < wanted {
            match call(&world, account, &request_id, kind, minutes, last).await {
                Ok(answer) => {
                    answers += 1;
                    let mut answered = world.answered.lock().expect("no writer panicked");
                    let first = *answered.entry((account, request_id.clone())).or_insert(answer);
                    assert_eq!(first, answer, "a repeat has another answer");
                    last = answer.0;
                    world.count.send_modify(|count| *count += 1);
                }
                Err(refusal) if is_lost(&refusal) => sleep(Duration::from_millis(20)).await,
                // Too little time, or nothing left to correct: nothing is written.
                Err(refusal) => {
                    let codes = [Code::FailedPrecondition, Code::NotFound, Code::InvalidArgument];
                    assert!(codes.contains(&refusal.code()), "{refusal:?}");
                    break;
                }
            }
        }
    }
}

/// Whether the answer was lost on its way, or there was nobody to give one.
fn is_lost(refusal: &Status) -> bool {
    matches!(
        refusal.code(),
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded
    )
}

async fn call(
    world: &World,
    account_id: u32,
    request_id: &str,
    kind: u8,
    minutes: i32,
    corrected: u32,
) -> Result<Answered, Status> {
    let (mut desk, request_id) = (world.desk(), request_id.to_owned());
    let entry = match kind {
        0 => {
            let request = GrantTimeRequest { request_id, ..grant(account_id, minutes) };
            desk.grant_time(request).await?.into_inner().entry
        }
        1 => {
            let request = ChargeTimeRequest {
                request_id,
                allow_overdraft: minutes % 2 == 0,
                ..charge(account_id, minutes)
            };
            desk.charge_time(request).await?.into_inner().entry
        }
        _ => {
            let request = CorrectTimeRequest {
                request_id,
                minutes: 1,
                allow_overdraft: true,
                ..correction(account_id, corrected)
            };
            desk.correct_time(request).await?.into_inner().entry
        }
    };
    let entry = entry.expect("an entry");
    Ok((entry.id, entry.balance_minutes))
}

async fn check_ledger(home: &Home) {
    let ended = run_to_end(home.command().arg("check-ledger")).await;
    assert!(ended.status.success(), "{}\n{}", ended.printed, ended.log);
}

/// A database with accounts, and a key for an admin.
async fn prepared(home: Home) -> (Home, String) {
    let home = home.migrate().await;
    let db = Database::connect(home.database_url()).await.expect("a database");
    for id in 1..=ACCOUNTS {
        let sql = format!(
            "INSERT INTO account (id, version, email, email_key, locale, create_time, update_time, \
             company_name, last_name, first_name, address, postal_code, city, country_code, phone, \
             ape_code) VALUES ({id}, 1, 'c{id}', 'c{id}', 'fr', 0, 0, '', '', '', '', '', '', \
             'FRA', '', '')"
        );
        execute(&db, &sql).await;
    }
    db.close().await.expect("it closes");
    let create = ["support-key", "create", "Luc", "--role", "admin"];
    let key = run_to_end(home.command().args(create)).await;
    assert!(key.status.success(), "{}", key.log);
    (home, key.printed.trim().to_owned())
}

/// Writers at work on a server of this home.
async fn at_work(home: &Home, key: String) -> (ServerProcess, Arc<World>, JoinSet<()>) {
    let server = ServerProcess::start(home, &ARGUMENTS).await;
    let world = Arc::new(World {
        server: watch::Sender::new(server.address),
        key,
        answered: Mutex::default(),
        count: watch::Sender::new(0),
        is_open: watch::Sender::new(true),
    });
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        writers.spawn(write(Arc::clone(&world), number));
    }
    (server, world, writers)
}

/// Lets the writers finish, and looks for all that was acknowledged.
async fn close_and_check(home: &Home, world: &World, mut writers: JoinSet<()>) {
    world.is_open.send_replace(false);
    while let Some(ended) = writers.join_next().await {
        ended.expect("a writer got through");
    }
    check_ledger(home).await;
    let db = Database::connect(home.database_url()).await.expect("a database");
    let stored =
        rows(&db, "SELECT account_id, request_id, id, balance_after FROM time_entry").await;
    let mut there = BTreeMap::new();
    for row in &stored {
        let account: i64 = row.try_get_by_index(0).expect("an account");
        let request: String = row.try_get_by_index(1).expect("a request ID");
        let id: i64 = row.try_get_by_index(2).expect("a number");
        let balance: i32 = row.try_get_by_index(3).expect("a balance");
        let narrow = |number| u32::try_from(number).expect("a number");
        there.insert((narrow(account), request), (narrow(id), balance));
    }
    assert_eq!(there.len(), stored.len(), "a request ID is there twice");
    let answered = world.answered.lock().expect("no writer panicked");
    assert_eq!(*answered, there, "every call was made until it was answered");
    println!("{} entries, {} answers", there.len(), *world.count.borrow());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_each_acknowledged_entry_once_and_the_ledger_adds_up() {
    let (home, key) = prepared(Home::new()).await;
    let (mut server, world, writers) = at_work(&home, key).await;
    let mut chance = StdRng::seed_from_u64(SEED);
    for _ in 0..KILLS {
        world.wait_for_a_moment(&mut chance).await;
        server.kill().await;
        check_ledger(&home).await;
        server = ServerProcess::start(&home, &ARGUMENTS).await;
        world.server.send_replace(server.address);
    }
    close_and_check(&home, &world, writers).await;
    server.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgresql_has_each_acknowledged_entry_once_and_the_ledger_adds_up() {
    let cluster = Cluster::start(&[]);
    let home = Home::with_database(cluster.url("postgres"));
    let (home, key) = prepared(home).await;
    let (server, world, writers) = at_work(&home, key).await;
    let mut chance = StdRng::seed_from_u64(SEED);
    for _ in 0..KILLS_OF_POSTGRESQL {
        world.wait_for_a_moment(&mut chance).await;
        cluster.stop_hard();
        cluster.start_again();
        check_ledger(&home).await;
    }
    close_and_check(&home, &world, writers).await;
    server.kill().await;
}
