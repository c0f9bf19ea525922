//! ChargeTime.

use gestan_account_proto::{support::v1::ChargeTimeRequest, v1::TimeEntryKind};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Told, assert_adds_up, charge, count, ledger_of, rows, start_time, uuid,
};
use jiff::SignedDuration;
use prost_types::Timestamp;
use tonic::Code;

use super::{buy, one_account};

#[tokio::test]
async fn used_time_tells_what_it_was_for_which_company_and_which_machine() {
    let (server, member, mut desk) = one_account().await;
    buy(&mut desk, member.account_id, 125).await;
    let yesterday = Timestamp { seconds: start_time().as_second() - 86_400, nanos: 0 };
    let request = ChargeTimeRequest {
        company_name: "Dupont & fils".to_owned(),
        machine_id: uuid(1),
        support_time: Some(yesterday),
        ..charge(member.account_id, 30)
    };
    let charged = desk.charge_time(request).await.expect("it is charged").into_inner();
    assert_eq!((charged.balance_minutes, &*charged.balance), (95, "1 h 35"));
    let entry = charged.entry.expect("an entry");
    assert_eq!(entry.kind(), TimeEntryKind::Charge);
    assert_eq!((entry.minutes, entry.balance_minutes), (-30, 95));
    assert_eq!((&*entry.summary, &*entry.company_name), ("Export comptable", "Dupont & fils"));
    assert_eq!(entry.support_time, Some(yesterday));
    let machine = entry.machine.expect("a machine");
    assert_eq!((machine.id, &*machine.name), (uuid(1), "Caisse 1"));
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn a_machine_that_was_detached_a_moment_ago_may_have_been_helped_a_strange_one_not() {
    let (_server, member, mut desk) = one_account().await;
    buy(&mut desk, member.account_id, 100).await;
    member.unlink().await.expect("it is detached");
    let helped = ChargeTimeRequest { machine_id: uuid(1), ..charge(member.account_id, 10) };
    desk.charge_time(helped.clone()).await.expect("it is charged");
    let strange = ChargeTimeRequest { machine_id: uuid(2), ..helped };
    let told = Told::by(desk.charge_time(strange).await);
    assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
    assert_eq!(told.fields, [("machine_id".to_owned(), "UNKNOWN_MACHINE".to_owned())]);
}

#[tokio::test]
async fn a_balance_falls_below_zero_only_if_the_agent_allows_it_and_that_is_marked() {
    let (server, member, mut admin) = one_account().await;
    buy(&mut admin, member.account_id, 75).await;
    let mut desk = server.desk(Role::Agent).await;
    let told = Told::by(desk.charge_time(charge(member.account_id, 120)).await);
    assert_eq!(told.why(), (Code::FailedPrecondition, "TIME_CREDIT_EXHAUSTED"));
    assert_eq!(told.variable("balanceMinutes"), Some("75"));
    assert_eq!(told.variable("missingMinutes"), Some("45"));
    assert_eq!(
        told.text,
        "Il manque 45 min de crédit-temps (solde : 1 h 15). Faites acheter du temps (GrantTime), ou \
         ajoutez \"allow_overdraft\": true."
    );
    let (_, key) = server.support_key("Luc", Role::Agent, None).await;
    let mut english = server.desk_with(Some(key.reveal()), Some("en")).await;
    let told = Told::by(english.charge_time(charge(member.account_id, 136)).await);
    assert!(
        told.text.starts_with("1 h 01 of time credit are missing (balance: 1 h 15)."),
        "{told:?}"
    );

    // All of it may go, and more only with a word.
    desk.charge_time(charge(member.account_id, 75)).await.expect("all that there is");
    let more = ChargeTimeRequest { allow_overdraft: true, ..charge(member.account_id, 30) };
    let charged = desk.charge_time(more).await.expect("it is allowed").into_inner();
    assert_eq!((charged.balance_minutes, &*charged.balance), (-30, "-0 h 30"));
    let marked = "SELECT minutes FROM time_entry WHERE overdraft";
    let marked = rows(server.db(), marked).await;
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0].try_get_by_index::<i32>(0).expect("minutes"), -30);
    // Below zero already: what is missing is all of it.
    let told = Told::by(desk.charge_time(charge(member.account_id, 5)).await);
    assert_eq!(told.variable("missingMinutes"), Some("35"));
    assert_adds_up(server.db()).await;
}

#[tokio::test]
async fn what_could_have_been_without_it_is_no_overdraft() {
    let (server, member, mut desk) = one_account().await;
    buy(&mut desk, member.account_id, 60).await;
    let request = ChargeTimeRequest { allow_overdraft: true, ..charge(member.account_id, 60) };
    desk.charge_time(request).await.expect("it is charged");
    assert_eq!(count(server.db(), "SELECT count(*) FROM time_entry WHERE overdraft").await, 0);
    assert_eq!(ledger_of(&desk, member.account_id).await, [(-60, 0), (60, 60)]);
}

#[tokio::test]
async fn a_service_lies_neither_in_the_future_nor_more_than_400_days_ago() {
    let (server, member, mut desk) = one_account().await;
    buy(&mut desk, member.account_id, 600).await;
    server.advance(SignedDuration::from_hours(1));
    let now = start_time().as_second() + 3_600;
    for (seconds, nanos, wrong) in [
        (now, 1, Some("OUT_OF_RANGE")),
        (now, 0, None),
        (now - 400 * 86_400, 0, None),
        (now - 400 * 86_400 - 1, 0, Some("OUT_OF_RANGE")),
        (i64::MAX, 0, Some("MALFORMED")),
        (now, -1, Some("MALFORMED")),
        (now, 1_000_000_000, Some("MALFORMED")),
    ] {
        let request = ChargeTimeRequest {
            support_time: Some(Timestamp { seconds, nanos }),
            allow_duplicate: true,
            ..charge(member.account_id, 1)
        };
        let outcome = desk.charge_time(request).await;
        match wrong {
            None => {
                outcome.expect("it is charged");
            }
            Some(reason) => {
                let told = Told::by(outcome);
                let field = ("support_time".to_owned(), reason.to_owned());
                assert_eq!(told.fields, [field], "{seconds} {nanos}");
            }
        }
    }
}
