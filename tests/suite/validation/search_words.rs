//! The normal form of words, and what a query is taken for, against texts that nobody thought
//! of.

use std::iter;

use gestan_account_server::domain::{
    account_id::AccountId,
    country::Country,
    email_address::EmailAddress,
    phone::Phone,
    profile::Profile,
    search_words::{MAX_WORD_BYTES, MAX_WORDS, Query, of_account, words},
    text::Line,
    violation::{Expected, Problem},
};
use gestan_account_tests::made_up;
use proptest::prelude::*;

/// Letters that have several forms or spellings, and signs that are none.
const SPECIAL: &str = "ẞßœŒÆæøłŁĐðÞıİiIσςΣᾳᾼﬁǅŉʼ²①㎏Ⅷ’'-&.é\u{301}\u{308}\u{345}\u{ad} ";

/// Texts in which such letters stand among all others.
fn texts() -> impl Strategy<Value = String> {
    let special: Vec<char> = SPECIAL.chars().collect();
    let one =
        prop_oneof![prop::sample::select(special), any::<char>(), prop::char::range('a', 'z')];
    prop::collection::vec(one, 0..40).prop_map(|text| text.into_iter().collect())
}

fn query(text: &str) -> Vec<String> {
    let query = Query::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}"));
    query.words().iter().map(|word| word.text.clone()).collect()
}

proptest! {
    #[test]
    fn words_are_their_own_normal_form(text in texts()) {
        let once = words(&text);
        prop_assert_eq!(words(&once.join(" ")), once.clone());
        for word in once {
            prop_assert!(!word.is_empty() && word.len() <= MAX_WORD_BYTES, "{}", word);
        }
    }

    #[test]
    fn case_changes_no_word(text in texts()) {
        prop_assert_eq!(words(&text.to_uppercase()), words(&text));
        prop_assert_eq!(words(&text.to_lowercase()), words(&text));
    }

    /// As one character or as a letter with an accent: that is the typist's system's choice.
    #[test]
    fn accents_in_any_writing_change_no_word(letters in "[a-zàâäçéèêëîïôöùûüÿñ ]{0,40}") {
        let apart = letters.replace('é', "e\u{301}").replace('ç', "c\u{327}").replace('ï', "i\u{308}");
        prop_assert_eq!(words(&apart), words(&letters));
        let bare = words(&letters).concat();
        prop_assert!(bare.is_ascii(), "{}", bare);
    }

    #[test]
    fn an_apostrophe_and_a_hyphen_part_words_whichever_they_are(one in "[a-z]{1,9}", two in "[a-z]{1,9}") {
        for between in ["'", "’", "ʹ", "ʼ", "-", "‐", "\u{2011}", "–", " & ", ".", "´", "\u{a0}"] {
            let text = format!("{one}{between}{two}");
            prop_assert_eq!(words(&text), vec![one.clone(), two.clone()], "{:?}", between);
        }
    }

    #[test]
    fn no_query_is_taken_apart_into_too_much(text in texts()) {
        let Ok(query) = Query::parse(&text) else { return Ok(()) };
        prop_assert!((1..=Query::MAX_WORDS).contains(&query.words().len()));
        for (place, word) in query.words().iter().enumerate() {
            prop_assert!(!word.text.is_empty() && word.text.len() <= MAX_WORD_BYTES);
            prop_assert!(!word.text.contains('\0'), "PostgreSQL takes none");
            let others = query.words().iter().enumerate().filter(|(other, _)| *other != place);
            let beginnings = others.filter(|(_, other)| other.text.starts_with(&word.text));
            prop_assert_eq!(beginnings.count(), 0);
        }
        // It tells of a person.
        let shown = format!("{query:?}");
        prop_assert!(!shown.contains(text.trim()) || text.trim().len() < 8, "{}", shown);
    }

    /// Each field is found by the beginning of any of its words.
    #[test]
    fn an_account_has_what_a_query_of_its_words_looks_for(number: u32, letters in 1..12_usize) {
        let made_up = made_up::account(number);
        let (email, profile) = parsed(&made_up);
        let known = of_account(&email, &profile);
        prop_assert!(known.len() <= MAX_WORDS);
        for field in [
            &made_up.company_name, &made_up.last_name, &made_up.first_name, &made_up.city,
            &made_up.postal_code, &made_up.phone, &made_up.email,
        ] {
            for asked in query(field) {
                let beginning: String = asked.chars().take(letters).collect();
                prop_assert!(known.iter().any(|word| word.starts_with(&beginning)), "{}", field);
            }
        }
    }
}

fn parsed(account: &gestan_account_client::v1::Account) -> (EmailAddress, Profile) {
    let profile = Profile {
        company_name: Line::parse(&account.company_name).expect("a company"),
        last_name: Line::parse(&account.last_name).expect("a name"),
        first_name: Line::parse(&account.first_name).expect("a name"),
        city: Line::parse(&account.city).expect("a town"),
        postal_code: gestan_account_server::domain::postal_code::PostalCode::parse(
            &account.postal_code,
            Country::FRANCE,
        )
        .expect("a postal code"),
        phone: Phone::parse(&account.phone, Country::FRANCE).expect("a number"),
        ..Profile::default()
    };
    (EmailAddress::parse(&account.email).expect("an address"), profile)
}

#[test]
fn names_are_taken_apart_as_people_say_them() {
    for (text, parts) in [
        ("Éts Dupont & Fils", vec!["ets", "dupont", "fils"]),
        ("N’Guyen", vec!["n", "guyen"]),
        ("N'Guyen", vec!["n", "guyen"]),
        ("L'Épicerie", vec!["l", "epicerie"]),
        ("Lebœuf-Æbelø", vec!["leboeuf", "aebelo"]),
        ("Groß GROẞ GROSS", vec!["gross", "gross", "gross"]),
        ("Łódź ǅ Þór İzmir ılgaz", vec!["lodz", "dz", "thor", "izmir", "ilgaz"]),
        ("ＡＢＣ①２", vec!["abc12"]),
        ("3D & Cie", vec!["3d", "cie"]),
        ("… — !", vec![]),
    ] {
        assert_eq!(words(text), parts, "{text}");
    }
    let long = "é".repeat(100);
    assert_eq!(words(&long), ["e".repeat(64)]);
    assert_eq!(words(&"ж".repeat(100)), ["ж".repeat(32)], "cut between two characters");
}

#[test]
fn an_account_is_found_by_its_words_its_address_and_its_number() {
    let account = gestan_account_client::v1::Account {
        email: "Jeanne.Martin+caisse@Brasserie-Étoile.fr".to_owned(),
        company_name: "Brasserie de l’Étoile".to_owned(),
        last_name: "Martin".to_owned(),
        first_name: "Anne-Sophie".to_owned(),
        postal_code: "67000".to_owned(),
        city: "Strasbourg".to_owned(),
        phone: "+33 6 12 34 56 78".to_owned(),
        ..Default::default()
    };
    let (email, profile) = parsed(&account);
    assert_eq!(
        of_account(&email, &profile),
        [
            "jeanne.martin+caisse@xn--brasserie-toile-knb.fr",
            "@xn--brasserie-toile-knb.fr",
            "33612345678",
            "+33612345678",
            "0612345678",
            "67000",
            "brasserie",
            "de",
            "l",
            "etoile",
            "martin",
            "anne",
            "sophie",
            "strasbourg",
            "jeanne",
            "caisse",
        ]
    );
    for provider in ["orange.fr", "gmail.com", "yahoo.co.uk"] {
        let email = EmailAddress::parse(&format!("jeanne@{provider}")).expect("an address");
        let of_provider = format!("@{provider}");
        assert_eq!(
            of_account(&email, &Profile::default()),
            [format!("jeanne{of_provider}").as_str(), &of_provider, "jeanne"]
        );
    }
    // What leads to one account stays, however long the names are.
    let many: Vec<String> = (0..60).map(|number| format!("m{number}")).collect();
    let profile = Profile {
        company_name: Line::parse(&many[..30].join(" ")).expect("it fits"),
        last_name: Line::parse(&many[30..50].join(" ")).expect("it fits"),
        first_name: Line::parse(&many[50..].join(" ")).expect("it fits"),
        ..profile
    };
    let words = of_account(&email, &profile);
    assert_eq!(words.len(), MAX_WORDS);
    assert!(words.contains(&"+33612345678".to_owned()) && words.contains(&"67000".to_owned()));
}

#[test]
fn a_query_is_taken_for_what_it_looks_like() {
    for (text, parts) in [
        ("Éts Dupont & fils", vec!["ets", "dupont", "fils"]),
        ("dupont du dup", vec!["dupont"]),
        ("Dupont DUPONT", vec!["dupont"]),
        ("06 12", vec!["0612"]),
        ("06-12.34 56 78", vec!["0612345678"]),
        ("+33 6 12 34", vec!["+3361234"]),
        ("0033 6 12", vec!["+33612"]),
        ("+33 (0)6 12 34 56 78", vec!["+33612345678"]),
        ("59", vec!["59"]),
        ("59000 Lille", vec!["59000", "lille"]),
        ("Contact@Dup", vec!["contact@dup"]),
        ("@dupont.fr", vec!["@dupont.fr"]),
        ("@étoile.fr", vec!["@xn--toile-9ra.fr"]),
        ("<jeanne@exemple.fr>, Lille", vec!["jeanne@exemple.fr", "lille"]),
        ("\u{202a}06 12 34 56 78\u{202c}", vec!["0612345678"]),
    ] {
        assert_eq!(query(text), parts, "{text}");
    }
    let parse = |text: &str| Query::parse(text).expect("a query");
    let id = |text: &str| parse(text).account_id().map(AccountId::number);
    assert_eq!(id("1 234.567"), Some(1_234_567));
    assert_eq!(
        (id("4294967295"), id("4294967296"), id("0"), id("12a")),
        (Some(u32::MAX), None, None, None)
    );
    let email = |text: &str| parse(text).email().map(|email| email.key().to_owned());
    assert_eq!(email(" Jeanne@Exemple.FR "), Some("jeanne@exemple.fr".to_owned()));
    assert_eq!(email("Jeanne Martin <jeanne@exemple.fr>"), Some("jeanne@exemple.fr".to_owned()));
    assert_eq!((email("a@exemple.fr b@exemple.fr"), email("contact@dup")), (None, None));
    for written in [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "+33612345678",
        "+33 6 12 34 56 78",
        "0033 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "06\u{a0}12\u{a0}34 56 78",
    ] {
        assert_eq!(parse(written).phone(), Some("+33612345678"), "{written}");
    }
    assert_eq!(parse("0692 12 34 56").phone(), Some("+262692123456"), "overseas");
    assert_eq!(parse("dupont").phone(), None);

    let weak: Vec<bool> =
        parse("SARL de la Dupont").words().iter().map(|word| word.is_weak).collect();
    assert_eq!(weak, [true, true, true, false]);
    // Weak words are the first that there is no room for.
    let many =
        format!("SARL de {}", (0..8).map(|n| format!("mot{n}")).collect::<Vec<_>>().join(" "));
    assert!(parse(&many).words().iter().all(|word| !word.is_weak));
}

#[test]
fn a_query_of_nothing_is_refused() {
    let refused = |text: &str| Query::parse(text).expect_err("it is refused");
    assert_eq!(refused(""), Problem::Required);
    assert_eq!(refused(" \t\u{200b} "), Problem::Required);
    let nothing = Problem::Malformed(Expected::LetterOrDigit);
    for text in ["@", "’", "& - .", "\u{2764}", "@.", "()"] {
        assert_eq!(refused(text), nothing, "{text}");
    }
    assert_eq!(refused("a\0b"), Problem::ControlCharacter);
    assert_eq!(refused(&"a".repeat(201)), Problem::TooLong { max: 200 });
    assert_eq!(refused(&"x ".repeat(1_000_000)), Problem::TooLong { max: 200 });
    let at_most: String = iter::repeat_n("é", 200).collect();
    assert_eq!(query(&at_most), ["e".repeat(64)]);
}
