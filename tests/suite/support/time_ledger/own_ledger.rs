//! What a customer sees of the ledger: the balance, and the entries of the own account.

use gestan_account_client::{Code as ClientCode, v1};
use gestan_account_proto::support::v1::ChargeTimeRequest;
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{assert_refused, charge, grant, merge, uuid};

use super::{EMAIL, buy, one_account};

fn page(page_size: i32, page_token: &str) -> v1::ListTimeEntriesRequest {
    v1::ListTimeEntriesRequest { page_size, page_token: page_token.to_owned() }
}

#[tokio::test]
async fn a_machine_reads_the_balance_and_the_entries_of_its_account() {
    let (server, member, mut desk) = one_account().await;
    let get = v1::GetRequest::default();
    assert_eq!(member.client.get(get).await.expect("Get").time_balance_minutes, 0);
    let empty = member.client.list_time_entries(page(0, "")).await.expect("it is listed");
    assert_eq!(empty, v1::ListTimeEntriesResponse::default());

    buy(&mut desk, member.account_id, 60).await;
    let helped = ChargeTimeRequest {
        company_name: "Dupont & fils".to_owned(),
        machine_id: uuid(1),
        ..charge(member.account_id, 25)
    };
    desk.charge_time(helped).await.expect("it is charged");
    let other = server.open_account("pierre@exemple.fr", 2).await;
    buy(&mut desk, other.account_id, 600).await;
    assert_eq!(member.client.get(get).await.expect("Get").time_balance_minutes, 35);

    let first = member.client.list_time_entries(page(1, "")).await.expect("a page");
    assert_eq!(first.balance_minutes, 35);
    let newest = &first.entries[0];
    assert_eq!((newest.minutes, &*newest.summary), (-25, "Export comptable"));
    assert_eq!(newest.company_name, "Dupont & fils");
    assert_eq!(newest.machine.as_ref().map(|machine| &*machine.name), Some("Caisse 1"));
    let token = &first.next_page_token;
    let second = member.client.list_time_entries(page(1, token)).await.expect("a page");
    assert_eq!((second.entries[0].minutes, &*second.next_page_token), (60, ""));

    // Another account's token, a negative size.
    for (client, request, field) in
        [(&other.client, page(1, token), "page_token"), (&member.client, page(-1, ""), "page_size")]
    {
        let refused = client.list_time_entries(request).await.expect_err("it is refused");
        let rejection = refused.rejection().expect("the service refuses");
        assert_eq!(rejection.reason(), v1::ErrorReason::InvalidRequest);
        assert_eq!(rejection.violations()[0].field, field);
    }
}

#[tokio::test]
async fn strangers_and_the_desk_are_refused() {
    let (server, member, _) = one_account().await;
    let stranger = server.client.list_time_entries(page(0, "")).await;
    assert_refused(stranger, ClientCode::Unauthenticated, v1::ErrorReason::InvalidCredentials);
    let (_, key) = server.support_key("Luc", Role::Admin, None).await;
    let agent = server.client_with(key.reveal()).list_time_entries(page(0, "")).await;
    assert_refused(agent, ClientCode::PermissionDenied, v1::ErrorReason::PermissionDenied);
    member.unlink().await.expect("it is detached");
    let dead = member.client.list_time_entries(page(0, "")).await;
    assert_refused(dead, ClientCode::Unauthenticated, v1::ErrorReason::InvalidCredentials);
}

#[tokio::test]
async fn a_customer_whose_account_was_merged_sees_what_was_used_before() {
    let (server, member, mut desk) = one_account().await;
    let stays = server.open_account("pierre@exemple.fr", 2).await;
    desk.grant_time(grant(member.account_id, 60)).await.expect("it is granted");
    merge(&desk, member.account_id, stays.account_id).await;
    assert_eq!(server.deliver_mail().await, 2);
    assert!(server.mail_to(EMAIL).await.text.contains("partie"));
    let listed = member.client.list_time_entries(page(0, "")).await.expect("it is listed");
    let seen: Vec<_> = listed.entries.iter().map(|entry| (entry.kind(), entry.minutes)).collect();
    let expected = [
        (v1::TimeEntryKind::MergeIn, 60),
        (v1::TimeEntryKind::MergeOut, -60),
        (v1::TimeEntryKind::Grant, 60),
    ];
    assert_eq!(seen, expected);
    assert_eq!(listed.balance_minutes, 60);
}
