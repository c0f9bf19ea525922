//! A call that is repeated writes once: under its request ID for ever, and without one at least
//! not by mistake.

use gestan_account_proto::support::v1::{
    ChargeTimeRequest, CorrectTimeRequest, GrantTimeRequest, ListTimeEntriesRequest,
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Desk, TestDatabase, TestServer, TestServerOptions, Told, assert_adds_up, charge, correction,
    count, desk_at, execute, grant, ledger_of, merge, stored,
};
use jiff::SignedDuration;
use tonic::Code;

use super::{buy, one_account};

fn named(account_id: u32, minutes: i32, name: &str) -> GrantTimeRequest {
    GrantTimeRequest { request_id: name.to_owned(), ..grant(account_id, minutes) }
}

async fn refused_as_reused(desk: &mut Desk, request: GrantTimeRequest) {
    let told = Told::by(desk.grant_time(request).await);
    assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
    assert_eq!(told.fields, [("request_id".to_owned(), "REQUEST_ID_REUSED".to_owned())]);
}

#[tokio::test]
async fn a_repeat_gets_the_answer_of_then_and_writes_nothing() {
    let (server, member, mut desk) = one_account().await;
    let id = member.account_id;
    let request = GrantTimeRequest { summary: "Carnet".to_owned(), ..named(id, 60, "FA-1") };
    let first = desk.grant_time(request.clone()).await.expect("it is granted").into_inner();
    let used = ChargeTimeRequest { request_id: "T.1_a-B".to_owned(), ..charge(id, 45) };
    let charged = desk.charge_time(used.clone()).await.expect("it is charged").into_inner();
    let entry_id = charged.entry.as_ref().expect("an entry").id;
    let put_right = CorrectTimeRequest { request_id: "C-1".to_owned(), ..correction(id, entry_id) };
    let corrected = desk.correct_time(put_right.clone()).await.expect("corrected").into_inner();
    let before = stored(&server).await;
    // Years later, by another key, when the texts are erased.
    server.advance(SignedDuration::from_hours(24 * 3_000));
    execute(server.db(), "DELETE FROM time_entry_note").await;
    let mut desk = server.desk(Role::Admin).await;
    let again = desk.grant_time(request).await.expect("the same").into_inner();
    assert_eq!((again.balance_minutes, &*again.balance), (60, "1 h 00"));
    assert_eq!(again.entry.as_ref().map(|entry| entry.id), first.entry.map(|entry| entry.id));
    assert_eq!(again.entry.expect("an entry").summary, "");
    let again = desk.charge_time(used).await.expect("the same").into_inner();
    assert_eq!((again.balance_minutes, again.entry.expect("an entry").id), (15, entry_id));
    let again = desk.correct_time(put_right).await.expect("the same").into_inner();
    assert_eq!(again.balance_minutes, corrected.balance_minutes);
    assert_eq!(stored(&server).await, before);
    assert_eq!(ledger_of(&desk, id).await, [(45, 60), (-45, 15), (60, 60)]);
}

#[tokio::test]
async fn a_request_id_of_another_request_is_refused() {
    let (server, member, mut desk) = one_account().await;
    let id = member.account_id;
    desk.grant_time(named(id, 60, "FA-1")).await.expect("it is granted");
    refused_as_reused(&mut desk, named(id, 61, "FA-1")).await;
    let reference = "FA-1".to_owned();
    refused_as_reused(&mut desk, GrantTimeRequest { reference, ..named(id, 60, "FA-1") }).await;
    let other = ChargeTimeRequest { request_id: "FA-1".to_owned(), ..charge(id, 60) };
    let told = Told::by(desk.charge_time(other).await);
    assert_eq!(told.fields, [("request_id".to_owned(), "REQUEST_ID_REUSED".to_owned())]);
    // Capitals count, and so does the account.
    desk.grant_time(named(id, 61, "fa-1")).await.expect("another request");
    let second = server.open_account("pierre@exemple.fr", 2).await;
    desk.grant_time(named(second.account_id, 61, "FA-1")).await.expect("another account");
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn a_correction_of_all_that_was_left_is_its_own_repeat_and_no_other_ones() {
    let (server, member, mut desk) = one_account().await;
    let id = member.account_id;
    let bought = buy(&mut desk, id, 60).await.id;
    let part =
        CorrectTimeRequest { request_id: "C-1".to_owned(), minutes: 20, ..correction(id, bought) };
    desk.correct_time(part.clone()).await.expect("a part");
    let rest = CorrectTimeRequest { request_id: "C-2".to_owned(), ..correction(id, bought) };
    desk.correct_time(rest.clone()).await.expect("the rest");
    assert_eq!(
        desk.correct_time(rest.clone()).await.expect("again").into_inner().balance_minutes,
        0
    );
    let by_number = CorrectTimeRequest { minutes: 40, ..rest };
    desk.correct_time(by_number).await.expect("the same in a number");
    desk.correct_time(part.clone()).await.expect("again");
    let all = CorrectTimeRequest { minutes: 0, ..part };
    let told = Told::by(desk.correct_time(all).await);
    assert_eq!(told.fields, [("request_id".to_owned(), "REQUEST_ID_REUSED".to_owned())]);
    assert_eq!(ledger_of(&desk, id).await, [(-40, 0), (-20, 40), (60, 60)]);
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn without_a_request_id_the_same_within_five_minutes_is_asked_about() {
    let (server, member, mut desk) = one_account().await;
    let id = member.account_id;
    buy(&mut desk, id, 600).await;
    desk.charge_time(charge(id, 30)).await.expect("it is charged");
    server.advance(SignedDuration::from_secs(40));
    let told = Told::by(desk.charge_time(charge(id, 30)).await);
    assert_eq!(told.why(), (Code::AlreadyExists, "POSSIBLE_DUPLICATE"));
    let entry = told.variable("entryId").expect("an entry").to_owned();
    assert_eq!(
        told.text,
        format!(
            "Une opération identique (30 min, écriture {entry}) a été écrite il y a 40 s. Si c’en \
             est une autre, ajoutez \"allow_duplicate\": true."
        )
    );
    // What differs is another one; so is what another key writes, or is named.
    desk.charge_time(charge(id, 31)).await.expect("other minutes");
    let other = ChargeTimeRequest { summary: "Paie".to_owned(), ..charge(id, 30) };
    desk.charge_time(other).await.expect("another summary");
    server.desk(Role::Agent).await.charge_time(charge(id, 30)).await.expect("another agent");
    let named = ChargeTimeRequest { request_id: "T-1".to_owned(), ..charge(id, 30) };
    desk.charge_time(named).await.expect("a name");
    let told = Told::by(desk.charge_time(charge(id, 30)).await);
    assert_eq!(told.why(), (Code::AlreadyExists, "POSSIBLE_DUPLICATE"));
    let meant = ChargeTimeRequest { allow_duplicate: true, ..charge(id, 30) };
    desk.charge_time(meant).await.expect("a second one");
    server.advance(SignedDuration::from_mins(5));
    desk.charge_time(charge(id, 30)).await.expect("five minutes later");
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn grants_of_two_invoices_are_two() {
    let (_server, member, mut desk) = one_account().await;
    for reference in ["FA-1", "FA-2"] {
        let reference = reference.to_owned();
        let request = GrantTimeRequest { reference, ..grant(member.account_id, 600) };
        desk.grant_time(request.clone()).await.expect("it is granted");
        let told = Told::by(desk.grant_time(request).await);
        assert_eq!(told.why(), (Code::AlreadyExists, "POSSIBLE_DUPLICATE"));
    }
}

/// By another server, by one that was started anew, and after a merge.
#[tokio::test]
async fn a_request_id_is_known_wherever_the_ledger_is() {
    let database = TestDatabase::new();
    let start = async || {
        let url = Some(database.url().to_owned());
        TestServer::start_with(TestServerOptions { database_url: url, ..Default::default() }).await
    };
    let first = start().await;
    let ends = first.open_account("jeanne@exemple.fr", 1).await;
    let stays = first.open_account("pierre@exemple.fr", 2).await;
    let (_, key) = first.support_key("Luc", Role::Admin, None).await;
    let mut desk = desk_at(first.address, Some(key.reveal()), None).await;
    let request = named(ends.account_id, 60, "FA-1");
    desk.grant_time(request.clone()).await.expect("it is granted");
    let second = start().await;
    let mut other = desk_at(second.address, Some(key.reveal()), None).await;
    other.grant_time(request.clone()).await.expect("the same");
    merge(&other, ends.account_id, stays.account_id).await;
    second.deliver_mail().await;
    let again = desk.grant_time(request.clone()).await.expect("the same").into_inner();
    assert_eq!(again.balance_minutes, 60);
    let by_new_id = GrantTimeRequest { account_id: stays.account_id, ..request.clone() };
    desk.grant_time(by_new_id).await.expect("the same");
    drop(first);
    let third = start().await;
    let mut desk = desk_at(third.address, Some(key.reveal()), None).await;
    desk.grant_time(request).await.expect("the same");
    let grants = "SELECT count(*) FROM time_entry WHERE kind = 'grant'";
    assert_eq!(count(third.db(), grants).await, 1);
    assert_adds_up(third.db()).await;
    let list = ListTimeEntriesRequest { account_id: stays.account_id, ..Default::default() };
    let listed = desk.list_time_entries(list).await.expect("it is listed").into_inner();
    assert_eq!(listed.entries.last().map(|entry| &*entry.request_id), Some("FA-1"));
}
