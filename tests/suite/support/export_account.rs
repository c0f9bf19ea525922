//! ExportAccount: all that is kept of a customer, and nothing of a secret or an agent; and the
//! operator's command, which gives the same.

use gestan_account_client::{ClientOptions, v1};
use gestan_account_proto::support::v1::{
    ExportAccountRequest, ExportAccountResponse, GetAccountRequest, SendCodeRequest,
};
use gestan_account_server::{
    domain::role::Role,
    throttle::{Limits, Throttles},
};
use gestan_account_tests::{
    Desk, PASSWORD, TestServer, TestServerOptions, Told, change, change_email, code_in, count,
    desk_at, execute, is_postgres, machine, merge,
    process::{Home, ServerProcess, run_to_end},
};
use jiff::SignedDuration;
use serde_json::Value;
use tonic::Code;

const EMAIL: &str = "jeanne@exemple.fr";

async fn export(desk: &Desk, account_id: u32) -> ExportAccountResponse {
    let request = ExportAccountRequest { account_id, ..Default::default() };
    desk.clone().export_account(request).await.expect("an admin may").into_inner()
}

#[tokio::test]
async fn the_copy_has_the_form_machines_codes_mails_limits_and_events() {
    let throttles = Throttles { mails_per_address: Limits::new([]), ..Throttles::default() };
    let server =
        TestServer::start_with(TestServerOptions { throttles, ..Default::default() }).await;
    let member = server.open_account(EMAIL, 1).await;
    let account_id = member.account_id;
    let form = v1::Account { company_name: "Éditions Martin".to_owned(), ..Default::default() };
    member.update(change(&["company_name"], form)).await;
    let second = server.register(account_id, 2).await;
    second.unlink().await.expect("it is detached");
    let double = server.open_account("paul@exemple.fr", 3).await;
    let (_, key) = server.support_key("Ève Vasseur", Role::Admin, None).await;
    let mut desk = server.desk_with(Some(key.reveal()), None).await;
    merge(&desk, double.account_id, account_id).await;
    let send = SendCodeRequest { account_id, ..Default::default() };
    desk.send_code(send).await.expect("SendCode");
    let code = server.code_to(EMAIL).await;
    member.update(change_email("neuve@exemple.fr")).await;
    server.deliver_mail().await;
    let wrong = v1::RegisterExistingRequest {
        account_id,
        secret: "pas celui-là du tout".to_owned(),
        machine: Some(machine(6)),
    };
    server.client.register_existing(wrong).await.expect_err("it is wrong");
    desk.get_account(GetAccountRequest { account_id }).await.expect("GetAccount");

    let copy = export(&desk, account_id).await;
    let account = copy.account.clone().expect("an account");
    assert_eq!(account, member.read().await);
    assert_eq!(account.pending_email, "neuve@exemple.fr");
    assert_eq!((copy.locale.as_str(), copy.has_password), ("fr", true));
    assert_eq!(copy.merged_account_ids, [double.account_id]);
    let machines: Vec<(String, bool)> = copy
        .machines
        .iter()
        .map(|linked| {
            let machine = linked.machine.clone().expect("a machine");
            (machine.name, linked.unlink_time.is_some())
        })
        .collect();
    let name = |number: u32, is_gone: bool| (format!("Caisse {number}"), is_gone);
    assert_eq!(machines, [name(1, false), name(2, true), name(3, false)]);
    assert_eq!(copy.machines[0].last_seen_network, "127.0.0.1/32");
    assert_eq!(copy.machines[1].last_seen_network, "");
    let purposes: Vec<&str> = copy.codes.iter().map(|code| code.purpose.as_str()).collect();
    assert!(purposes.contains(&"change_email") && purposes.contains(&"create"), "{purposes:?}");
    let kinds: Vec<&str> = copy.mails.iter().map(|mail| mail.kind.as_str()).collect();
    for kind in ["welcome", "account_extended", "support_code", "confirm_email"] {
        assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
    }
    let limits: Vec<(&str, usize)> =
        copy.limits.iter().map(|limit| (limit.what.as_str(), limit.times.len())).collect();
    assert_eq!(limits[0], ("secrets", 1), "one wrong password, counted in several places");
    assert_eq!(limits[1].0, "mails");
    let trail = server.audit_trail().await.len();
    assert_eq!(copy.events.len(), trail, "the merged account's, too");
    assert_eq!(copy.events[0].action, "export_account");
    assert!(copy.events[0].text.contains("Copie des données"), "{}", copy.events[0].text);
    let by_desk = copy.events.iter().filter(|event| event.agent == "support");
    assert!(by_desk.clone().count() > 3);
    assert!(by_desk.clone().all(|event| event.ip.is_empty()), "an agent is a person, too");
    assert!(copy.events.iter().any(|event| event.ip == "127.0.0.1"), "the customer's own are told");
    for said in ["article 6(1)(b)", "7 jours", "365 jours", "effacement", "CNIL"] {
        assert!(copy.information.contains(said), "{said:?} in {}", copy.information);
    }
    assert_eq!(copy.next_page_token, "");

    let whole = format!("{copy:?}");
    for secret in [PASSWORD, &member.link_token, code.as_str(), "argon2", "Vasseur", "digest"] {
        assert!(!whole.contains(secret), "{secret} is told");
    }
}

#[tokio::test]
async fn more_events_than_a_page_has_follow_on_further_pages_each_once() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let account_id = member.account_id;
    // Some at one time, so that only their numbers tell them apart.
    let many = if is_postgres() { "generate_series(1, 2400) AS s(n)" } else { "s" };
    let with = if is_postgres() {
        ""
    } else {
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 2400) "
    };
    let insert = format!(
        "{with}INSERT INTO audit_event (time, account_id, action, actor_kind, actor_id, fields) \
         SELECT 1764000000000 + n / 7, {account_id}, 'update_fields', 'machine', '', 'city' FROM {many}"
    );
    execute(server.db(), &insert).await;
    let mut desk = server.desk(Role::Admin).await;
    let mut request = ExportAccountRequest { account_id, ..Default::default() };
    let (mut events, mut pages) = (0, 0);
    loop {
        let page = desk.export_account(request.clone()).await.expect("a page").into_inner();
        assert_eq!(page.account.is_some(), pages == 0, "the rest is on the first page only");
        assert!(page.export_time.is_some());
        events += page.events.len();
        pages += 1;
        if page.next_page_token.is_empty() {
            break;
        }
        assert_eq!(page.events.len(), 1_000);
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages, 3);
    let all = count(server.db(), "SELECT count(*) FROM audit_event").await;
    assert_eq!(i64::try_from(events), Ok(all));
}

#[tokio::test]
async fn a_bad_page_a_stranger_and_no_account_are_refused() {
    let server = TestServer::start().await;
    let member = server.open_account(EMAIL, 1).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let mut desk = server.desk(Role::Admin).await;
    let list = gestan_account_proto::support::v1::ListEventsRequest {
        account_id: member.account_id,
        page_size: 1,
        ..Default::default()
    };
    let of_events = desk.list_events(list).await.expect("events").into_inner().next_page_token;
    let request = |account_id, page_token: &str| ExportAccountRequest {
        account_id,
        page_token: page_token.to_owned(),
    };
    for (request, field, problem) in [
        (request(0, ""), "account_id", "MALFORMED"),
        (request(member.account_id, "pas un jeton"), "page_token", "MISMATCH"),
        (request(member.account_id, &of_events), "page_token", "MISMATCH"),
        (request(other.account_id, &of_events), "page_token", "MISMATCH"),
        (request(member.account_id, &"A".repeat(513)), "page_token", "TOO_LONG"),
    ] {
        let told = Told::by(desk.export_account(request.clone()).await);
        assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"), "{request:?}");
        assert_eq!(told.fields, [(field.to_owned(), problem.to_owned())], "{request:?}");
    }
    let told = Told::by(desk.export_account(request(999, "")).await);
    assert_eq!(told.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
    let mut agent = server.desk(Role::Agent).await;
    let told = Told::by(agent.export_account(request(member.account_id, "")).await);
    assert_eq!(told.why(), (Code::PermissionDenied, "PERMISSION_DENIED"));
    assert!(!server.audit_trail().await.iter().any(|(action, _)| action == "export_account"));
}

#[tokio::test]
async fn an_account_that_only_waits_for_its_password_has_a_copy_in_the_callers_language() {
    let server = TestServer::start().await;
    let created = server.create(EMAIL, 1).await;
    let code = code_in(&server.mail_to(EMAIL).await.text);
    let account_id = server.confirm(&created.challenge_id, &code).await.account_id;
    server.advance(SignedDuration::from_hours(1));
    let (_, key) = server.support_key("Luc", Role::Admin, None).await;
    let desk = server.desk_with(Some(key.reveal()), Some("en")).await;
    let copy = export(&desk, account_id).await;
    assert!(!copy.has_password && copy.machines.is_empty());
    assert!(copy.information.contains("What these data are for"), "{}", copy.information);
}

#[tokio::test]
async fn the_operators_command_writes_the_same_without_a_network() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    let city = v1::Account { city: "Lyon".to_owned(), ..Default::default() };
    member.update(change(&["city"], city)).await;
    let key = ["support-key", "create", "Ève", "--role", "admin"];
    let key = run_to_end(home.command().args(key)).await;
    let desk = desk_at(server.address, Some(key.printed.trim()), None).await;
    let copy = export(&desk, member.account_id).await;
    let id = member.account_id.to_string();
    let ended = run_to_end(home.command().args(["account", "export", &id])).await;
    assert!(ended.status.success(), "{}", ended.log);
    let json: Value = serde_json::from_str(&ended.printed).expect("JSON");
    assert_eq!(json["account"]["city"], "Lyon");
    assert_eq!(json["account"]["email"], "client1@exemple.fr");
    assert_eq!(json["hasPassword"], true);
    assert_eq!(json["information"], copy.information.as_str());
    let events = json["events"].as_array().expect("events");
    // That of the command itself is one more.
    assert_eq!(events.len(), copy.events.len() + 1);
    assert_eq!(events[0]["actorKind"], "ACTOR_KIND_OPERATOR");
    assert_eq!(json["machines"][0]["machine"]["name"], copy_name(&copy));
    for secret in [PASSWORD, member.link_token.as_str(), "argon2"] {
        assert!(!ended.printed.contains(secret), "{secret} is told");
    }
    let unknown = run_to_end(home.command().args(["account", "export", "999"])).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(unknown.log.contains("there is no account 999"), "{}", unknown.log);
    assert_eq!(unknown.printed, "");
}

fn copy_name(copy: &ExportAccountResponse) -> &str {
    copy.machines[0].machine.as_ref().map_or("", |machine| &machine.name)
}
