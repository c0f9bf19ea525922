//! EraseAccount: what is refused, what is answered, and what stays.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::{
    DiagnoseAccountRequest, EraseAccountRequest, EraseAccountResponse, ExportAccountRequest,
    FindAccountsRequest, FindingKind, GetAccountRequest, ListEventsRequest, SendCodeRequest,
    StartEmailChangeRequest, UnlinkMachineRequest,
};
use gestan_account_server::domain::role::Role;
use gestan_account_server::model::compact_at::CompactAt;
use gestan_account_tests::{
    Desk, PASSWORD, Stored, TestServer, TestServerOptions, Told, assert_refused, count, erase,
    erase_request, execute, machine, merge, merge_request, rows, stored, text, uuid,
};
use jiff::Timestamp;
use tonic::Code;

const EMAIL: &str = "jeanne@exemple.fr";

fn time(time: Option<prost_types::Timestamp>) -> Option<String> {
    let time = time?;
    let time = Timestamp::new(time.seconds, time.nanos).expect("a time");
    Some(time.to_string())
}

async fn erased(desk: &Desk, request: EraseAccountRequest) -> EraseAccountResponse {
    desk.clone().erase_account(request).await.expect("an admin may").into_inner()
}

async fn refused(desk: &Desk, request: EraseAccountRequest) -> Told {
    Told::by(desk.clone().erase_account(request).await)
}

#[tokio::test]
async fn an_account_is_erased_once_and_a_repeat_is_a_success() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let second = server.register(member.account_id, 2).await;
    let gone = server.register(member.account_id, 3).await;
    gone.unlink().await.expect("it is detached");
    let (key_id, key) = server.support_key("Ève", Role::Admin, None).await;
    let desk = server.desk_with(Some(key.reveal()), None).await;
    let events = stored(&server).await.audit_events;
    let answer = erase(&desk, member.account_id).await;
    assert_eq!(time(answer.erase_time).as_deref(), Some("2026-11-24T08:00:00Z"));
    assert_eq!((answer.machines, i64::from(answer.events)), (2, events));
    // Three days for the last mail, and then the next 03:30.
    let complete = if gestan_account_tests::is_postgres() {
        "2026-11-27T08:00:00Z"
    } else {
        "2026-11-28T03:30:00Z"
    };
    assert_eq!(time(answer.complete_time).as_deref(), Some(complete));

    for gone in [&member, &second] {
        let outcome = gone.client.get(v1::GetRequest::default()).await;
        let reason = v1::ErrorReason::InvalidCredentials;
        assert_refused(outcome, gestan_account_client::Code::Unauthenticated, reason);
    }
    let left = format!(
        "SELECT count(*) FROM audit_event WHERE action = 'erase_account' AND account_id = {} AND \
         actor_kind = 'support_key' AND actor_id = '{key_id}' AND fields = 'reason:demande 42'",
        member.account_id
    );
    assert_eq!(count(server.db(), &left).await, 1);
    let mail = server.mail_to(EMAIL).await;
    assert!(mail.text.contains("a été effacé"), "{}", mail.text);
    assert!(!mail.text.contains("demande 42"), "the reason is for the trail: {}", mail.text);
    let only_the_event = Stored { audit_events: 1, ..Stored::default() };
    assert_eq!(stored(&server).await, only_the_event);

    let again = erase(&desk, member.account_id).await;
    assert_eq!(again, EraseAccountResponse { machines: 0, events: 0, ..answer });
    assert_eq!(server.deliver_mail().await, 0);
    assert_eq!(stored(&server).await, only_the_event);
}

#[tokio::test]
async fn validate_only_tells_how_much_there_is_and_erases_nothing() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let desk = server.desk(Role::Admin).await;
    let before = stored(&server).await;
    let request = EraseAccountRequest {
        account_id: member.account_id,
        reason: "demande 42".to_owned(),
        validate_only: true,
        ..Default::default()
    };
    let answer = erased(&desk, request).await;
    assert_eq!(answer.erase_time, None);
    assert_eq!((answer.machines, i64::from(answer.events)), (1, before.audit_events));
    assert!(answer.complete_time.is_some());
    assert_eq!(server.audit_trail().await.last().expect("an event").0, "read_account");
    let after = stored(&server).await;
    assert_eq!(after, Stored { audit_events: before.audit_events + 1, ..before });
    member.read().await;
}

#[tokio::test]
async fn what_is_not_meant_is_refused() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let desk = server.desk(Role::Admin).await;
    let good = erase_request(member.account_id);
    let before = stored(&server).await;
    for (request, field, problem) in [
        (EraseAccountRequest { account_id: 0, ..good.clone() }, "account_id", "MALFORMED"),
        (
            EraseAccountRequest { confirm_account_id: 0, ..good.clone() },
            "confirm_account_id",
            "MISMATCH",
        ),
        (
            EraseAccountRequest { confirm_account_id: other.account_id, ..good.clone() },
            "confirm_account_id",
            "MISMATCH",
        ),
        (EraseAccountRequest { reason: String::new(), ..good.clone() }, "reason", "REQUIRED"),
        (EraseAccountRequest { reason: "x".repeat(201), ..good.clone() }, "reason", "TOO_LONG"),
        (
            EraseAccountRequest { reason: "a\u{0}b".to_owned(), ..good.clone() },
            "reason",
            "CONTROL_CHARACTER",
        ),
        (EraseAccountRequest { etag: "v".repeat(65), ..good.clone() }, "etag", "TOO_LONG"),
    ] {
        let told = refused(&desk, request).await;
        assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
        assert!(told.fields.contains(&(field.to_owned(), problem.to_owned())), "{told:?}");
    }
    let told = refused(&desk, EraseAccountRequest { etag: "v0".to_owned(), ..good.clone() }).await;
    assert_eq!(told.why(), (Code::Aborted, "ETAG_MISMATCH"));
    let told = refused(&desk, erase_request(999)).await;
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    assert_eq!((told.variable("accountId"), told.variable("mergedInto")), (Some("999"), None));
    let agent = server.desk(Role::Agent).await;
    let told = refused(&agent, good.clone()).await;
    assert_eq!(told.why(), (Code::PermissionDenied, "PERMISSION_DENIED"));
    assert_eq!(stored(&server).await, before);

    let etag = member.read().await.etag;
    erased(&desk, EraseAccountRequest { etag, without_mail: true, ..good }).await;
    assert_eq!(server.deliver_mail().await, 0, "no last mail was wanted");
}

#[tokio::test]
async fn the_id_of_an_account_that_was_merged_erases_nothing() {
    let server = TestServer::start().await;
    let stays = server.open_account(EMAIL, 1).await;
    let ends = server.open_account("paul@exemple.fr", 2).await;
    let mut desk = server.desk(Role::Admin).await;
    merge(&desk, ends.account_id, stays.account_id).await;
    server.deliver_mail().await;
    let told = refused(&desk, erase_request(ends.account_id)).await;
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    let into = stays.account_id.to_string();
    assert_eq!(told.variable("mergedInto"), Some(into.as_str()));
    assert!(told.text.contains(&format!("donnez l’ID {into}")), "{}", told.text);
    stays.read().await;

    // With the account that it is a part of, its events go, too; it leads nowhere from then on.
    erase(&desk, stays.account_id).await;
    server.deliver_mail().await;
    assert_eq!(stored(&server).await, Stored { audit_events: 1, ..Stored::default() });
    for id in [stays.account_id, ends.account_id] {
        let told = Told::by(desk.get_account(GetAccountRequest { account_id: id }).await);
        assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_ERASED"));
        assert_eq!(told.variable("accountId"), Some(id.to_string().as_str()));
        assert_eq!(told.variable("eraseTime"), Some("2026-11-24T08:00:00Z"));
    }
    let diagnose = DiagnoseAccountRequest { account_id: ends.account_id, ..Default::default() };
    let findings = desk.diagnose_account(diagnose).await.expect("findings").into_inner().findings;
    let kinds: Vec<FindingKind> =
        findings.iter().map(gestan_account_proto::support::v1::Finding::kind).collect();
    assert_eq!(kinds, [FindingKind::Merged, FindingKind::Erased]);
}

#[tokio::test]
async fn the_desk_is_told_of_an_erased_account_that_it_was_erased() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let (account_id, reason) = (member.account_id, "motif".to_owned());
    let mut desk = server.desk(Role::Admin).await;
    erase(&desk, account_id).await;
    server.deliver_mail().await;
    let before = stored(&server).await;
    let list = ListEventsRequest { account_id, ..Default::default() };
    let send = SendCodeRequest { account_id, ..Default::default() };
    let start = StartEmailChangeRequest {
        account_id,
        email: "neuve@exemple.fr".to_owned(),
        reason: reason.clone(),
        ..Default::default()
    };
    let unlink =
        UnlinkMachineRequest { account_id, machine_id: uuid(1), reason, ..Default::default() };
    let cancel = gestan_account_proto::support::v1::CancelEmailChangeRequest { account_id };
    let export = ExportAccountRequest { account_id, ..Default::default() };
    let from = merge_request(account_id, other.account_id);
    let into = merge_request(other.account_id, account_id);
    for told in [
        Told::by(desk.get_account(GetAccountRequest { account_id }).await),
        Told::by(desk.list_events(list).await),
        Told::by(desk.send_code(send).await),
        Told::by(desk.start_email_change(start).await),
        Told::by(desk.cancel_email_change(cancel).await),
        Told::by(desk.unlink_machine(unlink).await),
        Told::by(desk.export_account(export).await),
        Told::by(desk.merge_accounts(from).await),
        Told::by(desk.merge_accounts(into).await),
    ] {
        assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_ERASED"), "{}", told.text);
        assert_eq!(told.variable("eraseTime"), Some("2026-11-24T08:00:00Z"));
        assert!(told.text.contains("a été effacé le 2026-11-24T08:00:00Z"), "{}", told.text);
    }
    let diagnose = DiagnoseAccountRequest { account_id, ..Default::default() };
    for (language, said) in [(None, "a été effacé"), (Some("en"), "was erased")] {
        let (_, key) = server.support_key("Luc", Role::Reader, None).await;
        let mut desk = server.desk_with(Some(key.reveal()), language).await;
        let told = desk.diagnose_account(diagnose.clone()).await.expect("findings").into_inner();
        let [finding] = told.findings.as_slice() else { panic!("{:?}", told.findings) };
        assert_eq!((finding.kind(), told.account_id), (FindingKind::Erased, 0));
        assert!(finding.text.contains(said), "{}", finding.text);
        assert_eq!(time(finding.time).as_deref(), Some("2026-11-24T08:00:00Z"));
    }
    let find = FindAccountsRequest { query: EMAIL.to_owned(), ..Default::default() };
    let found = desk.find_accounts(find).await.expect("a search").into_inner();
    assert!(found.accounts.is_empty(), "{:?}", found.accounts);
    let after = stored(&server).await;
    assert_eq!(Stored { audit_events: before.audit_events, ..after }, before);
    let of_account = format!("SELECT count(*) FROM audit_event WHERE account_id = {account_id}");
    assert_eq!(count(server.db(), &of_account).await, 1, "nobody reads what is not there");
}

#[tokio::test]
async fn an_installation_is_told_of_an_erased_account_what_it_is_told_of_none() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let desk = server.desk(Role::Admin).await;
    erase(&desk, member.account_id).await;
    server.deliver_mail().await;
    let _ = server.take_statements();
    let mut seen = Vec::new();
    for account_id in [member.account_id, 4_000_000_000] {
        let register = v1::RegisterExistingRequest {
            account_id,
            secret: PASSWORD.to_owned(),
            machine: Some(machine(7)),
        };
        let refusal = server.client.register_existing(register).await.expect_err("unknown");
        let refusal = refusal.rejection().expect("a refusal").reason();
        let register = server.take_statements().len();
        let confirm = v1::ConfirmRequest {
            account_id,
            code: "0000-0000-0000".to_owned(),
            ..Default::default()
        };
        let confirm = server.client.confirm(confirm).await.expect_err("unknown");
        let confirm = confirm.rejection().expect("a refusal").reason();
        let confirmed = server.take_statements().len();
        server.resend(account_id, 8).await;
        server.deliver_mail().await;
        seen.push((refusal, register, confirm, confirmed, server.take_statements().len()));
    }
    assert_eq!(seen[0], seen[1]);
    // Whoever has the mailbox opens an account, as anybody does.
    let new = server.open_account(EMAIL, 9).await;
    assert!(new.account_id > member.account_id, "{}", new.account_id);
}

#[tokio::test]
async fn an_id_that_was_erased_is_given_to_nobody() {
    let server = TestServer::start().await;
    let last = server.open_account(EMAIL, 1).await;
    let desk = server.desk(Role::Admin).await;
    erase(&desk, last.account_id).await;
    server.deliver_mail().await;
    for number in 1..=50_u128 {
        let email = format!("client{number}@exemple.fr");
        let new = server.open_account(&email, 100 + number).await;
        assert!(new.account_id > last.account_id, "{}", new.account_id);
    }
}

#[tokio::test]
async fn nothing_is_kept_of_the_last_mail_however_it_ends() {
    use gestan_account_server::mail::mailer::SendError;
    for ends in ["sent", "refused", "expired", "dropped"] {
        let mut server = TestServer::start().await;
        let member = server.open_account(EMAIL, 1).await;
        let desk = server.desk(Role::Admin).await;
        erase(&desk, member.account_id).await;
        assert_eq!(
            text(server.db(), "SELECT recipient FROM outbox_mail").await.as_deref(),
            Some(EMAIL)
        );
        execute(server.db(), "DELETE FROM maintenance").await;
        match ends {
            "refused" => {
                let detail = "550 5.1.1".to_owned();
                server.mailbox().fail_next(SendError::Permanent { detail });
            }
            "expired" => server.advance(server.accounts.lifetimes.notice),
            "dropped" => {
                use gestan_account_server::{
                    audit::Actor,
                    mail::outbox::by_operator::{Order, handle},
                };
                let found = rows(server.db(), "SELECT id FROM outbox_mail").await;
                let id = found[0].try_get_by_index(0).expect("an ID");
                let now = server.outbox.clock.now();
                let (db, actor) = (&server.accounts.db, Actor::operator());
                handle(db, Order::Drop, id, actor, now).await.expect("it is dropped");
            }
            _ => {}
        }
        server.deliver_mail().await;
        assert_eq!(stored(&server).await.mails, 0, "{ends}");
        // Its row is gone after the account's: the file has to be compacted once more.
        let marked = "SELECT count(*) FROM maintenance WHERE name = 'compaction'";
        assert_eq!(count(server.db(), marked).await, 1, "{ends}");
        server.leaves_mail();
    }
}

#[tokio::test]
async fn a_server_that_compacts_nothing_promises_no_time() {
    let options = TestServerOptions { compact_at: CompactAt::never(), ..Default::default() };
    let server = TestServer::start_with(options).await;
    let member = server.open_account(EMAIL, 1).await;
    let desk = server.desk(Role::Admin).await;
    let answer = erase(&desk, member.account_id).await;
    assert_eq!(answer.complete_time.is_some(), gestan_account_tests::is_postgres());
    server.deliver_mail().await;
}
