//! ListCountries: every country once, in the language asked for, in an order that a person
//! finds them in.

use std::{collections::BTreeSet, fs};

use gestan_account_client::{
    ClientOptions, Code,
    v1::{Country, ErrorReason, ListCountriesRequest, ListCountriesResponse, ViolationReason},
};
use gestan_account_tests::{TestServer, assert_refused, process::workspace, violations};
use prost::Message as _;

async fn listed(server: &TestServer, locale: &str) -> ListCountriesResponse {
    let request = ListCountriesRequest { locale: locale.to_owned(), ..Default::default() };
    server.client.list_countries(request).await.expect("the list")
}

fn place_of(countries: &[Country], name: &str) -> usize {
    countries.iter().position(|country| country.name == name).unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
async fn every_country_is_listed_once_with_its_name_in_the_language_asked_for() {
    let server = TestServer::start().await;
    let table = fs::read_to_string(workspace().join("server/data/countries.csv")).expect("data");
    for (locale, column) in [("fr-FR", 2), ("en", 3)] {
        let listed = listed(&server, locale).await;
        let names: BTreeSet<(&str, &str)> = listed
            .countries
            .iter()
            .map(|country| (country.code.as_str(), country.name.as_str()))
            .collect();
        let rows = table.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        let expected: Vec<(String, String)> =
            rows.map(|row| (row[0].to_owned(), row[column].to_owned())).collect();
        assert_eq!(listed.countries.len(), 249);
        assert_eq!(expected.len(), 249);
        for (code, name) in &expected {
            assert!(names.contains(&(code.as_str(), name.as_str())), "{code} {name}");
        }
        // In one answer, below the size that was promised.
        assert!(listed.encoded_len() < 16 * 1024, "{} bytes", listed.encoded_len());
        assert_eq!(listed.version.len(), 16);
    }
}

#[tokio::test]
async fn countries_stand_where_a_person_looks_for_them() {
    let server = TestServer::start().await;
    let french = listed(&server, "fr").await.countries;
    assert_eq!(french.first().map(|first| &*first.name), Some("Afghanistan"));
    // An accent is no letter of its own, behind Z.
    assert!(place_of(&french, "Égypte") < place_of(&french, "Espagne"));
    assert!(place_of(&french, "Équateur") < place_of(&french, "France"));
    assert!(place_of(&french, "Belgique") < place_of(&french, "Bénin"));
    let english = listed(&server, "en").await.countries;
    assert!(place_of(&english, "Åland Islands") < place_of(&english, "Albania"));
}

#[tokio::test]
async fn the_language_is_the_requests_or_else_the_calls_or_else_french() {
    let server = TestServer::start().await;
    let germany = async |locale: &str, language: Option<&str>| {
        let mut options = ClientOptions::new();
        if let Some(language) = language {
            options = options.locale(language);
        }
        let client = server.connect(options).await;
        let request = ListCountriesRequest { locale: locale.to_owned(), ..Default::default() };
        let listed = client.list_countries(request).await.expect("the list");
        let germany = listed.countries.into_iter().find(|country| country.code == "DEU");
        germany.expect("Germany").name
    };
    assert_eq!(germany("", None).await, "Allemagne");
    assert_eq!(germany("", Some("en-GB, fr;q=0.5")).await, "Germany");
    assert_eq!(germany("fr", Some("en")).await, "Allemagne");
    assert_eq!(germany("en_US", Some("fr")).await, "Germany");
    // Neither of the two is French, as everywhere.
    assert_eq!(germany("de-DE", None).await, "Allemagne");
}

#[tokio::test]
async fn who_has_the_list_gets_its_version_and_no_countries() {
    let server = TestServer::start().await;
    let (french, english) = (listed(&server, "fr").await, listed(&server, "en").await);
    assert_ne!(french.version, english.version, "two languages are two lists");
    let again = async |locale: &str, known_version: &str| {
        let (locale, known_version) = (locale.to_owned(), known_version.to_owned());
        let request = ListCountriesRequest { locale, known_version };
        server.client.list_countries(request).await.expect("an answer")
    };
    let known = again("fr", &french.version).await;
    assert_eq!((known.countries.len(), &known.version), (0, &french.version));
    // The other language's, another release's, or anything else.
    for known_version in [&*english.version, "0000000000000000", "'; DROP TABLE account; --"] {
        assert_eq!(again("fr", known_version).await, french, "{known_version}");
    }
    // Another server names the same list the same.
    let other = TestServer::start().await;
    assert_eq!(listed(&other, "fr").await, french);
}

#[tokio::test]
async fn every_bad_field_is_named() {
    let server = TestServer::start().await;
    let request = ListCountriesRequest {
        locale: "quelle langue ?".to_owned(),
        known_version: "é".repeat(65),
    };
    let outcome = server.client.list_countries(request).await;
    let refused = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let expected = vec![
        ("locale".to_owned(), ViolationReason::Malformed),
        ("known_version".to_owned(), ViolationReason::TooLong),
    ];
    assert_eq!(violations(&refused), expected);
    // At the bound it is only unknown.
    let request = ListCountriesRequest { known_version: "é".repeat(64), ..Default::default() };
    let listed = server.client.list_countries(request).await.expect("the list");
    assert_eq!(listed.countries.len(), 249);
}
