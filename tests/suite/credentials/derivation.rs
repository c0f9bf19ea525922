//! Tickets and link tokens that a repeated call gets again, and the codes of mails.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc};

use gestan_account_server::{
    credentials::{
        derivation::{CodeKey, MailedCodeKey, link_token_of_ticket},
        hasher::{CodeSalt, HashFor, HashParams, Hasher},
        pepper::Peppers,
        token::{Token, TokenKind},
    },
    domain::personal_code::PersonalCode,
};
use gestan_account_tests::SeededRandomness;
use uuid::Uuid;

const SEED: [u8; 32] = [7; 32];

/// The key of the code that comes with `number`.
async fn key(number: u64) -> CodeKey {
    let randomness = Arc::new(SeededRandomness::new(number));
    let params = HashParams::new(64, 1, 1).unwrap();
    let one = NonZeroUsize::MIN;
    let hasher =
        Hasher::start(params.clone(), one, one, Peppers::default(), randomness.clone()).unwrap();
    let code = PersonalCode::generate(&*randomness);
    hasher.hash_code(HashFor::Outbox, code, CodeSalt { salt: [1; 16], params }).await.unwrap().1
}

/// Everything that can be derived from a key and a seed.
fn derived(key: &CodeKey, seed: &[u8; 32]) -> [String; 3] {
    let ticket = key.ticket(seed);
    let tokens = [ticket.clone(), key.link_token(seed), link_token_of_ticket(&ticket, seed)];
    tokens.map(|token| token.reveal().to_owned())
}

#[tokio::test]
async fn one_key_and_seed_give_the_same_tokens_again() {
    assert_eq!(derived(&key(1).await, &SEED), derived(&key(1).await, &SEED));
}

#[tokio::test]
async fn another_seed_or_key_gives_other_tokens_and_no_two_are_alike() {
    let mut other_seed = SEED;
    other_seed[31] ^= 1;
    let (one, two) = (key(1).await, key(2).await);
    let tokens = [derived(&one, &SEED), derived(&one, &other_seed), derived(&two, &SEED)].concat();
    // Without prefix and checksum: the 256 bits.
    let mut bits: Vec<&str> =
        tokens.iter().map(|token| &token.rsplit('_').next().unwrap()[..52]).collect();
    bits.sort_unstable();
    bits.dedup();
    assert_eq!(bits.len(), 9, "{tokens:#?}");
}

#[test]
fn a_process_makes_one_code_of_a_challenge_and_another_process_another() {
    let process = |number| MailedCodeKey::generate(&SeededRandomness::new(number));
    let code = |process: &MailedCodeKey, challenge: u128, seed: Option<&[u8; 32]>| {
        process.code(Uuid::from_u128(challenge), seed).display().to_string()
    };
    let one = process(1);
    assert_eq!(code(&one, 1, Some(&SEED)), code(&one.clone(), 1, Some(&SEED)));
    let mut codes: Vec<String> = (0..1000).map(|number| code(&one, number, Some(&SEED))).collect();
    codes.extend([code(&one, 1, Some(&[8; 32])), code(&one, 1, None)]);
    codes.push(code(&process(2), 1, Some(&SEED)));
    for code in &codes {
        assert!(PersonalCode::parse(code).is_ok(), "{code}");
    }
    // Each character comes at each place: nothing of the 55 bits is lost.
    for place in (0..11).map(|place| place + place / 4) {
        let seen: BTreeSet<u8> = codes.iter().map(|code| code.as_bytes()[place]).collect();
        assert_eq!(seen.len(), 32, "at {place}");
    }
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 1003);
    assert_eq!(format!("{one:?}"), "MailedCodeKey([redacted])");
}

#[tokio::test]
async fn derived_tokens_are_of_their_kind_and_not_shown() {
    let key = key(1).await;
    let [ticket, link_token, ticket_link_token] = derived(&key, &SEED);
    assert!(Token::parse(TokenKind::Ticket, &ticket).is_some(), "{ticket}");
    for token in [link_token, ticket_link_token] {
        assert!(Token::parse(TokenKind::Link, &token).is_some(), "{token}");
        assert!(Token::parse(TokenKind::Ticket, &token).is_none(), "{token}");
    }
    assert_eq!(format!("{key:?}"), "CodeKey([redacted])");
    let body = key.ticket(&SEED).reveal().rsplit('_').next().unwrap().to_owned();
    assert!(!format!("{:?}", key.ticket(&SEED)).contains(&body));
}
