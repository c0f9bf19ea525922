//! How the addresses of one name are tried, by the server and by its client.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use gestan_account_dial::{Addresses, Attempt, DialError, HEAD_START, Outcome, dial};
use gestan_account_tests::{names::DeadAddress, process::TIMEOUT};
use tokio::{net::TcpListener, time::Instant};

fn addresses(all: &[SocketAddr]) -> Addresses {
    all.iter().copied().collect()
}

async fn live() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_passed_over() {
    let (_listener, live) = live().await;
    let dead = ["127.0.0.2", "127.0.0.3"].map(|ip| DeadAddress::at(ip, live.port()));
    let tried = addresses(&[dead[0].address, dead[1].address, live]);
    // In turn, the first alone would take all of the time.
    let stream = tried.dial(TIMEOUT).await.expect("the third answers");
    assert_eq!(stream.peer_addr().expect("a peer"), live);
}

#[tokio::test]
async fn an_address_that_refuses_is_passed_over_without_its_head_start() {
    let (_listener, live) = live().await;
    let refusing = |number| SocketAddr::from((Ipv4Addr::new(127, 0, 1, number), live.port()));
    let tried: Vec<_> = (1..=200).map(refusing).chain([live]).collect();
    let begun = Instant::now();
    let stream = addresses(&tried).dial(TIMEOUT).await.expect("the last one answers");
    assert_eq!(stream.peer_addr().expect("a peer"), live);
    // Their head starts would take half a minute.
    assert!(begun.elapsed() < TIMEOUT / 4, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn of_many_addresses_the_last_one_has_its_turn_in_a_short_time() {
    let (_listener, live) = live().await;
    let silent = DeadAddress::at("0.0.0.0", 0);
    let port = silent.address.port();
    let dead = |number| SocketAddr::from((Ipv4Addr::new(127, 0, 2, number), port));
    let tried: Vec<_> = (1..=80).map(dead).chain([live]).collect();
    // Whole head starts would take twice as long.
    let limit = HEAD_START * 40;
    let stream = addresses(&tried).dial(limit).await.expect("the last one answers");
    assert_eq!(stream.peer_addr().expect("a peer"), live);
}

#[tokio::test]
async fn when_no_address_answers_each_is_named_with_what_became_of_it() {
    let (listener, refusing) = live().await;
    let silent = DeadAddress::at("127.0.0.2", refusing.port());
    let dead = silent.address;
    let tried = addresses(&[dead, refusing]);
    drop(listener);
    let refused = Outcome::Refused(ErrorKind::ConnectionRefused);
    let error = tried.dial(Duration::from_secs(1)).await.expect_err("nobody is there");
    let attempts = vec![
        Attempt { address: dead, outcome: Outcome::NoAnswer },
        Attempt { address: refusing, outcome: refused },
    ];
    assert_eq!(error.to_string(), format!("{dead}: no answer; {refusing}: connection refused"));
    assert_eq!(error, DialError::Unreached(attempts));
}

#[tokio::test]
async fn a_name_without_an_address_is_named() {
    // No name may end in this (RFC 6761, section 6.4).
    let error = dial("relais.invalid", 25, TIMEOUT).await.expect_err("there is no such name");
    assert!(error.to_string().starts_with("no address of relais.invalid: "), "{error}");
    assert!(!error.is_refusal());
}

#[test]
fn the_families_of_addresses_take_turns_in_the_order_of_the_system() {
    let parse = |list: &[&str]| -> Vec<SocketAddr> {
        list.iter().map(|address| address.parse().expect("an address")).collect()
    };
    for (found, tried) in [
        (
            &["[2001:db8::1]:25", "[2001:db8::2]:25", "192.0.2.1:25", "192.0.2.2:25"][..],
            &["[2001:db8::1]:25", "192.0.2.1:25", "[2001:db8::2]:25", "192.0.2.2:25"][..],
        ),
        (
            &["192.0.2.2:25", "192.0.2.1:25", "192.0.2.3:25", "[2001:db8::1]:25"],
            &["192.0.2.2:25", "[2001:db8::1]:25", "192.0.2.1:25", "192.0.2.3:25"],
        ),
        (&["192.0.2.1:25", "192.0.2.1:25"], &["192.0.2.1:25"]),
        (&[], &[]),
    ] {
        assert_eq!(addresses(&parse(found)).as_slice(), parse(tried), "{found:?}");
    }
}
