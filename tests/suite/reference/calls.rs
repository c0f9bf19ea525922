//! What holds for every call of the service: its limit is its own, nobody's token is looked
//! at, and no database is needed.

use std::{fmt::Debug, sync::Arc, time::Duration};

use gestan_account_client::{
    Client, ClientOptions, Code, Error, LinkToken,
    v1::{
        self, ErrorReason, GetPrivacyNoticeRequest, GetRequest, ListCountriesRequest,
        SearchApeCodesRequest,
    },
};
use gestan_account_server::{
    clock::ManualClock,
    domain::{
        ape_code::{NafVersion, Nomenclature},
        ape_query::ApeQuery,
    },
    reference::{PagePosition, Reference, SearchApeCodes, privacy_notice::PrivacyNotice},
    throttle::calls::CallRate,
};
use gestan_account_tests::{
    PASSWORD, TestServer, TestServerOptions, assert_refused, creation, http_get, start_time,
};
use jiff::SignedDuration;
use proptest::prelude::*;
use tokio::task::JoinSet;

/// Makes each of the three calls once; gives what each came to.
async fn each_call(client: &Client) -> [Result<(), Error>; 3] {
    let search = SearchApeCodesRequest { query: "fleuriste".to_owned(), ..Default::default() };
    [
        client.list_countries(ListCountriesRequest::default()).await.map(drop),
        client.search_ape_codes(search).await.map(drop),
        client.get_privacy_notice(GetPrivacyNoticeRequest::default()).await.map(drop),
    ]
}

fn assert_too_many<T: Debug>(outcome: Result<T, Error>) {
    let reason = ErrorReason::TooManyCallsFromIp;
    let refused = assert_refused(outcome, Code::ResourceExhausted, reason);
    assert_eq!(refused.retry_delay(), Some(Duration::from_millis(500)));
}

async fn six_calls_an_address() -> TestServer {
    let call_rate = CallRate { burst: 6, per_second: 2 };
    TestServer::start_with(TestServerOptions { call_rate, ..Default::default() }).await
}

#[tokio::test]
async fn a_typist_cannot_use_up_what_create_needs_nor_the_other_way_round() {
    let server = six_calls_an_address().await;
    for _ in 0..2 {
        for outcome in each_call(&server.client).await {
            outcome.expect("there are six");
        }
    }
    for outcome in each_call(&server.client).await {
        assert_too_many(outcome);
    }
    // Strangers' calls of the other service have six of their own.
    for number in 1..=6 {
        server.client.create(creation(number)).await.expect("there are six");
    }
    assert_too_many(server.client.create(creation(7)).await);
    server.advance(SignedDuration::from_millis(500));
    // Each has one again, and a call that is refused takes none.
    server.client.create(creation(8)).await.expect("one is left");
    let request = ListCountriesRequest::default();
    server.client.list_countries(request.clone()).await.expect("one is left");
    assert_too_many(server.client.list_countries(request).await);
    server.deliver_mail().await;
}

#[tokio::test]
async fn a_bad_request_is_counted_and_a_machine_has_no_calls_beside_its_network() {
    let server = six_calls_an_address().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let bad = SearchApeCodesRequest { page_size: -1, ..Default::default() };
    for _ in 0..6 {
        let outcome = member.client.search_ape_codes(bad.clone()).await;
        assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    }
    assert_too_many(member.client.search_ape_codes(bad.clone()).await);
    assert_too_many(server.client.search_ape_codes(bad).await);
    // What it does with its token is counted by that.
    member.client.get(GetRequest::default()).await.expect("its own account");
}

#[tokio::test]
async fn no_token_is_looked_at_and_no_statement_is_sent() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let dead = server.register(member.account_id, 2).await;
    dead.unlink().await.expect("it is detached");
    server.deliver_mail().await;
    let made_up = LinkToken::parse(member.link_token.replace(|c: char| c.is_ascii_digit(), "7"));
    let made_up = server.client.with_link_token(&made_up.expect("the form of a token"));
    let _ = server.take_statements();
    for client in [&server.client, &member.client, &dead.client, &made_up] {
        for outcome in each_call(client).await {
            outcome.expect("nothing is asked of the caller");
        }
    }
    assert_eq!(server.take_statements(), [""; 0]);
}

#[tokio::test]
async fn the_lists_and_the_notice_are_given_while_the_database_is_gone() {
    let mut server = TestServer::start().await;
    server.leaves_mail();
    server.accounts.db.clone().close().await;
    let create = server.client.create(creation(1)).await;
    create.expect_err("it has no database");
    for outcome in each_call(&server.client).await {
        outcome.expect("nothing of it is in the database");
    }
}

#[tokio::test]
async fn many_callers_at_the_same_moment_get_what_one_gets() {
    let server = Arc::new(TestServer::start().await);
    let request = SearchApeCodesRequest { page_size: 1_000, ..Default::default() };
    let alone = server.client.search_ape_codes(request.clone()).await.expect("an answer");
    let mut callers = JoinSet::new();
    for _ in 0..64 {
        let (server, request) = (Arc::clone(&server), request.clone());
        callers.spawn(async move { server.client.search_ape_codes(request).await });
    }
    for answer in callers.join_all().await {
        assert_eq!(answer.expect("an answer"), alone);
    }
}

#[tokio::test]
async fn calls_are_counted_by_rpc_and_tell_nothing_of_what_was_typed() {
    let server = TestServer::start().await;
    for outcome in each_call(&server.client).await {
        outcome.expect("an answer");
    }
    let figures = http_get(server.admin_address, "/metrics").await.body;
    for rpc in ["ListCountries", "SearchApeCodes", "GetPrivacyNotice"] {
        let series = format!(
            "gestan_account_calls_total{{rpc=\"ReferenceService/{rpc}\",code=\"OK\",reason=\"\"}} 1"
        );
        assert!(figures.contains(&series), "no {series} in\n{figures}");
    }
    assert!(!figures.contains("fleuriste"), "{figures}");
}

#[tokio::test]
async fn a_server_that_stops_begins_no_call() {
    let server = TestServer::start().await;
    let client = server.connect(ClientOptions::new().max_attempts(1)).await;
    server.shutdown.begin();
    for outcome in each_call(&client).await {
        let error = outcome.expect_err("it stops");
        let is_told = matches!(error.reason(), None | Some(ErrorReason::ShuttingDown));
        assert!(is_told, "{error:?}");
    }
}

#[tokio::test]
async fn an_account_is_filled_in_with_what_the_lists_give() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let countries = server.client.list_countries(ListCountriesRequest::default()).await;
    let countries = countries.expect("the list").countries;
    let all = SearchApeCodesRequest { page_size: 1_000, ..Default::default() };
    let codes = server.client.search_ape_codes(all).await.expect("the codes").ape_codes;
    let nomenclature = Nomenclature::default();
    for code in &codes {
        let parse = gestan_account_server::domain::ape_code::ApeCode::parse_french;
        for written in [&code.code, &code.printed] {
            let parsed = parse(written, &nomenclature).expect("it is one");
            assert_eq!(parsed.as_str(), code.code);
        }
    }
    for country in countries.iter().step_by(50) {
        let account = v1::Account { country_code: country.code.clone(), ..Default::default() };
        let request = v1::UpdateRequest {
            account: Some(account),
            update_mask: None,
            password: PASSWORD.to_owned(),
        };
        let updated = member.client.update(request).await.expect("it is taken");
        assert_eq!(updated.account.expect("the account").country_code, country.code);
    }
}

/// Letters, digits, blanks and signs as they are typed, and whatever else there is.
fn typed() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zéèçœ0-9 .'-]{0,30}", "\\PC{0,30}", ".{0,130}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_is_typed_pages_hold_each_code_that_was_found_once(
        text in typed(),
        page_size in 1..1_000_u16,
        offset in any::<u32>(),
        naf_2025 in any::<bool>(),
    ) {
        let list = Nomenclature::with_naf_2025("4776Y,Fleurs\n9621G,Coiffure et soins");
        let clock = Arc::new(ManualClock::new(start_time()));
        let reference = Reference::new(clock, &list, PrivacyNotice::default());
        let Ok(query) = ApeQuery::parse(&text) else { return Ok(()) };
        let nomenclature = naf_2025.then_some(NafVersion::Naf2025);
        let page = |after, page_size| {
            let (query, known_version) = (query.clone(), String::new());
            let search = SearchApeCodes { query, nomenclature, page_size, after, known_version };
            reference.search_ape_codes(&search)
        };
        let all = page(None, u16::MAX).expect("an answer");
        prop_assert!(all.next.is_none());
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let found = page(after, page_size).expect("an answer");
            prop_assert!(found.codes.len() <= usize::from(page_size));
            seen.extend(found.codes);
            if found.next.is_none() {
                break;
            }
            after = found.next;
        }
        prop_assert_eq!(&seen, &all.codes);
        let mut codes: Vec<&str> = seen.iter().map(|code| code.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        prop_assert_eq!(codes.len(), seen.len());
        // A token that somebody made by hand.
        let forged = PagePosition { version: all.version, offset };
        let outcome = page(Some(forged), page_size);
        let is_page = usize::try_from(offset).is_ok_and(|offset| offset < seen.len());
        prop_assert_eq!(outcome.is_ok(), is_page || offset == 0);
    }
}
