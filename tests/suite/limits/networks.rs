//! The networks that an address is counted with.

use std::net::IpAddr;

use gestan_account_server::network::{levels, narrowest};

fn of(ip: &str) -> Vec<String> {
    let ip: IpAddr = ip.parse().expect("an address");
    assert_eq!(levels(ip).next().map(|level| level.network), Some(narrowest(ip)));
    levels(ip).map(|level| format!("{} x{}", level.network, level.shares)).collect()
}

#[test]
fn an_address_is_counted_with_its_networks_and_each_is_wider() {
    let v6 = ["2001:db8:1:2300::/64 x1", "2001:db8:1:2300::/56 x2", "2001:db8:1::/48 x8"];
    assert_eq!(of("2001:db8:1:2300:4:5:6:7"), v6);
    assert_eq!(of("2001:db8:1:23ff::1")[1..], v6[1..]);
    let v4 = ["198.51.100.7/32 x1", "198.51.100.0/24 x8"];
    assert_eq!(of("198.51.100.7"), v4);
    assert_eq!(of("::ffff:198.51.100.7"), v4);
}
