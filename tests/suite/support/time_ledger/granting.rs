//! GrantTime.

use gestan_account_proto::{
    support::v1::{GrantTimeRequest, ListEventsRequest},
    v1::TimeEntryKind,
};
use gestan_account_tests::{Told, assert_adds_up, count, grant, ledger_of, start_time, stored};
use tonic::Code;

use super::one_account;

#[tokio::test]
async fn bought_time_is_an_entry_an_event_and_a_balance() {
    let (server, member, mut desk) = one_account().await;
    let before = server.audit_trail().await.len();
    let mails = stored(&server).await.mails;
    let request = GrantTimeRequest {
        request_id: "FA-2026-0042".to_owned(),
        reference: "FA-2026-0042".to_owned(),
        summary: "Carnet de 10 heures".to_owned(),
        ..grant(member.account_id, 600)
    };
    let granted = desk.grant_time(request).await.expect("it is granted").into_inner();
    assert_eq!((granted.balance_minutes, &*granted.balance), (600, "10 h 00"));
    let entry = granted.entry.expect("an entry");
    assert_eq!(entry.kind(), TimeEntryKind::Grant);
    assert_eq!((entry.minutes, entry.balance_minutes, entry.corrects_id), (600, 600, 0));
    assert_eq!((&*entry.summary, &*entry.reference), ("Carnet de 10 heures", "FA-2026-0042"));
    assert_eq!(entry.create_time.map(|time| time.seconds), Some(start_time().as_second()));
    assert_eq!(entry.support_time, entry.create_time);

    let event = ("grant_time".to_owned(), format!("entry:{}", entry.id));
    assert_eq!(server.audit_trail().await[before..], [event]);
    let events = ListEventsRequest { account_id: member.account_id, ..Default::default() };
    let events = desk.list_events(events).await.expect("they are listed").into_inner().events;
    let text = format!("Crédit-temps ajouté (écriture {})", entry.id);
    assert!(events.iter().any(|event| event.text == text), "{events:?}");
    // The etag is the form's.
    let account = member.read().await;
    assert_eq!(account.etag, member.account.etag);
    assert_eq!(stored(&server).await.mails, mails, "nobody is told by a mail");
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn a_balance_never_leaves_its_bounds() {
    let (server, member, mut desk) = one_account().await;
    for invoice in 0..16 {
        let request = GrantTimeRequest {
            reference: format!("FA-{invoice}"),
            ..grant(member.account_id, 60_000)
        };
        desk.grant_time(request).await.expect("it is granted");
    }
    let told = Told::by(desk.grant_time(grant(member.account_id, 40_001)).await);
    assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
    assert_eq!(told.fields, [("minutes".to_owned(), "OUT_OF_RANGE".to_owned())]);
    desk.grant_time(grant(member.account_id, 40_000)).await.expect("a million may be");
    assert_eq!(ledger_of(&desk, member.account_id).await[0], (40_000, 1_000_000));
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn what_was_refused_leaves_nothing() {
    let (server, _, mut desk) = one_account().await;
    let before = stored(&server).await;
    let told = Told::by(desk.grant_time(grant(999, 60)).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    assert_eq!(told.variable("accountId"), Some("999"));
    assert_eq!(stored(&server).await, before);
    assert_eq!(count(server.db(), "SELECT count(*) FROM time_entry").await, 0);
}
