//! What a page of FindAccounts takes among a million accounts, whatever is asked: usual names
//! and rare ones, many words and beginnings of one letter.

use std::{sync::Arc, time::Instant};

use gestan_account_proto::support::v1::{FindAccountsRequest, FindAccountsResponse};
use gestan_account_server::{
    credentials::token::{Token, TokenKind},
    domain::role::Role,
    randomness::SystemRandomness,
    storage::{
        account_word::repair,
        connections::Connections,
        database::{Database, DatabaseConfig},
        support_key::{self, NewSupportKey},
    },
};
use gestan_account_tests::{Desk, count, desk_at, made_up, postgres::Cluster, process::Home};
use jiff::Timestamp;

use crate::{
    Effort,
    figure::{Goal, Table, Values, rounded},
    world::spawn,
};

/// What a page may take, in milliseconds.
const BOUND: f64 = 50.0;

/// What agents type.
const QUERIES: [&str; 33] = [
    "Éts Dupont & fils",
    "dupont fils",
    "SARL Dupont",
    "dupont lille",
    "martin",
    "Martin Paris",
    "Nathalie Martin Toulouse",
    "martin bernard",
    "épicerie du marché",
    "l'épicerie marché lille",
    "boulangerie de la gare",
    "boulangerie soleil lille",
    "garage renard",
    "da silva",
    "n'guyen",
    "lebœuf",
    "saint",
    "saint martin",
    "saint-denis sur loire",
    "75011",
    "75011 martin",
    "59",
    "m",
    "a b c",
    "s d l",
    "06 12",
    "06 12 34 56 78",
    "+33 6 12 34",
    "contact@sarl",
    "@orange.fr",
    "martin@",
    "zzzz",
    "sarl de la",
];

pub(crate) async fn on_sqlite(effort: Effort, table: &mut Table) {
    measure("SQLite", Home::on_sqlite(), effort, table, async |db| {
        let pages = count(db, "PRAGMA page_count").await;
        pages * count(db, "PRAGMA page_size").await
    })
    .await;
}

pub(crate) async fn on_postgres(effort: Effort, table: &mut Table) {
    let cluster = Cluster::start(&[]);
    cluster.execute("postgres", "CREATE DATABASE gestan");
    let home = Home::with_database(cluster.url("gestan"));
    measure("PostgreSQL", home, effort, table, async |db| {
        // What a server that has run for a while has done by itself.
        gestan_account_tests::execute(db, "VACUUM ANALYZE").await;
        count(db, "SELECT pg_database_size(current_database())").await
    })
    .await;
}

async fn measure(
    on: &str,
    home: Home,
    effort: Effort,
    table: &mut Table,
    size: impl AsyncFn(&Connections) -> i64,
) {
    let accounts = effort.large;
    let config = DatabaseConfig { url: home.database_url(), connections: 1 };
    let db = Database::open(&config, Arc::new(SystemRandomness)).await.expect("it opens");
    db.migrate().await.expect("it migrates");
    made_up::insert(&db.write(), accounts).await;
    let before = size(&db.write()).await;
    let begun = Instant::now();
    repair(&db).await.expect("words are written");
    let told = |what: &str| format!("{what} of {accounts} accounts, {on}");
    let seconds = Values::from_iter([begun.elapsed().as_secs_f64()]);
    table.tell(&told("writing the words"), "s", Goal::None, seconds);
    let grown = (size(&db.write()).await - before) as f64 / f64::from(accounts);
    table.tell(&told("words, for each"), "bytes", Goal::None, Values::from_iter([grown]));
    let token = Token::generate(TokenKind::SupportKey, &SystemRandomness);
    let key = NewSupportKey { name: "Luc", role: Role::Reader, expire_time: None, key: &token };
    support_key::insert(&db.write(), &key, Timestamp::UNIX_EPOCH).await.expect("a key");
    db.close().await;

    let server = spawn(&home, &[("SUPPORT_CALLS_PER_MINUTE", "1000000")]).await;
    let mut desk = desk_at(server.address, Some(token.reveal()), None).await;
    let mut pages = Vec::new();
    for query in QUERIES {
        let first = request(query, String::new());
        let found = find(&mut desk, &first).await;
        pages.push(first);
        if !found.next_page_token.is_empty() {
            pages.push(request(query, found.next_page_token));
        }
    }
    let mut times = vec![Values::default(); pages.len()];
    let (mut slowest, mut usual) = (Values::default(), Values::default());
    for _ in 0..effort.rounds {
        let (mut worst, mut of_round) = (0.0_f64, Values::default());
        for (page, times) in pages.iter().zip(&mut times) {
            let begun = Instant::now();
            find(&mut desk, page).await;
            let millis = begun.elapsed().as_secs_f64() * 1_000.0;
            worst = worst.max(millis);
            of_round.push(millis);
            times.push(millis);
        }
        slowest.push(worst);
        usual.push(of_round.median());
    }
    for (page, times) in pages.iter().zip(times) {
        let which = if page.page_token.is_empty() { "" } else { ", the next page" };
        eprintln!("{on}: {}{which}: {} ms", page.query, rounded(times.median()));
    }
    let found = |what: &str| format!("FindAccounts at {accounts} accounts, {what}, {on}");
    table.tell(&found("the slowest page"), "ms", Goal::AtMost(BOUND), slowest);
    table.tell(&found("half of the pages"), "ms", Goal::None, usual);
    server.terminate().await;
    server.wait().await;
}

fn request(query: &str, page_token: String) -> FindAccountsRequest {
    FindAccountsRequest { query: query.to_owned(), page_token, ..Default::default() }
}

async fn find(desk: &mut Desk, request: &FindAccountsRequest) -> FindAccountsResponse {
    desk.find_accounts(request.clone()).await.expect("it is answered").into_inner()
}
