//! MergeAccounts beside other calls: of two servers, and of machines of the account that ends.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::MergeAccountsResponse;
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Desk, Member, PASSWORD, TestDatabase, TestServer, TestServerOptions, Told, change, count,
    desk_at, hold_account, is_postgres, machine, merge, merge_request, text, until_waiting,
};
use tokio::task::{self, JoinHandle, JoinSet};
use tonic::{Code, Response, Status};

type Outcome = Result<Response<MergeAccountsResponse>, Status>;

/// Two servers of one database.
async fn pair(database: &TestDatabase) -> [TestServer; 2] {
    let options = || TestServerOptions {
        database_url: Some(database.url().to_owned()),
        ..Default::default()
    };
    [TestServer::start_with(options()).await, TestServer::start_with(options()).await]
}

fn spawn_merge(desk: &Desk, from: u32, into: u32) -> JoinHandle<Outcome> {
    let mut desk = desk.clone();
    task::spawn(async move { desk.merge_accounts(merge_request(from, into)).await })
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_merges_crosswise_by_two_servers_one_is_done() {
    let database = TestDatabase::new();
    let servers = pair(&database).await;
    let (_, key) = servers[0].support_key("Ève", Role::Admin, None).await;
    let [one, other] = [
        desk_at(servers[0].address, Some(key.reveal()), None).await,
        desk_at(servers[1].address, Some(key.reveal()), None).await,
    ];
    for round in 0_u32..8 {
        let number = u128::from(round) * 10;
        let first = servers[0].open_account(&format!("a{round}@exemple.fr"), number + 1).await;
        let second = servers[0].open_account(&format!("b{round}@exemple.fr"), number + 2).await;
        let (first_id, second_id) = (first.account_id, second.account_id);
        let outcomes = [
            spawn_merge(&one, first_id, second_id),
            spawn_merge(&other, second_id, first_id),
            // And each once more, as a repeat beside it.
            spawn_merge(&other, first_id, second_id),
            spawn_merge(&one, second_id, first_id),
        ];
        let mut done = Vec::new();
        for outcome in outcomes {
            match outcome.await.expect("no panic") {
                Ok(answer) => done.push(answer.into_inner()),
                Err(refusal) => {
                    let told = Told::of(&refusal);
                    assert_eq!(told.why(), (Code::FailedPrecondition, "ALREADY_MERGED"));
                }
            }
        }
        assert_eq!(done.len(), 2, "one, and its repeat");
        assert_eq!(done[0], done[1]);
        assert_eq!((done[0].moved_machines, done[0].joined_machines), (1, 0));
        let stays = done[0].account.clone().expect("an account").id;
        for member in [&first, &second] {
            assert_eq!(member.read().await.id, stays);
        }
        let both = format!("({first_id}, {second_id})");
        let left = format!("SELECT count(*) FROM account WHERE id IN {both}");
        assert_eq!(count(servers[0].db(), &left).await, 1);
        servers[0].deliver_mail().await;
        let told = servers[0].mails().into_iter().filter(|mail| mail.subject.contains("partie"));
        assert_eq!(told.count(), 2 * (round as usize + 1), "two mails a merge");
    }
}

/// The account that ends is opened first: its row is locked first.
async fn ends_and_stays(server: &TestServer) -> (Member, Member) {
    let ends = server.open_account("paul@exemple.fr", 1).await;
    (ends, server.open_account("jeanne@exemple.fr", 2).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_for_an_account_that_is_merged_goes_on_in_the_other_one() {
    let server = TestServer::start().await;
    let (ends, stays) = ends_and_stays(&server).await;
    let third = server.register(ends.account_id, 3).await;
    let desk = server.desk(Role::Admin).await;
    let held = hold_account(&server, stays.account_id).await;
    let merging = spawn_merge(&desk, ends.account_id, stays.account_id);
    until_waiting(&server, 1).await;
    let city = v1::Account { city: "Lille".to_owned(), ..Default::default() };
    let (update, client) = (change(&["city"], city), ends.client.clone());
    let updating = task::spawn(async move { client.update(update).await });
    let (client, account_id) = (server.client.clone(), ends.account_id);
    let register = v1::RegisterExistingRequest {
        account_id,
        secret: PASSWORD.to_owned(),
        machine: Some(machine(4)),
    };
    let registering = task::spawn(async move { client.register_existing(register).await });
    // The server has four connections, and all of them wait.
    until_waiting(&server, 3).await;
    let client = third.client.clone();
    let unlinking = task::spawn(async move { client.unlink(v1::UnlinkRequest::default()).await });
    held.commit().await.expect("it is let go");

    merging.await.expect("no panic").expect("they are merged");
    let updated = updating.await.expect("no panic").expect("it is done in either");
    let registered = registering.await.expect("no panic").expect("it is done in either");
    unlinking.await.expect("no panic").expect("it is done in either");
    if is_postgres() {
        assert_eq!(updated.account.expect("an account").id, stays.account_id);
        assert_eq!(registered.account.expect("an account").id, stays.account_id);
        let city = text(server.db(), "SELECT city FROM account").await;
        assert_eq!(city.as_deref(), Some("Lille"));
    }
    let living = "SELECT count(*) FROM link WHERE unlink_time IS NULL";
    assert_eq!(count(server.db(), living).await, 3, "machines 1, 2 and 4");
    let counted = format!(
        "SELECT count(*) FROM throttle WHERE key LIKE 'passwords:{account_id}:%' AND hits <> '[]'"
    );
    assert_eq!(count(server.db(), &counted).await, 0, "nothing is counted of who is no more");
    server.deliver_mail().await;
}

/// A secret that was hashed for the account that ends is hashed again for the other one, and a
/// code of that one's mailbox is right.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_held_against_the_account_that_there_is_when_it_comes_to_it() {
    let server = TestServer::start().await;
    let (ends, stays) = ends_and_stays(&server).await;
    let desk = server.desk(Role::Admin).await;
    let mut codes = Vec::new();
    for number in [8, 9] {
        server.resend(stays.account_id, number).await;
        codes.push(server.code_to("jeanne@exemple.fr").await);
    }
    let held = hold_account(&server, stays.account_id).await;
    let merging = spawn_merge(&desk, ends.account_id, stays.account_id);
    until_waiting(&server, 1).await;
    let city = v1::Account { city: "Lille".to_owned(), ..Default::default() };
    let update = v1::UpdateRequest { password: codes.remove(0), ..change(&["city"], city) };
    let client = ends.client.clone();
    let updating = task::spawn(async move { client.update(update).await });
    let register = v1::RegisterExistingRequest {
        account_id: ends.account_id,
        secret: codes.remove(0),
        machine: Some(machine(4)),
    };
    let client = server.client.clone();
    let registering = task::spawn(async move { client.register_existing(register).await });
    until_waiting(&server, 3).await;
    held.commit().await.expect("it is let go");
    merging.await.expect("no panic").expect("they are merged");
    let (updated, registered) =
        (updating.await.expect("no panic"), registering.await.expect("no panic"));
    // On SQLite they may come before the merge, and are refused: it was another account.
    if is_postgres() {
        let updated = updated.expect("it is done").account.expect("an account");
        let registered = registered.expect("it is done").account.expect("an account");
        assert_eq!((updated.id, registered.id), (stays.account_id, stays.account_id));
    }
    let counted = "SELECT count(*) FROM throttle WHERE key LIKE 'passwords:%' AND hits <> '[]'";
    assert_eq!(count(server.db(), counted).await, 0, "nobody has tried a wrong one");
    server.deliver_mail().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desks_calls_wait_for_a_merge_and_go_on_in_the_other_account() {
    let server = TestServer::start().await;
    let (ends, stays) = ends_and_stays(&server).await;
    let desk = server.desk(Role::Admin).await;
    let held = hold_account(&server, stays.account_id).await;
    let merging = spawn_merge(&desk, ends.account_id, stays.account_id);
    until_waiting(&server, 1).await;
    // The same again, and a code, while the first is not done.
    let again = spawn_merge(&desk, ends.account_id, stays.account_id);
    let mut helper = desk.clone();
    let request = gestan_account_proto::support::v1::SendCodeRequest {
        account_id: ends.account_id,
        ..Default::default()
    };
    let sending = task::spawn(async move { helper.send_code(request).await });
    until_waiting(&server, 3).await;
    held.commit().await.expect("it is let go");
    let first = merging.await.expect("no panic").expect("they are merged").into_inner();
    let second = again.await.expect("no panic").expect("a repeat").into_inner();
    assert_eq!(first, second);
    let sent = sending.await.expect("no panic").expect("it is done in either").into_inner();
    if is_postgres() {
        assert_eq!(sent.masked_recipient, "j•••@e•••.fr");
    }
    server.deliver_mail().await;
}

/// Two statements make the answer, and the account may be merged between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_machine_that_reads_during_a_merge_finds_itself_among_its_machines() {
    let server = TestServer::start().await;
    let stays = server.open_account("jeanne@exemple.fr", 1).await;
    let desk = server.desk(Role::Admin).await;
    for round in 0..12 {
        let email = format!("paul{round}@exemple.fr");
        let ends = server.open_account(&email, 100 + round).await;
        let mut reading = JoinSet::new();
        for _ in 0..6 {
            let (client, ids) = (ends.client.clone(), [ends.account_id, stays.account_id]);
            reading.spawn(async move {
                loop {
                    let read = client.get(v1::GetRequest::default()).await.expect("it is read");
                    let id = read.account.expect("an account").id;
                    assert!(ids.contains(&id));
                    let current = read.machines.iter().filter(|linked| linked.current);
                    assert_eq!(current.count(), 1, "it is one of {}", read.machine_count);
                    if id == ids[1] {
                        return;
                    }
                }
            });
        }
        merge(&desk, ends.account_id, stays.account_id).await;
        reading.join_all().await;
        server.deliver_mail().await;
    }
}

/// The connection is cut while the merge has locked one account and waits for the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_merge_whose_connection_is_cut_leaves_nothing_and_may_be_repeated() {
    if !is_postgres() {
        return; // `rolled_back` ends its transactions at each statement.
    }
    let server = TestServer::start().await;
    let (ends, stays) = ends_and_stays(&server).await;
    let desk = server.desk(Role::Admin).await;
    let before = gestan_account_tests::stored(&server).await;
    let held = hold_account(&server, stays.account_id).await;
    let merging = spawn_merge(&desk, ends.account_id, stays.account_id);
    until_waiting(&server, 1).await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    assert_eq!(count(server.db(), cut).await, 1);
    let told = Told::by(merging.await.expect("no panic"));
    assert_eq!(told.why(), (Code::Unavailable, "DATABASE_UNAVAILABLE"));
    held.rollback().await.expect("it is let go");
    assert_eq!(gestan_account_tests::stored(&server).await, before);
    assert_eq!(ends.read().await.id, ends.account_id);
    merge(&desk, ends.account_id, stays.account_id).await;
    server.deliver_mail().await;
}
