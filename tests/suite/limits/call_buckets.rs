//! The buckets of calls, when there are more networks than are remembered.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use gestan_account_server::throttle::calls::{CallRate, NetworkCalls};

fn network(number: u128) -> IpAddr {
    Ipv6Addr::from_bits((0x2001_0db8 << 96) | (number << 80)).into()
}

#[test]
fn many_networks_do_not_give_one_its_used_up_calls_back() {
    let buckets = NetworkCalls::new(CallRate { burst: 3, per_second: 1 });
    let now = Duration::from_hours(8);
    let guesser = network(0);
    for _ in 0..3 {
        buckets.take_from(guesser, now).expect("there are three");
    }
    buckets.take_from(guesser, now).expect_err("it has used them up");
    for number in 1..=250_000 {
        buckets.take_from(network(number), now).expect("a network of its own");
    }
    buckets.take_from(guesser, now).expect_err("it is remembered");
}
