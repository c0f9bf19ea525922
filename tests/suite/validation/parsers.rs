//! Parsers of headers, of what the operator configures and of what the database
//! holds, against texts that nobody thought of. What callers type is in
//! `random`.

use std::net::IpAddr;

use gestan_account_server::{
    accounts::BearerToken,
    credentials::{
        hasher::{HashParams, PasswordHash},
        pepper::Peppers,
        token::{Token, TokenKind},
    },
    domain::{locale::Locale, password::Password, personal_code::PersonalCode, violation::Problem},
    mail::mailer::{Mailer, MailerError, SmtpOptions},
    network::TrustedProxies,
    throttle::Limits,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

type IsExpected = fn(&MailerError) -> bool;

const SENDER: &str = "Gestan <compte@gestan.example>";

fn now() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().expect("a time")
}

fn mailer(url: &str) -> Result<Mailer, MailerError> {
    Mailer::from_url(url, SENDER, &SmtpOptions::default())
}

/// Any text, and texts of the signs that these parsers look for.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{0,25}/[0-9]{0,20}[a-zµ ]{0,3}(,[0-9]{1,3}/[0-9]{1,3}[smhd])?",
        "[0-9a-f:.,/ \\[\\]é-]{0,60}",
        "([a-z0-9]{0,10}:[0-9a-fA-Fé]{0,40}\n?){0,3}",
        "[a-zA-Z0-9*,;=. é-]{0,60}",
        "(m|t|p|keyid|data)=[0-9a-zA-Z+/]{0,22}(,(m|t|p|keyid)=[0-9a-zA-Z]{0,12}){0,4}",
        "\\$argon2id(\\$v=[0-9]{0,3})?\\$[a-z0-9=,]{0,30}(\\$[a-zA-Z0-9+/]{0,48}){0,3}",
        "gestan_(link|ticket|support)_[0-9a-zé]{50,62}",
    ]
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in text()) {
        let peer: IpAddr = "10.0.0.1".parse().expect("an address");
        if let Ok(limits) = text.parse::<Limits>() {
            let _ = limits.wait(&[now(); 3], now()).map(|wait| now() + wait);
            let _ = now() + limits.memory();
        }
        if let Ok(proxies) = text.parse::<TrustedProxies>() {
            let _ = proxies.caller(peer, [text.as_bytes()].into_iter());
        }
        let trusting: TrustedProxies = "10.0.0.0/8".parse().expect("a network");
        let _ = trusting.caller(peer, text.lines().map(str::as_bytes));
        let _ = text.parse::<Peppers>().is_ok_and(|peppers| peppers.in_force().is_some());
        let _ = BearerToken::parse(&text);
        let _ = Token::parse(TokenKind::Ticket, &text);
        let _ = Locale::from_accept_language(&text);
        let _ = Mailer::from_url("smtp://", &text, &SmtpOptions::default());
        if let Ok(params) = text.parse::<HashParams>() {
            prop_assert_eq!(params.to_string().parse::<HashParams>().ok(), Some(params));
        }
        if let Ok(hash) = PasswordHash::parse(&text) {
            let again = PasswordHash::parse(&hash.to_phc()).expect("as it was written");
            prop_assert_eq!(again.to_phc(), hash.to_phc());
        }
    }

    #[test]
    fn limits_are_read_as_they_are_meant(
        limits in prop::collection::vec((1_usize..50, 1_i64..1000), 1..4),
        hits in 0_usize..60,
    ) {
        let text: Vec<String> =
            limits.iter().map(|(count, minutes)| format!("{count}/{minutes}m")).collect();
        let parsed: Limits = text.join(",").parse().expect("limits");
        let longest = limits.iter().map(|(_, minutes)| *minutes).max().expect("a limit");
        prop_assert_eq!(parsed.memory(), SignedDuration::from_mins(longest));
        let reached = limits.iter().filter(|(count, _)| *count <= hits);
        let wait = reached.map(|(_, minutes)| SignedDuration::from_mins(*minutes)).max();
        prop_assert_eq!(parsed.wait(&vec![now(); hits], now()), wait);
    }

    #[test]
    fn a_trusted_proxy_names_the_caller_and_a_stranger_does_not(
        caller: IpAddr,
        made_up in "[0-9a-f:.,\\[\\] é]{0,40}",
    ) {
        let proxies: TrustedProxies = "192.0.2.0/24,2001:db8::/32".parse().expect("networks");
        let header = format!("{made_up},{caller}");
        let named = proxies.caller("192.0.2.1".parse().expect("an address"), [header.as_bytes()].into_iter());
        let is_proxy = header.starts_with("192.0.2.") || header.starts_with("2001:db8");
        prop_assert!(is_proxy || named == caller.to_canonical());
        prop_assert_eq!(
            TrustedProxies::default().caller(caller, [made_up.as_bytes()].into_iter()),
            caller.to_canonical()
        );
    }

    #[test]
    fn peppers_are_found_by_their_id_and_never_shown(
        id in "[a-zA-Z0-9]{1,8}",
        secret in prop::collection::vec(any::<u8>(), 16..40),
        rubbish in any::<String>(),
    ) {
        let hex: Vec<String> = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let hex = hex.concat();
        let peppers: Peppers = format!("# {id}\n {id} : {hex} \n").parse().expect("a pepper");
        prop_assert_eq!(peppers.in_force(), Some(id.as_bytes()));
        prop_assert_eq!(peppers.find(id.as_bytes()), Some(secret.as_slice()));
        let shown = format!("{peppers:?}");
        prop_assert!(!shown.contains(&hex));
        if let Err(error) = format!("{id}:{hex}\n{hex}{rubbish}").parse::<Peppers>() {
            prop_assert!(!error.contains(&hex));
        }
        if let Err(error) = format!("{id}:{hex}é").parse::<Peppers>() {
            prop_assert!(!error.contains(&hex));
        }
    }

    #[test]
    fn the_language_that_comes_first_is_spoken(
        first in "(fr|en)(-[A-Z]{2})?",
        rest in "(,(de|es|fr|en);q=0\\.[0-9]{1,3}){0,3}",
    ) {
        let expected = if first.starts_with("en") { Locale::En } else { Locale::Fr };
        prop_assert_eq!(Locale::from_accept_language(&format!("{first}{rest}")), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_mail_url_is_never_told_with_its_password(
        scheme in "(smtp|smtp\\+starttls|smtps|SMTPS|http|)",
        user in "[a-z%@:/é]{0,6}",
        after in "([a-zA-Z0-9:/@?%#\\[\\]é]{0,12}|@mail\\.example(:[0-9]{0,6})?(/\\?ca=/nowhere)?)",
    ) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let _inside = runtime.enter();
        let password = "hunter2secret";
        let url = format!("{scheme}://{user}:{password}{after}");
        match mailer(&url) {
            Err(error) => {
                let told = format!("{error} {error:?}");
                prop_assert!(!told.contains(password), "{}", told);
            }
            Ok(mailer) => {
                let shown = format!("{mailer:?}");
                prop_assert!(!shown.contains(password));
            }
        }
    }
}

#[tokio::test]
async fn mail_urls_are_read_as_they_are_documented() {
    for url in [
        "smtp://mail.example",
        "smtp://[2001:db8::1]:2525/",
        "smtp+starttls://mail.example",
        "smtps://user:p%40ss%2F@mail.example:465",
    ] {
        assert!(mailer(url).is_ok(), "{url}");
    }
    let refused: [(&str, IsExpected); 8] = [
        ("mail.example", |error| matches!(error, MailerError::Scheme)),
        ("smtp://", |error| matches!(error, MailerError::Host)),
        ("smtp://mail example", |error| matches!(error, MailerError::Host)),
        ("smtp://mail.example:0", |error| matches!(error, MailerError::Port)),
        ("smtps://user@mail.example", |error| matches!(error, MailerError::Credentials)),
        ("smtps://user:%zz@mail.example", |error| matches!(error, MailerError::Credentials)),
        ("smtp://u:p@mail.example", |error| matches!(error, MailerError::CleartextCredentials)),
        ("smtps://mail.example/?cb=x", |error| matches!(error, MailerError::Query)),
    ];
    for (url, is_expected) in refused {
        let error = mailer(url).expect_err(url);
        assert!(is_expected(&error), "{url}: {error}");
    }
    let sender = Mailer::from_url("smtp://mail.example", "nobody", &SmtpOptions::default());
    assert!(matches!(sender, Err(MailerError::From)));
}

#[test]
fn a_limit_whose_window_no_calendar_holds_is_refused() {
    for text in ["1/9223372036854775807s", "1/99999999h", "1/8785h"] {
        let error = text.parse::<Limits>().expect_err(text);
        assert!(error.contains(text), "{error}");
    }
    assert!("1/8784h".parse::<Limits>().is_ok());
}

#[test]
fn a_password_that_becomes_a_code_once_it_is_normalised_is_refused() {
    // NFC makes a K of the Kelvin sign, and what is kept would be read as a code.
    let kelvin = "0000-0000-00\u{212a}3";
    assert!(PersonalCode::parse(&kelvin.replace('\u{212a}', "K")).is_ok());
    assert!(matches!(Password::parse_new(kelvin), Err(Problem::Malformed(_))));
}
