//! What is refused before anything is looked up, all of it in one answer.

use gestan_account_proto::support::v1::{
    ChargeTimeRequest, CorrectTimeRequest, GrantTimeRequest, ListTimeEntriesRequest,
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{Told, charge, correction, count, grant};
use prost_types::Timestamp;
use tonic::Code;

use super::one_account;

fn fields(told: &Told) -> Vec<String> {
    assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"), "{told:?}");
    told.fields.iter().map(|(field, reason)| format!("{field} {reason}")).collect()
}

#[tokio::test]
async fn every_bad_field_is_named_in_one_answer() {
    let (server, _, mut desk) = one_account().await;
    let far = Some(Timestamp { seconds: 253_402_300_800, nanos: 0 });
    let told = Told::by(
        desk.grant_time(GrantTimeRequest {
            request_id: "Mme Dupont".to_owned(),
            reference: "x".repeat(41),
            summary: "é".repeat(201),
            support_time: far,
            ..Default::default()
        })
        .await,
    );
    let expected = [
        "account_id MALFORMED",
        "request_id MALFORMED",
        "minutes REQUIRED",
        "reference TOO_LONG",
        "summary TOO_LONG",
        "support_time MALFORMED",
    ];
    assert_eq!(fields(&told), expected);
    let told = Told::by(
        desk.charge_time(ChargeTimeRequest {
            request_id: "x".repeat(65),
            minutes: -30,
            company_name: "Dupont\u{7}".to_owned(),
            machine_id: "Caisse 1".to_owned(),
            ..Default::default()
        })
        .await,
    );
    let expected = [
        "account_id MALFORMED",
        "request_id TOO_LONG",
        "minutes OUT_OF_RANGE",
        "summary REQUIRED",
        "company_name CONTROL_CHARACTER",
        "machine_id MALFORMED",
    ];
    assert_eq!(fields(&told), expected);
    let told =
        Told::by(desk.correct_time(CorrectTimeRequest { minutes: -1, ..Default::default() }).await);
    let expected =
        ["account_id MALFORMED", "entry_id MALFORMED", "minutes OUT_OF_RANGE", "summary REQUIRED"];
    assert_eq!(fields(&told), expected);
    let told = Told::by(
        desk.list_time_entries(ListTimeEntriesRequest {
            kind: 99,
            page_size: -1,
            page_token: "quelconque".to_owned(),
            ..Default::default()
        })
        .await,
    );
    let expected = [
        "from_time REQUIRED",
        "to_time REQUIRED",
        "kind MALFORMED",
        "page_size OUT_OF_RANGE",
        "page_token MISMATCH",
    ];
    assert_eq!(fields(&told), expected);
    assert_eq!(count(server.db(), "SELECT count(*) FROM time_entry").await, 0);
}

#[tokio::test]
async fn minutes_have_their_bounds_and_longest_texts_their_place() {
    let (_server, member, mut desk) = one_account().await;
    let id = member.account_id;
    for minutes in [60_001, i32::MAX, i32::MIN] {
        let told = Told::by(desk.grant_time(grant(id, minutes)).await);
        assert_eq!(fields(&told), ["minutes OUT_OF_RANGE"]);
    }
    let longest = GrantTimeRequest {
        request_id: "x".repeat(64),
        reference: "é".repeat(40),
        summary: "é".repeat(200),
        ..grant(id, 60_000)
    };
    let bought = desk.grant_time(longest).await.expect("it fits").into_inner();
    for minutes in [1_441, i32::MAX, i32::MIN] {
        let told = Told::by(desk.charge_time(charge(id, minutes)).await);
        assert_eq!(fields(&told), ["minutes OUT_OF_RANGE"]);
    }
    let longest = ChargeTimeRequest { company_name: "é".repeat(120), ..charge(id, 1_440) };
    desk.charge_time(longest).await.expect("it fits");
    let entry = bought.entry.expect("an entry").id;
    let too_many = CorrectTimeRequest { minutes: 60_001, ..correction(id, entry) };
    let told = Told::by(desk.correct_time(too_many).await);
    assert_eq!(fields(&told), ["minutes OUT_OF_RANGE"]);
}

#[tokio::test]
async fn a_reader_lists_an_account_and_not_all_of_them() {
    let (server, member, _) = one_account().await;
    for role in [Role::Reader, Role::Agent] {
        let mut desk = server.desk(role).await;
        let own = ListTimeEntriesRequest { account_id: member.account_id, ..Default::default() };
        desk.list_time_entries(own).await.expect("it is listed");
        // Before the fields, of which two are missing.
        let all = ListTimeEntriesRequest::default();
        let told = Told::by(desk.list_time_entries(all).await);
        assert_eq!(told.why(), (Code::PermissionDenied, "PERMISSION_DENIED"));
        assert_eq!(told.variable("requiredRole"), Some("billing,admin"));
        assert!(told.text.contains("ListTimeEntries de tous les comptes"), "{told:?}");
    }
}
