//! GetPrivacyNotice: what people are told before they open an account, in both languages.

use gestan_account_client::{
    Code,
    v1::{ErrorReason, GetPrivacyNoticeRequest, GetPrivacyNoticeResponse, ViolationReason},
};
use gestan_account_server::reference::privacy_notice::{MAX_BYTES, NoticeFiles, PrivacyNotice};
use gestan_account_tests::{TestServer, TestServerOptions, assert_refused, violations};
use tempfile::TempDir;

async fn notice(server: &TestServer, locale: &str) -> GetPrivacyNoticeResponse {
    let request = GetPrivacyNoticeRequest { locale: locale.to_owned(), ..Default::default() };
    server.client.get_privacy_notice(request).await.expect("the notice")
}

#[tokio::test]
async fn the_built_in_notice_says_in_both_languages_what_the_law_asks() {
    let server = TestServer::start().await;
    for (locale, words) in [
        ("fr", ["contrat", "adresse de courriel", "tant que le compte", "effacer", "CNIL"]),
        ("en", ["contract", "e-mail address", "as long as the account", "erase", "CNIL"]),
    ] {
        let given = notice(&server, locale).await;
        for word in words {
            assert!(given.text.contains(word), "{locale}: no {word:?} in\n{}", given.text);
        }
        assert!(given.text.len() <= MAX_BYTES && given.text.lines().count() > 3);
        // No markup, and nothing that a window would show as a box.
        assert!(!given.text.contains(['<', '>', '*', '#', '\t', '\r']), "{}", given.text);
        assert_eq!(given.version.len(), 16);
    }
    assert_eq!(notice(&server, "").await, notice(&server, "fr-FR").await);
    assert_eq!(notice(&server, "pt-BR").await, notice(&server, "fr").await);
    assert_ne!(notice(&server, "en").await.version, notice(&server, "fr").await.version);
}

#[tokio::test]
async fn who_has_the_text_gets_its_version_and_no_text() {
    let server = TestServer::start().await;
    let given = notice(&server, "en").await;
    let known = async |locale: &str, known_version: &str| {
        let (locale, known_version) = (locale.to_owned(), known_version.to_owned());
        let request = GetPrivacyNoticeRequest { locale, known_version };
        server.client.get_privacy_notice(request).await.expect("an answer")
    };
    let answer = known("en", &given.version).await;
    assert_eq!((&*answer.text, &answer.version), ("", &given.version));
    // The other language is another text.
    assert_eq!(known("fr", &given.version).await, notice(&server, "fr").await);
}

#[tokio::test]
async fn every_bad_field_is_named() {
    let server = TestServer::start().await;
    let request = GetPrivacyNoticeRequest { locale: "x".repeat(36), known_version: "v".repeat(65) };
    let outcome = server.client.get_privacy_notice(request).await;
    let refused = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let expected = vec![
        ("locale".to_owned(), ViolationReason::TooLong),
        ("known_version".to_owned(), ViolationReason::TooLong),
    ];
    assert_eq!(violations(&refused), expected);
}

#[tokio::test]
async fn the_operators_texts_replace_the_built_in_ones() {
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        Some(path)
    };
    // As Notepad writes it, with the longest that is allowed.
    let mark = "\u{feff}";
    let text = format!("Chez nous\r\n\r\n{}\n", "é".repeat(8_000));
    let french = path("fr.txt", &format!("{mark}{text}"));
    let start = async |files: NoticeFiles| {
        let privacy_notice = PrivacyNotice::load(files).expect("the files are good");
        TestServer::start_with(TestServerOptions { privacy_notice, ..Default::default() }).await
    };
    let both = NoticeFiles { french: french.clone(), english: path("en.txt", "With us\n") };
    let server = start(both).await;
    assert_eq!(notice(&server, "fr").await.text, text.replace('\r', "").trim());
    assert_eq!(notice(&server, "en").await.text, "With us");
    // The built-in English says something else than a French text of the operator's.
    let server = start(NoticeFiles { french, english: None }).await;
    assert_eq!(notice(&server, "en").await, notice(&server, "fr").await);
    let server = start(NoticeFiles { french: None, english: path("en.txt", "With us") }).await;
    assert!(notice(&server, "fr").await.text.contains("CNIL"));
    assert_eq!(notice(&server, "en").await.text, "With us");
}
