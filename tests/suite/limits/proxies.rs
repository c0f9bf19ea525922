//! Where a call comes from: the peer, or what a trusted proxy says.

use std::{net::IpAddr, time::Duration};

use gestan_account_client::v1::account_service_client::AccountServiceClient;
use gestan_account_client::{
    Error, Rejection,
    v1::{self, ErrorReason},
};
use gestan_account_server::network::TrustedProxies;
use gestan_account_server::throttle::Throttles;
use gestan_account_tests::{TestServer, TestServerOptions, count, machine, rows, uuid};
use tonic::{metadata::AsciiMetadataValue, transport::Channel};

fn caller(trusted: &str, peer: &str, headers: &[&str]) -> String {
    let proxies: TrustedProxies = trusted.parse().expect("addresses");
    let peer: IpAddr = peer.parse().expect("an address");
    proxies.caller(peer, headers.iter().map(|line| line.as_bytes())).to_string()
}

#[test]
fn a_stranger_cannot_say_where_it_comes_from() {
    assert_eq!(caller("", "203.0.113.9", &["198.51.100.7"]), "203.0.113.9");
    assert_eq!(caller("10.0.0.0/8", "203.0.113.9", &["198.51.100.7"]), "203.0.113.9");
}

#[test]
fn a_trusted_proxy_is_believed_as_far_as_it_saw() {
    let trusted = "10.0.0.0/8, 2001:db8::1";
    assert_eq!(caller(trusted, "10.1.2.3", &["198.51.100.7"]), "198.51.100.7");
    // The addresses that the caller made up stand before the one that the proxy added.
    assert_eq!(caller(trusted, "10.1.2.3", &["1.1.1.1, 198.51.100.7"]), "198.51.100.7");
    assert_eq!(caller(trusted, "10.1.2.3", &["1.1.1.1", "198.51.100.7"]), "198.51.100.7");
    assert_eq!(caller(trusted, "2001:db8::1", &["198.51.100.7, 10.9.9.9"]), "198.51.100.7");
    assert_eq!(caller(trusted, "::ffff:10.1.2.3", &["::ffff:198.51.100.7"]), "198.51.100.7");
}

#[test]
fn ports_and_brackets_are_read_and_rubbish_ends_the_chain() {
    assert_eq!(caller("10.0.0.1", "10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
    assert_eq!(caller("10.0.0.1", "10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
    assert_eq!(caller("10.0.0.1", "10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
    assert_eq!(caller("10.0.0.1", "10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
    assert_eq!(caller("10.0.0.1", "10.0.0.1", &[""]), "10.0.0.1");
    assert_eq!(caller("10.0.0.1", "10.0.0.1", &[]), "10.0.0.1");
}

#[test]
fn a_text_that_is_no_address_is_refused_by_name() {
    let error = "10.0.0.1,proxy.local".parse::<TrustedProxies>().expect_err("no address");
    assert!(error.contains("proxy.local"), "{error}");
}

async fn create(
    server: &TestServer,
    number: u128,
    forwarded_for: impl AsRef<[u8]>,
) -> Result<tonic::Response<v1::CreateResponse>, tonic::Status> {
    let channel = Channel::from_shared(format!("http://{}", server.address)).expect("a URL");
    let channel = channel.connect().await.expect("the server answers");
    let mut request = tonic::Request::new(v1::CreateRequest {
        request_id: uuid(number),
        email: format!("client{number}@exemple.fr"),
        machine: Some(machine(number)),
        ..Default::default()
    });
    let forwarded_for = AsciiMetadataValue::try_from(forwarded_for.as_ref()).expect("a header");
    request.metadata_mut().insert("x-forwarded-for", forwarded_for);
    AccountServiceClient::new(channel).create(request).await
}

async fn throttled_behind(proxies: &str) -> TestServer {
    let throttles = Throttles {
        mails_per_ip: "1/1h".parse().expect("a limit"),
        ..TestServerOptions::default().throttles
    };
    let proxies = proxies.parse().expect("addresses");
    let options = TestServerOptions { throttles, proxies, ..Default::default() };
    TestServer::start_with(options).await
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_caller_has_limits_of_its_own_and_ipv6_by_64() {
    let server = throttled_behind("127.0.0.1").await;
    create(&server, 1, "198.51.100.7").await.expect("one caller");
    create(&server, 2, "198.51.100.8").await.expect("another caller");
    create(&server, 3, "198.51.100.7").await.expect_err("the first again");
    create(&server, 4, "2001:db8:1:2::1").await.expect("a third");
    create(&server, 5, "2001:db8:1:2:ffff::9").await.expect_err("the same /64");
    create(&server, 6, "2001:db8:1:3::1").await.expect("another /64");
    server.deliver_mail().await;
}

/// A proxy adds the address to the line that it got: what a caller writes into it must
/// not hide what stands behind it.
#[tokio::test]
async fn a_caller_cannot_hide_behind_bytes_that_are_no_text() {
    let server = throttled_behind("127.0.0.1").await;
    create(&server, 1, b"\xe9\xff, 198.51.100.7").await.expect("one caller");
    create(&server, 2, b"\xe9\xff, 198.51.100.8").await.expect("another caller");
    create(&server, 3, b"\xe9\xff, 198.51.100.7").await.expect_err("the first again");
    let keys = rows(server.db(), "SELECT key FROM throttle WHERE key LIKE '%127.0.0.%'").await;
    assert!(keys.is_empty(), "nothing counts against the proxy");
    server.deliver_mail().await;
}

/// One home line has 256 networks of the size that counts as one caller.
#[tokio::test]
async fn the_networks_of_a_home_line_ask_for_no_more_mails_than_its_shares_allow() {
    let server = throttled_behind("127.0.0.1").await;
    let mut asked = Vec::new();
    for number in 0..32 {
        match create(&server, number, format!("2001:db8:1:23{number:02x}::1")).await {
            Ok(_) => asked.push(number),
            Err(status) => {
                let error = Error::from(status);
                assert_eq!(error.reason(), Some(ErrorReason::TooManyMailsFromIp));
                let wait = error.rejection().and_then(Rejection::retry_delay);
                assert_eq!(wait, Some(Duration::from_hours(1)));
            }
        }
    }
    assert_eq!(asked, [0, 1], "a /56 has two shares");
    for number in 100..132 {
        let from = format!("2001:db8:1:{:02x}00::1", number - 100);
        asked.extend(create(&server, number, &from).await.ok().map(|_| number));
    }
    assert_eq!(asked.len(), 8, "a /48 has eight");
    create(&server, 200, "2001:db8:2::1").await.expect("another site");
    let counted = "SELECT count(*) FROM throttle WHERE key = 'mails-from:2001:db8:1:2300::'";
    assert_eq!(count(server.db(), counted).await, 1, "the key that the version before knows");
    server.deliver_mail().await;
}

#[tokio::test]
async fn without_a_trusted_proxy_the_header_changes_nothing() {
    let server = throttled_behind("").await;
    create(&server, 1, "198.51.100.7").await.expect("one caller");
    create(&server, 2, "198.51.100.8").await.expect_err("the same caller");
    let keys = rows(server.db(), "SELECT key FROM throttle WHERE key LIKE 'mails-from:%' ").await;
    let mut keys: Vec<String> =
        keys.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect();
    keys.sort();
    // The narrowest has the key that the version before knows.
    assert_eq!(keys, ["mails-from:127.0.0.0/24", "mails-from:127.0.0.1"]);
    server.deliver_mail().await;
}
