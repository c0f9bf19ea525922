//! Parsers of what callers type, against texts that nobody thought of.

use gestan_account_server::{
    credentials::token::{Token, TokenKind},
    domain::{
        ape_code::{ApeCode, Nomenclature},
        ape_query::ApeQuery,
        country::Country,
        email_address::EmailAddress,
        locale::Locale,
        machine::{MachineId, MachineName},
        password::Password,
        paste,
        personal_code::PersonalCode,
        phone::Phone,
        postal_code::PostalCode,
        profile::Field,
        secret::Secret,
        text::{Line, Lines},
        violation::Problem,
    },
};
use gestan_account_tests::SeededRandomness;
use proptest::prelude::*;

const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn code(seed: u64) -> String {
    PersonalCode::generate(&SeededRandomness::new(seed)).display().to_string()
}

/// The twelve characters of a code, without its dashes.
fn symbols(seed: u64) -> Vec<u8> {
    code(seed).bytes().filter(|byte| *byte != b'-').collect()
}

fn parse(symbols: &[u8]) -> Result<PersonalCode, Problem> {
    PersonalCode::parse(&String::from_utf8_lossy(symbols))
}

fn kind() -> impl Strategy<Value = TokenKind> {
    prop_oneof![Just(TokenKind::Link), Just(TokenKind::Ticket), Just(TokenKind::SupportKey)]
}

/// Any text, and texts of what parsers look for.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9a-zA-Z@.+_ -]{0,90}",
        "[0-9+() .\\-\u{2010}-\u{2015}]{0,40}",
        "[\\PC\\p{Cc}\u{301}\u{202e}\u{2028}]{0,300}",
        "[a-z\u{200b}-\u{200f}\u{2060}\u{feff}\u{fe0f}\u{94d}\u{645}\u{1f469}\u{2800} ]{0,20}",
        "[a-z\u{e9}\u{df}\u{130}]{1,70}@[a-z\u{e9}\u{5d0}\u{3002}.-]{1,260}",
        "[a-zA-Z0-9*,;=. -]{0,60}",
    ]
}

proptest! {
    #[test]
    fn a_code_reads_as_itself_however_it_is_typed(seed: u64, lower: bool, dash in "[ \u{a0}\u{ad}\u{200b}\u{2011}\u{2013}\u{2060}\u{fe58}\u{fe63}\u{feff}\u{ff0d}-]{0,3}") {
        let shown = code(seed);
        let shown_groups: Vec<&str> = shown.split('-').collect();
        prop_assert!(shown.len() == 14 && shown_groups.iter().all(|group| group.len() == 4));
        let typed = shown.replace('-', &dash);
        let typed = if lower { typed.to_lowercase() } else { typed };
        let parsed = PersonalCode::parse(&typed).expect("the same code");
        prop_assert!(parsed.display().as_str() == shown);
        prop_assert!(PersonalCode::parse(&shown).expect("the same code") == parsed);

        let misread = typed.replace('0', "o").replace('1', "l");
        let parsed = PersonalCode::parse(&misread).expect("the same code");
        prop_assert!(parsed.display().as_str() == shown);
    }

    #[test]
    fn every_single_wrong_character_of_a_code_is_detected(seed: u64) {
        let right = symbols(seed);
        for position in 0..right.len() {
            for wrong in ALPHABET {
                let mut typed = right.clone();
                typed[position] = *wrong;
                let expected = *wrong == right[position];
                prop_assert_eq!(parse(&typed).is_ok(), expected);
                if !expected {
                    prop_assert_eq!(parse(&typed), Err(Problem::CodeMistyped));
                }
            }
        }
    }

    #[test]
    fn every_swap_of_two_neighbours_in_a_code_is_detected(seed: u64) {
        let right = symbols(seed);
        for position in 1..right.len() {
            let mut typed = right.clone();
            typed.swap(position - 1, position);
            prop_assert_eq!(parse(&typed).is_ok(), typed == right);
        }
    }

    #[test]
    fn a_code_with_a_character_too_few_or_too_many_is_no_code(seed: u64, position in 0_usize..12) {
        let mut short = symbols(seed);
        short.remove(position);
        prop_assert!(matches!(parse(&short), Err(Problem::Malformed(_))));
        let mut long = symbols(seed);
        long.insert(position, long[position]);
        prop_assert!(matches!(parse(&long), Err(Problem::Malformed(_))));
    }

    #[test]
    fn a_code_is_a_code_where_a_password_would_do_and_never_a_password(seed: u64) {
        prop_assert!(matches!(Secret::parse(&code(seed)), Ok(Secret::Code(_))));
        prop_assert!(matches!(Password::parse_new(&code(seed)), Err(Problem::Malformed(_))));
    }

    #[test]
    fn a_text_with_the_dashes_of_a_code_is_never_a_password(
        text in "[a-zA-Z0-9]{4}[-\u{2011}\u{2013}\u{2212}\u{ff0d}][a-zA-Z0-9]{4} ?-\u{200b}?[a-zA-Z0-9]{4}",
    ) {
        let read = PersonalCode::parse(&text);
        match Secret::parse(&text) {
            Ok(secret) => prop_assert!(read.is_ok() && matches!(secret, Secret::Code(_))),
            Err(problem) => prop_assert!(read.is_err() && problem == Problem::CodeMistyped),
        }
        prop_assert!(matches!(Password::parse_new(&text), Err(Problem::Malformed(_))));
        let bare: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        prop_assert!(Secret::parse(&bare).is_ok());
    }

    #[test]
    fn a_token_reads_as_itself_and_as_no_other_kind(bits: [u8; 32], kind in kind(), other in kind()) {
        let token = Token::from_bits(kind, &bits);
        let parsed = Token::parse(other, token.reveal());
        prop_assert_eq!(parsed.is_some(), kind == other);
        if let Some(parsed) = parsed {
            prop_assert_eq!(parsed.reveal(), token.reveal());
            prop_assert!(parsed.digest().matches(token.digest().as_bytes()));
        }
        let debug = format!("{token:?}");
        prop_assert!(!debug.contains(&token.reveal()[20..]));
    }

    #[test]
    fn a_truncated_token_is_detected(bits: [u8; 32], kind in kind()) {
        let token = Token::from_bits(kind, &bits);
        for length in 0..token.reveal().len() {
            prop_assert!(Token::parse(kind, &token.reveal()[..length]).is_none());
        }
    }

    #[test]
    fn one_wrong_character_of_a_token_is_detected(
        bits: [u8; 32],
        kind in kind(),
        place: prop::sample::Index,
        wrong in "[0-9a-zA-Z_é]",
    ) {
        let token = Token::from_bits(kind, &bits);
        let text = token.reveal();
        let place = place.index(text.len());
        let damaged = format!("{}{wrong}{}", &text[..place], &text[place + 1..]);
        prop_assert_eq!(Token::parse(kind, &damaged).is_some(), damaged == text);
    }

    #[test]
    fn the_key_of_an_address_has_itself_as_key(
        local in "[a-zA-Z0-9][a-zA-Z0-9+_]{0,20}",
        label in "[a-zA-Zéèüñ0-9]{1,20}",
        ending in "(fr|FR|com|re)",
    ) {
        let email = EmailAddress::parse(&format!("{local}@{label}.{ending}"));
        let email = email.expect("an address");
        let again = EmailAddress::parse(email.key()).expect("a key is an address");
        prop_assert_eq!(again.key(), email.key());
        prop_assert_eq!(again.deliverable(), email.key());
        let shouted = format!("{}@{label}.{ending}", local.to_uppercase());
        let shouted = EmailAddress::parse(&shouted).expect("an address");
        prop_assert_eq!(shouted.key(), email.key());
        prop_assert!(email.key().is_ascii() && email.deliverable().is_ascii());
    }

    #[test]
    fn a_text_that_passes_as_an_address_keeps_its_key(text in text()) {
        if let Ok(email) = EmailAddress::parse(&text) {
            let again = EmailAddress::parse(email.key()).expect("a key is an address");
            prop_assert_eq!(again.key(), email.key());
            prop_assert!(email.deliverable().len() <= EmailAddress::MAX_BYTES);
        }
    }

    #[test]
    fn a_text_that_was_read_once_is_read_as_itself(text in text()) {
        if let Ok(line) = Line::<80>::parse(&text) {
            prop_assert_eq!(Line::<80>::parse(line.as_str()), Ok(line.clone()));
            prop_assert!(!line.as_str().chars().any(char::is_control));
            prop_assert!(line.as_str().chars().count() <= 80);
            prop_assert!(!paste::holds_invisible(line.as_str()));
            prop_assert!(line.as_str().is_empty() || paste::holds_visible(line.as_str()));
        }
        if let Ok(lines) = Lines::<80>::parse(&text) {
            prop_assert_eq!(Lines::<80>::parse(lines.as_str()), Ok(lines.clone()));
            prop_assert!(!lines.as_str().contains('\r'));
        }
        if let Ok(email) = EmailAddress::parse(&text) {
            let shown = EmailAddress::parse(email.as_typed()).expect("shown, it is the same");
            prop_assert_eq!((shown.as_typed(), shown.key()), (email.as_typed(), email.key()));
        }
        let compact = paste::compact(&text);
        prop_assert_eq!(&paste::compact(&compact), &compact);
        prop_assert_eq!(paste::compact(&paste::visible(&text)), compact);
        if let Ok(code) = PostalCode::parse(&text, Country::FRANCE) {
            prop_assert!(code.as_str().is_empty() || code.as_str().len() == 5);
        }
        if let Ok(code) = ApeCode::parse_french(&text, &Nomenclature::default()) {
            prop_assert_eq!(code.as_str().is_empty(), code.version().is_none());
        }
        if let Ok(phone) = Phone::parse(&text, Country::FRANCE) {
            let again = phone.e164().map(|e164| Phone::parse(e164, Country::FRANCE));
            if let Some(again) = again {
                let again = again.expect("E.164 can be dialled from anywhere");
                prop_assert_eq!(again.e164(), phone.e164());
            }
        }
    }

    #[test]
    fn no_typed_text_makes_a_parser_panic(text in text(), country in "(FRA|BEL|USA|ATA|CHN)") {
        let country = Country::parse(&text).unwrap_or(Country::parse(&country).expect("a country"));
        let _ = Phone::parse(&text, country);
        let _ = PostalCode::parse(&text, country);
        let _ = MachineId::parse(&text);
        let _ = MachineName::parse(&text);
        let _ = Locale::parse(&text);
        let _ = PersonalCode::parse(&text);
        let _ = Password::parse_new(&text);
        let _ = Secret::parse(&text);
        let _ = Field::from_path(&text);
        let _ = Nomenclature::with_naf_2025(&text).naf_2025().count();
        let _ = ApeQuery::parse(&text);
        if let Ok(email) = EmailAddress::parse(&text) {
            let _ = email.masked();
        }
    }
}
