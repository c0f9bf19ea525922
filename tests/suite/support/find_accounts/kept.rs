//! Words are kept right: with every change, and behind one that a server of the release before
//! has made.

use gestan_account_client::v1;
use gestan_account_proto::support::v1::FoundBy;
use gestan_account_server::{
    Purger,
    domain::{account_id::AccountId, role::Role, search_words},
    storage::{
        account_word::{self, has_stale, repair},
        purge::Retention,
    },
};
use gestan_account_tests::{
    Member, TestServer, change, change_email, count, execute, machine, made_up, rows,
};
use jiff::SignedDuration;

use super::{find, form, found, open};

/// The words of an account, in their order.
async fn words(server: &TestServer, account_id: u32) -> Vec<String> {
    let sql =
        format!("SELECT word FROM account_word WHERE account_id = {account_id} ORDER BY word");
    let rows = rows(server.db(), &sql).await;
    rows.iter().map(|row| row.try_get_by_index(0).expect("a word")).collect()
}

async fn is_stale(server: &TestServer) -> bool {
    has_stale(&server.accounts.db.read()).await.expect("it is read")
}

#[tokio::test]
async fn words_come_with_the_account_and_change_with_it_and_only_they() {
    let server = TestServer::start().await;
    let opened = form("jeanne@exemple.fr", "Dupont", ["Martin", "Zoé"], ["59000", "Lille"], "");
    let (id, token) = open(&server, 1, opened).await;
    let of_email = ["@exemple.fr", "jeanne@exemple.fr"];
    let of_form = ["dupont", "exemple", "jeanne", "lille", "martin", "zoe"];
    let mut expected =
        [&of_email[..1], &["59000"], &of_form[..3], &of_email[1..], &of_form[3..]].concat();
    expected.sort_unstable();
    assert_eq!(words(&server, id).await, expected);
    assert!(!is_stale(&server).await);

    let account = v1::Account { id, ..Default::default() };
    let member: Member = server.member(account, machine(1), &token);
    let _ = server.take_statements();
    let city = v1::Account { city: "Lille-Lomme".to_owned(), ..Default::default() };
    member.update(change(&["city"], city)).await;
    let statements = server.take_statements();
    let of_words = statements.iter().filter(|sql| sql.contains("account_word"));
    let verbs: Vec<&str> = of_words.filter_map(|sql| sql.split(' ').next()).collect();
    assert_eq!(verbs, ["SELECT", "INSERT"], "what is there already is not written again");
    assert!(words(&server, id).await.contains(&"lomme".to_owned()));
    assert!(!is_stale(&server).await);

    let asked = member.update(change_email("neuve@boulange.fr")).await;
    assert!(!words(&server, id).await.contains(&"neuve".to_owned()), "it is not confirmed");
    assert!(!is_stale(&server).await);
    let code = server.code_to("neuve@boulange.fr").await;
    server.confirm(&asked.challenge_id, &code).await;
    server.deliver_mail().await;
    let now = words(&server, id).await;
    for gone in ["jeanne", "exemple", "@exemple.fr", "jeanne@exemple.fr"] {
        assert!(!now.contains(&gone.to_owned()), "{now:?}");
    }
    for new in ["neuve", "boulange", "@boulange.fr", "neuve@boulange.fr", "dupont", "lille"] {
        assert!(now.contains(&new.to_owned()), "{now:?}");
    }
    let mut desk = server.desk(Role::Reader).await;
    assert_eq!(found(&mut desk, "boulange martin").await, [(id, FoundBy::AllWords)]);
}

#[tokio::test]
async fn what_a_server_of_the_release_before_has_written_is_found_by_words_after_the_purge() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    // It opens one account, changes another, and knows of no words.
    made_up::insert(server.db(), 3).await;
    let sql = format!(
        "UPDATE account SET city = 'Nîmes', version = version + 1 WHERE id = {}",
        member.account_id
    );
    execute(server.db(), &sql).await;
    assert!(is_stale(&server).await);
    let mut desk = server.desk(Role::Reader).await;
    let new = made_up::account(2);
    let by_email = find(&mut desk, &new.email).await;
    assert_eq!(by_email.accounts.len(), 1, "by its address it is found at once");
    assert!(by_email.advice.contains("n’est pas encore complète"), "{}", by_email.advice);
    let id = by_email.accounts[0].id;
    assert_eq!(found(&mut desk, &id.to_string()).await, [(id, FoundBy::Id)], "by its ID, too");
    assert_eq!(found(&mut desk, &new.phone).await, []);
    assert_eq!(found(&mut desk, "nimes").await, []);

    let week = SignedDuration::from_hours(7 * 24);
    let retention =
        Retention { challenges: week, audit_events: week, time_notes: week, ledgers: week };
    let mut purger = Purger::new(&server.accounts, retention);
    purger.run_once().await.expect("it is purged");
    assert!(!is_stale(&server).await);
    assert_eq!(found(&mut desk, &new.phone).await, [(id, FoundBy::Phone)]);
    assert_eq!(found(&mut desk, "nimes").await, [(member.account_id, FoundBy::AllWords)]);
    let advice = find(&mut desk, "nimes").await.advice;
    assert!(!advice.contains("complète"), "{advice}");
    // With nothing to repair, it writes nothing.
    let _ = server.take_statements();
    repair(&server.accounts.db).await.expect("nothing to do");
    assert_eq!(server.take_statements().len(), 1);
}

/// More than a transaction takes, and on two servers together.
#[tokio::test]
async fn many_accounts_get_their_words_chunk_by_chunk_whoever_repairs() {
    const ACCOUNTS: u32 = 1_201;
    let server = TestServer::start().await;
    made_up::insert(server.db(), ACCOUNTS).await;
    let db = &server.accounts.db;
    let (one, two) = tokio::join!(repair(db), repair(db));
    one.and(two).expect("they are repaired");
    // What one passed over, because the other had it, is done by the next run.
    repair(db).await.expect("they are repaired");
    assert!(!is_stale(&server).await);
    let with_words = "SELECT count(DISTINCT account_id) FROM account_word";
    assert_eq!(count(server.db(), with_words).await, i64::from(ACCOUNTS));
    let mut desk = server.desk(Role::Reader).await;
    let last = made_up::account(ACCOUNTS);
    let query = format!("{} {}", last.last_name, last.postal_code);
    assert!(found(&mut desk, &query).await.contains(&(ACCOUNTS, FoundBy::AllWords)), "{query}");
}

/// An account that cannot be read keeps no other one from being found.
#[tokio::test]
async fn a_damaged_account_does_not_keep_others_without_words() {
    let server = TestServer::start().await;
    made_up::insert(server.db(), 3).await;
    execute(server.db(), "UPDATE account SET country_code = '???' WHERE id = 2").await;
    repair(&server.accounts.db).await.expect("the others are repaired");
    assert!(is_stale(&server).await);
    let with_words =
        rows(server.db(), "SELECT DISTINCT account_id FROM account_word ORDER BY account_id").await;
    let ids: Vec<i64> =
        with_words.iter().map(|row| row.try_get_by_index(0).expect("an ID")).collect();
    assert_eq!(ids, [1, 3]);
}

#[tokio::test]
async fn the_words_of_an_account_that_ends_are_deleted() {
    let server = TestServer::start().await;
    let (gone, stays) = (
        server.open_account("jeanne@exemple.fr", 1).await,
        server.open_account("paul@exemple.fr", 2).await,
    );
    let id = AccountId::parse(gone.account_id).expect("an ID");
    account_word::delete(server.db(), id).await.expect("they are deleted");
    assert_eq!(words(&server, gone.account_id).await, [""; 0]);
    assert!(!words(&server, stays.account_id).await.is_empty());
}

/// Machines of one account that change it together: its words are those of the last one.
#[tokio::test]
async fn concurrent_changes_of_an_account_leave_the_words_of_the_last_one() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let towns = ["Nîmes", "Arles", "Uzès", "Alès", "Sète", "Dole", "Laon", "Auch"];
    let changes = towns.map(|city| {
        let client = member.client.clone();
        let city = v1::Account { city: city.to_owned(), ..Default::default() };
        tokio::spawn(async move { client.update(change(&["city"], city)).await })
    });
    for one in changes {
        one.await.expect("it ends").expect("it is changed");
    }
    let last = member.read().await.city;
    let known = words(&server, member.account_id).await;
    for town in towns {
        let word = search_words::words(town).concat();
        assert_eq!(known.contains(&word), town == last, "{town}: {known:?}");
    }
    assert!(!is_stale(&server).await);
}
