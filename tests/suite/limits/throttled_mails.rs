//! Contract §5, mails and calls: nobody can make the service bomb a mailbox.

use std::time::Duration;

use gestan_account_client::{Code, Error, v1, v1::ErrorReason};
use gestan_account_server::{
    domain::{account_id::AccountId, email_address::EmailAddress},
    throttle::{AskedMail, Asker, Subject, Throttles, calls::CallRate, mails_in_all::MailsInAll},
};
use gestan_account_tests::{
    Log, PASSWORD, TestServer, TestServerOptions, assert_refused, count, execute, forget_networks,
    machine, new_password, text, uuid,
};
use jiff::SignedDuration;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

async fn start() -> TestServer {
    let throttles = Throttles {
        mails_per_ip: TestServerOptions::default().throttles.mails_per_ip,
        ..Throttles::default()
    };
    TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await
}

async fn create(
    server: &TestServer,
    number: u128,
    email: &str,
) -> Result<v1::CreateResponse, Error> {
    let request = v1::CreateRequest {
        request_id: uuid(1_000 + number),
        email: email.to_owned(),
        machine: Some(machine(number)),
        ..Default::default()
    };
    server.client.create(request).await
}

async fn resend_by_id(
    server: &TestServer,
    number: u128,
    account_id: u32,
) -> Result<v1::ResendPasswordResponse, Error> {
    let request = v1::ResendPasswordRequest {
        request_id: uuid(2_000 + number),
        account_id,
        machine: Some(machine(number)),
        ..Default::default()
    };
    server.client.resend_password(request).await
}

fn wait_told<T: std::fmt::Debug>(outcome: Result<T, Error>, reason: ErrorReason) -> Duration {
    let rejection = assert_refused(outcome, Code::ResourceExhausted, reason);
    rejection.retry_delay().expect("RetryInfo")
}

#[tokio::test]
async fn an_address_gets_a_mail_a_minute_five_an_hour_and_ten_a_day() {
    let server = start().await;
    let (mut sent, mut number) = (Vec::new(), 0);
    for minute in 0..25 * 60 {
        number += 1;
        match create(&server, number, "jeanne@exemple.fr").await {
            Ok(_) => sent.push(minute),
            Err(error) => {
                assert_eq!(error.reason(), Some(ErrorReason::TooManyMailsToAddress));
            }
        }
        if minute < 10 {
            number += 1;
            let again = create(&server, number, "Jeanne@Exemple.fr").await;
            wait_told(again, ErrorReason::TooManyMailsToAddress);
        }
        server.advance(SignedDuration::from_mins(1));
    }
    assert_eq!(&sent[..6], [0, 1, 2, 3, 4, 60]);
    assert_eq!(sent.iter().filter(|minute| **minute < 24 * 60).count(), 10);
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_wait_that_is_told_is_the_true_one() {
    let server = start().await;
    create(&server, 1, "jeanne@exemple.fr").await.expect("the first");
    server.advance(SignedDuration::from_secs(18));
    let wait = wait_told(
        create(&server, 2, "jeanne@exemple.fr").await,
        ErrorReason::TooManyMailsToAddress,
    );
    assert_eq!(wait, Duration::from_secs(42));
    server.advance(SignedDuration::from_secs(41));
    assert!(create(&server, 3, "jeanne@exemple.fr").await.is_err());
    server.advance(SignedDuration::from_secs(1));
    create(&server, 4, "jeanne@exemple.fr").await.expect("the wait is over");
    create(&server, 4, "jeanne@exemple.fr").await.expect("a repeat is no new mail");
    server.deliver_mail().await;
    assert_eq!(server.mails().len(), 2);
}

#[tokio::test]
async fn a_hundred_concurrent_requests_make_one_mail() {
    let server = start().await;
    let requests = (0..100).map(|number| {
        let client = server.client.clone();
        let request = v1::CreateRequest {
            request_id: uuid(number + 1),
            email: "jeanne@exemple.fr".to_owned(),
            machine: Some(machine(number + 1)),
            ..Default::default()
        };
        tokio::spawn(async move { client.create(request).await })
    });
    let mut accepted = 0;
    for outcome in requests.collect::<Vec<_>>() {
        accepted += usize::from(outcome.await.expect("no panic").is_ok());
    }
    assert_eq!(accepted, 1);
    assert_eq!(server.deliver_mail().await, 1);
}

#[tokio::test]
async fn an_id_does_not_tell_its_address_by_its_limit() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    forget_networks(&server).await;
    server.advance(HOUR);
    server.deliver_mail().await;
    let before = server.mails().len();

    // The address is at its limit; a caller that names the ID gets the answer for an unknown one.
    create(&server, 2, "jeanne@exemple.fr").await.expect("the hour has passed");
    for (number, account_id) in [(3, member.account_id), (4, 4_000_000_000)] {
        resend_by_id(&server, number, account_id).await.expect("nothing is refused");
        let again = resend_by_id(&server, number + 10, account_id).await;
        assert_eq!(wait_told(again, ErrorReason::TooManyMailsToAddress), Duration::from_mins(1));
    }
    // Each way has an allowance of the mailbox, and neither mail waits for the other.
    server.deliver_mail().await;
    assert_eq!(server.mails().len() - before, 2);
}

#[tokio::test]
async fn an_address_at_its_limit_tells_not_whether_it_has_an_account() {
    let server = start().await;
    server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(HOUR);
    for (number, email) in [(2, "jeanne@exemple.fr"), (3, "personne@exemple.fr")] {
        create(&server, number, email).await.expect("the first");
        let again = create(&server, number + 10, email).await;
        assert_eq!(wait_told(again, ErrorReason::TooManyMailsToAddress), Duration::from_mins(1));
    }
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_new_address_is_mailed_no_oftener_than_others_and_nothing_is_half_done() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let request = |email: &str, city: &str| v1::UpdateRequest {
        account: Some(v1::Account {
            email: email.to_owned(),
            city: city.to_owned(),
            ..Default::default()
        }),
        password: PASSWORD.to_owned(),
        ..Default::default()
    };
    create(&server, 2, "cible@exemple.fr").await.expect("somebody asks for the address");
    member.client.update(request("cible@exemple.fr", "Nîmes")).await.expect("in nobody's way");
    let outcome = member.client.update(request("autre@exemple.fr", "Lyon")).await;
    assert_eq!(wait_told(outcome, ErrorReason::TooManyMailsToAddress), Duration::from_mins(1));
    let changed = count(server.db(), "SELECT count(*) FROM account WHERE city = 'Lyon'").await;
    assert_eq!(changed, 0);
    server.deliver_mail().await;
}

/// Whoever knows the ID and the address uses up what strangers have; the customer's own
/// ways bring their mails at once.
#[tokio::test]
async fn what_strangers_use_up_of_a_mailbox_no_other_way_waits_for() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let by_button_3 = v1::ResendPasswordRequest {
        request_id: uuid(9_000),
        machine: Some(machine(1)),
        ..Default::default()
    };
    let networks = "SELECT last_seen_network FROM link";
    let office = text(server.db(), networks).await.expect("a network");
    // What the opening was counted is forgotten.
    server.advance(HOUR * 25);
    forget_networks(&server).await;
    for number in 0..10 {
        create(&server, number, "jeanne@exemple.fr").await.expect("ten a day by address");
        resend_by_id(&server, number, member.account_id).await.expect("ten a day by ID");
        server.advance(SignedDuration::from_mins(13));
    }
    server.deliver_mail().await;
    create(&server, 50, "jeanne@exemple.fr").await.expect_err("that was all by address");
    resend_by_id(&server, 50, member.account_id).await.expect_err("that was all by ID");

    let before = server.mails().len();
    member.client.resend_password(by_button_3).await.expect("the linked machine");
    server.deliver_mail().await;
    assert_eq!(server.mails().len() - before, 1, "its mail comes at once");
    execute(server.db(), &format!("UPDATE link SET last_seen_network = '{office}'")).await;
    resend_by_id(&server, 51, member.account_id).await.expect("a new machine in the office");
    server.deliver_mail().await;
    assert_eq!(server.mails().len() - before, 2, "its mail comes at once, too");
}

/// It ends the codes of those that were mailed before.
#[tokio::test]
async fn a_new_password_gives_the_mailbox_its_mails_anew() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    forget_networks(&server).await;
    resend_by_id(&server, 100, member.account_id).await.expect("the first since it was opened");
    create(&server, 100, "jeanne@exemple.fr").await.expect("likewise");
    resend_by_id(&server, 200, member.account_id).await.expect_err("one a minute by ID");
    create(&server, 200, "jeanne@exemple.fr").await.expect_err("one a minute by address");
    server.deliver_mail().await;
    let set = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    member.client.set_password(set).await.expect("it is set");
    resend_by_id(&server, 300, member.account_id).await.expect("by ID");
    create(&server, 300, "jeanne@exemple.fr").await.expect("by address");
    let before = server.mails().len();
    server.deliver_mail().await;
    assert_eq!(server.mails().len() - before, 3, "the notice, and both codes at once");
}

/// Challenges of one mailbox share a salt, which the first of them chooses: two that are made
/// concurrently, in whatever ways, must come one after the other.
#[test]
fn all_mails_into_a_mailbox_lock_one_row_however_they_are_asked_for() {
    let mailbox = EmailAddress::parse("jeanne@exemple.fr").expect("an address");
    let id = AccountId::parse(7).expect("an ID");
    let into = || mailbox.clone();
    for asked in [
        AskedMail::to_address(None, into()),
        AskedMail::for_account(None, id, into()),
        AskedMail::from_seen_network(Some(id), into()),
        AskedMail::from_seen_network(None, into()),
        AskedMail::by_machine(into()),
        AskedMail::to_new_address(id, into()),
    ] {
        let is_the_row = |subject: &Subject| {
            matches!(subject, Subject::MailsInto(address, Asker::StrangerByAddress)
                if address.key() == mailbox.key())
        };
        assert!(asked.subjects().any(is_the_row), "{asked:?}");
    }
}

/// Button (3) is counted by its token: callers in its network use up another bucket.
#[tokio::test]
async fn strangers_in_its_network_do_not_use_up_the_calls_of_button_3() {
    let call_rate = CallRate { burst: 4, per_second: 1 };
    let server =
        TestServer::start_with(TestServerOptions { call_rate, ..Default::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_secs(10));
    for number in 0..4 {
        create(&server, number, &format!("client{number}@exemple.fr")).await.expect("one of four");
    }
    wait_told(create(&server, 5, "autre@exemple.fr").await, ErrorReason::TooManyCallsFromIp);
    let request = v1::ResendPasswordRequest {
        request_id: uuid(9_000),
        machine: Some(machine(1)),
        ..Default::default()
    };
    member.client.resend_password(request.clone()).await.expect("a token vouches for it");
    let garbage = server.client_with(&member.link_token.replace("gestan_link_", "gestan_lien_"));
    let refused = garbage.resend_password(request).await;
    wait_told(refused, ErrorReason::TooManyCallsFromIp);
    server.deliver_mail().await;
}

#[tokio::test]
async fn an_ip_address_asks_for_20_mails_an_hour() {
    let throttles = Throttles {
        mails_per_address: TestServerOptions::default().throttles.mails_per_address,
        ..Throttles::default()
    };
    let server =
        TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await;
    for number in 0..20 {
        create(&server, number, &format!("client{number}@exemple.fr")).await.expect("one of 20");
    }
    let wait =
        wait_told(create(&server, 20, "autre@exemple.fr").await, ErrorReason::TooManyMailsFromIp);
    assert_eq!(wait, Duration::from_hours(1));
    server.advance(HOUR);
    create(&server, 21, "autre@exemple.fr").await.expect("the hour has passed");
    server.deliver_mail().await;
}

#[tokio::test]
async fn when_strangers_ask_for_too_many_mails_linked_machines_and_notices_still_get_theirs() {
    let mails_in_all = "3/1h".parse().expect("a limit");
    let options = TestServerOptions { mails_in_all, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    forget_networks(&server).await;
    create(&server, 2, "client2@exemple.fr").await.expect("the second");
    let third = create(&server, 3, "client3@exemple.fr").await.expect("the third");
    let refused = create(&server, 4, "client4@exemple.fr").await;
    assert_eq!(wait_told(refused, ErrorReason::TooManyMailsInAll), Duration::from_hours(1));
    let refused = resend_by_id(&server, 5, member.account_id).await;
    assert_eq!(wait_told(refused, ErrorReason::TooManyMailsInAll), Duration::from_hours(1));

    let again = create(&server, 3, "client3@exemple.fr").await.expect("a repeat is no new mail");
    assert_eq!(again, third);
    let request = v1::ResendPasswordRequest {
        request_id: uuid(6),
        machine: Some(machine(1)),
        ..Default::default()
    };
    for _ in 0..2 {
        member.client.resend_password(request.clone()).await.expect("a token vouches for it");
    }
    server.register(member.account_id, 7).await;
    server.advance(HOUR);
    create(&server, 4, "client4@exemple.fr").await.expect("the hour has passed");
    resend_by_id(&server, 5, member.account_id).await.expect("so may this one");
    server.deliver_mail().await;
}

#[test]
fn that_strangers_ask_for_many_mails_is_logged_once_an_hour() {
    let (log, _logging) = Log::capture();
    let mails = MailsInAll::new("10/1h".parse().expect("a limit"));
    let (start, hour) = (Duration::from_hours(8), Duration::from_hours(1));
    let warnings = || log.text().matches("strangers ask for nearly as many mails").count();
    mails.count(7, start);
    assert_eq!(warnings(), 0);
    for _ in 0..3 {
        mails.check(0, start).expect("there is room");
        mails.count(1, start);
    }
    assert_eq!(warnings(), 1);
    mails.check(0, start).expect_err("that was all");
    mails.count(9, start + hour);
    assert_eq!(warnings(), 2);
    assert!(mails.check(0, start + hour).is_ok());
    assert!(mails.check(1, start + hour).is_err(), "one is on its way");
}

#[tokio::test]
async fn strangers_calls_are_counted_by_address_and_linked_machines_are_not() {
    let call_rate = CallRate { burst: 10, per_second: 2 };
    let server =
        TestServer::start_with(TestServerOptions { call_rate, ..Default::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_secs(10));
    let garbage = server.client_with(&member.link_token.replace("gestan_link_", "gestan_lien_"));
    let mut refused = 0;
    for _ in 0..30 {
        let outcome = garbage.get(v1::GetRequest::default()).await;
        let error = outcome.expect_err("nobody vouches for it");
        refused += usize::from(error.reason() == Some(ErrorReason::TooManyCallsFromIp));
    }
    assert_eq!(refused, 20);
    let wait =
        wait_told(create(&server, 5, "autre@exemple.fr").await, ErrorReason::TooManyCallsFromIp);
    assert_eq!(wait, Duration::from_millis(500));
    for _ in 0..30 {
        member.client.get(v1::GetRequest::default()).await.expect("a link token vouches for it");
    }
    server.advance(SignedDuration::from_millis(500));
    create(&server, 6, "autre@exemple.fr").await.expect("a token has come back");
    server.deliver_mail().await;
}

#[tokio::test]
async fn an_address_does_not_tell_its_id_by_its_limit() {
    let server = start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    forget_networks(&server).await;
    server.advance(HOUR);
    server.deliver_mail().await;
    let before = server.mails().len();

    // Asked for by the ID first: the address is refused no more than any other.
    resend_by_id(&server, 2, member.account_id).await.expect("the hour has passed");
    for (number, email) in [(3, "jeanne@exemple.fr"), (4, "personne@exemple.fr")] {
        create(&server, number, email).await.expect("nothing is refused");
    }
    server.deliver_mail().await;
    let to_jeanne = server.mails().into_iter().skip(before);
    assert_eq!(to_jeanne.filter(|mail| mail.to == "jeanne@exemple.fr").count(), 2);
}

#[tokio::test]
async fn a_plus_and_its_suffix_make_no_other_mailbox() {
    let server = start().await;
    create(&server, 1, "jeanne+1@exemple.fr").await.expect("the first");
    let again = create(&server, 2, "jeanne+2@exemple.fr").await;
    assert_eq!(wait_told(again, ErrorReason::TooManyMailsToAddress), Duration::from_mins(1));
    create(&server, 3, "jeanne+1@autre.fr").await.expect("another domain");
    server.deliver_mail().await;
}

#[tokio::test]
async fn concurrent_copies_of_one_call_are_answered_alike_within_the_limits() {
    let server = start().await;
    let request = v1::CreateRequest {
        request_id: uuid(1),
        email: "jeanne@exemple.fr".to_owned(),
        machine: Some(machine(1)),
        ..Default::default()
    };
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (client, request) = (server.client.clone(), request.clone());
            tokio::spawn(async move { client.create(request).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.expect("no panic").expect("it is answered"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(server.deliver_mail().await, 1);
}
