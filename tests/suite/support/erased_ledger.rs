//! What becomes of the time ledger of an account that is erased: it is written off, it stays
//! without a text, and it goes when the books need it no more.

use gestan_account_proto::{
    support::v1::{
        ChargeTimeRequest, EraseAccountRequest, ExportAccountRequest, GrantTimeRequest,
        ListTimeEntriesRequest, ListTimeEntriesResponse,
    },
    v1::TimeEntryKind,
};
use gestan_account_server::{domain::role::Role, storage::purge::purge};
use gestan_account_tests::{
    Desk, TestServer, Told, count, erase_request, execute, hold_account, is_postgres, merge,
    until_waiting,
};
use jiff::Timestamp;
use tokio::task;
use tonic::Code;

const EMAIL: &str = "jeanne@exemple.fr";

async fn grant(desk: &Desk, account_id: u32, minutes: i32) {
    let grant = GrantTimeRequest {
        account_id,
        minutes,
        reference: "FA-2026-0042".to_owned(),
        summary: "Pack de départ".to_owned(),
        ..Default::default()
    };
    desk.clone().grant_time(grant).await.expect("it is granted");
}

fn charge(account_id: u32, minutes: i32) -> ChargeTimeRequest {
    ChargeTimeRequest {
        account_id,
        minutes,
        summary: "Export comptable".to_owned(),
        ..Default::default()
    }
}

async fn ledger(desk: &Desk, account_id: u32) -> ListTimeEntriesResponse {
    let list = ListTimeEntriesRequest { account_id, ..Default::default() };
    desk.clone().list_time_entries(list).await.expect("a ledger").into_inner()
}

/// An account with a quarter of an hour left; an agent who may erase it.
async fn with_time(server: &TestServer) -> (u32, Desk) {
    let account_id = server.open_account(EMAIL, 1).await.account_id;
    let desk = server.desk(Role::Admin).await;
    grant(&desk, account_id, 60).await;
    desk.clone().charge_time(charge(account_id, 45)).await.expect("it is charged");
    (account_id, desk)
}

#[tokio::test]
async fn a_balance_has_to_be_named_before_it_is_written_off() {
    let server = TestServer::start().await;
    let (account_id, mut desk) = with_time(&server).await;
    for write_off_minutes in [0, 14, 16, -15, i32::MAX, i32::MIN] {
        for validate_only in [false, true] {
            let good = erase_request(account_id);
            let request = EraseAccountRequest { write_off_minutes, validate_only, ..good };
            let told = Told::by(desk.erase_account(request).await);
            assert_eq!(told.why(), (Code::FailedPrecondition, "TIME_BALANCE_LEFT"));
            assert_eq!(told.variable("balanceMinutes"), Some("15"));
            assert!(told.text.contains("\"write_off_minutes\": 15"), "{}", told.text);
        }
    }
    let request = EraseAccountRequest { write_off_minutes: 15, ..erase_request(account_id) };
    let look = EraseAccountRequest { validate_only: true, ..request.clone() };
    let told = desk.erase_account(look).await.expect("a look").into_inner();
    assert_eq!((told.kept_time_entries, told.erase_time), (2, None));
    let erased = desk.erase_account(request.clone()).await.expect("it is erased").into_inner();
    assert_eq!(erased.kept_time_entries, 3);
    let mail = server.mail_to(EMAIL).await;
    let words = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("écritures de votre crédit-temps, sans texte"), "{words}");

    let kept = ledger(&desk, account_id).await;
    let entries: Vec<_> = kept.entries.iter().filter_map(|shown| shown.entry.clone()).collect();
    let lines: Vec<(TimeEntryKind, i32, i32)> =
        entries.iter().map(|entry| (entry.kind(), entry.minutes, entry.balance_minutes)).collect();
    let expected = [
        (TimeEntryKind::WriteOff, -15, 0),
        (TimeEntryKind::Charge, -45, 15),
        (TimeEntryKind::Grant, 60, 60),
    ];
    assert_eq!(lines, expected);
    assert!(entries.iter().all(|entry| entry.summary.is_empty()), "{entries:?}");
    assert_eq!(entries[2].reference, "FA-2026-0042");
    assert_eq!((kept.entries[0].agent.as_str(), kept.balance_minutes), ("Luc", 0));
    assert_eq!(count(server.db(), "SELECT count(*) FROM time_entry_note").await, 0);
    // A repeat names the balance of before, and writes nothing off again.
    desk.erase_account(request).await.expect("a repeat");
    assert_eq!(count(server.db(), "SELECT count(*) FROM time_entry").await, 3);
    let told = Told::by(desk.charge_time(charge(account_id, 5)).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_ERASED"));
}

#[tokio::test]
async fn time_that_is_owed_is_written_off_and_where_there_is_none_nothing_is() {
    let server = TestServer::start().await;
    let owes = server.open_account(EMAIL, 1).await.account_id;
    let never = server.open_account("paul@exemple.fr", 2).await.account_id;
    let mut desk = server.desk(Role::Admin).await;
    let overdraft = ChargeTimeRequest { allow_overdraft: true, ..charge(owes, 30) };
    desk.charge_time(overdraft).await.expect("it is charged");
    let request = EraseAccountRequest { write_off_minutes: -30, ..erase_request(owes) };
    desk.erase_account(request).await.expect("it is erased");
    assert_eq!(ledger(&desk, owes).await.entries.len(), 2);
    let request = EraseAccountRequest { write_off_minutes: 1, ..erase_request(never) };
    let told = Told::by(desk.erase_account(request).await);
    assert_eq!(told.why(), (Code::FailedPrecondition, "TIME_BALANCE_LEFT"));
    assert_eq!(told.variable("balanceMinutes"), Some("0"));
    let erased = desk.erase_account(erase_request(never)).await.expect("it is erased").into_inner();
    assert_eq!(erased.kept_time_entries, 0);
    server.deliver_mail().await;
    let mail = server.mail_to("paul@exemple.fr").await;
    assert!(!mail.text.contains("crédit-temps"), "{}", mail.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_waits_for_an_account_that_is_erased_is_not_written() {
    let server = TestServer::start().await;
    let (account_id, desk) = with_time(&server).await;
    let held = hold_account(&server, account_id).await;
    let mut eraser = desk.clone();
    let request = EraseAccountRequest { write_off_minutes: 15, ..erase_request(account_id) };
    let erasing = task::spawn(async move { eraser.erase_account(request).await });
    until_waiting(&server, 1).await;
    let mut agent = desk.clone();
    let charging = task::spawn(async move { agent.charge_time(charge(account_id, 5)).await });
    until_waiting(&server, 2).await;
    held.commit().await.expect("it is let go");
    let outcome = (erasing.await.expect("no panic"), charging.await.expect("no panic"));
    match &outcome {
        (Ok(_), Err(refusal)) => {
            assert_eq!(Told::of(refusal).why(), (Code::NotFound, "ACCOUNT_ERASED"));
        }
        // On SQLite the charge may come first: then there is another balance.
        (Err(refusal), Ok(_)) if !is_postgres() => {
            assert_eq!(Told::of(refusal).variable("balanceMinutes"), Some("10"));
        }
        other => panic!("{other:?}"),
    }
    if outcome.0.is_ok() {
        let sum = "SELECT CAST(sum(minutes) AS bigint) FROM time_entry";
        assert_eq!(count(server.db(), sum).await, 0);
    }
    server.deliver_mail().await;
}

#[tokio::test]
async fn the_copy_has_the_ledger_with_its_texts_page_by_page() {
    let server = TestServer::start().await;
    let (account_id, mut desk) = with_time(&server).await;
    let many = if is_postgres() { "generate_series(1, 2300) AS s(n)" } else { "s" };
    let with = if is_postgres() {
        ""
    } else {
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 2300) "
    };
    let insert = format!(
        "{with}INSERT INTO time_entry (account_id, request_id, kind, minutes, balance_after, \
         overdraft, support_time, create_time) SELECT {account_id}, 'r' || n, 'grant', 1, 15 + n, \
         false, 0, 0 FROM {many}"
    );
    execute(server.db(), &insert).await;
    execute(server.db(), "UPDATE account SET time_balance = 2315").await;
    let mut request = ExportAccountRequest { account_id, ..Default::default() };
    let (mut entries, mut pages, mut events) = (Vec::new(), 0, 0);
    loop {
        let page = desk.export_account(request.clone()).await.expect("a page").into_inner();
        if pages == 0 {
            assert_eq!(page.balance_minutes, 2315);
        } else {
            assert!(page.events.is_empty(), "they were all on the first page");
        }
        events += page.events.len();
        entries.extend(page.time_entries);
        pages += 1;
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!((entries.len(), pages), (2302, 3));
    assert!(events > 3);
    assert!(entries.windows(2).all(|pair| pair[0].id > pair[1].id), "the newest first, each once");
    let told: Vec<&str> = entries[2300..].iter().map(|entry| entry.summary.as_str()).collect();
    assert_eq!(told, ["Export comptable", "Pack de départ"]);
}

#[tokio::test]
async fn a_ledger_goes_ten_years_after_the_year_of_its_last_entry_and_a_living_one_stays() {
    let server = TestServer::start().await;
    let (erased, mut desk) = with_time(&server).await;
    let alias = server.open_account("double@exemple.fr", 2).await.account_id;
    grant(&desk, alias, 30).await;
    merge(&desk, alias, erased).await;
    let living = server.open_account("paul@exemple.fr", 3).await.account_id;
    grant(&desk, living, 10).await;
    server.deliver_mail().await;
    let request = EraseAccountRequest { write_off_minutes: 45, ..erase_request(erased) };
    desk.erase_account(request).await.expect("it is erased");
    server.deliver_mail().await;
    let entries = "SELECT count(*) FROM time_entry";
    let before = count(server.db(), entries).await;
    let retention = server.accounts.retention;
    let purged_at = async |time: &str| {
        let time: Timestamp = time.parse().expect("a time");
        let purged = purge(&server.accounts.db, retention, time).await.expect("it is purged");
        i64::try_from(purged.ledger_entries).expect("few")
    };
    // The last entry is of 2026: its year is over with 2026, and ten years after that with 2036.
    assert_eq!(purged_at("2036-12-31T11:00:00Z").await, 0);
    assert_eq!(count(server.db(), entries).await, before);
    let aliases = "SELECT count(*) FROM account_alias";
    assert_eq!(count(server.db(), aliases).await, 1);
    assert_eq!(purged_at("2037-01-01T12:00:00Z").await, before - 1);
    assert_eq!(count(server.db(), entries).await, 1, "that of the living account");
    assert_eq!(count(server.db(), aliases).await, 0);
    let erased_still = "SELECT count(*) FROM erased_account";
    assert_eq!(count(server.db(), erased_still).await, 1, "the number is kept for ever");
    assert_eq!(purged_at("2090-01-01T00:00:00Z").await, 0);
}
