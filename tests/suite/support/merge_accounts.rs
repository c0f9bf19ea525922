//! MergeAccounts: what becomes of all that hangs on the account that ends.

use gestan_account_client::{Code as ClientCode, v1};
use gestan_account_proto::support::v1::MergeAccountsRequest;
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Member, Stored, TestServer, assert_refused, change, change_email, count, execute, is_postgres,
    machine, merge, merge_request, rows, stored, tables, text,
};
use jiff::SignedDuration;

const STAYS: &str = "jeanne@exemple.fr";
const ENDS: &str = "paul@exemple.fr";

/// Two accounts of one company: machine 1 is the one's, machine 2 the other's.
async fn two(server: &TestServer) -> (Member, Member) {
    let stays = server.open_account(STAYS, 1).await;
    (stays, server.open_account(ENDS, 2).await)
}

/// What a machine reads of its account: its ID, and the names of its machines.
async fn read(member: &Member) -> (u32, Vec<String>) {
    let answer = member.client.get(v1::GetRequest::default()).await.expect("Get is answered");
    let machine = |linked: v1::LinkedMachine| linked.machine.expect("a machine").name;
    let id = answer.account.expect("an account").id;
    (id, answer.machines.into_iter().map(machine).collect())
}

async fn is_unlinked(member: &Member) {
    let outcome = member.client.get(v1::GetRequest::default()).await;
    let reason = v1::ErrorReason::InvalidCredentials;
    assert_refused(outcome, ClientCode::Unauthenticated, reason);
}

#[tokio::test]
async fn the_machines_of_an_account_that_is_merged_go_on_under_the_other_id() {
    let server = TestServer::start().await;
    let (stays, ends) = two(&server).await;
    let third = server.register(ends.account_id, 3).await;
    let form = stays.read().await;
    let (key_id, key) = server.support_key("Ève", Role::Admin, None).await;
    let desk = server.desk_with(Some(key.reveal()), None).await;
    let before = server.audit_trail().await.len();
    let merged = merge(&desk, ends.account_id, stays.account_id).await;
    assert_eq!((merged.moved_machines, merged.joined_machines), (2, 0));

    let account = merged.account.expect("an account");
    let etag = account.etag.clone();
    assert_eq!(v1::Account { etag, ..form.clone() }, account, "the form is as it was");
    let all = ["Caisse 1", "Caisse 2", "Caisse 3"].map(str::to_owned).to_vec();
    for member in [&stays, &ends, &third] {
        assert_eq!(read(member).await, (stays.account_id, all.clone()));
    }
    let event =
        ("merge_accounts".to_owned(), format!("from:{},into:1,reason:doublon", ends.account_id));
    assert_eq!(server.audit_trail().await[before..], [event.clone(), event]);
    for id in [stays.account_id, ends.account_id] {
        let told = format!(
            "SELECT count(*) FROM audit_event WHERE action = 'merge_accounts' AND account_id = {id} \
             AND actor_kind = 'support_key' AND actor_id = '{key_id}' AND ip = '127.0.0.1'"
        );
        assert_eq!(count(server.db(), &told).await, 1, "an event of {id}");
    }

    assert_eq!(server.deliver_mail().await, 2);
    for (to, said) in [(ENDS, "partie du compte 1"), (STAYS, "partie du vôtre")] {
        let mail = server.mail_to(to).await;
        let words = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(said) && words.contains('2'), "{to}: {words}");
        assert!(!mail.text.contains("doublon"), "the reason is for the trail: {}", mail.text);
    }
    let mail = server.mail_to(ENDS).await;
    assert!(mail.text.contains("j•••@e•••.fr"), "where codes go now: {}", mail.text);

    // The address is free, and the ID is not: the next account has another one.
    let new = server.open_account(ENDS, 4).await;
    assert!(new.account_id > ends.account_id, "{}", new.account_id);
    assert_eq!(read(&ends).await.0, stays.account_id);
}

#[tokio::test]
async fn nothing_is_left_of_the_account_but_its_events_and_its_id() {
    let server = TestServer::start().await;
    let (stays, ends) = two(&server).await;
    let other = server.open_account("autre@exemple.fr", 7).await;
    let dead = server.register(ends.account_id, 3).await;
    dead.unlink().await.expect("it is detached");
    // A ticket that was not used, a code that was, a window that waits, an address that is
    // pending, mails that were not sent, wrong passwords, and limits of all of these.
    let asked = server.resend(ends.account_id, 4).await;
    let code = server.code_to(ENDS).await;
    server.confirm(&asked.challenge_id, &code).await;
    server.advance(SignedDuration::from_mins(2));
    ends.update(change_email("neuve@exemple.fr")).await;
    server.resend(ends.account_id, 5).await;
    let wrong = v1::RegisterExistingRequest {
        account_id: ends.account_id,
        secret: "pas celui-là du tout".to_owned(),
        machine: Some(machine(6)),
    };
    server.client.register_existing(wrong).await.expect_err("it is wrong");
    // What others have to do with these addresses is theirs.
    stays.update(change_email(ENDS)).await;
    other.update(change_email("neuve@exemple.fr")).await;
    let _ = server.mailbox().take();
    let desk = server.desk(Role::Admin).await;
    merge(&desk, ends.account_id, stays.account_id).await;

    let id = ends.account_id;
    for (left, sql) in [
        (0, format!("account WHERE id = {id}")),
        (1, format!("account_alias WHERE id = {id} AND account_id = {}", stays.account_id)),
        (0, format!("link WHERE account_id = {id}")),
        (0, format!("challenge WHERE account_id = {id} OR outcome_account_id = {id}")),
        (1, format!("challenge WHERE email_key = '{ENDS}'")),
        (1, "challenge WHERE email_key = 'neuve@exemple.fr'".to_owned()),
        (0, "idempotency_key WHERE challenge_id NOT IN (SELECT id FROM challenge)".to_owned()),
        (0, "personal_code WHERE challenge_id NOT IN (SELECT id FROM challenge)".to_owned()),
        (0, format!("throttle WHERE key LIKE 'passwords:{id}:%' OR key LIKE 'mails-for:{id}%'")),
    ] {
        let rows = count(server.db(), &format!("SELECT count(*) FROM {sql}")).await;
        assert_eq!(rows, left, "{sql}");
    }
    let events = format!("SELECT count(*) FROM audit_event WHERE account_id = {id}");
    assert!(count(server.db(), &events).await > 3, "the trail stays");
    server.deliver_mail().await;
    let to = |address: &str| {
        let mails = server.mails().into_iter().filter(|mail| mail.to == address);
        let mut subjects: Vec<String> = mails.map(|mail| mail.subject).collect();
        subjects.sort_unstable();
        subjects
    };
    // One that another account asked for, and the one that tells of the merge.
    let [code, merged] = <[String; 2]>::try_from(to(ENDS)).expect("two mails");
    assert!(code.contains("adresse") && merged.contains("désormais partie"), "{code}, {merged}");
    assert_eq!(to("neuve@exemple.fr").len(), 1, "the other account's");
}

/// A table that is to come has to say what a merge makes of its rows.
#[tokio::test]
async fn every_column_that_names_an_account_is_one_that_a_merge_deals_with() {
    const DEALT_WITH: [&str; 10] = [
        "account.email_key",
        "account_alias.account_id",
        "account_word.account_id",
        "audit_event.account_id",
        "challenge.account_id",
        "challenge.email_key",
        "challenge.outcome_account_id",
        "link.account_id",
        "outbox_mail.recipient",
        "time_entry.account_id",
    ];
    let server = TestServer::start().await;
    let mut columns = Vec::new();
    for table in tables(server.db()).await {
        let sql = if is_postgres() {
            format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = '{table}'"
            )
        } else {
            format!("SELECT name FROM pragma_table_info('{table}')")
        };
        for row in rows(server.db(), &sql).await {
            let column: String = row.try_get_by_index(0).expect("a name");
            let names = ["account_id", "email_key", "recipient"];
            if names.iter().any(|name| column.contains(name)) {
                columns.push(format!("{table}.{column}"));
            }
        }
    }
    columns.sort_unstable();
    assert_eq!(columns, DEALT_WITH);
}

#[tokio::test]
async fn of_a_machine_that_both_have_the_link_that_was_seen_later_stays() {
    for later_ends in [true, false] {
        let server = TestServer::start().await;
        let (stays, ends) = two(&server).await;
        let mut accounts = [ends.account_id, stays.account_id];
        if later_ends {
            accounts.reverse();
        }
        let earlier = server.register(accounts[0], 5).await;
        server.advance(SignedDuration::from_mins(3));
        let later = server.register(accounts[1], 5).await;
        let desk = server.desk(Role::Admin).await;
        let merged = merge(&desk, ends.account_id, stays.account_id).await;
        assert_eq!((merged.moved_machines, merged.joined_machines), (1, 1));
        server.deliver_mail().await;
        let (id, mut names) = read(&later).await;
        names.sort();
        assert_eq!(id, stays.account_id);
        assert_eq!(names, ["Caisse 1", "Caisse 2", "Caisse 5"]);
        is_unlinked(&earlier).await;
    }
}

#[tokio::test]
async fn a_dead_link_is_in_nobodys_way() {
    let server = TestServer::start().await;
    let (stays, ends) = two(&server).await;
    // Machine 5 has left the account that stays, and machine 6 the one that ends.
    let left = server.register(stays.account_id, 5).await;
    left.unlink().await.expect("it is detached");
    let here = server.register(ends.account_id, 5).await;
    let gone = server.register(ends.account_id, 6).await;
    gone.unlink().await.expect("it is detached");
    server.register(stays.account_id, 6).await;
    let desk = server.desk(Role::Admin).await;
    let merged = merge(&desk, ends.account_id, stays.account_id).await;
    assert_eq!((merged.moved_machines, merged.joined_machines), (2, 0));
    server.deliver_mail().await;
    assert_eq!(read(&here).await.0, stays.account_id);
    is_unlinked(&left).await;
    is_unlinked(&gone).await;
    assert_eq!(count(server.db(), "SELECT count(*) FROM link").await, 4);
}

#[tokio::test]
async fn validate_only_tells_what_would_be_done_and_a_repeat_what_was() {
    let server = TestServer::start().await;
    let (stays, ends) = two(&server).await;
    server.register(stays.account_id, 5).await;
    server.register(ends.account_id, 5).await;
    let mut desk = server.desk(Role::Admin).await;
    let before = stored(&server).await;
    let request = MergeAccountsRequest {
        from_etag: ends.account.etag.clone(),
        into_etag: stays.account.etag.clone(),
        ..merge_request(ends.account_id, stays.account_id)
    };
    let look = MergeAccountsRequest { validate_only: true, ..request.clone() };
    let told = desk.merge_accounts(look.clone()).await.expect("an admin may").into_inner();
    assert_eq!(told.account, Some(stays.read().await));
    assert_eq!((told.moved_machines, told.joined_machines), (1, 1));
    let read = ("read_account".to_owned(), String::new());
    let trail = server.audit_trail().await;
    assert_eq!(trail[trail.len() - 2..], [read.clone(), read]);
    let events = before.audit_events + 2;
    assert_eq!(stored(&server).await, Stored { audit_events: events, ..before });

    let done = desk.merge_accounts(request.clone()).await.expect("they are merged").into_inner();
    assert_eq!((done.moved_machines, done.joined_machines), (1, 1));
    server.deliver_mail().await;
    let after = stored(&server).await;
    // The answer was lost: the very same call, with etags that are none any more.
    let again = desk.merge_accounts(request).await.expect("a repeat").into_inner();
    assert_eq!(again, done);
    let look = desk.merge_accounts(look).await.expect("a look").into_inner();
    assert_eq!(look, done);
    let now = stored(&server).await;
    assert_eq!(Stored { audit_events: after.audit_events, ..now }, after, "but for who looked");
    assert_eq!(server.deliver_mail().await, 0);
}

/// Both forms have had versions of their own: one that was read of the account that ends must not
/// overwrite the other unseen.
#[tokio::test]
async fn a_form_of_the_account_that_ends_is_none_of_the_one_that_stays() {
    let server = TestServer::start().await;
    let (stays, ends) = two(&server).await;
    let city = |name: &str| v1::Account { city: name.to_owned(), ..Default::default() };
    // Read when it had the version that the other one has now.
    let form = ends.read().await;
    ends.update(change(&["city"], city("Lyon"))).await;
    let desk = server.desk(Role::Admin).await;
    let merged = merge(&desk, ends.account_id, stays.account_id).await;
    server.deliver_mail().await;
    for id in [0, form.id] {
        let account = v1::Account { id, etag: form.etag.clone(), ..city("Nîmes") };
        let outcome = ends.client.update(change(&["city"], account)).await;
        assert_refused(outcome, ClientCode::Aborted, v1::ErrorReason::EtagMismatch);
    }
    assert_eq!(text(server.db(), "SELECT city FROM account").await.as_deref(), Some(""));
    let etag = merged.account.expect("an account").etag;
    ends.update(change(&["city"], v1::Account { etag, ..city("Nîmes") })).await;

    // Where it is above the other's already, the version stays: nobody's form is out of date.
    let third = server.open_account("autre@exemple.fr", 3).await;
    let form = stays.read().await;
    merge(&desk, third.account_id, stays.account_id).await;
    server.deliver_mail().await;
    assert_eq!(stays.read().await, form);
}

#[tokio::test]
async fn each_owner_is_told_in_the_language_of_the_account() {
    let server = TestServer::start().await;
    let stays = server.open_account(STAYS, 1).await;
    let ends = server.open_account(ENDS, 2).await;
    let english = format!("UPDATE account SET locale = 'en' WHERE id = {}", ends.account_id);
    execute(server.db(), &english).await;
    let desk = server.desk(Role::Admin).await;
    merge(&desk, ends.account_id, stays.account_id).await;
    let english = server.mail_to(ENDS).await;
    assert!(english.text.contains("Your machines stay linked"), "{}", english.text);
    let french = server.mail_to(STAYS).await;
    assert!(french.text.contains("ne changent pas"), "{}", french.text);
}
