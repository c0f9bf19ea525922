//! Contract §5, calls: every caller has a limit, with a token as without.

use std::{net::IpAddr, time::Duration};

use gestan_account_client::{
    Code, Error,
    v1::{self, ErrorReason, account_service_client::AccountServiceClient},
};
use gestan_account_server::throttle::calls::{CallRate, NetworkCalls};
use gestan_account_tests::{PASSWORD, TestServer, TestServerOptions, assert_refused, new_password};
use jiff::SignedDuration;
use tonic::transport::Channel;

async fn three_calls_a_token() -> TestServer {
    let token_call_rate = CallRate { burst: 3, per_second: 2 };
    TestServer::start_with(TestServerOptions { token_call_rate, ..Default::default() }).await
}

fn assert_too_many<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    let reason = ErrorReason::TooManyCallsWithToken;
    let rejection = assert_refused(outcome, Code::ResourceExhausted, reason);
    assert_eq!(rejection.retry_delay(), Some(Duration::from_millis(500)));
}

#[tokio::test]
async fn a_link_token_has_so_many_calls_whatever_they_are_and_other_machines_have_theirs() {
    let server = three_calls_a_token().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.register(member.account_id, 2).await;
    member.read().await;
    // A call that is refused is counted, too.
    let unlink = v1::UnlinkRequest { account_id: 4_000_000_000, ..Default::default() };
    for _ in 0..2 {
        let outcome = member.client.unlink(unlink.clone()).await;
        assert_refused(outcome, Code::PermissionDenied, ErrorReason::PermissionDenied);
    }
    let _ = server.take_statements();
    assert_too_many(member.client.get(v1::GetRequest::default()).await);
    assert_too_many(member.client.update(v1::UpdateRequest::default()).await);
    assert_too_many(member.client.unlink(unlink).await);
    let statements = server.take_statements();
    let looked_up = statements.iter().filter(|sql| sql.contains("link")).count();
    assert_eq!(looked_up, 0, "who has used up the calls costs no look-up");
    other.read().await;
    server.advance(SignedDuration::from_millis(500));
    member.read().await;
}

/// A change by the current password is counted by its token: callers in its network use up
/// another bucket. Without a living token it is a stranger's.
#[tokio::test]
async fn strangers_in_its_network_do_not_use_up_the_calls_of_a_machine_that_sets_its_password() {
    let call_rate = CallRate { burst: 4, per_second: 1 };
    let server =
        TestServer::start_with(TestServerOptions { call_rate, ..Default::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_secs(10));
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    let garbage = server.client_with(&member.link_token.replace("gestan_link_", "gestan_lien_"));
    for _ in 0..4 {
        let outcome = garbage.set_password(request.clone()).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let outcome = garbage.set_password(request.clone()).await;
    assert_refused(outcome, Code::ResourceExhausted, ErrorReason::TooManyCallsFromIp);
    member.client.set_password(request).await.expect("a token vouches for it");
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_support_key_has_so_many_calls_and_other_keys_have_theirs() {
    let options = TestServerOptions { support_calls_per_minute: 3, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let (_, luc) = server.support_agent("Luc").await;
    let (_, eva) = server.support_agent("Eva").await;
    let request = v1::GetRequest { account_id: member.account_id };
    for _ in 0..3 {
        luc.get(request).await.expect("support may read");
    }
    let _ = server.take_statements();
    let reason = ErrorReason::TooManyCallsWithKey;
    let rejection = assert_refused(luc.get(request).await, Code::ResourceExhausted, reason);
    assert_eq!(rejection.retry_delay(), Some(Duration::from_secs(20)));
    assert_eq!(server.take_statements(), [""; 0], "it costs no look-up");
    eva.get(request).await.expect("another key");
    server.advance(SignedDuration::from_secs(20));
    luc.get(request).await.expect("a third of a minute gives one of three");
}

fn now() -> Duration {
    Duration::from_hours(8)
}

fn take(buckets: &NetworkCalls, ip: &str) -> Result<(), Duration> {
    buckets.take_from(ip.parse::<IpAddr>().expect("an address"), now())
}

/// One home line has 256 networks of the size that counts as one caller.
#[test]
fn neighbouring_networks_have_together_no_more_than_the_shares_of_the_wider_one() {
    let buckets = NetworkCalls::new(CallRate { burst: 10, per_second: 1 });
    let calls = |ip: &dyn Fn(u32) -> String| {
        (0..2_560).filter(|number| take(&buckets, &ip(number % 256)).is_ok()).count()
    };
    assert_eq!(calls(&|number| format!("2001:db8:1:23{number:02x}::1")), 20, "a /56");
    assert_eq!(calls(&|number| format!("2001:db8:1:{number:02x}00::1")), 60, "the rest of its /48");
    assert_eq!(calls(&|number| format!("198.51.100.{number}")), 80, "a /24");
    assert_eq!(take(&buckets, "2001:db8:2::1"), Ok(()), "another site");
    assert_eq!(take(&buckets, "198.51.101.1"), Ok(()), "another network");
}

/// A call that a wider network refuses takes nothing from the narrower one, and the
/// wait that is told is that of the network that refuses.
#[test]
fn a_call_that_is_refused_takes_nothing_and_is_told_the_longest_wait() {
    let buckets = NetworkCalls::new(CallRate { burst: 1, per_second: 1 });
    let at = |ip: &str, millis| {
        let now = now() + Duration::from_millis(millis);
        buckets.take_from(ip.parse::<IpAddr>().expect("an address"), now)
    };
    assert_eq!(at("2001:db8::1", 0), Ok(()));
    assert_eq!(at("2001:db8:0:1::1", 0), Ok(()));
    // The /56 fills twice as fast as a /64.
    assert_eq!(at("2001:db8:0:2::1", 0), Err(Duration::from_millis(500)));
    assert_eq!(at("2001:db8::1", 0), Err(Duration::from_secs(1)));
    assert_eq!(at("2001:db8:0:2::1", 500), Ok(()));
}

#[tokio::test]
async fn behind_a_proxy_the_networks_of_a_home_line_share_its_calls() {
    let options = TestServerOptions {
        call_rate: CallRate { burst: 5, per_second: 1 },
        proxies: "127.0.0.1".parse().expect("an address"),
        ..Default::default()
    };
    let server = TestServer::start_with(options).await;
    let channel = Channel::from_shared(format!("http://{}", server.address)).expect("a URL");
    let channel = channel.connect().await.expect("the server answers");
    let mut raw = AccountServiceClient::new(channel);
    let mut admitted = 0;
    for number in 0..256 {
        let mut request = tonic::Request::new(v1::ConfirmRequest::default());
        let from = format!("2001:db8:1:23{number:02x}::1").parse().expect("a header");
        request.metadata_mut().insert("x-forwarded-for", from);
        let refusal = raw.confirm(request).await.expect_err("there is no such challenge");
        admitted += u32::from(refusal.code() == Code::InvalidArgument);
    }
    assert_eq!(admitted, 10);
}
