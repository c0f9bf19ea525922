//! The log tells when the machines of very many accounts call from one address.

use std::time::Duration;

use gestan_account_server::{
    domain::account_id::AccountId, network::narrowest,
    throttle::crowded_addresses::CrowdedAddresses,
};
use gestan_account_tests::{Log, TestServer};

const WARNING: &str = "the machines of many accounts call from one address";

#[tokio::test]
async fn the_log_tells_when_the_machines_of_a_hundred_accounts_call_from_one_address() {
    let (log, _guard) = Log::capture();
    let server = TestServer::start().await;
    for number in 1..=100 {
        assert!(!log.text().contains(WARNING), "after {number} accounts:\n{}", log.text());
        let member = server.open_account(&format!("client{number}@exemple.fr"), number).await;
        member.read().await;
        member.read().await;
    }
    let text = log.text();
    let warning = text.lines().find(|line| line.contains(WARNING)).expect("the warning");
    assert!(!warning.contains("127.0.0.1"), "{warning}");
    server.deliver_mail().await;
}

#[test]
fn it_is_told_once_an_hour_and_few_accounts_are_no_crowd() {
    let (log, _guard) = Log::capture();
    let crowds = CrowdedAddresses::default();
    let address = narrowest("198.51.100.7".parse().expect("an address"));
    let note = |numbers: std::ops::RangeInclusive<u32>, minutes: u64| {
        for number in numbers {
            let account = AccountId::parse(number).expect("an ID");
            crowds.note(address, account, Duration::from_mins(minutes));
        }
        log.text().matches(WARNING).count()
    };
    assert_eq!(note(1..=99, 0), 0);
    assert_eq!(note(1..=99, 59), 0, "the same ones again");
    assert_eq!(note(100..=199, 60), 1, "an hour is over; these are a hundred");
    assert_eq!(note(200..=400, 61), 1);
    assert_eq!(note(1..=100, 121), 2);
}
