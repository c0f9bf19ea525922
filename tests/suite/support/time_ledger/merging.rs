//! The time credit of an account that is merged into another one.

use gestan_account_proto::{
    support::v1::{
        ChargeTimeRequest, GrantTimeRequest, ListTimeEntriesRequest, MergeAccountsRequest,
    },
    v1::TimeEntryKind,
};
use gestan_account_tests::{
    Told, assert_adds_up, charge, correction, count, grant, ledger_of, merge, merge_request,
};
use tonic::Code;

use super::{buy, one_account};

#[tokio::test]
async fn the_balance_goes_over_by_two_entries_of_one_transfer() {
    let (server, stays, mut desk) = one_account().await;
    let ends = server.open_account("pierre@exemple.fr", 2).await;
    let (from, into) = (ends.account_id, stays.account_id);
    buy(&mut desk, into, 30).await;
    let bought = buy(&mut desk, from, 90).await;
    let look = MergeAccountsRequest { validate_only: true, ..merge_request(from, into) };
    let would = desk.merge_accounts(look).await.expect("a look").into_inner();
    assert_eq!((would.moved_minutes, would.balance_minutes), (90, 120));
    assert_eq!(ledger_of(&desk, from).await, [(90, 90)]);
    let merged = merge(&desk, from, into).await;
    assert_eq!((merged.moved_minutes, merged.balance_minutes), (90, 120));
    server.deliver_mail().await;
    assert_eq!(merge(&desk, from, into).await, merged, "a repeat");

    let request = ListTimeEntriesRequest { account_id: from, ..Default::default() };
    let listed = desk.list_time_entries(request).await.expect("it is listed").into_inner();
    assert_eq!(listed.balance_minutes, 120);
    let seen: Vec<_> = listed
        .entries
        .iter()
        .map(|shown| {
            let entry = shown.entry.as_ref().expect("an entry");
            let accounts = (shown.account_id, shown.other_account_id);
            (entry.kind(), entry.minutes, entry.balance_minutes, accounts)
        })
        .collect();
    assert_eq!(
        seen,
        [
            (TimeEntryKind::MergeIn, 90, 120, (into, from)),
            (TimeEntryKind::MergeOut, -90, 0, (from, into)),
            (TimeEntryKind::Grant, 90, 90, (from, 0)),
            (TimeEntryKind::Grant, 30, 30, (into, 0)),
        ]
    );
    // What was written before can still be put right, and what was moved cannot.
    let moved = listed.entries[0].entry.as_ref().expect("an entry").id;
    let told = Told::by(desk.correct_time(correction(into, moved)).await);
    assert_eq!(told.why(), (Code::FailedPrecondition, "ENTRY_NOT_CORRECTABLE"));
    desk.correct_time(correction(from, bought.id)).await.expect("it is corrected");
    assert_eq!(ledger_of(&desk, into).await[0], (-90, 30));
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn debts_go_over_too_and_nothing_of_nothing() {
    let (server, stays, mut desk) = one_account().await;
    let (into, mut last) = (stays.account_id, 0);
    for (number, owes) in [(2_u32, 45), (3, 0)] {
        let ends = server.open_account(&format!("m{number}@exemple.fr"), number.into()).await;
        if owes > 0 {
            let request =
                ChargeTimeRequest { allow_overdraft: true, ..charge(ends.account_id, owes) };
            desk.charge_time(request).await.expect("it is charged");
        }
        last = ends.account_id;
        let merged = merge(&desk, ends.account_id, into).await;
        assert_eq!((merged.moved_minutes, merged.balance_minutes), (-owes, -45));
        server.deliver_mail().await;
    }
    let transfers = "SELECT count(*) FROM time_entry WHERE transfer_id IS NOT NULL";
    assert_eq!(count(server.db(), transfers).await, 2);
    assert_eq!(merge(&desk, last, into).await.moved_minutes, 0, "a repeat");
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn two_balances_that_are_too_much_together_are_not_merged() {
    let (server, stays, mut desk) = one_account().await;
    let ends = server.open_account("pierre@exemple.fr", 2).await;
    for account_id in [stays.account_id, ends.account_id] {
        for invoice in 0..9 {
            let reference = format!("FA-{invoice}");
            let request = GrantTimeRequest { reference, ..grant(account_id, 60_000) };
            desk.grant_time(request).await.expect("it is granted");
        }
    }
    let request = merge_request(ends.account_id, stays.account_id);
    let told = Told::by(desk.merge_accounts(request).await);
    assert_eq!(told.fields, [("into_account_id".to_owned(), "OUT_OF_RANGE".to_owned())]);
    ends.read().await;
    assert_adds_up(server.db()).await;
}
