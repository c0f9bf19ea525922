//! What comes along when people paste: it goes from codes, numbers and addresses, and is
//! refused in names.

use gestan_account_client::{
    Code,
    v1::{self, Account, ErrorReason, ViolationReason},
};
use gestan_account_server::domain::{
    ape_code::{ApeCode, Nomenclature},
    country::Country,
    email_address::EmailAddress,
    machine::{MachineId, MachineName},
    personal_code::PersonalCode,
    phone::Phone,
    postal_code::PostalCode,
    secret::Secret,
    text::{Line, Lines},
    violation::{Expected, Problem},
};
use gestan_account_tests::{TestServer, assert_refused, change, machine, uuid, violations};

const UUID: &str = "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11";

/// What nobody sees: the characters that mail programs and editors leave, and some of the
/// others that Unicode ignores by default, or calls format characters.
fn invisible() -> impl Iterator<Item = char> {
    let ranges = ['\u{200b}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2060}'..='\u{206f}'];
    let others =
        "\u{feff}\u{ad}\u{34f}\u{61c}\u{115f}\u{180e}\u{3164}\u{fe0f}\u{fff9}\u{e0041}\u{e0100}";
    ranges.into_iter().flatten().chain(others.chars())
}

fn spaces() -> impl Iterator<Item = char> {
    "\t\n\r\u{85}\u{a0}\u{1680}\u{2003}\u{2007}\u{2009}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}"
        .chars()
}

fn dashes() -> impl Iterator<Item = char> {
    let others = "-\u{2212}\u{ff0d}\u{fe58}\u{fe63}\u{2e3a}\u{207b}";
    ('\u{2010}'..='\u{2015}').chain(others.chars())
}

/// `text` with `character` at each place in turn, then everywhere.
fn with(text: &str, character: char) -> Vec<String> {
    let places = text.char_indices().map(|(place, _)| place).chain([text.len()]);
    let put = |place: usize| format!("{}{character}{}", &text[..place], &text[place..]);
    let everywhere: String = text.chars().flat_map(|before| [character, before]).collect();
    places.map(put).chain([everywhere]).collect()
}

/// Asserts that every text of codes, numbers and addresses reads as itself, with
/// `character` wherever it may stand.
fn assert_ignored(character: char) {
    let nomenclature = Nomenclature::default();
    let code = PersonalCode::parse("0000-0000-0000").expect("a code");
    for typed in with("0000-0000-0000", character) {
        assert_eq!(PersonalCode::parse(&typed).as_ref(), Ok(&code), "{typed:?}");
        assert!(matches!(Secret::parse(&typed), Ok(Secret::Code(_))), "{typed:?}");
    }
    for typed in with(UUID, character) {
        let id = MachineId::parse(&typed).map(|id| id.uuid().to_string());
        assert_eq!(id.as_deref(), Ok(UUID), "{typed:?}");
    }
    for typed in with("69001", character) {
        let code = PostalCode::parse(&typed, Country::FRANCE);
        assert_eq!(code.as_ref().map(PostalCode::as_str), Ok("69001"), "{typed:?}");
    }
    for typed in with("01-58-90-49-77", character) {
        let phone = Phone::parse(&typed, Country::FRANCE);
        assert_eq!(phone.as_ref().map(Phone::e164), Ok(Some("+33158904977")), "{typed:?}");
    }
    for typed in with("1107B", character) {
        let code = ApeCode::parse_french(&typed, &nomenclature);
        assert_eq!(code.as_ref().map(ApeCode::as_str), Ok("1107B"), "{typed:?}");
    }
    for typed in with("FRA", character) {
        assert_eq!(Country::parse(&typed), Ok(Country::FRANCE), "{typed:?}");
    }
    for typed in with("jeanne@exemple.fr", character) {
        let email = EmailAddress::parse(&typed);
        assert_eq!(
            email.as_ref().map(EmailAddress::as_typed),
            Ok("jeanne@exemple.fr"),
            "{typed:?}"
        );
    }
}

#[test]
fn what_is_invisible_goes_from_codes_numbers_and_addresses() {
    for character in invisible() {
        assert_ignored(character);
    }
}

#[test]
fn every_space_goes_from_codes_numbers_and_addresses() {
    for character in spaces() {
        assert_ignored(character);
    }
}

#[test]
fn every_dash_is_a_dash() {
    for dash in dashes() {
        let dashed = |text: &str| text.replace('-', &dash.to_string());
        for typed in ["0000-0000-0000", "0000 - 0000-00-00"].map(dashed) {
            assert!(matches!(Secret::parse(&typed), Ok(Secret::Code(_))), "{typed:?}");
        }
        assert_eq!(Secret::parse(&dashed("0000-0000-0001")).err(), Some(Problem::CodeMistyped));
        MachineId::parse(&dashed(UUID)).unwrap_or_else(|_| panic!("{dash:?}"));
        let typed = dashed("01-58-90-49-77");
        let phone = Phone::parse(&typed, Country::FRANCE).unwrap_or_else(|_| panic!("{dash:?}"));
        assert_eq!((phone.as_str(), phone.e164()), (typed.as_str(), Some("+33158904977")));
        let ape = ApeCode::parse_french(&dashed("11-07-B"), &Nomenclature::default());
        assert_eq!(ape.as_ref().map(ApeCode::as_str), Ok("1107B"), "{dash:?}");
    }
}

#[test]
fn foreign_codes_keep_their_spaces_and_nothing_invisible() {
    let britain = Country::parse("GBR").expect("a country");
    let code = PostalCode::parse("\u{feff}SW1A\u{a0}1\u{200b}AA\t", britain);
    assert_eq!(code.as_ref().map(PostalCode::as_str), Ok("SW1A 1AA"));
    let code = ApeCode::parse_foreign("47\u{202f}11\u{2060} ");
    assert_eq!(code.as_ref().map(ApeCode::as_str), Ok("47 11"));
}

#[test]
fn a_plain_space_between_two_words_of_an_address_is_no_slip_of_pasting() {
    for typed in ["jeanne martin@exemple.fr", "jeanne@exem ple.fr"] {
        assert_eq!(EmailAddress::parse(typed), Err(Problem::InvalidEmail), "{typed:?}");
    }
    for typed in ["jeanne @ exemple.fr", "jeanne@exemple. fr", " jeanne@exemple .fr\r\n"] {
        let email = EmailAddress::parse(typed);
        assert_eq!(email.as_ref().map(EmailAddress::as_typed), Ok("jeanne@exemple.fr"));
    }
    assert_eq!(EmailAddress::parse("\u{200b} \u{feff}"), Err(Problem::Required));
    // A domain that is spelt with a joiner is another one without it (RFC 5892, A.1).
    let domain = EmailAddress::parse("a@\u{646}\u{627}\u{645}\u{647}\u{200c}\u{627}\u{6cc}.com");
    assert_eq!(domain.as_ref().map(EmailAddress::key), Ok("a@xn--mgba3gch31f060k.com"));
}

#[test]
fn what_is_invisible_is_refused_in_names() {
    for character in invisible() {
        for typed in with("Dupont", character) {
            assert_eq!(Line::<80>::parse(&typed), Err(Problem::ControlCharacter), "{typed:?}");
            assert_eq!(Lines::<80>::parse(&typed), Err(Problem::ControlCharacter), "{typed:?}");
            assert_eq!(MachineName::parse(&typed), Err(Problem::ControlCharacter), "{typed:?}");
        }
    }
    // Spaces are seen, also those that do not break.
    assert!(Line::<80>::parse("Dupont\u{a0}&\u{202f}Fils").is_ok());
}

#[test]
fn what_a_script_or_an_emoji_needs_is_no_part_of_what_is_refused() {
    for name in [
        "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}", // Persian
        "\u{915}\u{94d}\u{200d}\u{937} \u{915}\u{94d}\u{200c}\u{937}", // Hindi
        "\u{dc1}\u{dca}\u{200d}\u{dbb}\u{dd3}",                      // Sinhala
        "\u{845b}\u{e0100}\u{57ce}",                                 // Japanese
        "\u{182d}\u{180b}",                                          // Mongolian
        "\u{1f469}\u{200d}\u{1f373} \u{2764}\u{fe0f}",
        "\u{1f469}\u{1f3fd}\u{200d}\u{2764}\u{fe0f}\u{200d}\u{1f468}",
    ] {
        let line = Line::<80>::parse(name);
        assert_eq!(line.as_ref().map(Line::as_str), Ok(name));
    }
    for name in [
        "\u{645}\u{200d}\u{6cc}",
        "\u{645}\u{200c}a",
        "\u{915}\u{200d}\u{937}",
        "\u{94d}a\u{200d}",
        "\u{1f469}\u{200d}",
        "\u{200d}\u{1f469}",
        "\u{2764}\u{fe0f}\u{fe0f}",
        "1\u{fe0f}",
    ] {
        assert_eq!(Line::<80>::parse(name), Err(Problem::ControlCharacter), "{name:?}");
    }
}

#[test]
fn a_name_without_a_visible_character_is_refused() {
    for name in ["\u{2800}", "\u{301}", "\u{2800} \u{2800}", "\u{20dd}\u{a0}\u{302}"] {
        let refused = Problem::Malformed(Expected::SomethingVisible);
        assert_eq!(Line::<80>::parse(name), Err(refused.clone()), "{name:?}");
        assert_eq!(Lines::<80>::parse(name), Err(refused.clone()), "{name:?}");
        assert_eq!(MachineName::parse(name), Err(refused), "{name:?}");
    }
    assert_eq!(Line::<80>::parse("\u{a0}\u{3000}").as_ref().map(Line::as_str), Ok(""));
    assert_eq!(MachineName::parse("\u{a0}"), Err(Problem::Required));
    for name in ["-", "?", "1", "é", "日", "🦒"] {
        assert!(MachineName::parse(name).is_ok(), "{name:?}");
    }
}

#[tokio::test]
async fn names_with_something_invisible_are_refused_field_by_field_and_codes_are_mended() {
    let server = TestServer::start().await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let codes = Account {
        postal_code: "69\u{202f}001\u{200b}".into(),
        phone: "\u{202a}01\u{a0}58\u{2011}90 49 77\u{202c}".into(),
        ape_code: "11.07\u{ad}b".into(),
        ..Default::default()
    };
    let stored = member.update(change(&[], codes.clone())).await.account.expect("an account");
    assert_eq!((stored.postal_code.as_str(), stored.ape_code.as_str()), ("69001", "1107B"));
    assert_eq!(stored.phone, "01 58\u{2011}90 49 77");

    for (text, reason) in [
        ("Du\u{200b}pont", ViolationReason::ControlCharacter),
        ("\u{2800}", ViolationReason::Malformed),
    ] {
        let names = Account {
            company_name: text.into(),
            last_name: text.into(),
            first_name: text.into(),
            address: text.into(),
            city: text.into(),
            ..codes.clone()
        };
        let outcome = member.client.update(change(&[], names)).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        let fields = ["company_name", "last_name", "first_name", "address", "city"];
        let expected = fields.map(|field| (format!("account.{field}"), reason));
        assert_eq!(violations(&rejection), expected);

        let request = v1::CreateRequest {
            request_id: uuid(900),
            email: "\u{feff}paul@exemple.fr\u{a0}".into(),
            machine: Some(v1::Machine { name: text.into(), ..machine(2) }),
            ..Default::default()
        };
        let outcome = server.client.create(request).await;
        let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
        assert_eq!(violations(&rejection), [("machine.name".to_owned(), reason)]);
    }
    assert_eq!(member.read().await, stored);
}
