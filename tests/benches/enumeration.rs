//! Draws the time of calls for accounts that exist and for ones that do not,
//! alternately, and compares the two distributions by the two-sample
//! Kolmogorov–Smirnov statistic. It prints; it judges nothing.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::format_push_string,
    reason = "a benchmark that a person reads"
)]

use std::time::{Duration, Instant};

use gestan_account_client::v1;
use gestan_account_proto::support::v1::StartEmailChangeRequest;
use gestan_account_server::domain::{personal_code::PersonalCode, role::Role};
use gestan_account_tests::{TestServer, TestServerOptions, machine, uuid};
use sea_orm::ConnectionTrait as _;

/// Calls of each kind.
const CALLS: u32 = 2_000;
/// Columns of a drawing.
const BINS: usize = 60;

#[tokio::main]
async fn main() {
    let options = TestServerOptions { hash_params: (19_456, 2, 1), ..Default::default() };
    let mut server = TestServer::start_with(options).await;
    server.leaves_mail();
    insert_accounts(&server).await;
    println!("{CALLS} calls of each kind, alternately, one at a time; times in microseconds");

    compare("Create, by address", async |exists, number| {
        let request = v1::CreateRequest {
            request_id: uuid(u128::from(number) * 2 + u128::from(exists)),
            email: address(exists, number),
            machine: Some(machine(1)),
            ..Default::default()
        };
        server.client.create(request).await.expect("it is answered");
    })
    .await;
    compare("ResendPassword, by ID", async |exists, number| {
        // Accounts whose addresses no call has named yet, as for the missing ones.
        let request = v1::ResendPasswordRequest {
            request_id: uuid(1_000_000 + u128::from(number) * 2 + u128::from(exists)),
            account_id: account_id(exists, CALLS + number),
            machine: Some(machine(1)),
            ..Default::default()
        };
        server.client.resend_password(request).await.expect("it is answered");
    })
    .await;
    compare("RegisterExisting, wrong password", async |exists, number| {
        let request = v1::RegisterExistingRequest {
            account_id: account_id(exists, number),
            secret: "ce n’est pas le bon".to_owned(),
            machine: Some(machine(1)),
        };
        server.client.register_existing(request).await.expect_err("it is wrong");
    })
    .await;
    start_email_changes(&server).await;
    compare("Confirm of a change that support has started, wrong code", async |exists, number| {
        let code = PersonalCode::generate(&*server.accounts.randomness).display().to_string();
        let account_id = account_id(exists, number);
        let request = v1::ConfirmRequest { account_id, code, ..Default::default() };
        server.client.confirm(request).await.expect_err("it is wrong");
    })
    .await;
}

/// Has support start a change of address for each of the first accounts.
async fn start_email_changes(server: &TestServer) {
    let mut desk = server.desk(Role::Admin).await;
    for number in 0..CALLS {
        let request = StartEmailChangeRequest {
            account_id: account_id(true, number),
            email: format!("neuve{number}@exemple.fr"),
            reason: "rappel au siège".to_owned(),
            without_delay: true,
            ..Default::default()
        };
        desk.start_email_change(request).await.expect("it is started");
    }
    let _ = server.take_statements();
}

/// Of one length, so that only the account makes the difference.
fn address(exists: bool, number: u32) -> String {
    if exists { format!("client{number}@exemple.fr") } else { format!("inconn{number}@exemple.fr") }
}

fn account_id(exists: bool, number: u32) -> u32 {
    if exists { number + 1 } else { 3_000_000_000 + number }
}

/// Accounts with a password that is not the one that is tried.
async fn insert_accounts(server: &TestServer) {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut sql = "BEGIN;".to_owned();
    for number in 0..2 * CALLS {
        let address = address(true, number);
        sql += &format!(
            "INSERT INTO account (version, email, email_key, locale, company_name, last_name, \
             first_name, address, postal_code, city, country_code, phone, ape_code, \
             password_hash, create_time, update_time) VALUES (1, '{address}', '{address}', 'fr', \
             '', '', '', '', '', '', 'FRA', '', '', '{hash}', 0, 0);"
        );
    }
    sql += "COMMIT;";
    server.db().execute_unprepared(&sql).await.expect("accounts are inserted");
}

async fn compare(title: &str, call: impl AsyncFn(bool, u32)) {
    let (mut existing, mut missing) = (Vec::new(), Vec::new());
    for number in 0..CALLS {
        // Whoever goes first may pay for the other: they take turns.
        let order = if number % 2 == 0 { [true, false] } else { [false, true] };
        for exists in order {
            let start = Instant::now();
            call(exists, number).await;
            let times = if exists { &mut existing } else { &mut missing };
            times.push(start.elapsed());
        }
    }
    existing.sort_unstable();
    missing.sort_unstable();
    println!("\n{title}");
    draw("exists", &existing, &missing);
    draw("missing", &missing, &existing);
    let statistic = kolmogorov_smirnov(&existing, &missing);
    let (n, m) = (existing.len() as f64, missing.len() as f64);
    // Smirnov's bound at the level of 5 %.
    let critical = 1.358 * ((n + m) / (n * m)).sqrt();
    println!("  Kolmogorov–Smirnov D = {statistic:.4}; told apart at 5 % from {critical:.4} on");
}

fn draw(name: &str, times: &[Duration], other: &[Duration]) {
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_micros();
    let low = times[0].min(other[0]).as_secs_f64();
    let last = |times: &[Duration]| times[times.len() * 98 / 100].as_secs_f64();
    let width = (last(times).max(last(other)) - low) / BINS as f64;
    let mut bins = [0_usize; BINS];
    for time in times {
        let bin = ((time.as_secs_f64() - low) / width) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    let highest = *bins.iter().max().expect("there are bins");
    let bars: Vec<char> = " ▁▂▃▄▅▆▇█".chars().collect();
    let drawing: String = bins.iter().map(|count| bars[count * 8 / highest.max(1)]).collect();
    let (p10, p50, p90, p99) = (at(0.1), at(0.5), at(0.9), at(0.99));
    println!("  {name:8} │{drawing}│ p10 {p10}  p50 {p50}  p90 {p90}  p99 {p99}");
}

/// The largest distance between the two cumulative distributions.
fn kolmogorov_smirnov(one: &[Duration], other: &[Duration]) -> f64 {
    let share = |times: &[Duration], bound: &Duration| {
        times.partition_point(|time| time <= bound) as f64 / times.len() as f64
    };
    one.iter()
        .chain(other)
        .map(|bound| (share(one, bound) - share(other, bound)).abs())
        .fold(0.0, f64::max)
}
