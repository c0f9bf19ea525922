//! Pages of a search: they follow each other without a gap, whatever a page may read, and a
//! token serves with its own query only.

use gestan_account_proto::support::v1::{FindAccountsRequest, FoundAccount, FoundBy};
use gestan_account_server::{
    domain::{page_token::Query, role::Role},
    storage::account_word::repair,
};
use gestan_account_tests::{Desk, TestServer, Told, execute, is_postgres};
use tonic::Code;

use super::{find, ids, page};

fn request(query: &str, page_size: i32, page_token: &str) -> FindAccountsRequest {
    FindAccountsRequest { query: query.to_owned(), page_size, page_token: page_token.to_owned() }
}

/// Every page of a search, and how many there were.
async fn all(desk: &mut Desk, query: &str, page_size: i32) -> (Vec<FoundAccount>, usize) {
    let (mut accounts, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let found = page(desk, request(query, page_size, &token)).await;
        assert!(found.accounts.len() <= usize::try_from(page_size).expect("a size"));
        accounts.extend(found.accounts);
        (token, pages) = (found.next_page_token, pages + 1);
        if token.is_empty() {
            return (accounts, pages);
        }
        assert!(pages < 1_000, "{query} has no end");
    }
}

/// Accounts with this company, one word a column, past the server; their words are written.
async fn insert(server: &TestServer, count: u32, name: &str, values: [&str; 4]) {
    let [company, last_name, city, phone] = values;
    let numbers = if is_postgres() {
        format!("SELECT i FROM generate_series(1, {count}) AS n(i)")
    } else {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n"
        )
    };
    let e164 = if phone.is_empty() { "NULL".to_owned() } else { format!("'+33{}'", &phone[1..]) };
    execute(
        server.db(),
        &format!(
            "INSERT INTO account (version, email, email_key, locale, company_name, last_name, \
             first_name, address, postal_code, city, country_code, phone, phone_e164, ape_code, \
             create_time, update_time) SELECT 1, '{name}' || i || '@free.fr', \
             '{name}' || i || '@free.fr', 'fr', '{company}', '{last_name}', '', '', '', '{city}', \
             'FRA', '{phone}', {e164}, '', 0, 0 FROM ({numbers}) AS numbers"
        ),
    )
    .await;
    repair(&server.accounts.db).await.expect("words are written");
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_through_every_step() {
    let server = TestServer::start().await;
    // Two words of an account begin as the query does: it is found once.
    insert(&server, 7, "a", ["SARL Dupont", "Dupontel", "Lille", "0612345678"]).await;
    insert(&server, 6, "b", ["Dupontel", "Martin", "Lille", ""]).await;
    insert(&server, 5, "c", ["Dupont", "Martin", "Lyon", "0612345678"]).await;
    let mut desk = server.desk(Role::Reader).await;
    for (query, expected) in [
        ("dupont", 18),
        ("lille dupont", 13),
        ("sarl dupont", 18),
        ("sarl de dupont lille", 13),
        ("0612345678", 12),
        ("061234", 12),
        ("martin lille sarl", 6),
    ] {
        let (whole, pages) = all(&mut desk, query, 100).await;
        assert_eq!((whole.len(), pages), (expected, 1), "{query}");
        for size in [1, 2, 5, 6, 7, 12, 13] {
            let (in_parts, _) = all(&mut desk, query, size).await;
            assert_eq!(ids(&in_parts), ids(&whole), "{query} by {size}");
        }
    }
    let (sarl, _) = all(&mut desk, "sarl dupont", 4).await;
    let by_main = sarl.iter().filter(|account| account.found_by() == FoundBy::MainWords);
    assert_eq!(by_main.count(), 11, "those of the step before are not among them");
    // Without a size there are twenty, and never more than a hundred.
    insert(&server, 120, "d", ["Huguenin", "", "", ""]).await;
    assert_eq!(find(&mut desk, "huguenin").await.accounts.len(), 20);
    assert_eq!(page(&mut desk, request("huguenin", i32::MAX, "")).await.accounts.len(), 100);
}

#[tokio::test]
async fn an_account_that_several_steps_find_is_on_one_page_only() {
    let server = TestServer::start().await;
    insert(&server, 3, "a", ["Boutique 2", "Dupont", "Lille", "0612345678"]).await;
    let mut desk = server.desk(Role::Reader).await;
    // By ID, and by a word of all three.
    for size in [1, 2, 3] {
        let (found, _) = all(&mut desk, "2", size).await;
        let expected = [(2, FoundBy::Id), (1, FoundBy::AllWords), (3, FoundBy::AllWords)];
        assert_eq!(ids(&found), expected, "by {size}");
        // Its own address is the beginning of no other.
        let (found, _) = all(&mut desk, "a2@free.fr", size).await;
        assert_eq!(ids(&found), [(2, FoundBy::Email)], "by {size}");
        let (found, _) = all(&mut desk, "06 12 34 56 78", size).await;
        assert_eq!(ids(&found), [1, 2, 3].map(|id| (id, FoundBy::Phone)), "by {size}");
    }
}

/// However many entries the rarest word has, a page reads a part of them.
#[tokio::test]
async fn a_page_reads_five_thousand_entries_and_the_next_one_goes_on_there() {
    let server = TestServer::start().await;
    // Both words are usual ones, and the longer one is read.
    insert(&server, 5_200, "a", ["Boulangerie", "", "", ""]).await;
    insert(&server, 1_100, "b", ["", "", "Lille", ""]).await;
    insert(&server, 1, "c", ["Boulangerie", "", "Lille", ""]).await;
    let mut desk = server.desk(Role::Reader).await;
    let first = page(&mut desk, request("boulangerie lille", 0, "")).await;
    assert_eq!(first.accounts, [], "the only one lies behind what a page may read");
    assert!(
        first.advice.starts_with("La recherche s’est arrêtée avant la fin"),
        "{}",
        first.advice
    );
    let second = page(&mut desk, request("boulangerie lille", 0, &first.next_page_token)).await;
    assert_eq!(ids(&second.accounts), [(6_301, FoundBy::AllWords)]);
    assert_eq!(second.next_page_token, "");
    // Two steps have no more together: the second one begins on the next page.
    let first = page(&mut desk, request("sarl boulangerie lille", 0, "")).await;
    assert_eq!(first.accounts, [], "{}", first.advice);
    let (found, pages) = all(&mut desk, "sarl boulangerie lille", 20).await;
    assert_eq!(ids(&found), [(6_301, FoundBy::MainWords)]);
    assert_eq!(pages, 2);
    let (found, _) = all(&mut desk, "boulangerie", 100).await;
    assert_eq!(found.len(), 5_201, "all of them can be walked through");
}

#[tokio::test]
async fn a_page_token_serves_with_its_own_query_only() {
    let server = TestServer::start().await;
    insert(&server, 9, "a", ["Dupont", "Martin", "Lille", ""]).await;
    let mut desk = server.desk(Role::Reader).await;
    let token = page(&mut desk, request("dupont lille", 2, "")).await.next_page_token;
    // With another size it serves.
    assert_eq!(page(&mut desk, request("dupont lille", 5, &token)).await.accounts.len(), 5);
    // Whoever can make tokens: the step, the word's place, the account, the word.
    let fields: [&[u8]; 1] = [b"dupont lille"];
    let of_query = Query { rpc: "FindAccounts", fields: &fields };
    let bytes = of_query.position(&token).expect("its own").expect("a position");
    let forged = |place: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = byte;
        of_query.token(&bytes)
    };
    let cut = |length: usize| of_query.token(&bytes[..length]);
    for (what, page_token, reason) in [
        ("another form", format!("B{}", &token[1..]), "MISMATCH"),
        ("another list", Query { rpc: "ListEvents", fields: &fields }.token(&bytes), "MISMATCH"),
        ("no step", forged(0, 4), "MISMATCH"),
        ("a step without words", forged(0, 0), "MISMATCH"),
        ("no such word", forged(1, 7), "MISMATCH"),
        ("another word", forged(1, 1 - bytes[1]), "MISMATCH"),
        ("a word that begins otherwise", forged(6, b'z'), "MISMATCH"),
        ("no text", forged(7, 0xFF), "MISMATCH"),
        ("nothing", cut(0), "MISMATCH"),
        ("half an account", cut(4), "MISMATCH"),
        ("no word", cut(6), "MISMATCH"),
        ("no token", "pas un jeton".to_owned(), "MISMATCH"),
        ("too much", "A".repeat(513), "TOO_LONG"),
    ] {
        let told = Told::by(desk.find_accounts(request("dupont lille", 2, &page_token)).await);
        assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"), "{what}");
        assert_eq!(told.fields, [("page_token".to_owned(), reason.to_owned())], "{what}");
    }
    for query in ["dupont", "lille dupont", "dupont lilles"] {
        let told = Told::by(desk.find_accounts(request(query, 2, &token)).await);
        assert_eq!(told.fields, [("page_token".to_owned(), "MISMATCH".to_owned())], "{query}");
    }
    // A place that no page ended at leads to accounts that any page shows, and to no fault.
    for (place, byte) in [(2, 0xFF), (5, 1), (5, 0xFF)] {
        let token = forged(place, byte);
        page(&mut desk, request("dupont lille", 2, &token)).await;
    }
    let nobody = of_query.token(&[&bytes[..2], &[0; 4], &bytes[6..]].concat());
    let told = Told::by(desk.find_accounts(request("dupont lille", 2, &nobody)).await);
    assert_eq!(told.fields, [("page_token".to_owned(), "MISMATCH".to_owned())]);
}

/// Accounts come and go between the pages: those that stay are found, and none twice.
#[tokio::test]
async fn what_changes_between_two_pages_leads_to_no_gap() {
    let server = TestServer::start().await;
    insert(&server, 30, "a", ["Dupont", "", "Lille", ""]).await;
    let mut desk = server.desk(Role::Reader).await;
    let first = page(&mut desk, request("dupont lille", 10, "")).await;
    // By now the other word is the rarest; the page goes on in the one that it has begun.
    execute(server.db(), "DELETE FROM account_word WHERE word = 'lille' AND account_id > 20").await;
    insert(&server, 5, "b", ["Dupont", "", "Lille", ""]).await;
    let second = page(&mut desk, request("dupont lille", 100, &first.next_page_token)).await;
    let both = [first.accounts, second.accounts].concat();
    let found: Vec<u32> = both.iter().map(|account| account.id).collect();
    assert!(found.iter().copied().eq((1..=20).chain(31..=35)), "{found:?}");
}
