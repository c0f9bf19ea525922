//! CorrectTime.

use gestan_account_proto::{
    support::v1::{ChargeTimeRequest, CorrectTimeRequest},
    v1::{TimeEntry, TimeEntryKind},
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Desk, Told, assert_adds_up, charge, correction, execute, grant, ledger_of,
};
use tonic::Code;

use super::{buy, one_account};

async fn use_up(desk: &mut Desk, account_id: u32, minutes: i32) -> TimeEntry {
    let request = ChargeTimeRequest { allow_duplicate: true, ..charge(account_id, minutes) };
    let charged = desk.charge_time(request).await.expect("it is charged").into_inner();
    charged.entry.expect("an entry")
}

fn part(account_id: u32, entry_id: u32, minutes: i32) -> CorrectTimeRequest {
    CorrectTimeRequest { minutes, ..correction(account_id, entry_id) }
}

#[tokio::test]
async fn a_charge_is_taken_back_in_parts_and_never_more_than_there_is() {
    let (server, member, mut desk) = one_account().await;
    let id = member.account_id;
    buy(&mut desk, id, 60).await;
    let charged = use_up(&mut desk, id, 60).await;
    let corrected = desk.correct_time(part(id, charged.id, 20)).await.expect("a part").into_inner();
    let entry = corrected.entry.expect("an entry");
    assert_eq!(entry.kind(), TimeEntryKind::Correction);
    assert_eq!((entry.minutes, entry.corrects_id), (20, charged.id));
    assert_eq!((corrected.balance_minutes, &*corrected.balance), (20, "0 h 20"));
    assert_eq!(entry.support_time, charged.support_time, "of the same service");

    let told = Told::by(desk.correct_time(part(id, charged.id, 41)).await);
    assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
    assert_eq!(told.fields, [("minutes".to_owned(), "OUT_OF_RANGE".to_owned())]);
    assert!(told.text.contains("40 minutes"), "{told:?}");
    desk.correct_time(correction(id, charged.id)).await.expect("the rest");
    let told = Told::by(desk.correct_time(correction(id, charged.id)).await);
    assert_eq!(told.why(), (Code::FailedPrecondition, "ENTRY_NOT_CORRECTABLE"));
    assert_eq!(told.variable("leftMinutes"), Some("0"));
    assert_eq!(ledger_of(&desk, id).await, [(40, 60), (20, 20), (-60, 0), (60, 60)]);
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn a_grant_that_is_taken_back_must_not_make_debts_unless_that_is_allowed() {
    let (server, member, mut desk) = one_account().await;
    let id = member.account_id;
    let bought = buy(&mut desk, id, 60).await;
    use_up(&mut desk, id, 50).await;
    let told = Told::by(desk.correct_time(correction(id, bought.id)).await);
    assert_eq!(told.why(), (Code::FailedPrecondition, "TIME_CREDIT_EXHAUSTED"));
    assert_eq!(told.variable("missingMinutes"), Some("50"));
    desk.correct_time(part(id, bought.id, 10)).await.expect("what is there");
    let rest = CorrectTimeRequest { allow_overdraft: true, ..correction(id, bought.id) };
    let corrected = desk.correct_time(rest).await.expect("it is allowed").into_inner();
    assert_eq!(corrected.balance_minutes, -50);
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn a_correction_and_what_another_account_has_cannot_be_corrected() {
    let (server, member, mut desk) = one_account().await;
    let id = member.account_id;
    let bought = buy(&mut desk, id, 60).await;
    let corrected = desk.correct_time(part(id, bought.id, 5)).await.expect("a part").into_inner();
    let correction_id = corrected.entry.expect("an entry").id;
    let told = Told::by(desk.correct_time(correction(id, correction_id)).await);
    assert_eq!(told.why(), (Code::FailedPrecondition, "ENTRY_NOT_CORRECTABLE"));
    assert_eq!(told.variable("entryId"), Some(&*correction_id.to_string()));

    let other = server.open_account("pierre@exemple.fr", 2).await;
    for (account_id, entry_id) in [(other.account_id, bought.id), (id, 4_000_000_000)] {
        let told = Told::by(desk.correct_time(correction(account_id, entry_id)).await);
        assert_eq!(told.why(), (Code::NotFound, "ENTRY_NOT_FOUND"));
        assert_eq!(told.variable("entryId"), Some(&*entry_id.to_string()));
    }
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn an_agent_corrects_its_own_charges_alone() {
    let (server, member, mut admin) = one_account().await;
    let id = member.account_id;
    let bought = buy(&mut admin, id, 600).await;
    let mut agent = server.desk(Role::Agent).await;
    let own = use_up(&mut agent, id, 30).await;
    let others = use_up(&mut server.desk(Role::Agent).await, id, 30).await;
    for entry in [bought.id, others.id] {
        let told = Told::by(agent.correct_time(correction(id, entry)).await);
        assert_eq!(told.why(), (Code::PermissionDenied, "PERMISSION_DENIED"));
        assert_eq!(told.variable("role"), Some("agent"));
        assert_eq!(told.variable("requiredRole"), Some("billing,admin"));
        assert!(
            told.text.contains("CorrectTime d’un achat, ou de ce qu’une autre clé"),
            "{told:?}"
        );
    }
    agent.correct_time(correction(id, own.id)).await.expect("its own");
    let mut billing = server.desk(Role::Billing).await;
    billing.correct_time(correction(id, others.id)).await.expect("of anybody");
    billing.correct_time(correction(id, bought.id)).await.expect("of anybody");
    assert_eq!(ledger_of(&admin, id).await[0].1, 0);
    assert_adds_up(server.db()).await;
}

/// The database itself refuses it, whoever asks.
#[tokio::test]
async fn an_entry_that_is_written_is_final() {
    let (server, member, mut desk) = one_account().await;
    buy(&mut desk, member.account_id, 60).await;
    for change in ["minutes = 61", "reference = 'FA-1'", "account_id = account_id"] {
        let sql = format!("UPDATE time_entry SET {change}");
        let refused = sea_orm::ConnectionTrait::execute_unprepared(server.db(), &sql).await;
        let error = refused.expect_err("it is refused").to_string();
        assert!(error.contains("an entry of the time ledger is final"), "{error}");
    }
    assert_eq!(ledger_of(&desk, member.account_id).await, [(60, 60)]);
    // What was written about it may go.
    let noted = gestan_account_proto::support::v1::GrantTimeRequest {
        summary: "Carnet".to_owned(),
        ..grant(member.account_id, 30)
    };
    desk.grant_time(noted).await.expect("it is granted");
    execute(server.db(), "DELETE FROM time_entry_note").await;
    assert_eq!(ledger_of(&desk, member.account_id).await, [(30, 90), (60, 60)]);
}
