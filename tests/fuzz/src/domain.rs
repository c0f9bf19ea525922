//! The parsers of what callers send.

use std::sync::LazyLock;

use gestan_account_server::{
    accounts::BearerToken,
    credentials::token::{Token, TokenKind},
    domain::{
        account_id::AccountId,
        ape_code::{ActivityCode, ApeCode, Nomenclature},
        ape_query::ApeQuery,
        country::Country,
        email_address::EmailAddress,
        locale::Locale,
        machine::{MachineId, MachineName, parse_uuid},
        password::Password,
        paste,
        personal_code::PersonalCode,
        phone::Phone,
        postal_code::PostalCode,
        profile::{Asked, Field, Profile, ProfileChange},
        secret::Secret,
        strength,
        text::{Line, Lines},
        violation::{Problem, Violations},
    },
    grpc::violation_text,
};

/// Where texts are parsed that depend on a country.
const COUNTRIES: [&str; 8] = ["FRA", "BEL", "CHE", "USA", "REU", "CHN", "ATA", "BRA"];

static NOMENCLATURE: LazyLock<Nomenclature> = LazyLock::new(Nomenclature::default);

/// Drives every parser of the domain with one text, in one of eight countries.
pub fn check(country: u8, text: &str) {
    let country = Country::parse(country_code(country)).expect("a country");
    check_texts(text);
    check_fields(text, country);
    check_email(text);
    check_names(text);
    check_secrets(text);
}

fn country_code(number: u8) -> &'static str {
    COUNTRIES[usize::from(number) % COUNTRIES.len()]
}

/// Judges a password, of which the account tells `personal`.
pub fn check_strength(text: &str, personal: &str) {
    if let Ok(password) = Password::parse_new(text) {
        let personal: Vec<&str> = personal.lines().collect();
        if strength::judge(&password, &personal).is_ok() {
            assert!(password.reveal().chars().count() >= Password::MIN_CHARS);
        }
    }
}

fn check_texts(text: &str) {
    if let Ok(line) = Line::<80>::parse(text) {
        assert_eq!(Line::parse(line.as_str()).as_ref(), Ok(&line));
        assert!(line.as_str().chars().count() <= 80);
        assert!(!line.as_str().chars().any(char::is_control));
        assert_eq!(line.as_str().trim(), line.as_str());
        assert!(!paste::holds_invisible(line.as_str()));
        assert!(line.as_str().is_empty() || paste::holds_visible(line.as_str()));
    }
    let visible = paste::visible(text);
    assert!(visible.chars().all(|character| character == ' ' || !paste::is_space(character)));
    let compact = paste::compact(text);
    assert_eq!(paste::compact(&compact), compact);
    assert_eq!(paste::compact(&visible), compact);
    if let Ok(lines) = Lines::<80>::parse(text) {
        assert_eq!(Lines::parse(lines.as_str()).as_ref(), Ok(&lines));
        assert!(lines.as_str().chars().count() <= 80);
        let is_bad = |character: char| character.is_control() && character != '\n';
        assert!(!lines.as_str().chars().any(is_bad));
    }
}

fn check_fields(text: &str, country: Country) {
    if let Ok(code) = PostalCode::parse(text, country) {
        assert_eq!(PostalCode::parse(code.as_str(), country).as_ref(), Ok(&code));
        let length = code.as_str().len();
        assert!(country != Country::FRANCE || length == 0 || length == 5);
    }
    if let Ok(phone) = Phone::parse(text, country) {
        assert!(phone.as_str().chars().count() <= Phone::MAX_CHARS);
        assert_eq!(phone.e164().is_none(), phone.as_str().is_empty());
        if let Some(e164) = phone.e164() {
            let digits = e164.strip_prefix('+').expect("E.164 begins with +");
            assert!(!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()));
            let again = Phone::parse(e164, country).expect("E.164 can be dialled");
            assert_eq!(again.e164(), Some(e164));
        }
    }
    if let Ok(ape) = ApeCode::parse_french(text, &NOMENCLATURE) {
        assert_eq!(ApeCode::parse_french(ape.as_str(), &NOMENCLATURE).as_ref(), Ok(&ape));
        assert_eq!(ape.version().is_none(), ape.as_str().is_empty());
    }
    if let Ok(ape) = ApeCode::parse_foreign(text) {
        assert_eq!(ApeCode::parse_foreign(ape.as_str()).as_ref(), Ok(&ape));
    }
    if let Ok(parsed) = Country::parse(text) {
        assert_eq!(Country::parse(parsed.alpha3()), Ok(parsed));
        assert_eq!(parsed.alpha2().len(), 2);
    }
    let list = Nomenclature::with_naf_2025(text);
    assert_eq!(list.naf_2025_len(), Some(list.naf_2025().count()));
    assert!(
        list.naf_2025().all(|code| code.label.chars().count() <= ActivityCode::MAX_LABEL_CHARS)
    );
    if let Ok(ApeQuery::Words(words)) = ApeQuery::parse(text) {
        assert!(words.len() <= 8 && words.iter().all(|word| !word.is_empty()));
    }
}

/// Fills a whole form with one text.
pub fn check_form(country: u8, text: &str) {
    let change = ProfileChange {
        parent: "profile",
        company_name: Some(Asked::parse(text, Line::parse)),
        last_name: Some(Asked::parse(text, Line::parse)),
        first_name: Some(Asked::parse(text, Line::parse)),
        address: Some(Asked::parse(text, Lines::parse)),
        city: Some(Asked::parse(text, Line::parse)),
        country: Some(Asked::parse(country_code(country), Country::parse)),
        // Looked at by itself; it takes the most time.
        phone: None,
        postal_code: Some(text.to_owned()),
        ape_code: Some(text.to_owned()),
    };
    let old = Profile::default();
    let (prefilled, skipped) = Profile::prefilled(&change, &NOMENCLATURE);
    let mut violations = Violations::default();
    if let Some((new, changed)) = violations.merge(old.with(&change, &NOMENCLATURE)) {
        assert!(new == prefilled && skipped.is_empty());
        assert_eq!(changed.is_empty(), old == new);
        assert_eq!(new.with(&change, &NOMENCLATURE).map(|(_, changed)| changed), Ok(Vec::new()));
    }
    assert_eq!(violations.iter().count(), skipped.len());
    assert!(skipped.len() <= Field::ALL.len() && skipped.is_sorted());
    for violation in violations.iter() {
        assert!(!violation_text(&violation.problem, Locale::Fr).is_empty());
        assert!(!violation_text(&violation.problem, Locale::En).is_empty());
    }
}

fn check_email(text: &str) {
    let Ok(email) = EmailAddress::parse(text) else { return };
    assert!(email.deliverable().is_ascii());
    assert!(email.deliverable().len() <= EmailAddress::MAX_BYTES);
    assert_eq!(email.deliverable().to_ascii_lowercase(), email.key());
    let again = EmailAddress::parse(email.key()).expect("a key is an address");
    assert_eq!((again.key(), again.deliverable()), (email.key(), email.key()));
    let again = EmailAddress::parse(email.as_typed()).expect("shown, it is the same address");
    assert_eq!((again.key(), again.as_typed()), (email.key(), email.as_typed()));
    assert!(!email.as_typed().chars().any(char::is_control));
    assert_eq!(format!("{email:?}"), email.masked());
}

fn check_names(text: &str) {
    if let Ok(name) = MachineName::parse(text) {
        assert!((1..=MachineName::MAX_CHARS).contains(&name.as_str().chars().count()));
        assert_eq!(MachineName::parse(name.as_str()).as_ref(), Ok(&name));
    }
    if let Ok(id) = MachineId::parse(text) {
        assert!(!id.uuid().is_nil());
        assert_eq!(MachineId::parse(&id.uuid().to_string()), Ok(id));
    }
    assert_eq!(parse_uuid(text).is_ok(), MachineId::parse(text).is_ok());
    if let Ok(field) = Field::from_path(text) {
        assert_eq!(field.name(), text);
    }
    if let Ok(Some(locale)) = Locale::parse(text) {
        assert!(text.len() < 100 || text.trim().len() <= Locale::MAX_CHARS);
        assert_eq!(Locale::parse(locale.tag()), Ok(Some(locale)));
    }
    let _ = Locale::from_accept_language(text);
    let number = text
        .bytes()
        .fold(0_u32, |number: u32, byte| number.wrapping_mul(31).wrapping_add(byte.into()));
    assert_eq!(AccountId::parse(number).map_or(0, AccountId::number), number);
}

fn check_secrets(text: &str) {
    let code = PersonalCode::parse(text);
    if let Ok(code) = &code {
        assert_eq!(PersonalCode::parse(&code.display()).as_ref(), Ok(code));
        assert_eq!((code.display().len(), code.as_bytes().len()), (14, 12));
    }
    let is_code = matches!(Secret::parse(text), Ok(Secret::Code(_)));
    assert_eq!(is_code, code.is_ok());
    if PersonalCode::is_written_like(text) {
        assert!(Password::parse_new(text).is_err());
        let expected = code.is_err().then_some(Problem::CodeMistyped);
        assert_eq!(Secret::parse(text).err(), expected);
    }
    if let Ok(password) = Password::parse(text) {
        assert!((1..=Password::MAX_CHARS).contains(&password.reveal().chars().count()));
        let again = Password::parse(password.reveal()).expect("a password");
        assert_eq!(again.reveal(), password.reveal());
        assert_eq!(format!("{password:?}"), "Password([redacted])");
    }
    if let Ok(password) = Password::parse_new(text) {
        assert!(password.reveal().chars().count() >= Password::MIN_CHARS);
        assert!(matches!(Secret::parse(password.reveal()), Ok(Secret::Password(_))));
    }
    let kinds = [TokenKind::Link, TokenKind::Ticket, TokenKind::SupportKey];
    let parsed = kinds.map(|kind| Token::parse(kind, text));
    assert!(parsed.iter().flatten().count() <= 1);
    for token in parsed.iter().flatten() {
        assert_eq!(token.reveal(), text);
        assert!(!format!("{token:?}").contains(&text[text.len() - 7..]));
    }
    let [link, ticket, support] = parsed;
    match BearerToken::parse(text) {
        Some(BearerToken::Link(_)) => assert!(link.is_some()),
        Some(BearerToken::SupportKey(_)) => assert!(support.is_some()),
        None => assert!(link.is_none() && support.is_none()),
    }
    assert!(ticket.is_none() || text.starts_with("gestan_ticket_"));
    assert_ne!(code, Err(Problem::InvalidEmail));
}
