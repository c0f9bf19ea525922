//! What an operator ends when something has leaked, and how its use is found out: links and
//! passwords of accounts, mails that are refused, the events of a support key.

use gestan_account_client::{ClientOptions, Error, v1};
use gestan_account_proto::support::v1::{FindAccountsRequest, ListEventsRequest};
use gestan_account_tests::{
    Member, PASSWORD, SmtpPeer, count, creation, desk_at, machine, new_password,
    process::{Ended, Home, ServerProcess, TIMEOUT, run_to_end},
    uuid,
};
use sea_orm::Database;
use tokio::{task::yield_now, time::timeout};

async fn run(home: &Home, arguments: &[&str]) -> Ended {
    run_to_end(home.command().args(arguments)).await
}

async fn printed(home: &Home, arguments: &[&str]) -> String {
    let ended = run(home, arguments).await;
    assert!(ended.status.success(), "{arguments:?}: {}", ended.log);
    ended.printed
}

/// Why a machine is not let in; none when it is.
async fn refusal(member: &Member) -> Option<v1::ErrorReason> {
    let answer = member.client.get(v1::GetRequest::default()).await;
    answer.err().as_ref().and_then(Error::reason)
}

/// Links another machine by a secret.
async fn join(server: &ServerProcess, id: u32, secret: &str) -> Result<(), Error> {
    let client = server.connect(ClientOptions::new()).await;
    let request = v1::RegisterExistingRequest {
        account_id: id,
        secret: secret.to_owned(),
        machine: Some(machine(90 + u128::from(id))),
    };
    client.register_existing(request).await.map(drop)
}

const LEAK: [&str; 2] = ["--reason", "fuite de la base"];

#[tokio::test]
async fn every_machine_of_some_accounts_or_of_all_is_detached_and_joins_again() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let mut members = Vec::new();
    for number in 1..=3 {
        members.push(server.open_account(&client, number).await);
    }
    join(&server, members[0].account_id, PASSWORD).await.expect("it is linked");
    let first = members[0].account_id.to_string();
    let done = printed(&home, &[&["account", "unlink", &first], &LEAK[..]].concat()).await;
    assert_eq!(done, "accounts\t1\nmachines\t2\n");
    let unknown = Some(v1::ErrorReason::InvalidCredentials);
    assert_eq!(refusal(&members[0]).await, unknown);
    assert_eq!(refusal(&members[1]).await, None);

    let all = [&["account", "unlink", "--all"], &LEAK[..]].concat();
    assert_eq!(printed(&home, &all).await, "accounts\t2\nmachines\t2\n");
    for member in &members {
        assert_eq!(refusal(member).await, unknown);
        join(&server, member.account_id, PASSWORD).await.expect("the password still serves");
    }
    assert_eq!(printed(&home, &all).await, "accounts\t3\nmachines\t3\n");
    assert_eq!(printed(&home, &all).await, "accounts\t0\nmachines\t0\n", "nothing twice");

    let db = Database::connect(home.database_url()).await.expect("a database");
    let events = "SELECT count(*) FROM audit_event WHERE action = 'unlink_machine' AND actor_kind = \
                  'operator' AND fields LIKE 'machine:%,reason:fuite de la base'";
    assert_eq!(count(&db, events).await, 7, "one a machine");
    let notices = "SELECT count(*) FROM outbox_mail WHERE letter LIKE '%machine_unlinked%'";
    assert_eq!(count(&db, notices).await, 0);
}

#[tokio::test]
async fn an_ended_password_is_wrong_and_a_mailed_code_leads_to_another_one() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let members = [server.open_account(&client, 1).await, server.open_account(&client, 2).await];
    let all = [&["account", "end-password", "--all"], &LEAK[..]].concat();
    assert_eq!(printed(&home, &all).await, "accounts\t2\n");
    assert_eq!(printed(&home, &all).await, "accounts\t0\n", "nothing twice");
    let id = members[0].account_id;
    let refused = join(&server, id, PASSWORD).await.expect_err("it is ended");
    assert_eq!(refused.reason(), Some(v1::ErrorReason::InvalidCredentials));
    assert_eq!(refusal(&members[0]).await, None, "a linked machine goes on");
    let shown = printed(&home, &["account", "show", &id.to_string()]).await;
    assert!(shown.contains("has_password: no"), "{shown}");

    let email = "client1@exemple.fr";
    let first = server.code_to(email).await;
    let asked = members[0].client.resend_password(v1::ResendPasswordRequest {
        request_id: uuid(500),
        machine: Some(members[0].machine.clone()),
        ..Default::default()
    });
    let challenge_id = asked.await.expect("a code is mailed").challenge_id;
    let another = async {
        loop {
            let code = server.code_to(email).await;
            if code != first {
                return code;
            }
            yield_now().await;
        }
    };
    let code = timeout(TIMEOUT, another).await.expect("the code comes");
    let confirm = v1::ConfirmRequest { challenge_id, code, ..Default::default() };
    let ticket = client.confirm(confirm).await.expect("the code is right").ticket;
    let set =
        v1::SetPasswordRequest { ticket, new_password: new_password(9), ..Default::default() };
    client.set_password(set).await.expect("it is chosen");
    join(&server, id, &new_password(9)).await.expect("the new one serves");

    let key = printed(&home, &["support-key", "create", "Luc"]).await;
    let mut desk = desk_at(server.address, Some(key.trim()), None).await;
    let list = ListEventsRequest { account_id: id, ..Default::default() };
    let events = desk.list_events(list).await.expect("it is read").into_inner().events;
    let event = events.iter().find(|event| event.action == "end_password").expect("the event");
    assert_eq!(event.text, "Mot de passe invalidé par l’exploitant (motif : fuite de la base)");
}

#[tokio::test]
async fn nothing_is_ended_of_any_account_when_one_is_unknown_or_the_reason_is_none() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    let id = member.account_id.to_string();
    let long = "x".repeat(201);
    for order in ["unlink", "end-password"] {
        for (arguments, code, said) in [
            (&[&*id, "4000000000", "--reason", "fuite"][..], 1, "there is no account 4000000000"),
            (&[&*id, "--reason", " "], 1, "--reason"),
            (&[&*id, "--reason", &*long], 1, "--reason"),
            (&[&*id, "--reason", "a\nb"], 1, "--reason"),
            (&[&*id], 2, "--reason"),
            (&["--reason", "fuite"], 2, "ID"),
            (&["--all", &*id, "--reason", "fuite"], 2, "--all"),
            (&["0", "--reason", "fuite"], 2, "0"),
        ] {
            let ended = run(&home, &[&["account", order], arguments].concat()).await;
            assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {}", ended.log);
            assert!(ended.log.contains(said), "{arguments:?}: {}", ended.log);
            assert_eq!(ended.printed, "", "{arguments:?}");
        }
    }
    assert_eq!(refusal(&member).await, None);
    join(&server, member.account_id, PASSWORD).await.expect("the password serves");
}

#[tokio::test]
async fn recipients_that_a_mail_server_refuses_are_listed_masked_with_their_account() {
    let refusal = ["--rcpt", "550 5.1.1 no such user", "--to", "client2@exemple.fr"];
    let (home, mut peer) = (Home::new(), SmtpPeer::start(&refusal).await);
    let relay = format!("smtp://127.0.0.1:{}", peer.port());
    let server = ServerProcess::start(&home, &["--mail-url", &relay]).await;
    let client = server.connect(ClientOptions::new()).await;
    assert_eq!(printed(&home, &["outbox", "refused"]).await, "");
    client.create(creation(1)).await.expect("Create is answered");
    peer.mail().await;
    client.create(creation(2)).await.expect("Create is answered");
    let refused = async {
        loop {
            let listed = printed(&home, &["outbox", "refused"]).await;
            if !listed.is_empty() {
                return listed;
            }
        }
    };
    let listed = timeout(TIMEOUT, refused).await.expect("it is refused");
    let fields: Vec<&str> = listed.trim_end().split('\t').collect();
    let [id, account, recipient, age, answer] = fields[..] else { panic!("{listed}") };
    assert_eq!([account, recipient, answer], ["-", "c•••@e•••.fr", "550 5.1.1"]);
    assert!(age.ends_with('s'), "{age}");
    assert_eq!(printed(&home, &["outbox", "refused", "--after", id]).await, "");
    let unknown = "00000000-0000-4000-8000-000000000000";
    for after in [unknown, "hier"] {
        assert!(!run(&home, &["outbox", "refused", "--after", after]).await.status.success());
    }
}

#[tokio::test]
async fn the_trail_of_a_support_key_has_its_searches_too() {
    let home = Home::new();
    let server = ServerProcess::start(&home, &[]).await;
    let client = server.connect(ClientOptions::new()).await;
    let member = server.open_account(&client, 1).await;
    for name in ["Luc", "Ève"] {
        let key = printed(&home, &["support-key", "create", name]).await;
        let mut desk = desk_at(server.address, Some(key.trim()), None).await;
        let find = FindAccountsRequest { query: "client1".to_owned(), ..Default::default() };
        desk.find_accounts(find).await.expect("it is answered");
        let list = ListEventsRequest { account_id: member.account_id, ..Default::default() };
        desk.list_events(list).await.expect("it is read");
    }
    let all = printed(&home, &["audit", "list"]).await;
    assert_eq!(all.lines().count(), 3 + 4, "{all}");
    let of_key = printed(&home, &["audit", "list", "--support-key", "2"]).await;
    let mut actions: Vec<Vec<&str>> =
        of_key.lines().map(|line| line.split('\t').collect()).collect();
    actions.sort_by_key(|fields| fields[2]);
    let [find, list] = &actions[..] else { panic!("{of_key}") };
    assert_eq!(find[1..5], ["-", "find_accounts", "key 2 (Ève)", "hits:1"]);
    let id = member.account_id.to_string();
    assert_eq!(list[1..4], [&*id, "list_events", "key 2 (Ève)"]);
    assert_eq!(printed(&home, &["audit", "list", "--support-key", "9"]).await, "");
}
