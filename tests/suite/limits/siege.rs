//! Thirty hours of strangers who know a client ID, and its address, and do all that
//! they can with them: at each hour the customer gets in, by what the window offers.

mod attacker;
mod customer;

use gestan_account_server::throttle::{Limits, Throttles};
use gestan_account_tests::{TestServer, TestServerOptions};
use jiff::SignedDuration;

use attacker::Attacker;
use customer::{Customer, Situation};

const HOURS: usize = 30;

/// Each account is under siege for so many hours before its customer tries to get in,
/// and again afterwards: whoever gets in clears what the strangers had counted.
const HOURS_BETWEEN: usize = 4;

/// How often the strangers come back.
const PAUSE: SignedDuration = SignedDuration::from_mins(20);

/// Every limit on secrets and mailboxes is in force. Those on calls and on mails of one
/// caller are not: they would only hold up the strangers.
async fn start() -> TestServer {
    let throttles = Throttles { mails_per_ip: Limits::new([]), ..Throttles::default() };
    let proxies = "127.0.0.1".parse().expect("an address");
    TestServer::start_with(TestServerOptions { throttles, proxies, ..Default::default() }).await
}

/// Customers in these situations, each attacked from these addresses all the time.
async fn besieged_from(addresses: &[String], situations: &[Situation]) {
    let server = start().await;
    let mut customers = Vec::new();
    let mut attackers = Vec::new();
    for _ in 0..HOURS_BETWEEN {
        for situation in situations {
            let customer = Customer::open(&server, *situation, customers.len()).await;
            attackers.push(Attacker::new(&server, customer.name(), addresses).await);
            customers.push(customer);
        }
    }
    // What was mailed for the opening is over.
    server.advance(SignedDuration::from_hours(25));
    server.deliver_mail().await;

    for hour in 0..HOURS {
        for _ in 0..3 {
            for attacker in &mut attackers {
                attacker.strike(&server).await;
            }
            server.deliver_mail().await;
            server.advance(PAUSE);
        }
        let (slot, width) = (hour % HOURS_BETWEEN, situations.len());
        for customer in customers.iter_mut().skip(slot * width).take(width) {
            customer.gets_in(&server, hour).await;
        }
    }
    server.advance(SignedDuration::from_hours(48));
    server.deliver_mail().await;
}

#[tokio::test]
async fn for_thirty_hours_one_stranger_who_knows_the_id_shuts_nobody_out() {
    besieged_from(&["203.0.113.66".to_owned()], &Situation::ALL).await;
}

#[tokio::test]
async fn for_thirty_hours_strangers_of_a_whole_network_shut_nobody_out() {
    let addresses: Vec<String> = (1..=4).map(|host| format!("203.0.113.{host}")).collect();
    besieged_from(&addresses, &Situation::ALL).await;
}

/// Networks enough to use up whatever all strangers have together. Whoever is at home has a
/// code in the mailbox, since the strangers had it sent.
#[tokio::test]
async fn for_thirty_hours_strangers_of_many_networks_shut_nobody_out() {
    let addresses: Vec<String> = (1..=12).map(|network| format!("10.{network}.0.1")).collect();
    besieged_from(&addresses, &[Situation::Home]).await;
}
