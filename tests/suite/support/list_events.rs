//! ListEvents: the trail in words, page by page.

use gestan_account_client::v1::Account;
use gestan_account_proto::support::v1::{
    ActorKind, Event, ListEventsRequest, ListEventsResponse, UnlinkMachineRequest,
};
use gestan_account_server::{domain::role::Role, storage::support_key};
use gestan_account_tests::{Desk, TestServer, Told, change, execute, uuid};
use jiff::SignedDuration;
use tonic::Code;

async fn list(desk: &mut Desk, request: ListEventsRequest) -> ListEventsResponse {
    desk.list_events(request).await.expect("every role may").into_inner()
}

fn of(account_id: u32) -> ListEventsRequest {
    ListEventsRequest { account_id, ..Default::default() }
}

fn texts(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.text.as_str()).collect()
}

#[tokio::test]
async fn list_events_tells_who_did_what_in_the_callers_language_the_newest_first() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    server.advance(SignedDuration::from_mins(1));
    let city = Account { city: "Lyon".into(), phone: "0158904977".into(), ..Default::default() };
    member.update(change(&["city", "phone"], city)).await;
    server.register(member.account_id, 2).await;
    let (id, key) = server.support_key("Luc", Role::Agent, None).await;
    let mut desk = server.desk_with(Some(key.reveal()), None).await;
    let detach = UnlinkMachineRequest {
        account_id: member.account_id,
        machine_id: uuid(2),
        reason: "vol, plainte 2026/114".to_owned(),
        ..Default::default()
    };
    desk.unlink_machine(detach).await.expect("it is detached");
    server.deliver_mail().await;

    let events = list(&mut desk, of(member.account_id)).await.events;
    assert_eq!(
        texts(&events),
        [
            "Historique consulté par l’assistance",
            "Poste « Caisse 2 » détaché (motif : vol, plainte 2026/114)",
            "Poste « Caisse 2 » rattaché",
            "Fiche modifiée : city, phone",
            "Mot de passe choisi",
            "Poste « Caisse 1 » rattaché",
            "Compte ouvert",
        ]
    );
    let actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions[..2], ["list_events", "unlink_machine"]);
    assert_eq!(events[3].fields, ["city", "phone"], "names, and no value");
    assert_eq!(events[1].fields, [""; 0], "neither the machine nor the reason is a field");
    for event in &events[..2] {
        assert_eq!((event.actor_kind(), &*event.agent), (ActorKind::Support, "Luc"));
        assert_eq!(event.machine, None);
    }
    for event in &events[3..] {
        assert_eq!((event.actor_kind(), &*event.agent), (ActorKind::Machine, ""));
        assert_eq!(event.machine, Some(member.machine.clone()));
    }
    assert!(events.iter().all(|event| event.ip == "127.0.0.1"), "{events:?}");
    let time = |event: &Event| event.time.expect("a time").seconds;
    assert_eq!(time(&events[3]) - time(&events[6]), 60);

    let mut english = server.desk_with(Some(key.reveal()), Some("en")).await;
    let events = list(&mut english, of(member.account_id)).await.events;
    assert_eq!(texts(&events)[1], "Machine “Caisse 2” detached (reason: vol, plainte 2026/114)");
    // Of one who has left the number stays.
    support_key::revoke(server.db(), id, jiff::Timestamp::UNIX_EPOCH).await.expect("revoked");
    support_key::forget(server.db(), id).await.expect("forgotten");
    let mut other = server.desk(Role::Agent).await;
    let events = list(&mut other, of(member.account_id)).await.events;
    assert_eq!(events[1].agent, format!("agent {id}"));
}

#[tokio::test]
async fn only_those_who_can_act_on_it_see_the_address_of_an_event() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    for (role, sees) in
        [(Role::Reader, false), (Role::Agent, true), (Role::Billing, false), (Role::Admin, true)]
    {
        let mut desk = server.desk(role).await;
        let events = list(&mut desk, of(member.account_id)).await.events;
        assert!(events.iter().all(|event| event.ip.is_empty() != sees), "{role}: {events:?}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_also_at_one_moment() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut desk = server.desk(Role::Agent).await;
    // All at one time, but for the first: a page ends among them.
    execute(
        server.db(),
        &format!(
            "INSERT INTO audit_event (time, account_id, action, actor_kind, actor_id, fields) \
             SELECT max(time) + 1000, {}, 'of_tomorrow', 'cloud', 'x', '' FROM audit_event \
             CROSS JOIN (SELECT 1 FROM audit_event LIMIT 3) AS one \
             CROSS JOIN (SELECT 1 FROM audit_event LIMIT 3) AS two GROUP BY audit_event.id",
            member.account_id
        ),
    )
    .await;
    let all = list(&mut desk, of(member.account_id)).await;
    assert_eq!(all.next_page_token, "");
    let unknown = all.events.iter().find(|event| event.action == "of_tomorrow").expect("one");
    assert_eq!(unknown.actor_kind(), ActorKind::Unspecified);
    assert_eq!(unknown.text, "Action « of_tomorrow »");

    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let page_token = token.clone();
        let request = ListEventsRequest { page_size: 2, page_token, ..of(member.account_id) };
        let page = list(&mut desk, request).await;
        assert!(page.events.len() <= 2);
        paged.extend(page.events);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, all.events);
    let many = ListEventsRequest { page_size: i32::MAX, ..of(member.account_id) };
    assert_eq!(
        list(&mut desk, many).await.events,
        all.events,
        "too many are as many as there may be"
    );
}

#[tokio::test]
async fn a_page_token_serves_with_its_own_account_only() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let mut desk = server.desk(Role::Agent).await;
    let first = ListEventsRequest { page_size: 1, ..of(member.account_id) };
    let token = list(&mut desk, first).await.next_page_token;
    let damaged = format!("B{}", &token[1..]);
    let short = token[..token.len() - 8].to_owned();
    let long = "A".repeat(513);
    for (account_id, page_token, reason) in [
        (other.account_id, token.clone(), "MISMATCH"),
        (member.account_id, damaged, "MISMATCH"),
        (member.account_id, short, "MISMATCH"),
        (member.account_id, "pas un jeton".to_owned(), "MISMATCH"),
        (member.account_id, long, "TOO_LONG"),
    ] {
        let request = ListEventsRequest { page_token, ..of(account_id) };
        let told = Told::by(desk.list_events(request).await);
        assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
        assert_eq!(told.fields, [("page_token".to_owned(), reason.to_owned())]);
        assert!(told.text.contains("page_token : "), "{}", told.text);
    }
    let negative = ListEventsRequest { page_size: -1, ..of(0) };
    let told = Told::by(desk.list_events(negative).await);
    let bad = [("account_id", "MALFORMED"), ("page_size", "OUT_OF_RANGE")];
    assert_eq!(told.fields, bad.map(|(field, reason)| (field.to_owned(), reason.to_owned())));
    let unknown = Told::by(desk.list_events(of(999)).await);
    assert_eq!(unknown.why(), (Code::NotFound, "ACCOUNT_NOT_FOUND"));
}
