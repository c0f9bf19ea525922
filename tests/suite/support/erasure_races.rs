//! EraseAccount beside other calls, beside a mail that is being sent, and with the database gone.

use std::collections::BTreeMap;

use gestan_account_client::{Code as ClientCode, v1};
use gestan_account_proto::support::v1::{EraseAccountResponse, SendCodeRequest};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Desk, PASSWORD, SmtpPeer, Stored, TestServer, TestServerOptions, Told, assert_refused, change,
    count, desk_at, erase, erase_request, hold_account, is_postgres, machine, merge_request,
    stored, until_waiting,
};
use sea_orm::ConnectionTrait as _;
use tokio::task::{self, JoinHandle};
use tonic::{Code, Response, Status};

const EMAIL: &str = "jeanne@exemple.fr";

type Outcome = Result<Response<EraseAccountResponse>, Status>;

fn spawn_erase(desk: &Desk, account_id: u32) -> JoinHandle<Outcome> {
    let mut desk = desk.clone();
    task::spawn(async move { desk.erase_account(erase_request(account_id)).await })
}

/// What is left of the one account that there was: an event, and the last mail until it ends.
async fn nothing_is_left(server: &TestServer) {
    server.deliver_mail().await;
    let left = stored(server).await;
    assert_eq!(left, Stored { audit_events: 1, ..Stored::default() });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_for_an_account_that_is_erased_finds_none() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let (account_id, desk) = (member.account_id, server.desk(Role::Admin).await);
    let held = hold_account(&server, account_id).await;
    let erasing = spawn_erase(&desk, account_id);
    until_waiting(&server, 1).await;
    let city = v1::Account { city: "Lille".to_owned(), ..Default::default() };
    let (update, client) = (change(&["city"], city), member.client.clone());
    let updating = task::spawn(async move { client.update(update).await });
    let mut helper = desk.clone();
    let send = SendCodeRequest { account_id, ..Default::default() };
    let sending = task::spawn(async move { helper.send_code(send).await });
    until_waiting(&server, 3).await;
    held.commit().await.expect("it is let go");
    erasing.await.expect("no panic").expect("it is erased");
    let updated = updating.await.expect("no panic");
    let mailed = sending.await.expect("no panic");
    // On SQLite they may come before.
    if is_postgres() || updated.is_err() {
        let reason = v1::ErrorReason::InvalidCredentials;
        assert_refused(updated, ClientCode::Unauthenticated, reason);
    }
    if is_postgres() || mailed.is_err() {
        assert_eq!(Told::by(mailed).why(), (Code::NotFound, "ACCOUNT_ERASED"));
    }
    nothing_is_left(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_joins_an_account_while_it_is_erased_joins_none() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let (account_id, desk) = (member.account_id, server.desk(Role::Admin).await);
    let held = hold_account(&server, account_id).await;
    let erasing = spawn_erase(&desk, account_id);
    until_waiting(&server, 1).await;
    let register = v1::RegisterExistingRequest {
        account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(4)),
    };
    let client = server.client.clone();
    let registering = task::spawn(async move { client.register_existing(register).await });
    until_waiting(&server, 2).await;
    held.commit().await.expect("it is let go");
    erasing.await.expect("no panic").expect("it is erased");
    let registered = registering.await.expect("no panic");
    if is_postgres() || registered.is_err() {
        let rejection = registered.expect_err("there is none");
        let code = rejection.rejection().expect("a refusal").code();
        let expected = [ClientCode::Unauthenticated, ClientCode::Unavailable];
        assert!(expected.contains(&code), "{code:?}");
    }
    server.deliver_mail().await;
    assert_eq!(stored(&server).await.links, 0);
    assert_eq!(count(server.db(), "SELECT count(*) FROM account").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_agents_who_erase_an_account_one_does_and_both_are_told_so() {
    let server = TestServer::start().await;
    let options = TestServerOptions {
        database_url: Some(server.database_url().to_owned()),
        ..Default::default()
    };
    let other = TestServer::start_with(options).await;
    let (_, key) = server.support_key("Ève", Role::Admin, None).await;
    let desks = [
        desk_at(server.address, Some(key.reveal()), None).await,
        desk_at(other.address, Some(key.reveal()), None).await,
    ];
    for round in 0..6_u128 {
        let member = server.open_account(&format!("client{round}@exemple.fr"), round + 1).await;
        let erasing = desks.each_ref().map(|desk| spawn_erase(desk, member.account_id));
        let mut machines = Vec::new();
        for outcome in erasing {
            let answer = outcome.await.expect("no panic").expect("a success").into_inner();
            assert!(answer.erase_time.is_some());
            machines.push(answer.machines);
        }
        machines.sort_unstable();
        assert_eq!(machines, [0, 1], "one did it, and the other found it done");
        server.deliver_mail().await;
        let events = i64::try_from(round).expect("few") + 1;
        assert_eq!(stored(&server).await, Stored { audit_events: events, ..Stored::default() });
    }
}

/// Whoever is first: either the account is erased, or it is a part of the other one and stays.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_merged_and_erased_at_the_same_time_takes_no_other_one_along() {
    let server = TestServer::start().await;
    let desk = server.desk(Role::Admin).await;
    let mut outcomes = BTreeMap::<&str, u32>::new();
    for round in 0..10_u128 {
        let ends = server.open_account(&format!("a{round}@exemple.fr"), 10 * round + 1).await;
        let stays = server.open_account(&format!("b{round}@exemple.fr"), 10 * round + 2).await;
        let mut second = desk.clone();
        let request = merge_request(ends.account_id, stays.account_id);
        let merging = task::spawn(async move { second.merge_accounts(request).await });
        let erased = spawn_erase(&desk, ends.account_id).await.expect("no panic");
        let merged = merging.await.expect("no panic");
        let what = match (&merged, &erased) {
            (Ok(_), Err(refusal)) => {
                let told = Told::of(refusal);
                assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
                "merged"
            }
            (Err(refusal), Ok(_)) => {
                assert_eq!(Told::of(refusal).why(), (Code::NotFound, "ACCOUNT_ERASED"));
                "erased"
            }
            other => panic!("{other:?}"),
        };
        *outcomes.entry(what).or_default() += 1;
        assert_eq!(stays.read().await.id, stays.account_id, "the other one is there");
        server.deliver_mail().await;
    }
    assert_eq!(outcomes.values().sum::<u32>(), 10, "{outcomes:?}");
}

/// A mail that has left its turn may still arrive; nothing is noted of it, and none follows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_mail_that_is_being_sent_while_its_account_is_erased_leaves_no_row() {
    let mut peer = SmtpPeer::start(&[]).await;
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let desk = server.desk(Role::Admin).await;
    server.resend(member.account_id, 2).await;
    let outbox = gestan_account_server::mail::outbox::Outbox {
        mailer: peer.mailer(),
        ..server.outbox.clone()
    };
    let sending = task::spawn(async move { outbox.drain().await });
    let _first = peer.mail().await;
    erase(&desk, member.account_id).await;
    sending.await.expect("no panic").expect("the outbox is read");
    peer.stop().await;
    nothing_is_left(&server).await;
}

/// The connection is cut while the erasure waits.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_whose_connection_is_cut_leaves_everything_and_may_be_repeated() {
    if !is_postgres() {
        return; // `rolled_back` ends its transactions at each statement.
    }
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let desk = server.desk(Role::Admin).await;
    let before = stored(&server).await;
    // It has deleted the links by then, and waits for the row of the account's words.
    let held = server.accounts.db.begin().await.expect("a transaction");
    let lock = "SELECT * FROM account_word FOR UPDATE";
    held.execute_unprepared(lock).await.expect("the words are held");
    let erasing = spawn_erase(&desk, member.account_id);
    until_waiting(&server, 1).await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    assert_eq!(count(server.db(), cut).await, 1);
    let told = Told::by(erasing.await.expect("no panic"));
    assert_eq!(told.why(), (Code::Unavailable, "DATABASE_UNAVAILABLE"));
    held.rollback().await.expect("it is let go");
    assert_eq!(stored(&server).await, before);
    member.read().await;
    erase(&desk, member.account_id).await;
    nothing_is_left(&server).await;
}
