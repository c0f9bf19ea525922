//! DiagnoseAccount: each finding comes from its real cause, in both languages.

mod accounts;
mod codes;
mod limits;
mod mails;

use gestan_account_proto::support::v1::{
    DiagnoseAccountRequest, DiagnoseAccountResponse, Finding, FindingKind,
};
use gestan_account_server::{
    clock::Clock as _,
    domain::{personal_code::PersonalCode, role::Role},
};
use gestan_account_tests::{TestServer, first_code};

const EMAIL: &str = "jeanne@exemple.fr";
const OTHER: &str = "neuve@exemple.fr";

fn by_id(account_id: u32) -> DiagnoseAccountRequest {
    DiagnoseAccountRequest { account_id, email: String::new() }
}

fn by_address(email: &str) -> DiagnoseAccountRequest {
    DiagnoseAccountRequest { account_id: 0, email: email.to_owned() }
}

/// What a reader is told, who may know least, in French and in English.
async fn told(
    server: &TestServer,
    whose: DiagnoseAccountRequest,
) -> (DiagnoseAccountResponse, DiagnoseAccountResponse) {
    let (_, key) = server.support_key("Luc", Role::Reader, None).await;
    let mut both = Vec::new();
    for language in ["fr", "en"] {
        let mut desk = server.desk_with(Some(key.reveal()), Some(language)).await;
        let answer = desk.diagnose_account(whose.clone()).await.expect("a reader may").into_inner();
        for finding in &answer.findings {
            assert_tells_no_secret(&finding.text);
        }
        both.push(answer);
    }
    let (french, english) = (both.remove(0), both.remove(0));
    assert_eq!(kinds(&french), kinds(&english));
    for (one, other) in french.findings.iter().zip(&english.findings) {
        assert_ne!(one.text, other.text);
        assert_eq!((one.time, one.until), (other.time, other.until));
    }
    (french, english)
}

fn assert_tells_no_secret(text: &str) {
    assert_eq!(first_code(text), None, "{text}");
    assert!(text.matches('@').count() == text.matches("•••@").count(), "an address: {text}");
    assert!(!text.contains("127.0.0.1"), "{text}");
}

fn kinds(answer: &DiagnoseAccountResponse) -> Vec<FindingKind> {
    answer.findings.iter().map(Finding::kind).collect()
}

/// The kinds that are found.
async fn found(server: &TestServer, whose: DiagnoseAccountRequest) -> Vec<FindingKind> {
    kinds(&told(server, whose).await.0)
}

/// The words of the finding of this kind, in French and in English.
async fn words(
    server: &TestServer,
    whose: DiagnoseAccountRequest,
    kind: FindingKind,
) -> (String, String) {
    let (french, english) = told(server, whose).await;
    let text = |answer: &DiagnoseAccountResponse| {
        let of_kind = answer.findings.iter().find(|finding| finding.kind() == kind);
        of_kind.unwrap_or_else(|| panic!("no {kind:?}: {:?}", answer.findings)).text.clone()
    };
    (text(&french), text(&english))
}

/// The only finding of this kind.
fn finding(answer: &DiagnoseAccountResponse, kind: FindingKind) -> &Finding {
    let of_kind: Vec<&Finding> =
        answer.findings.iter().filter(|finding| finding.kind() == kind).collect();
    assert_eq!(of_kind.len(), 1, "{:?}", answer.findings);
    of_kind[0]
}

/// How many seconds from now a time is.
fn seconds_left(server: &TestServer, time: Option<prost_types::Timestamp>) -> i64 {
    time.expect("a time").seconds - server.clock.now().as_second()
}

/// A code that is well-formed, and was never mailed.
fn wrong_code(server: &TestServer) -> String {
    PersonalCode::generate(&*server.accounts.randomness).display().to_string()
}
