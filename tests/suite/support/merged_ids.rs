//! The ID of an account that was merged: as good as the ID of the account that it leads to, in
//! every RPC that takes one, and no second set of tries.

use gestan_account_client::{Code as ClientCode, v1};
use gestan_account_proto::support::v1::{
    CancelEmailChangeRequest, Event, FindAccountsRequest, FoundBy, GetAccountRequest,
    ListEventsRequest, SendCodeRequest, StartEmailChangeRequest, UnlinkMachineRequest,
};
use gestan_account_server::{domain::role::Role, throttle::Throttles};
use gestan_account_tests::{
    Desk, Member, PASSWORD, TestServer, TestServerOptions, Told, assert_refused, change,
    change_email, count, forget_networks, machine, merge, new_password, uuid,
};
use jiff::SignedDuration;
use tonic::Code;

const EMAIL: &str = "jeanne@exemple.fr";

/// A server, the account that stays, a machine of the one that has ended, and an admin.
async fn merged(options: TestServerOptions) -> (TestServer, Member, Member, Desk) {
    let server = TestServer::start_with(options).await;
    let stays = server.open_account(EMAIL, 1).await;
    let ended = server.open_account("paul@exemple.fr", 2).await;
    let desk = server.desk(Role::Admin).await;
    merge(&desk, ended.account_id, stays.account_id).await;
    server.deliver_mail().await;
    (server, stays, ended, desk)
}

fn register(account_id: u32, secret: &str, number: u128) -> v1::RegisterExistingRequest {
    let machine = Some(machine(number));
    v1::RegisterExistingRequest { account_id, secret: secret.to_owned(), machine }
}

#[tokio::test]
async fn a_machine_gets_along_with_the_id_that_it_knows() {
    let (server, stays, ended, _) = merged(TestServerOptions::default()).await;
    let id = ended.account_id;
    for member in [&stays, &ended] {
        let get = v1::GetRequest { account_id: id };
        let read = member.client.get(get).await.expect("its own account");
        assert_eq!(read.account.expect("an account").id, stays.account_id);
        let city = v1::Account { id, city: "Lille".to_owned(), ..Default::default() };
        let updated = member.update(change(&["city"], city)).await;
        assert_eq!(updated.account.expect("an account").id, stays.account_id);
    }
    let changed = v1::SetPasswordRequest {
        current_password: PASSWORD.to_owned(),
        new_password: new_password(1),
        ..Default::default()
    };
    stays.client.set_password(changed).await.expect("it is set");
    // By the password of the account that stays, and by a code that its mailbox gets.
    let refused = server.client.register_existing(register(id, PASSWORD, 3)).await;
    let wrong = v1::ErrorReason::InvalidCredentials;
    assert_refused(refused, ClientCode::Unauthenticated, wrong);
    let joined = server.client.register_existing(register(id, &new_password(1), 3)).await;
    assert_eq!(joined.expect("it is linked").account.expect("an account").id, stays.account_id);
    server.deliver_mail().await;
    server.resend(id, 4).await;
    let code = server.code_to(EMAIL).await;
    let joined = server.client.register_existing(register(id, &code, 4)).await;
    assert_eq!(joined.expect("it is linked").account.expect("an account").id, stays.account_id);
    server.deliver_mail().await;

    // Another one's ID is not its own, whatever it leads to.
    let other = server.open_account("autre@exemple.fr", 9).await;
    let refused = other.client.get(v1::GetRequest { account_id: id }).await;
    let denied = v1::ErrorReason::PermissionDenied;
    assert_refused(refused, ClientCode::PermissionDenied, denied);
    let foreign = v1::GetRequest { account_id: other.account_id };
    assert_refused(ended.client.get(foreign).await, ClientCode::PermissionDenied, denied);

    let unlink = v1::UnlinkRequest { account_id: id, ..Default::default() };
    ended.client.unlink(unlink).await.expect("it is detached");
    let gone = ended.client.get(v1::GetRequest::default()).await;
    assert_refused(gone, ClientCode::Unauthenticated, v1::ErrorReason::InvalidCredentials);
}

#[tokio::test]
async fn the_desk_gets_along_with_either_id() {
    let (server, stays, ended, mut desk) = merged(TestServerOptions::default()).await;
    let (id, account_id) = (ended.account_id, stays.account_id);
    // An alias of an alias leads on.
    let third = server.open_account("autre@exemple.fr", 3).await;
    merge(&desk, third.account_id, id).await;
    server.deliver_mail().await;
    let mut shown = Vec::new();
    for account_id in [account_id, id, third.account_id] {
        let read = desk.get_account(GetAccountRequest { account_id }).await;
        shown.push(read.expect("an admin may").into_inner());
    }
    assert_eq!(shown[0].account, Some(stays.read().await));
    assert_eq!(shown[0].merged_account_ids, [id, third.account_id]);
    assert_eq!(shown[0].machine_count, 3);
    assert!(shown.iter().all(|read| *read == shown[0]), "{shown:#?}");
    let (_, key) = server.support_key("Luc", Role::Reader, None).await;
    let agent = server.client_with(key.reveal());
    let read = agent.get(v1::GetRequest { account_id: id }).await.expect("a reader may");
    assert_eq!(read.account, shown[0].account);

    let sent = desk.send_code(SendCodeRequest { account_id: id, email: String::new() }).await;
    assert_eq!(sent.expect("an admin may").into_inner().masked_recipient, "j•••@e•••.fr");
    assert!(server.mail_to(EMAIL).await.text.contains("l’assistance"));
    ended.update(change_email("neuve@exemple.fr")).await;
    let cancel = CancelEmailChangeRequest { account_id: id };
    let cancelled = desk.cancel_email_change(cancel).await.expect("an admin may").into_inner();
    assert_eq!(cancelled.account.expect("an account").pending_email, "");
    let unlink = UnlinkMachineRequest {
        account_id: id,
        machine_id: uuid(1),
        reason: "vol".to_owned(),
        ..Default::default()
    };
    let unlinked = desk.unlink_machine(unlink).await.expect("an admin may").into_inner();
    assert_eq!(unlinked.unlinked, 1);
    server.deliver_mail().await;
    let query = id.to_string();
    let found = desk.find_accounts(FindAccountsRequest { query, ..Default::default() }).await;
    let found = found.expect("an admin may").into_inner().accounts;
    let found = found.iter().map(|account| (account.id, account.found_by()));
    assert_eq!(found.collect::<Vec<_>>(), [(account_id, FoundBy::Id)]);
    let unknown = Told::by(desk.get_account(GetAccountRequest { account_id: 999 }).await);
    assert_eq!(unknown.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
}

#[tokio::test]
async fn a_change_of_address_is_started_and_confirmed_by_either_id_and_counted_as_one() {
    let throttles =
        Throttles { support_mails: "3/1h".parse().expect("a limit"), ..Throttles::default() };
    let options = TestServerOptions { throttles, ..Default::default() };
    let (server, stays, ended, mut desk) = merged(options).await;
    let (id, account_id) = (ended.account_id, stays.account_id);
    let start = |account_id: u32, number: u32| StartEmailChangeRequest {
        account_id,
        email: format!("neuve{number}@exemple.fr"),
        reason: "rappel au siège".to_owned(),
        without_delay: true,
        ..Default::default()
    };
    for (number, account_id) in [(1, id), (2, account_id), (3, id)] {
        desk.start_email_change(start(account_id, number)).await.expect("an admin may");
        server.deliver_mail().await;
        server.advance(SignedDuration::from_mins(2));
    }
    let refused = Told::by(desk.start_email_change(start(account_id, 4)).await);
    assert_eq!(refused.why(), (Code::ResourceExhausted, "TOO_MANY_MAILS_TO_ADDRESS"));
    let whose = "SELECT count(*) FROM audit_event WHERE action = 'start_email_change' \
                 AND account_id = ";
    assert_eq!(count(server.db(), &format!("{whose}{account_id}")).await, 3);

    let code = server.code_to("neuve3@exemple.fr").await;
    let confirm = |code: &str| v1::ConfirmRequest {
        account_id: id,
        code: code.to_owned(),
        ..Default::default()
    };
    let wrong = server.client.confirm(confirm("0000-0000-0001")).await;
    assert_refused(wrong, ClientCode::InvalidArgument, v1::ErrorReason::InvalidRequest);
    let confirmed = server.client.confirm(confirm(&code)).await.expect("it is right");
    let confirmed = confirmed.account.expect("an account");
    assert_eq!((confirmed.id, &*confirmed.email), (account_id, "neuve3@exemple.fr"));
    server.deliver_mail().await;
}

async fn events(desk: &mut Desk, account_id: u32, page_size: i32) -> Vec<Event> {
    let (mut events, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListEventsRequest { account_id, page_size, page_token };
        let page = desk.list_events(request).await.expect("an admin may").into_inner();
        events.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return events;
        }
    }
}

#[tokio::test]
async fn the_events_of_both_are_one_trail_that_tells_whose_each_was() {
    let (server, stays, ended, mut desk) = merged(TestServerOptions::default()).await;
    let all = events(&mut desk, stays.account_id, 0).await;
    assert!(all.is_sorted_by_key(|event| {
        std::cmp::Reverse(event.time.map(|time| (time.seconds, time.nanos)))
    }));
    let of = |id: u32| {
        let its = all.iter().filter(|event| event.merged_account_id == id);
        its.map(|event| &*event.action).collect::<Vec<_>>()
    };
    let opened = ["set_password", "link_machine", "create_account"];
    assert_eq!(of(ended.account_id), [&["merge_accounts"][..], &opened].concat());
    assert_eq!(of(0), [&["list_events", "merge_accounts"][..], &opened].concat());
    let text = format!(
        "Compte {} fusionné dans le compte {} par l’assistance (motif : doublon)",
        ended.account_id, stays.account_id
    );
    let told = all.iter().filter(|event| event.action == "merge_accounts");
    assert_eq!(told.map(|event| &*event.text).collect::<Vec<_>>(), [&*text; 2]);
    assert!(all.iter().all(|event| event.fields.iter().all(|field| !field.contains(':'))));
    // Page by page, and by the other ID, it is the same trail. Machines have their names.
    for (id, size) in [(stays.account_id, 1), (stays.account_id, 3), (ended.account_id, 2)] {
        assert_eq!(events(&mut desk, id, size).await, all, "{id} by {size}");
    }
    assert_eq!(all.iter().filter(|event| event.text == "Poste « Caisse 2 » rattaché").count(), 1);
    let (_, key) = server.support_key("Luc", Role::Reader, None).await;
    let mut english = server.desk_with(Some(key.reveal()), Some("en")).await;
    let text = format!(
        "Account {} merged into account {} by support (reason: doublon)",
        ended.account_id, stays.account_id
    );
    assert!(events(&mut english, ended.account_id, 0).await.iter().any(|event| event.text == text));
}

#[tokio::test]
async fn the_other_id_is_no_second_set_of_tries_and_of_mails() {
    let throttles =
        Throttles { support_mails: "3/1h".parse().expect("a limit"), ..Throttles::default() };
    let options = TestServerOptions { throttles, ..Default::default() };
    let server = TestServer::start_with(options).await;
    let stays = server.open_account(EMAIL, 1).await;
    server.advance(SignedDuration::from_mins(2));
    let ended = server.open_account("paul@exemple.fr", 2).await;
    let mut desk = server.desk(Role::Admin).await;
    merge(&desk, ended.account_id, stays.account_id).await;
    server.deliver_mail().await;
    server.advance(SignedDuration::from_mins(20));
    let (id, account_id) = (ended.account_id, stays.account_id);
    let too_many = |id: u32| v1::ResendPasswordRequest {
        request_id: server.accounts.randomness.uuid().to_string(),
        account_id: id,
        machine: Some(machine(9)),
        ..Default::default()
    };
    server.client.resend_password(too_many(id)).await.expect("the first in a minute");
    for id in [account_id, id] {
        let refused = server.client.resend_password(too_many(id)).await;
        let reason = v1::ErrorReason::TooManyMailsToAddress;
        assert_refused(refused, ClientCode::ResourceExhausted, reason);
    }
    // The desk's repeat, too, is one of the account.
    let first = desk.send_code(SendCodeRequest { account_id: id, email: String::new() }).await;
    let again = desk.send_code(SendCodeRequest { account_id, email: String::new() }).await;
    let times = [first, again].map(|sent| sent.expect("an admin may").into_inner().resend_time);
    assert_eq!(times[0], times[1]);
    assert_eq!(server.deliver_mail().await, 2);

    forget_networks(&server).await;
    let wrong = v1::ErrorReason::InvalidCredentials;
    for id in [id, account_id, id, account_id, id] {
        let refused = server.client.register_existing(register(id, "pas celui-là", 9)).await;
        assert_refused(refused, ClientCode::Unauthenticated, wrong);
    }
    let limited = v1::ErrorReason::TooManyPasswordTries;
    for id in [id, account_id] {
        let refused = server.client.register_existing(register(id, PASSWORD, 9)).await;
        assert_refused(refused, ClientCode::ResourceExhausted, limited);
    }
    // And a right one of either clears them all.
    server.advance(SignedDuration::from_mins(2));
    server.client.register_existing(register(id, PASSWORD, 9)).await.expect("it is linked");
    server.client.register_existing(register(account_id, "pas celui-là", 9)).await.expect_err("no");
    server.client.register_existing(register(account_id, PASSWORD, 9)).await.expect("it is linked");
    server.deliver_mail().await;
}
