//! FindAccounts: whoever is on the telephone is found, by whatever they say.

mod kept;
mod load;
mod pages;
mod plan;

use gestan_account_client::v1;
use gestan_account_proto::support::v1::{
    FindAccountsRequest, FindAccountsResponse, FoundAccount, FoundBy,
};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{Desk, PASSWORD, TestServer, Told, change, change_email, rows, uuid};
use tonic::Code;

/// What a search shows.
async fn find(desk: &mut Desk, query: &str) -> FindAccountsResponse {
    page(desk, FindAccountsRequest { query: query.to_owned(), ..Default::default() }).await
}

async fn page(desk: &mut Desk, request: FindAccountsRequest) -> FindAccountsResponse {
    let query = request.query.clone();
    let found = desk.find_accounts(request).await;
    found.unwrap_or_else(|status| panic!("{query}: {status:?}")).into_inner()
}

/// Which accounts a search finds, and how.
async fn found(desk: &mut Desk, query: &str) -> Vec<(u32, FoundBy)> {
    ids(&find(desk, query).await.accounts)
}

fn ids(accounts: &[FoundAccount]) -> Vec<(u32, FoundBy)> {
    accounts.iter().map(|account| (account.id, account.found_by())).collect()
}

/// Opens an account with this form, whose password is set; gives its ID and a token of it.
async fn open(server: &TestServer, number: u32, form: v1::Account) -> (u32, String) {
    let email = form.email.clone();
    let request = v1::CreateRequest {
        request_id: uuid(u128::from(number)),
        email: email.clone(),
        machine: Some(gestan_account_tests::machine(u128::from(number))),
        profile: Some(v1::Account { email: String::new(), ..form }),
        ..Default::default()
    };
    let created = server.client.create(request).await.expect("Create");
    assert_eq!(created.skipped_profile_fields, [""; 0]);
    let code = server.code_to(&email).await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    let set = server.set_password(&confirmed.ticket, PASSWORD).await;
    server.deliver_mail().await;
    (confirmed.account_id, set.link_token)
}

fn form(email: &str, company: &str, names: [&str; 2], town: [&str; 2], phone: &str) -> v1::Account {
    let [last_name, first_name] = names.map(str::to_owned);
    let [postal_code, city] = town.map(str::to_owned);
    v1::Account {
        email: email.to_owned(),
        company_name: company.to_owned(),
        last_name,
        first_name,
        postal_code,
        city,
        phone: phone.to_owned(),
        ..Default::default()
    }
}

/// The accounts of the tests here, with the IDs 1 to 5.
async fn open_five(server: &TestServer) -> Vec<(u32, String)> {
    let forms = [
        form(
            "jeanne@exemple.fr",
            "Éts Dupont & Fils",
            ["N’Guyen", "Zoé"],
            ["59000", "Lille"],
            "06 12 34 56 78",
        ),
        form(
            "contact@dupont-lille.fr",
            "SARL Dupont",
            ["Dupont", "Luc"],
            ["59800", "Lille"],
            "03 20 12 34 56",
        ),
        form(
            "paul@orange.fr",
            "L’Épicerie du Marché",
            ["Dupontel", "Paul"],
            ["69003", "Lyon"],
            "+33 6 12 34 56 78",
        ),
        form(
            "lea@gmail.com",
            "Garage Lebœuf",
            ["Lebœuf", "Léa"],
            ["97400", "Saint-Denis"],
            "0692 12 34 56",
        ),
        form("max@exemple.fr", "", ["Martin", "Max"], ["59000", "Lille"], ""),
    ];
    let mut opened = Vec::new();
    for (number, form) in (1..).zip(forms) {
        opened.push(open(server, number, form).await);
    }
    assert!(opened.iter().map(|(id, _)| *id).eq(1..=5));
    opened
}

#[tokio::test]
async fn each_way_of_naming_an_account_finds_it_the_best_way_first() {
    use FoundBy::{AllWords, Email, Id, MainWords, Phone};
    let server = TestServer::start().await;
    open_five(&server).await;
    let mut desk = server.desk(Role::Reader).await;
    for (query, expected) in [
        // By ID, and what else the digits may be.
        ("3", vec![(3, Id)]),
        (" 0 3 ", vec![(3, Id)]),
        ("97400", vec![(4, AllWords)]),
        // By address, or its beginning, or its domain.
        ("Paul@Orange.FR", vec![(3, Email)]),
        ("Paul <paul@orange.fr>", vec![(3, Email)]),
        ("contact@dup", vec![(2, AllWords)]),
        ("@exemple.fr", vec![(1, AllWords), (5, AllWords)]),
        ("@orange", vec![(3, AllWords)]),
        // By telephone number, in any writing, of two who have one.
        ("06 12 34 56 78", vec![(1, Phone), (3, Phone)]),
        ("+33 (0)6.12.34.56.78", vec![(1, Phone), (3, Phone)]),
        ("0033612345678", vec![(1, Phone), (3, Phone)]),
        ("06 12 34", vec![(1, AllWords), (3, AllWords)]),
        ("0692123456", vec![(4, Phone)]),
        ("+262 692 12", vec![(4, AllWords)]),
        // By words: the whole ones before longer ones, then by ID.
        ("dupont", vec![(1, AllWords), (2, AllWords), (3, AllWords)]),
        ("DUPONT lille", vec![(1, AllWords), (2, AllWords)]),
        ("ets dupont fils", vec![(1, AllWords), (2, MainWords), (3, MainWords)]),
        ("Société Dupont Luc", vec![(2, MainWords)]),
        ("n'guyen", vec![(1, AllWords)]),
        ("zoe nguyen", vec![]),
        ("l epicerie marche", vec![(3, AllWords)]),
        ("leboeuf", vec![(4, AllWords)]),
        ("LEBŒUF st", vec![]),
        ("saint denis garage", vec![(4, AllWords)]),
        ("59 lille martin", vec![(5, AllWords)]),
        // Weak words alone are words like others.
        ("sarl", vec![(2, AllWords)]),
        ("du des", vec![]),
        ("fils ets", vec![(1, AllWords)]),
        ("inconnu", vec![]),
    ] {
        assert_eq!(found(&mut desk, query).await, expected, "{query}");
    }
}

/// Enough to know a caller by, and too little to harvest.
#[tokio::test]
async fn an_account_that_is_found_shows_no_address_and_no_number() {
    let server = TestServer::start().await;
    open_five(&server).await;
    let mut desk = server.desk(Role::Billing).await;
    let accounts = find(&mut desk, "jeanne@exemple.fr").await.accounts;
    let shown = FoundAccount {
        id: 1,
        company_name: "Éts Dupont & Fils".to_owned(),
        last_name: "N’Guyen".to_owned(),
        first_name: "Zoé".to_owned(),
        postal_code: "59000".to_owned(),
        city: "Lille".to_owned(),
        masked_email: "j•••@e•••.fr".to_owned(),
        masked_phone: "•• •• •• 56 78".to_owned(),
        found_by: FoundBy::Email.into(),
    };
    assert_eq!(accounts, [shown]);
    let abroad = find(&mut desk, "épicerie").await.accounts;
    assert_eq!(abroad[0].masked_phone, "+•• • •• •• 56 78");
    assert_eq!(find(&mut desk, "max").await.accounts[0].masked_phone, "");
}

#[tokio::test]
async fn a_pending_address_finds_its_account_until_it_is_confirmed_or_taken_back() {
    use FoundBy::Email;
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let other = server.open_account("paul@exemple.fr", 2).await;
    let mut desk = server.desk(Role::Agent).await;
    for member in [&member, &other] {
        member.update(change_email("neuve@exemple.fr")).await;
    }
    server.deliver_mail().await;
    let both = vec![(member.account_id, Email), (other.account_id, Email)];
    assert_eq!(found(&mut desk, "Neuve@exemple.fr").await, both);
    // Another address is asked for since: this one waits no more.
    other.update(change_email("encore@exemple.fr")).await;
    server.deliver_mail().await;
    assert_eq!(found(&mut desk, "neuve@exemple.fr").await, both[..1]);
    server.advance(jiff::SignedDuration::from_hours(25));
    assert_eq!(found(&mut desk, "neuve@exemple.fr").await, []);
}

#[tokio::test]
async fn each_search_is_an_event_with_the_number_of_hits_and_nothing_else() {
    let server = TestServer::start().await;
    open_five(&server).await;
    let (id, key) = server.support_key("Luc", Role::Agent, None).await;
    let mut desk = server.desk_with(Some(key.reveal()), None).await;
    for query in ["dupont lille", "personne", "dupont lille"] {
        find(&mut desk, query).await;
    }
    let told = rows(
        server.db(),
        "SELECT actor_kind, actor_id, action, fields, ip FROM audit_event WHERE account_id = 0 \
         ORDER BY id",
    )
    .await;
    let told: Vec<Vec<String>> = told
        .iter()
        .map(|row| (0..5).map(|place| row.try_get_by_index(place).expect("a text")).collect())
        .collect();
    let event = |hits: &str| {
        ["support_key", &id.to_string(), "find_accounts", hits, "127.0.0.1"].map(str::to_owned)
    };
    assert_eq!(told, ["hits:2", "hits:0", "hits:2"].map(event));
}

#[tokio::test]
async fn a_bad_query_is_refused_in_words_and_every_bad_field_is_told() {
    let server = TestServer::start().await;
    let mut desk = server.desk(Role::Reader).await;
    let long = "a".repeat(201);
    for (query, reason) in [
        ("", "REQUIRED"),
        (" \u{200b}\t", "REQUIRED"),
        ("@ ’ -", "MALFORMED"),
        (&long, "TOO_LONG"),
        ("a\0b@c", "CONTROL_CHARACTER"),
    ] {
        let request =
            FindAccountsRequest { query: query.to_owned(), page_size: -1, ..Default::default() };
        let told = Told::by(desk.find_accounts(request).await);
        assert_eq!(told.why(), (Code::InvalidArgument, "INVALID_REQUEST"));
        let bad = [("query", reason), ("page_size", "OUT_OF_RANGE")];
        assert_eq!(
            told.fields,
            bad.map(|(field, why)| (field.to_owned(), why.to_owned())),
            "{query:?}"
        );
    }
    let huge = FindAccountsRequest { query: "dupont ".repeat(8_000), ..Default::default() };
    let told = Told::by(desk.find_accounts(huge).await);
    assert_eq!(told.fields, [("query".to_owned(), "TOO_LONG".to_owned())]);
    let nothing = FindAccountsRequest { query: "&".to_owned(), ..Default::default() };
    let told = Told::by(desk.find_accounts(nothing).await);
    assert_eq!(told.text, "Champs à corriger : query : Il faut une lettre ou un chiffre au moins.");
    // Signs of SQL and of patterns are signs that part words, like others.
    for query in ["'; DROP TABLE account; --", "%", "a_b*", "\\x", "\u{10FFFF}x", "👩‍🔧 x"] {
        let request = FindAccountsRequest { query: query.to_owned(), ..Default::default() };
        match desk.find_accounts(request).await {
            Ok(found) => assert!(found.into_inner().accounts.is_empty(), "{query}"),
            Err(refusal) => assert_eq!(refusal.code(), Code::InvalidArgument, "{query}"),
        }
    }
}

#[tokio::test]
async fn the_advice_says_what_to_try_next_in_the_callers_language() {
    let server = TestServer::start().await;
    open_five(&server).await;
    let (_, key) = server.support_key("Luc", Role::Reader, None).await;
    let mut french = server.desk_with(Some(key.reveal()), None).await;
    let mut english = server.desk_with(Some(key.reveal()), Some("en")).await;
    for (query, page_size, says, in_english) in [
        ("personne", 0, "Aucun compte trouvé. Essayez le téléphone", "No account found. Try"),
        (
            "dupont",
            1,
            "Il y a d’autres comptes : ajoutez un mot",
            "There are more accounts: add a word",
        ),
        ("dupont", 0, "Si votre interlocuteur n’y est pas", "If your caller is not among them"),
    ] {
        let request =
            || FindAccountsRequest { query: query.to_owned(), page_size, ..Default::default() };
        let advice = page(&mut french, request()).await.advice;
        assert!(advice.starts_with(says), "{advice}");
        let advice = page(&mut english, request()).await.advice;
        assert!(advice.starts_with(in_english), "{advice}");
        assert!(!advice.contains("not complete"), "{advice}");
    }
}

/// A word that is known by all its accounts only: those of a change that was refused are not.
#[tokio::test]
async fn a_change_that_is_refused_changes_no_word() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let mut desk = server.desk(Role::Reader).await;
    let city = v1::Account { city: "Nîmes".to_owned(), ..Default::default() };
    let wrong = v1::UpdateRequest {
        password: "pas celui-la du tout".to_owned(),
        ..change(&["city"], city.clone())
    };
    member.client.update(wrong).await.expect_err("it is wrong");
    assert_eq!(found(&mut desk, "nimes").await, []);
    member.update(change(&["city"], city)).await;
    assert_eq!(found(&mut desk, "nimes").await, [(member.account_id, FoundBy::AllWords)]);
}
