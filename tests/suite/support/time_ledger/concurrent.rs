//! The time ledger under many writers, of two servers: each call is wholly there once, and
//! everything adds up.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use gestan_account_proto::support::v1::{ChargeTimeRequest, CorrectTimeRequest, GrantTimeRequest};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Desk, TestDatabase, TestServer, TestServerOptions, Told, assert_adds_up, charge, correction,
    count, desk_at, grant, merge,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

const WRITERS: u64 = 8;
const CALLS: usize = 60;

/// The answers that were given, by request ID.
type Answers = Arc<Mutex<BTreeMap<String, i32>>>;

struct Writer {
    desks: [Desk; 2],
    accounts: [u32; 2],
    answers: Answers,
    chance: StdRng,
}

impl Writer {
    async fn write(mut self) {
        for _ in 0..CALLS {
            // Of few names, so that writers repeat each other's calls and fall over them.
            let name = self.chance.random_range(0..400_u32);
            let account = self.accounts[name as usize % 2];
            let server = self.chance.random_range(0..2_usize);
            let request_id = format!("R-{name}");
            // What is asked for depends on the name alone: whoever has it makes the same call.
            let minutes = i32::try_from(name % 90 + 1).expect("few");
            let desk = &mut self.desks[server];
            let answer = match name % 3 {
                0 => {
                    let request = GrantTimeRequest {
                        request_id: request_id.clone(),
                        ..grant(account, minutes)
                    };
                    let answer = desk.grant_time(request).await;
                    answer.map(|answer| answer.into_inner().balance_minutes)
                }
                1 => {
                    let request = ChargeTimeRequest {
                        request_id: request_id.clone(),
                        allow_overdraft: name % 2 == 0,
                        ..charge(account, minutes)
                    };
                    let answer = desk.charge_time(request).await;
                    answer.map(|answer| answer.into_inner().balance_minutes)
                }
                _ => {
                    let request = CorrectTimeRequest {
                        request_id: request_id.clone(),
                        minutes: 1,
                        allow_overdraft: true,
                        ..correction(account, name % 40 + 1)
                    };
                    let answer = desk.correct_time(request).await;
                    answer.map(|answer| answer.into_inner().balance_minutes)
                }
            };
            match answer {
                Ok(balance) => {
                    let mut answers = self.answers.lock().expect("no writer panicked");
                    let first = *answers.entry(request_id.clone()).or_insert(balance);
                    assert_eq!(first, balance, "a repeat of {request_id} has another answer");
                }
                Err(refusal) => {
                    let reason = Told::of(&refusal).reason;
                    let may_be = [
                        "TIME_CREDIT_EXHAUSTED",
                        "ENTRY_NOT_FOUND",
                        "ENTRY_NOT_CORRECTABLE",
                        "INVALID_REQUEST",
                    ];
                    assert!(may_be.contains(&&*reason), "{refusal:?}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_of_two_servers_write_each_call_once_and_all_adds_up() {
    let database = TestDatabase::new();
    let options = || TestServerOptions {
        database_url: Some(database.url().to_owned()),
        ..Default::default()
    };
    let servers =
        [TestServer::start_with(options()).await, TestServer::start_with(options()).await];
    let accounts = [
        servers[0].open_account("jeanne@exemple.fr", 1).await.account_id,
        servers[0].open_account("pierre@exemple.fr", 2).await.account_id,
    ];
    let (_, key) = servers[0].support_key("Luc", Role::Admin, None).await;
    let desks = [
        desk_at(servers[0].address, Some(key.reveal()), None).await,
        desk_at(servers[1].address, Some(key.reveal()), None).await,
    ];
    let answers = Answers::default();
    let mut writers = JoinSet::new();
    for seed in 0..WRITERS {
        let writer = Writer {
            desks: desks.clone(),
            accounts,
            answers: Arc::clone(&answers),
            chance: StdRng::seed_from_u64(seed),
        };
        writers.spawn(writer.write());
    }
    while let Some(ended) = writers.join_next().await {
        ended.expect("a writer got through");
    }
    let checked = assert_adds_up(servers[0].db()).await;
    let answered = answers.lock().expect("no writer panicked").len();
    assert_eq!(u64::try_from(answered), Ok(checked.entries), "what was answered, and no more");
    assert!(checked.entries > 100, "{checked:?}");
    merge(&desks[0], accounts[0], accounts[1]).await;
    servers[0].deliver_mail().await;
    assert_adds_up(servers[0].db()).await;
    let debts = "SELECT count(*) FROM time_entry WHERE kind IN ('charge', 'correction') \
                 AND minutes < 0 AND balance_after < 0 AND NOT overdraft";
    assert_eq!(count(servers[0].db(), debts).await, 0);
}
