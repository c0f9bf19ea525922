//! ListTimeEntries of the desk: one account, or all in a span of time.

use std::collections::BTreeSet;

use gestan_account_proto::{
    support::v1::{GetAccountRequest, ListTimeEntriesRequest, SupportTimeEntry},
    v1::TimeEntryKind,
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{Desk, Told, charge, correction, count, execute, grant, start_time};
use jiff::SignedDuration;
use prost_types::Timestamp;
use tonic::Code;

use super::{buy, one_account};

fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds: start_time().as_second() + seconds, nanos: 0 }
}

/// Every page, each of so many entries at most.
async fn all_pages(desk: &mut Desk, first: ListTimeEntriesRequest) -> Vec<SupportTimeEntry> {
    let (mut request, mut entries) = (first, Vec::new());
    loop {
        let page = desk.list_time_entries(request.clone()).await.expect("a page").into_inner();
        let size = usize::try_from(request.page_size).expect("a size");
        assert!(page.entries.len() <= size);
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            return entries;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn an_account_is_listed_page_by_page_with_who_wrote_what() {
    let (server, member, mut admin) = one_account().await;
    let id = member.account_id;
    let bought = buy(&mut admin, id, 600).await;
    let (_, key) = server.support_key("Ève", Role::Agent, None).await;
    let mut eve = server.desk_with(Some(key.reveal()), None).await;
    for minutes in 1..=6 {
        server.advance(SignedDuration::from_secs(1));
        eve.charge_time(charge(id, minutes)).await.expect("it is charged");
    }
    admin.correct_time(correction(id, bought.id)).await.expect_err("too little is left");
    let request = ListTimeEntriesRequest { account_id: id, page_size: 3, ..Default::default() };
    let first = eve.list_time_entries(request.clone()).await.expect("a page").into_inner();
    assert_eq!((first.balance_minutes, &*first.balance), (579, "9 h 39"));
    // What is written meanwhile moves nobody from one page to another.
    buy(&mut admin, id, 11).await;
    let token = first.next_page_token.clone();
    let rest = ListTimeEntriesRequest { page_token: token, ..request.clone() };
    let mut entries = first.entries;
    entries.extend(all_pages(&mut eve, rest).await);
    let minutes = |entries: &[SupportTimeEntry]| -> Vec<i32> {
        entries.iter().map(|shown| shown.entry.as_ref().expect("an entry").minutes).collect()
    };
    assert_eq!(minutes(&entries), [-6, -5, -4, -3, -2, -1, 600]);
    assert_eq!(entries[0].agent, "Ève");
    assert_eq!((entries[0].account_id, entries[0].other_account_id), (id, 0));
    assert_eq!(entries[0].request_id.len(), 36, "the server's own name for it");
    let ids: BTreeSet<&str> = entries.iter().map(|shown| &*shown.request_id).collect();
    assert_eq!(ids.len(), entries.len());

    let charges = ListTimeEntriesRequest {
        kind: TimeEntryKind::Charge.into(),
        from_time: Some(at(2)),
        to_time: Some(at(5)),
        ..request
    };
    assert_eq!(minutes(&all_pages(&mut eve, charges).await), [-4, -3, -2]);
    let shown = eve.get_account(GetAccountRequest { account_id: id }).await.expect("it is read");
    let shown = shown.into_inner();
    assert_eq!((shown.balance_minutes, &*shown.balance), (590, "9 h 50"));
}

#[tokio::test]
async fn all_accounts_are_listed_in_a_span_of_400_days_at_most() {
    let (server, member, mut admin) = one_account().await;
    let second = server.open_account("pierre@exemple.fr", 2).await;
    for minutes in 1..=4 {
        // Two at one moment: the number tells them apart.
        buy(&mut admin, member.account_id, minutes).await;
        buy(&mut admin, second.account_id, minutes + 10).await;
        server.advance(SignedDuration::from_secs(10));
    }
    let mut desk = server.desk(Role::Billing).await;
    let span = ListTimeEntriesRequest {
        from_time: Some(at(10)),
        to_time: Some(at(30)),
        page_size: 1,
        ..Default::default()
    };
    let entries = all_pages(&mut desk, span.clone()).await;
    let minutes: Vec<i32> =
        entries.iter().map(|shown| shown.entry.as_ref().expect("an entry").minutes).collect();
    assert_eq!(minutes, [13, 3, 12, 2]);
    let page = desk.list_time_entries(span.clone()).await.expect("a page").into_inner();
    assert_eq!((page.balance_minutes, &*page.balance), (0, ""));
    let events = "SELECT count(*) FROM audit_event WHERE action = 'list_time_entries' \
                  AND account_id = 0";
    assert_eq!(count(server.db(), events).await, 1, "the same reading within ten minutes");

    let days = 86_400;
    for (from, to, is_well) in [
        (Some(at(0)), Some(at(400 * days)), true),
        (Some(at(0)), Some(at(400 * days + 1)), false),
        (Some(at(1)), Some(at(1)), false),
        (Some(at(1)), Some(at(0)), false),
        (None, Some(at(0)), false),
        (Some(at(0)), None, false),
    ] {
        let request = ListTimeEntriesRequest { from_time: from, to_time: to, ..Default::default() };
        let outcome = desk.list_time_entries(request).await;
        assert_eq!(outcome.is_ok(), is_well, "{from:?} {to:?}");
    }
    // The token of one list is not another's.
    let token = page.next_page_token;
    let other = ListTimeEntriesRequest { page_token: token, to_time: Some(at(31)), ..span };
    let told = Told::by(desk.list_time_entries(other).await);
    assert_eq!(told.fields, [("page_token".to_owned(), "MISMATCH".to_owned())]);
}

#[tokio::test]
async fn an_account_that_never_was_has_no_ledger_and_one_that_was_erased_has() {
    let (server, member, mut desk) = one_account().await;
    buy(&mut desk, member.account_id, 60).await;
    let gone = ListTimeEntriesRequest { account_id: 999, ..Default::default() };
    let told = Told::by(desk.list_time_entries(gone.clone()).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    let other = server.open_account("pierre@exemple.fr", 2).await;
    let empty = ListTimeEntriesRequest { account_id: other.account_id, ..Default::default() };
    let page = desk.list_time_entries(empty).await.expect("it is listed").into_inner();
    assert_eq!((page.entries.len(), &*page.balance), (0, "0 h 00"));
    // As an erasure leaves it: entries, no account.
    execute(
        server.db(),
        "INSERT INTO time_entry (account_id, request_id, kind, minutes, balance_after, overdraft, \
         support_time, create_time) VALUES (999, 'FA-1', 'grant', 60, 60, false, 0, 0)",
    )
    .await;
    let page = desk.list_time_entries(gone).await.expect("it is listed").into_inner();
    assert_eq!((page.entries.len(), page.balance_minutes), (1, 0));
    assert_eq!(page.entries[0].agent, "", "the operator");
}

#[tokio::test]
async fn a_reading_is_an_event_of_the_account() {
    let (server, member, mut desk) = one_account().await;
    desk.grant_time(grant(member.account_id, 60)).await.expect("it is granted");
    let request = ListTimeEntriesRequest { account_id: member.account_id, ..Default::default() };
    for _ in 0..2 {
        desk.list_time_entries(request.clone()).await.expect("it is listed");
    }
    let events = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'list_time_entries' AND account_id = {}",
        member.account_id
    );
    assert_eq!(count(server.db(), &events).await, 1);
}
