//! A laptop that is closed with the program running, and opened an hour later.

use gestan_account_client::{Client, ClientOptions, LinkToken, Proxy, v1};
use gestan_account_tests::{
    ForwardProxy, Manner, PASSWORD, TestServer, change, count, new_password,
    sleeping::{Laptop, Router, SteadyClock},
};

#[tokio::test]
async fn a_laptop_that_wakes_up_makes_its_calls_in_time_and_once() {
    if let Some(laptop) = Laptop::here() {
        wake_up_and_call(laptop).await;
        return;
    }
    let test = "client::waking::a_laptop_that_wakes_up_makes_its_calls_in_time_and_once";
    for clock in [SteadyClock::StandsStill, SteadyClock::GoesOn] {
        let server = TestServer::start().await;
        let member = server.open_account("jeanne@exemple.fr", 1).await;
        let router = Router::start(server.address).await;
        let ended = router.run_again(test, clock, &member.link_token, None).await;
        assert!(ended.status.success(), "{clock:?}: {}{}", ended.printed, ended.log);
        assert_eq!(router.connections(), 5, "{clock:?}: one, and one after each sleep");
        for (action, times) in [("update_fields", 1), ("set_password", 2)] {
            let done = format!("SELECT count(*) FROM audit_event WHERE action = '{action}'");
            assert_eq!(count(server.db(), &done).await, times, "{clock:?}: {action}");
        }
        assert_eq!(member.read().await.city, "Lille");
        server.deliver_mail().await;
    }
}

#[tokio::test]
async fn a_call_waits_for_the_network_of_a_laptop_that_wakes_up() {
    if let Some(mut laptop) = Laptop::here() {
        let proxy = Proxy::url(laptop.proxy.take().expect("a proxy"));
        let options = ClientOptions::new().proxy(proxy);
        let client = Client::connect(&laptop.url, options).await.expect("a connection");
        let token = LinkToken::parse(&laptop.link_token).expect("a token");
        let client = client.with_link_token(&token);
        client.get(v1::GetRequest::default()).await.expect("Get is answered");
        laptop.sleep().await;
        client.get(v1::GetRequest::default()).await.expect("Get is answered");
        return;
    }
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let router = Router::start(server.address).await;
    // More often than a call is tried otherwise, there is no way at first.
    let proxy = ForwardProxy::start(Manner::LeadsBut(router.address, 1..8)).await;
    let test = "client::waking::a_call_waits_for_the_network_of_a_laptop_that_wakes_up";
    let clock = SteadyClock::StandsStill;
    let ended = router.run_again(test, clock, &member.link_token, Some(&proxy.url())).await;
    assert!(ended.status.success(), "{}{}", ended.printed, ended.log);
    assert_eq!(proxy.asked().len(), 9);
    server.deliver_mail().await;
}

/// By the defaults of a desktop program: each call has its deadline of 10 s.
async fn wake_up_and_call(mut laptop: Laptop) {
    let client = Client::connect(&laptop.url, ClientOptions::new()).await.expect("a connection");
    let token = LinkToken::parse(&laptop.link_token).expect("a token");
    let client = client.with_link_token(&token);
    let read = async || {
        let answer = client.get(v1::GetRequest::default()).await.expect("Get is answered");
        answer.account.expect("an account")
    };
    assert_eq!(read().await.email, "jeanne@exemple.fr");
    laptop.sleep().await;
    let account = read().await;
    laptop.sleep().await;
    // With an etag, it is not repeated; nor is a change of the password.
    let moved = v1::Account { city: "Lille".to_owned(), etag: account.etag, ..Default::default() };
    client.update(change(&["city"], moved)).await.expect("Update is answered");
    laptop.sleep().await;
    let request = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    client.set_password(request).await.expect("SetPassword is answered");
    // Many calls that wake up together share the fresh connection.
    laptop.sleep().await;
    let calls = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.get(v1::GetRequest::default()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.expect("the call ends").expect("Get is answered");
    }
}
