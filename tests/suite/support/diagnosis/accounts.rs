//! Accounts: that all is well, that there is none; and what the call itself does.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::{
    DiagnoseAccountRequest,
    FindingKind::{CodeWaits, Merged, NoAccount, NoMachine, Opening, Unspecified},
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    TestServer, Told, count, execute, is_postgres, machine, merge, rows, stored, uuid,
};
use jiff::SignedDuration;
use sea_orm::QueryResult;
use tonic::Code;

use super::{EMAIL, by_address, by_id, finding, found, kinds, seconds_left, told, words};

#[tokio::test]
async fn when_all_is_well_one_finding_says_so_and_what_was_looked_at() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let (french, english) = told(&server, by_id(member.account_id)).await;
    assert_eq!(kinds(&french), [Unspecified]);
    let nothing = finding(&french, Unspecified);
    assert_eq!((nothing.time, nothing.until), (None, None));
    assert_eq!(
        nothing.text,
        "Rien n’empêche le client d’entrer. Regardés, sur 7 jours : 2 courriel(s), 1 demande(s) de \
         code ; 1 poste(s) rattaché(s), le mot de passe, les limites d’essais et de courriels."
    );
    assert!(finding(&english, Unspecified).text.starts_with("Nothing keeps the customer out."));
    let mut mails: Vec<(&str, &str)> =
        french.mails.iter().map(|mail| (&*mail.kind, &*mail.state)).collect();
    // Both were asked for in one moment, by the clock of the test.
    mails.sort_unstable();
    assert_eq!(mails, [("open_account", "sent"), ("welcome", "sent")]);
    assert_eq!(told(&server, by_address("Jeanne@EXEMPLE.fr")).await, (french, english));

    member.unlink().await.expect("it is detached");
    assert_eq!(found(&server, by_id(member.account_id)).await, [NoMachine]);
    // Eight days later there is nothing left to be looked at.
    server.advance(SignedDuration::from_hours(8 * 24));
    let (answer, _) = told(&server, by_id(member.account_id)).await;
    assert_eq!((answer.mails.len(), answer.codes.len()), (0, 0));
}

#[tokio::test]
async fn the_id_of_a_merged_account_is_a_finding_and_the_rest_is_of_the_one_that_stays() {
    let server = TestServer::start().await;
    let ended = server.open_account("lyon@exemple.fr", 1).await;
    let stays = server.open_account(EMAIL, 2).await;
    let desk = server.desk(Role::Admin).await;
    merge(&desk, ended.account_id, stays.account_id).await;
    let (french, english) = told(&server, by_id(ended.account_id)).await;
    assert_eq!(kinds(&french), [Merged, Unspecified]);
    assert_eq!(french.account_id, stays.account_id);
    let told = &finding(&french, Merged).text;
    assert!(told.starts_with("Le compte 1 fait maintenant partie du compte 2 : donnez"), "{told}");
    let told = &finding(&english, Merged).text;
    assert!(told.starts_with("Account 1 is now a part of account 2"), "{told}");
    assert_eq!(found(&server, by_id(stays.account_id)).await, [Unspecified]);
    server.deliver_mail().await;
}

#[tokio::test]
async fn an_address_without_an_account_is_a_finding_and_one_that_opens_one_too() {
    let server = TestServer::start().await;
    let (french, english) = words(&server, by_address("personne@exemple.fr"), NoAccount).await;
    assert!(
        french.starts_with("Aucun compte n’a cette adresse, et aucun ne s’y ouvre"),
        "{french}"
    );
    assert!(english.starts_with("No account has this address, and none is being opened"));

    server.create(EMAIL, 4).await;
    assert_eq!(found(&server, by_address(EMAIL)).await, [Opening], "its mail is under way");
    server.deliver_mail().await;
    let (french, english) = told(&server, by_address(EMAIL)).await;
    assert_eq!((kinds(&french), french.account_id), (vec![CodeWaits, Opening], 0));
    let opening = finding(&french, Opening);
    assert_eq!(seconds_left(&server, opening.until), 24 * 3600);
    assert!(opening.text.contains("sur « Caisse 4 » : le client y tape le code"), "{opening:?}");
    assert!(finding(&english, Opening).text.contains("on “Caisse 4”: the customer types the code"));
    // A code was asked for where there is no account: its mail has none.
    let request = v1::ResendPasswordRequest {
        request_id: uuid(5),
        email: "autre@exemple.fr".to_owned(),
        machine: Some(machine(5)),
        ..Default::default()
    };
    server.client.resend_password(request).await.expect("it is answered");
    server.deliver_mail().await;
    let (answer, _) = told(&server, by_address("autre@exemple.fr")).await;
    assert_eq!((kinds(&answer), &*answer.mails[0].kind), (vec![NoAccount], "no_account"));
}

#[tokio::test]
async fn it_leaves_one_event_in_ten_minutes_and_nothing_else() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    server.resend(member.account_id, 2).await;
    server.deliver_mail().await;
    let mut desk = server.desk(Role::Billing).await;
    let request = by_id(member.account_id);
    desk.diagnose_account(request.clone()).await.expect("billing may");
    let event = ("diagnose_account".to_owned(), String::new());
    assert_eq!(server.audit_trail().await.last(), Some(&event));

    let (before, jobs) = (stored(&server).await, server.accounts.hasher.jobs_done());
    let throttled = count(server.db(), "SELECT count(*) FROM throttle").await;
    let _ = server.take_statements();
    desk.diagnose_account(request).await.expect("once more");
    desk.diagnose_account(by_address("personne@exemple.fr")).await.expect("nobody's");
    for sql in server.take_statements() {
        assert!(sql.starts_with("SELECT") && !sql.contains("FOR UPDATE"), "{sql}");
    }
    assert_eq!(stored(&server).await, before);
    assert_eq!(server.accounts.hasher.jobs_done(), jobs);
    assert_eq!(count(server.db(), "SELECT count(*) FROM throttle").await, throttled);
}

#[tokio::test]
async fn bad_fields_and_an_unknown_id_are_refused() {
    let server = TestServer::start().await;
    let mut desk = server.desk(Role::Reader).await;
    let told = Told::by(desk.diagnose_account(by_id(999)).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    for (request, field, reason) in [
        (DiagnoseAccountRequest::default(), "account_id", "REQUIRED"),
        (DiagnoseAccountRequest { account_id: 1, ..by_address(EMAIL) }, "email", "CONFLICT"),
        (by_address("nobody"), "email", "INVALID_EMAIL"),
        (by_address(&format!("{}@exemple.fr", "a".repeat(60_000))), "email", "TOO_LONG"),
    ] {
        let told = Told::by(desk.diagnose_account(request).await);
        assert_eq!(told.fields, [(field.to_owned(), reason.to_owned())]);
    }
}

/// The outbox has every mail of a week: those to one address are not looked for in all of them.
#[tokio::test]
async fn the_mails_to_an_address_are_found_by_their_index() {
    let server = TestServer::start().await;
    let mut desk = server.desk(Role::Reader).await;
    let _ = server.take_statements();
    desk.diagnose_account(by_address(EMAIL)).await.expect("a reader may");
    let statements = server.take_statements();
    let sql = statements.iter().find(|sql| sql.contains("FROM \"outbox_mail\""));
    let mut sql = sql.unwrap_or_else(|| panic!("{statements:?}")).clone();
    // A plan is made of values.
    for (number, value) in ["'jeanne@exemple.fr'", "0", "20"].into_iter().enumerate() {
        let placeholder = if is_postgres() { format!("${}", number + 1) } else { "?".to_owned() };
        sql = sql.replacen(&placeholder, value, 1);
    }
    let transaction = server.accounts.db.begin().await.expect("a transaction");
    let (explain, column) = if is_postgres() {
        // In a table without rows everything is as good as an index.
        execute(&transaction, "SET LOCAL enable_seqscan = off").await;
        ("EXPLAIN", 0)
    } else {
        ("EXPLAIN QUERY PLAN", 3)
    };
    let plan = rows(&transaction, &format!("{explain} {sql}")).await;
    let line = |row: &QueryResult| -> String { row.try_get_by_index(column).expect("a text") };
    let plan: Vec<String> = plan.iter().map(line).collect();
    let plan = plan.join("\n");
    // By the address, and not by the time behind it.
    let by_address = if is_postgres() { "Index Cond: ((lower(" } else { "(<expr>=?" };
    let is_found = plan.contains("outbox_mail_recipient") && plan.contains(by_address);
    assert!(is_found, "{sql}: {plan}");
    transaction.rollback().await.expect("it is given up");
}
