//! SearchApeCodes: by code, by words, by beginnings and by stems; which edition comes first;
//! pages; and what nobody would type.

use std::collections::BTreeSet;

use gestan_account_client::{
    Code, Error,
    v1::{ApeCode, ErrorReason, SearchApeCodesRequest, SearchApeCodesResponse, ViolationReason},
};
use gestan_account_server::domain::ape_code::{ActivityCode, NafVersion, Nomenclature};
use gestan_account_tests::{TestServer, TestServerOptions, assert_refused, start_time, violations};
use jiff::Timestamp;
use prost::Message as _;

/// Codes of NAF 2025 as an operator may have them; the labels are made up.
const NAF_2025: &str = "\
code;label
47.76Y;Commerce de détail de fleurs
9621G;\"Coiffure, dite \"\"de ville\"\"\"
1071H
9999Y;Commerce\u{202e} caché\u{7}
non
";

async fn with_naf_2025() -> TestServer {
    let nomenclature = Nomenclature::with_naf_2025(NAF_2025);
    TestServer::start_with(TestServerOptions { nomenclature, ..Default::default() }).await
}

fn request(query: &str) -> SearchApeCodesRequest {
    SearchApeCodesRequest { query: query.to_owned(), ..Default::default() }
}

async fn search(server: &TestServer, request: SearchApeCodesRequest) -> SearchApeCodesResponse {
    server.client.search_ape_codes(request).await.expect("an answer")
}

fn codes(found: &[ApeCode]) -> Vec<&str> {
    found.iter().map(|code| code.code.as_str()).collect()
}

async fn found(server: &TestServer, query: &str) -> Vec<String> {
    let request = SearchApeCodesRequest { page_size: 1_000, ..request(query) };
    let found = search(server, request).await.ape_codes;
    found.into_iter().map(|code| code.code).collect()
}

/// Asserts that the request is refused because of these fields.
fn assert_bad(outcome: Result<SearchApeCodesResponse, Error>, bad: &[(&str, ViolationReason)]) {
    let refused = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let bad: Vec<_> = bad.iter().map(|(field, reason)| ((*field).to_owned(), *reason)).collect();
    assert_eq!(violations(&refused), bad);
}

#[tokio::test]
async fn a_code_is_found_by_its_beginning_however_it_is_written() {
    let server = TestServer::start().await;
    for written in ["1107B", "11.07B", " 11.07b ", "11 07 b", "1107-b", "11\u{a0}.07\u{200b}B"] {
        let found = search(&server, request(written)).await.ape_codes;
        let expected = ApeCode {
            code: "1107B".to_owned(),
            printed: "11.07B".to_owned(),
            label: "Production de boissons rafraîchissantes".to_owned(),
            nomenclature: "rev2".to_owned(),
        };
        assert_eq!(found, [expected], "{written:?}");
    }
    assert_eq!(found(&server, "11.0").await, found(&server, "110").await);
    let wine = found(&server, "11").await;
    assert!(wine.len() > 5 && wine.iter().all(|code| code.starts_with("11")), "{wine:?}");
    assert!(wine.is_sorted());
    // A digit begins a code, and no word.
    assert_eq!(found(&server, "47 fleurs").await, [""; 0]);
    assert_eq!(found(&server, "9999Z").await, [""; 0]);
}

#[tokio::test]
async fn words_are_found_whatever_their_case_accents_and_order() {
    let server = TestServer::start().await;
    for query in ["culture du riz", "RIZ, culture", "Rïz cülture", "riz", "cult riz"] {
        assert!(found(&server, query).await.contains(&"0112Z".to_owned()), "{query}");
    }
    // Every word must be there.
    assert_eq!(found(&server, "culture riz plomberie").await, [""; 0]);
    // œ is two letters.
    assert_eq!(found(&server, "gros oeuvre").await, found(&server, "gros œuvre").await);
    // What every label may have is asked for only when nothing else is.
    assert_eq!(found(&server, "de la vigne").await, found(&server, "vigne").await);
    assert!(found(&server, "de").await.len() > 50);
}

#[tokio::test]
async fn a_trade_comes_before_whole_words_and_those_before_beginnings() {
    let server = TestServer::start().await;
    // The shop, whose trade it is, before its makers and its wholesalers.
    let found = search(&server, request("bijouterie")).await.ape_codes;
    assert_eq!(codes(&found), ["4777Z", "3212Z", "3213Z", "4648Z", "9525Z"]);
    // "Taxi" is no word of the label, which has "taxis".
    let found = search(&server, request("voitures")).await.ape_codes;
    let labels: Vec<&str> = found.iter().map(|code| code.label.as_str()).collect();
    assert!(labels.iter().all(|label| label.contains("voitures")), "{labels:?}");
    let found = search(&server, request("sport")).await.ape_codes;
    let is_whole = |code: &ApeCode| {
        code.label.split(|c: char| !c.is_alphanumeric()).any(|word| word == "sport")
            || code.code == "9313Z"
    };
    let first_beginning = found.iter().position(|code| !is_whole(code)).expect("some begin so");
    let rest = &found[first_beginning..];
    assert!(first_beginning > 1 && !rest.iter().any(is_whole), "{:?}", codes(&found));
}

#[tokio::test]
async fn what_is_not_found_is_looked_for_once_more_by_its_stem() {
    let server = TestServer::start().await;
    // No label and no trade has these words.
    for (query, code) in [
        ("boulangeries", "1071C"),
        ("coiffeuse", "9602A"),
        ("fleuristes", "4776Z"),
        ("carreleurs", "4333Z"),
        ("photographie", "7420Z"),
    ] {
        let found = found(&server, query).await;
        assert!(found.iter().take(3).any(|found| found == code), "{query}: {found:?}");
    }
    // Five letters are a stem already.
    assert_eq!(found(&server, "rizzz").await, [""; 0]);
}

#[tokio::test]
async fn nothing_lists_every_code_and_a_thousand_hold_them_all() {
    let server = TestServer::start().await;
    let all = SearchApeCodesRequest { page_size: 1_000, ..request("") };
    let all = search(&server, all).await;
    assert_eq!(all.ape_codes.len(), 732);
    assert_eq!(all.next_page_token, "");
    assert!(codes(&all.ape_codes).is_sorted());
    assert!(all.ape_codes.iter().all(|code| !code.label.is_empty()));
    assert!(all.encoded_len() < 128 * 1024, "{} bytes", all.encoded_len());
    // More are asked for in vain; 0 leaves it to the service.
    let more = SearchApeCodesRequest { page_size: i32::MAX, ..request("  ") };
    assert_eq!(search(&server, more).await.ape_codes.len(), 732);
    assert_eq!(search(&server, request("")).await.ape_codes.len(), 50);
}

#[tokio::test]
async fn pages_follow_one_another_without_a_gap_and_without_a_repeat() {
    let server = with_naf_2025().await;
    let mut seen = Vec::new();
    let mut page = SearchApeCodesRequest { page_size: 97, ..request("") };
    loop {
        let answer = search(&server, page.clone()).await;
        assert!(answer.ape_codes.len() <= 97);
        seen.extend(answer.ape_codes.into_iter().map(|code| code.code));
        if answer.next_page_token.is_empty() {
            break;
        }
        page.page_token = answer.next_page_token;
    }
    assert_eq!(seen, found(&server, "").await);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 732 + 4);
}

#[tokio::test]
async fn a_page_token_serves_only_with_the_query_and_the_lists_that_it_is_of() {
    let server = with_naf_2025().await;
    let first = SearchApeCodesRequest { page_size: 2, ..request("commerce") };
    let token = search(&server, first.clone()).await.next_page_token;
    let second = SearchApeCodesRequest { page_token: token.clone(), ..first.clone() };
    let expected = search(&server, second.clone()).await;
    let mismatch = [("page_token", ViolationReason::Mismatch)];
    for other in [
        SearchApeCodesRequest { query: "culture".to_owned(), ..second.clone() },
        SearchApeCodesRequest { nomenclature: "rev2".to_owned(), ..second.clone() },
        SearchApeCodesRequest { page_token: "quelconque".to_owned(), ..first.clone() },
        SearchApeCodesRequest { page_token: format!("{token}AA"), ..first.clone() },
        SearchApeCodesRequest { page_token: token[..token.len() - 4].to_owned(), ..first.clone() },
    ] {
        assert_bad(server.client.search_ape_codes(other).await, &mismatch);
    }
    let long = SearchApeCodesRequest { page_token: "A".repeat(513), ..first.clone() };
    let outcome = server.client.search_ape_codes(long).await;
    assert_bad(outcome, &[("page_token", ViolationReason::TooLong)]);
    // Another server with the same lists takes it, as replicas must; one with others does not.
    let replica = with_naf_2025().await;
    assert_eq!(search(&replica, second.clone()).await, expected);
    let other = TestServer::start().await;
    assert_bad(other.client.search_ape_codes(second.clone()).await, &mismatch);
    // A page may be of another size, and the next year has another order.
    let larger = SearchApeCodesRequest { page_size: 5, ..second.clone() };
    assert_eq!(codes(&search(&server, larger).await.ape_codes)[..2], codes(&expected.ape_codes));
    server.advance(next_year().duration_since(start_time()));
    assert_bad(server.client.search_ape_codes(second).await, &mismatch);
}

/// The first moment of NAF 2025 in France.
fn next_year() -> Timestamp {
    "2027-01-01T00:00:00+01:00".parse().expect("a time")
}

#[tokio::test]
async fn the_edition_in_force_comes_first_and_changes_with_the_year() {
    let server = with_naf_2025().await;
    let editions = async |query: &str| {
        let found = search(&server, request(query)).await.ape_codes;
        found.into_iter().map(|code| (code.code, code.nomenclature)).collect::<Vec<_>>()
    };
    let pair = |code: &str, edition: &str| (code.to_owned(), edition.to_owned());
    let (older, newer) = (pair("9602A", "rev2"), pair("9621G", "2025"));
    let before = search(&server, request("coiffure")).await.version;
    assert_eq!(editions("coiffure").await, [older.clone(), newer.clone()]);
    server.advance(next_year().duration_since(start_time()) - jiff::SignedDuration::from_millis(1));
    assert_eq!(editions("coiffure").await, [older.clone(), newer.clone()]);
    server.advance(jiff::SignedDuration::from_millis(1));
    assert_eq!(editions("coiffure").await, [newer.clone(), older.clone()]);
    // Whoever keeps answers must ask again.
    assert_ne!(search(&server, request("coiffure")).await.version, before);
    // Each edition is searched by itself: a trade that is known in one cuts the other's words.
    assert_eq!(editions("coiffeur").await, [newer.clone(), older.clone()]);
    let only = async |nomenclature: &str| {
        let nomenclature = nomenclature.to_owned();
        let request = SearchApeCodesRequest { nomenclature, ..request("coiffure") };
        search(&server, request).await.ape_codes
    };
    assert_eq!(codes(&only("rev2").await), ["9602A"]);
    assert_eq!(codes(&only(" 2025 ").await), ["9621G"]);
}

#[tokio::test]
async fn the_operators_list_gives_labels_as_far_as_it_has_them() {
    let server = with_naf_2025().await;
    let nomenclature = "2025".to_owned();
    let request = SearchApeCodesRequest { nomenclature: nomenclature.clone(), ..request("") };
    let found = search(&server, request.clone()).await.ape_codes;
    let labels: Vec<_> = found.iter().map(|code| (&*code.printed, &*code.label)).collect();
    let expected = [
        ("10.71H", ""),
        ("47.76Y", "Commerce de détail de fleurs"),
        ("96.21G", "Coiffure, dite \"de ville\""),
        // What nobody can read is no label, and the code is one all the same.
        ("99.99Y", ""),
    ];
    assert_eq!(labels, expected);
    // Without a list there is nothing to search, which is no mistake.
    let server = TestServer::start().await;
    assert_eq!(search(&server, request).await.ape_codes, []);
}

#[tokio::test]
async fn who_has_the_lists_gets_their_version_and_no_codes() {
    let (server, other) = (with_naf_2025().await, TestServer::start().await);
    let version = search(&server, request("fleuriste")).await.version;
    assert_eq!(version.len(), 16);
    // It names the lists, and not the query.
    assert_eq!(search(&server, request("")).await.version, version);
    let known = SearchApeCodesRequest { known_version: version.clone(), ..request("vigne") };
    let answer = search(&server, known.clone()).await;
    assert_eq!(answer, SearchApeCodesResponse { version: version.clone(), ..Default::default() });
    let mut versions = BTreeSet::from([version]);
    for nomenclature in ["rev2", "2025"] {
        let nomenclature = nomenclature.to_owned();
        let answer = search(&server, SearchApeCodesRequest { nomenclature, ..known.clone() }).await;
        assert!(versions.insert(answer.version), "each choice of lists has a name");
    }
    let answer = search(&other, known).await;
    assert_eq!(codes(&answer.ape_codes), ["0121Z"]);
    assert!(versions.insert(answer.version), "so have other lists");
}

#[tokio::test]
async fn every_bad_field_is_named() {
    let server = TestServer::start().await;
    let bad = SearchApeCodesRequest {
        query: "é".repeat(101),
        nomenclature: "rev3".to_owned(),
        page_size: -1,
        page_token: "A".repeat(513),
        known_version: "v".repeat(65),
    };
    assert_bad(
        server.client.search_ape_codes(bad).await,
        &[
            ("query", ViolationReason::TooLong),
            ("nomenclature", ViolationReason::Malformed),
            ("page_size", ViolationReason::OutOfRange),
            ("page_token", ViolationReason::TooLong),
            ("known_version", ViolationReason::TooLong),
        ],
    );
    let outcome = server.client.search_ape_codes(request("fleu\u{1}riste")).await;
    assert_bad(outcome, &[("query", ViolationReason::ControlCharacter)]);
    let least = SearchApeCodesRequest { page_size: i32::MIN, ..request("fleuriste") };
    let outcome = server.client.search_ape_codes(least).await;
    assert_bad(outcome, &[("page_size", ViolationReason::OutOfRange)]);
    // At the bounds nothing is wrong.
    assert_eq!(found(&server, &"é".repeat(100)).await, [""; 0]);
}

#[tokio::test]
async fn odd_queries_find_nothing_and_break_nothing() {
    let server = TestServer::start().await;
    for query in ["!!!", "—", "' OR 1=1", "%", "*", "日本", "🥖", "\u{200b}x\u{200b}y", "ÿÿÿÿ"]
    {
        assert_eq!(found(&server, query).await, [""; 0], "{query:?}");
    }
    // Thirty words, of which eight are looked for; the same word many times is one.
    let many = "a b c e f g h i j k l m n o p q r s t u v w x y z";
    found(&server, many).await;
    let repeated = "vigne ".repeat(16);
    assert_eq!(found(&server, &repeated).await, ["0121Z"]);
    let ninth = "commerce detail fleurs plantes graines engrais animaux aliments plomberie";
    assert_eq!(found(&server, ninth).await, ["4776Z"]);
}

#[test]
fn a_code_is_printed_with_its_dot() {
    for (code, printed) in [("1107B", "11.07B"), ("", "."), ("é", "é.")] {
        let (code, label) = (code.to_owned(), String::new());
        let code = ActivityCode { code, label, version: NafVersion::Rev2 };
        assert_eq!(code.printed(), printed);
    }
}
