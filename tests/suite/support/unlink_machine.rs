//! UnlinkMachine: a stolen machine is detached by the desk, and the customer is told.

use gestan_account_client::{Code as ClientCode, v1};
use gestan_account_proto::support::v1::UnlinkMachineRequest;
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{Desk, TestServer, Told, assert_refused, stored, uuid};
use tonic::Code;

const EMAIL: &str = "jeanne@exemple.fr";

fn one(account_id: u32, number: u128) -> UnlinkMachineRequest {
    let (machine_id, reason) = (uuid(number), "vol, plainte 2026/114".to_owned());
    UnlinkMachineRequest { account_id, machine_id, reason, ..Default::default() }
}

fn all(account_id: u32) -> UnlinkMachineRequest {
    UnlinkMachineRequest { machine_id: String::new(), all_machines: true, ..one(account_id, 1) }
}

async fn unlink(desk: &mut Desk, request: UnlinkMachineRequest) -> u32 {
    desk.unlink_machine(request).await.expect("an agent may").into_inner().unlinked
}

#[tokio::test]
async fn an_agent_detaches_a_machine_at_once_and_the_customer_gets_a_mail() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let stolen = server.register(member.account_id, 2).await;
    let (id, key) = server.support_key("Luc", Role::Agent, None).await;
    let mut desk = server.desk_with(Some(key.reveal()), None).await;
    let before = server.audit_trail().await.len();
    assert_eq!(unlink(&mut desk, one(member.account_id, 2)).await, 1);

    let outcome = stolen.client.get(v1::GetRequest::default()).await;
    let unknown = v1::ErrorReason::InvalidCredentials;
    assert_refused(outcome, ClientCode::Unauthenticated, unknown);
    member.read().await;
    let event =
        ("unlink_machine".to_owned(), format!("machine:{},reason:vol, plainte 2026/114", uuid(2)));
    assert_eq!(server.audit_trail().await[before..], [event]);
    let told = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'unlink_machine' \
         AND actor_kind = 'support_key' AND actor_id = '{id}' AND ip = '127.0.0.1'"
    );
    assert_eq!(gestan_account_tests::count(server.db(), &told).await, 1);
    let mail = server.mail_to(EMAIL).await;
    for said in ["Caisse 2", "novembre 2026", "l’assistance", &member.account_id.to_string()] {
        assert!(mail.text.contains(said), "{said}: {}", mail.text);
    }
    assert!(!mail.text.contains("plainte"), "the reason is for the trail: {}", mail.text);

    // Again it is a success, and leaves nothing.
    let stored_before = stored(&server).await;
    assert_eq!(unlink(&mut desk, one(member.account_id, 2)).await, 0);
    assert_eq!(stored(&server).await, stored_before);
    assert_eq!(server.deliver_mail().await, 0);
}

#[tokio::test]
async fn all_machines_are_detached_with_one_mail_that_names_them() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    for number in 2..=12 {
        server.register(member.account_id, number).await;
    }
    let mut desk = server.desk(Role::Admin).await;
    let before = server.audit_trail().await.len();
    assert_eq!(unlink(&mut desk, all(member.account_id)).await, 12);
    assert_eq!(server.audit_trail().await.len() - before, 12);
    assert_eq!(server.deliver_mail().await, 1);
    let mail = server.mails().pop().expect("a mail");
    assert!(mail.text.contains("Caisse 12"), "{}", mail.text);
    assert!(mail.text.contains("Autres postes détachés"), "{}", mail.text);
    assert_eq!(unlink(&mut desk, all(member.account_id)).await, 0);
    // The account is as it was: its customer links a machine again.
    server.register(member.account_id, 1).await;
}

#[tokio::test]
async fn a_machine_that_the_account_never_had_and_bad_fields_are_refused() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let mut desk = server.desk(Role::Agent).await;
    let before = stored(&server).await;
    let told = Told::by(desk.unlink_machine(one(member.account_id, 2)).await);
    assert_eq!(told.why(), (Code::NotFound, "MACHINE_NOT_FOUND"));
    assert_eq!(told.variable("machineId"), Some(&*uuid(2)));
    assert!(told.text.contains("GetAccount"), "{}", told.text);
    let told = Told::by(desk.unlink_machine(one(999, 1)).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));

    let none = UnlinkMachineRequest { machine_id: String::new(), ..one(member.account_id, 1) };
    let both = UnlinkMachineRequest { all_machines: true, ..one(member.account_id, 1) };
    let malformed = UnlinkMachineRequest { machine_id: "x".into(), ..one(member.account_id, 1) };
    let silent = UnlinkMachineRequest { reason: "  ".into(), ..one(member.account_id, 1) };
    let long = UnlinkMachineRequest { reason: "é".repeat(201), ..one(member.account_id, 1) };
    let broken = UnlinkMachineRequest { reason: "a\nb".into(), ..one(member.account_id, 1) };
    for (request, field, reason) in [
        (none, "machine_id", "REQUIRED"),
        (both, "all_machines", "CONFLICT"),
        (malformed, "machine_id", "MALFORMED"),
        (silent, "reason", "REQUIRED"),
        (long, "reason", "TOO_LONG"),
        (broken, "reason", "CONTROL_CHARACTER"),
    ] {
        let told = Told::by(desk.unlink_machine(request).await);
        assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
        assert_eq!(told.fields, [(field.to_owned(), reason.to_owned())]);
    }
    assert_eq!(stored(&server).await, before);
    other.read().await;
}
