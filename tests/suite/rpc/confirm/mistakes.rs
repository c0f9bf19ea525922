//! Codes that are no codes: they cost no try.

use gestan_account_client::{
    Code,
    v1::{ErrorReason, ViolationReason},
};
use gestan_account_tests::{Stored, TestServer, assert_refused, count, stored, violations};

use super::confirm;

const TRIES: &str = "SELECT sum(wrong_tries) FROM challenge";

#[tokio::test]
async fn confirm_tells_a_mistyped_code_from_a_wrong_one_and_counts_no_try() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let characters: Vec<char> = code.chars().collect();
    let mut mistyped = Vec::new();
    for position in (0..characters.len()).filter(|position| characters[*position] != '-') {
        let mut other = characters.clone();
        other[position] = if other[position] == 'Z' { '7' } else { 'Z' };
        mistyped.push(other.into_iter().collect::<String>());
    }
    let bare: Vec<char> = code.replace('-', "").chars().collect();
    for position in (1..bare.len()).filter(|position| bare[*position] != bare[*position - 1]) {
        let mut swapped = bare.clone();
        swapped.swap(position - 1, position);
        mistyped.push(swapped.into_iter().collect());
    }
    assert!(mistyped.len() > 12, "more mistakes than a challenge has tries");

    for typed in mistyped {
        let outcome = confirm(&server.client, &created.challenge_id, &typed).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let expected = [("code".to_owned(), ViolationReason::CodeMistyped)];
        assert_eq!(violations(&rejection), expected, "typed as {typed:?}");
        let text = "Ce code comporte une faute de frappe : vérifiez-le. Aucun essai n’est compté.";
        assert_eq!(rejection.violations()[0].description, text);
    }
    assert_eq!(count(server.db(), TRIES).await, 0);
    server.confirm(&created.challenge_id, &code).await;
}

#[tokio::test]
async fn confirm_refuses_what_is_no_code_and_counts_no_try() {
    let server = TestServer::start().await;
    let created = server.create("jeanne@exemple.fr", 1).await;
    let code = server.code_to("jeanne@exemple.fr").await;
    let cases = [
        (String::new(), ViolationReason::Required),
        (" ".to_owned(), ViolationReason::Required),
        (code[..13].to_owned(), ViolationReason::Malformed),
        (format!("{code}7"), ViolationReason::Malformed),
        (format!("{}U", &code[..13]), ViolationReason::Malformed),
        (format!("{}é", &code[..13]), ViolationReason::Malformed),
        (format!("{code}{}", " ".repeat(51)), ViolationReason::Malformed),
    ];
    for (typed, reason) in cases {
        let outcome = confirm(&server.client, &created.challenge_id, &typed).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(violations(&rejection), [("code".to_owned(), reason)], "typed as {typed:?}");
    }
    assert_eq!(count(server.db(), TRIES).await, 0);
    server.confirm(&created.challenge_id, &format!("{code}{}", " ".repeat(50))).await;
}

#[tokio::test]
async fn confirm_names_both_fields_when_both_are_bad() {
    let server = TestServer::start().await;
    for (challenge_id, reason) in
        [("", ViolationReason::Required), ("42", ViolationReason::Malformed)]
    {
        let outcome = confirm(&server.client, challenge_id, "ABC").await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let expected =
            [("challenge_id".to_owned(), reason), ("code".to_owned(), ViolationReason::Malformed)];
        assert_eq!(violations(&rejection), expected);
    }
    assert_eq!(stored(&server).await, Stored::default());
}
