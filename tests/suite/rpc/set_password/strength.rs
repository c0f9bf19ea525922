//! Which passwords SetPassword takes.

use gestan_account_client::{
    ClientOptions, Code,
    v1::{self, ErrorReason, ViolationReason},
};
use gestan_account_server::{credentials::hasher::HashFor, domain::password::Password};
use gestan_account_tests::{
    TestServer, assert_refused, count, execute, new_password, text, violations,
};

use super::{password_is, set, ticket};
use crate::rpc::{confirm::wrong_code, create::request};

const SHORT: ViolationReason = ViolationReason::PasswordTooShort;
const WEAK: ViolationReason = ViolationReason::PasswordTooWeak;

/// Asserts that every password is refused for its reason, in words that hold
/// the given ones, and that nothing comes of it.
async fn assert_too_weak(
    server: &TestServer,
    ticket: &str,
    passwords: &[(&str, ViolationReason, &str)],
) {
    let mut told = Vec::new();
    for (password, reason, words) in passwords {
        let outcome = set(&server.client, ticket, password).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let expected = [("new_password".to_owned(), *reason)];
        assert_eq!(violations(&rejection), expected, "{password:?}");
        let description = &rejection.violations()[0].description;
        if !description.contains(words) {
            told.push(format!("{password:?}: {description}"));
        }
    }
    assert!(told.is_empty(), "said otherwise:\n{}", told.join("\n"));
    assert_eq!(count(server.db(), "SELECT count(password_hash) FROM account").await, 0);
    let spent = "SELECT count(ticket_spent_time) FROM challenge";
    assert_eq!(count(server.db(), spent).await, 0, "the ticket is still good");
}

#[tokio::test]
async fn set_password_refuses_short_simple_and_common_passwords_and_says_why() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let passwords = [
        ("K7!p-wX2z", SHORT, "trop court : 10 caractères au moins"),
        ("éééé", SHORT, "trop court : 10 caractères au moins"),
        ("8520741963", WEAK, "trop simple"),
        ("xkqwvzjhpt", WEAK, "trop simple"),
        ("motdepasse123", WEAK, "c’est un mot de passe très courant"),
        ("azertyuiop1", WEAK, "c’est un mot de passe très courant"),
        ("Bonjour123!", WEAK, "c’est un mot de passe très courant"),
        ("qwertyuiop1234", WEAK, "c’est un mot de passe très courant"),
        ("aaaaaaaaaaaaaaaa", WEAK, "des caractères répétés"),
        ("abcdefghijklmnop", WEAK, "une suite comme abc"),
        ("Gestan2026", WEAK, "c’est un mot de passe très courant"),
    ];
    assert_too_weak(&server, &confirmed.ticket, &passwords).await;
    server.set_password(&confirmed.ticket, &new_password(1)).await;
    server.deliver_mail().await;
}

#[tokio::test]
async fn set_password_refuses_what_the_account_tells_of_its_owner() {
    let server = TestServer::start().await;
    let profile = v1::Account {
        company_name: "Brasserie Kerouanton".to_owned(),
        last_name: "Quillivéré".to_owned(),
        first_name: "Maëlyss".to_owned(),
        city: "Plougastel".to_owned(),
        ..Default::default()
    };
    let email = "zoe.quillivere@kerouanton.bzh";
    let create = v1::CreateRequest { profile: Some(profile), ..request(email, 1) };
    let created = server.client.create(create).await.expect("Create is answered");
    let code = server.code_to(email).await;
    let confirmed = server.confirm(&created.challenge_id, &code).await;
    let personal = "il reprend votre nom, votre société ou votre adresse de courriel";
    let passwords = [
        (email, WEAK, personal),
        ("zoe.quillivere", WEAK, personal),
        ("Kerouanton1", WEAK, personal),
        ("brasserie kerouanton", WEAK, personal),
        ("Quillivéré29", WEAK, personal),
        ("Plougastel29", WEAK, personal),
        ("Maëlyss2024", WEAK, personal),
    ];
    assert_too_weak(&server, &confirmed.ticket, &passwords).await;
}

#[tokio::test]
async fn set_password_says_why_in_english_to_who_asks_for_it() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let client = server.connect(ClientOptions::new().locale("en")).await;
    for (password, text) in [
        ("court", "This password is too short: at least 10 characters."),
        (
            "8520741963",
            "This password is too simple: make it longer, or mix letters, digits and signs.",
        ),
        (
            "aaaaaaaaaaaaaaaa",
            "This password is too weak: repeated characters are soon guessed. Four unrelated \
             words will do.",
        ),
    ] {
        let outcome = set(&client, &confirmed.ticket, password).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(rejection.violations()[0].description, text);
    }
}

#[tokio::test]
async fn set_password_takes_256_characters_and_refuses_257() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let text: String = (0..20).map(new_password).collect::<String>().replace('i', "î");
    let longest: String = text.chars().take(256).collect();
    let too_long: String = text.chars().take(257).collect();
    let outcome = set(&server.client, &confirmed.ticket, &too_long).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let expected = [("new_password".to_owned(), ViolationReason::TooLong)];
    assert_eq!(violations(&rejection), expected);
    server.set_password(&confirmed.ticket, &longest).await;
    server.deliver_mail().await;
    assert!(password_is(&server, confirmed.account_id, &longest).await);
    let but_the_last: String = text.chars().take(255).collect();
    assert!(!password_is(&server, confirmed.account_id, &but_the_last).await, "all of it counts");
}

#[tokio::test]
async fn set_password_takes_one_password_for_both_unicode_forms_of_it() {
    let composed = "cinq éléphants dansent là-haut";
    let decomposed = "cinq e\u{301}le\u{301}phants dansent la\u{300}-haut";
    assert_ne!(composed, decomposed);
    for (typed_first, typed_later) in [(decomposed, composed), (composed, decomposed)] {
        let server = TestServer::start().await;
        let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
        server.set_password(&confirmed.ticket, typed_first).await;
        server.deliver_mail().await;
        assert!(password_is(&server, confirmed.account_id, typed_later).await);
        let unaccented = "cinq elephants dansent la-haut";
        assert!(!password_is(&server, confirmed.account_id, unaccented).await);
    }
}

#[tokio::test]
async fn set_password_takes_one_password_whatever_spaces_it_is_typed_with() {
    let spaces = ["\u{a0}", "\u{202f}", "\u{2009}", "\u{2003}", "\u{3000}", "\u{1680}"];
    let plain = "cinq éléphants dansent là-haut";
    for typed_first in [plain.to_owned(), plain.replace(' ', "\u{a0}")] {
        let server = TestServer::start().await;
        let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
        server.set_password(&confirmed.ticket, &typed_first).await;
        server.deliver_mail().await;
        for space in [" "].into_iter().chain(spaces) {
            let typed = plain.replace(' ', space);
            assert!(password_is(&server, confirmed.account_id, &typed).await, "{typed:?}");
        }
        assert!(!password_is(&server, confirmed.account_id, &plain.replace(' ', "")).await);
    }
}

#[tokio::test]
async fn a_hash_made_of_other_spaces_still_serves_and_is_renewed_to_plain_ones() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let plain = "cinq éléphants dansent là-haut";
    let typed = "cinq\u{a0}éléphants\u{202f}dansent\u{a0}là-haut";
    // As the service hashed it before it made all spaces plain.
    let parsed = Password::parse(typed).expect("a password");
    let former = parsed.with_other_spaces().expect("other spaces");
    assert_eq!((parsed.reveal(), former.reveal()), (plain, typed));
    let hasher = &server.accounts.hasher;
    let hash = hasher.judge_and_hash(HashFor::Stranger(None), former, Vec::new()).await;
    let old = hash.expect("a hash").expect("a strong one").to_phc();
    execute(server.db(), &format!("UPDATE account SET password_hash = '{old}'")).await;

    assert!(!password_is(&server, member.account_id, plain).await, "it was another text");
    let others = plain.replace(' ', "\u{2003}");
    assert!(!password_is(&server, member.account_id, &others).await, "that was another, too");
    assert!(password_is(&server, member.account_id, typed).await);
    let stored = "SELECT password_hash FROM account";
    let renewed = text(server.db(), stored).await.expect("a hash");
    assert_ne!(renewed, old);
    for typed in [plain, typed, others.as_str()] {
        assert!(password_is(&server, member.account_id, typed).await, "{typed:?}");
    }
    assert_eq!(text(server.db(), stored).await.expect("a hash"), renewed);
}

#[tokio::test]
async fn set_password_refuses_what_is_written_like_a_code_and_takes_it_without_dashes() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let right = wrong_code(&server);
    let last = if right.ends_with('0') { '1' } else { '0' };
    let mistyped = format!("{}{last}", &right[..right.len() - 1]);
    let written = [
        mistyped.clone(),
        mistyped.replace('-', "\u{2011}").to_lowercase(),
        mistyped.replace('-', " \u{ff0d} "),
        "loup-ruse-buse".to_owned(),
    ];
    let words = "un texte écrit comme lui (XXXX-XXXX-XXXX)";
    let passwords: Vec<_> =
        written.iter().map(|text| (text.as_str(), ViolationReason::Malformed, words)).collect();
    assert_too_weak(&server, &confirmed.ticket, &passwords).await;

    let bare = mistyped.replace('-', "");
    server.set_password(&confirmed.ticket, &bare).await;
    server.deliver_mail().await;
    assert!(password_is(&server, confirmed.account_id, &bare).await);
}

#[tokio::test]
async fn set_password_refuses_a_personal_code() {
    let server = TestServer::start().await;
    let confirmed = ticket(&server, "jeanne@exemple.fr", 1).await;
    let code = wrong_code(&server);
    let words = "Un code personnel ne peut pas servir de mot de passe";
    let bare = code.replace('-', "").to_lowercase();
    let passwords = [
        (code.as_str(), ViolationReason::Malformed, words),
        (bare.as_str(), ViolationReason::Malformed, words),
    ];
    assert_too_weak(&server, &confirmed.ticket, &passwords).await;
}

#[tokio::test]
async fn set_password_asks_for_no_kinds_of_characters() {
    let server = TestServer::start().await;
    for (number, password) in
        (1..).zip(["girafe lit sous pluie", "Δελφίνι χορεύει αργά", "🦒🌧📚🚲🍄🦔🎺🧦🪁🐙"])
    {
        let confirmed = ticket(&server, &format!("j{number}@exemple.fr"), number).await;
        server.set_password(&confirmed.ticket, password).await;
        server.deliver_mail().await;
        assert!(password_is(&server, confirmed.account_id, password).await, "{password}");
    }
}
