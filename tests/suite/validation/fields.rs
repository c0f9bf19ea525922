//! What the domain takes and refuses, by example.

use gestan_account_client::{
    Code,
    v1::{Account, ErrorReason, ViolationReason},
};
use gestan_account_server::domain::{
    ape_code::{ApeCode, NafVersion, Nomenclature},
    country::Country,
    email_address::EmailAddress,
    machine::MachineId,
    phone::Phone,
    postal_code::PostalCode,
    text::{Line, Lines},
    violation::Problem,
};
use gestan_account_tests::{
    TestServer, TestServerOptions, assert_refused, change, text, violations,
};

fn country(code: &str) -> Country {
    Country::parse(code).unwrap_or_else(|problem| panic!("{code}: {problem:?}"))
}

#[test]
fn addresses_of_e_mail_are_kept_as_typed_and_compared_without_case() {
    for (typed, deliverable, key) in [
        ("jeanne@exemple.fr", "jeanne@exemple.fr", "jeanne@exemple.fr"),
        (
            "  Jeanne.Martin+gestan@Exemple.FR ",
            "Jeanne.Martin+gestan@exemple.fr",
            "jeanne.martin+gestan@exemple.fr",
        ),
        ("jeanne@exemple.fr\u{202e}", "jeanne@exemple.fr", "jeanne@exemple.fr"),
        ("jean@été.fr", "jean@xn--t-9fab.fr", "jean@xn--t-9fab.fr"),
        ("jean@E\u{301}TE\u{301}.fr", "jean@xn--t-9fab.fr", "jean@xn--t-9fab.fr"),
        ("o'neil_1-2@a-b.co.uk", "o'neil_1-2@a-b.co.uk", "o'neil_1-2@a-b.co.uk"),
    ] {
        let email =
            EmailAddress::parse(typed).unwrap_or_else(|problem| panic!("{typed}: {problem:?}"));
        assert_eq!((email.deliverable(), email.key()), (deliverable, key));
        assert!(!format!("{email:?}").contains(email.as_typed()), "Debug hides it");
    }
    let typed = EmailAddress::parse(" Jean@Été.fr ").expect("an address");
    assert_eq!(typed.as_typed(), "Jean@Été.fr");
    assert_eq!(typed.masked(), "J•••@É•••.fr");
}

#[test]
fn a_text_that_mail_cannot_be_sent_to_is_no_address() {
    for text in [
        "jeanne",
        "jeanne@",
        "@exemple.fr",
        "jeanne@exemple",
        "jeanne@localhost",
        "jeanne@[127.0.0.1]",
        "jeanne@exem_ple.fr",
        "jeanne@-exemple.fr",
        "jeanne@exemple..fr",
        "jeanne@exemple.fr.",
        ".jeanne@exemple.fr",
        "jeanne.@exemple.fr",
        "jea..nne@exemple.fr",
        "\"jeanne martin\"@exemple.fr",
        "jeanne martin@exemple.fr",
        "Jeanne <j@exemple.fr>",
        "jeanne@exemple.fr, paul@exemple.fr",
        "jeanne@exemple.fr\r\nBcc: x@exemple.fr",
        "jeanne\u{0}@exemple.fr",
        "éric@exemple.fr",
    ] {
        assert_eq!(EmailAddress::parse(text), Err(Problem::InvalidEmail), "{text:?}");
    }
    assert_eq!(EmailAddress::parse(" \t"), Err(Problem::Required));
}

#[test]
fn french_phone_numbers_in_every_usual_form() {
    for (typed, e164) in [
        ("01-58-90-49-77", "+33158904977"),
        ("01 58 90 49 77", "+33158904977"),
        ("01.58.90.49.77", "+33158904977"),
        ("0158904977", "+33158904977"),
        ("+33 (0)1 58 90 49 77", "+33158904977"),
        ("+33 1 58 90 49 77", "+33158904977"),
        ("0033 1 58 90 49 77", "+33158904977"),
        ("01\u{2011}58\u{2011}90\u{2011}49\u{2011}77", "+33158904977"),
        ("0262 12 34 56", "+262262123456"),
        ("0590 81 00 00", "+590590810000"),
        ("06 12 34 56 78", "+33612345678"),
        ("+32 2 512 34 56", "+3225123456"),
    ] {
        let phone = Phone::parse(typed, Country::FRANCE);
        let phone = phone.unwrap_or_else(|problem| panic!("{typed}: {problem:?}"));
        assert_eq!((phone.as_str(), phone.e164()), (typed, Some(e164)));
    }
    let none = Phone::parse("  ", Country::FRANCE).expect("a phone is optional");
    assert_eq!((none.as_str(), none.e164()), ("", None));
}

/// Departments and collectivities overseas, as they are written in France and at home.
#[test]
fn numbers_overseas_have_the_code_of_their_own_country() {
    let numbers = [
        // Guadeloupe, Saint-Barthélemy, Saint-Martin.
        ("0590 20 12 34", "+590590201234"),
        ("0590 27 12 34", "+590590271234"),
        ("0590 51 12 34", "+590590511234"),
        ("0690 00 12 34", "+590690001234"),
        ("0691 22 12 34", "+590691221234"),
        ("0709 00 12 34", "+590709001234"),
        ("0939 50 12 34", "+590939501234"),
        ("0947 50 12 34", "+590947501234"),
        ("0976 00 12 34", "+590976001234"),
        ("0976 18 12 34", "+590976181234"),
        ("0976 80 12 34", "+590976801234"),
        // Guyane.
        ("0594 30 12 34", "+594594301234"),
        ("0694 20 12 34", "+594694201234"),
        ("0709 30 12 34", "+594709301234"),
        ("0939 60 12 34", "+594939601234"),
        ("0947 60 12 34", "+594947601234"),
        ("0976 40 12 34", "+594976401234"),
        ("0976 50 12 34", "+594976501234"),
        // Martinique.
        ("0596 30 12 34", "+596596301234"),
        ("0696 20 12 34", "+596696201234"),
        ("0697 20 12 34", "+596697201234"),
        ("0709 10 12 34", "+596709101234"),
        ("0939 70 12 34", "+596939701234"),
        ("0947 70 12 34", "+596947701234"),
        ("0976 60 12 34", "+596976601234"),
        ("0976 70 12 34", "+596976701234"),
        // La Réunion.
        ("0262 20 12 34", "+262262201234"),
        ("0263 10 12 34", "+262263101234"),
        ("0692 20 12 34", "+262692201234"),
        ("0693 03 12 34", "+262693031234"),
        ("0709 20 12 34", "+262709201234"),
        ("0939 90 12 34", "+262939901234"),
        ("0947 90 12 34", "+262947901234"),
        ("0976 22 12 34", "+262976221234"),
        ("0976 30 12 34", "+262976301234"),
        // Mayotte.
        ("0269 60 12 34", "+262269601234"),
        ("0639 00 12 34", "+262639001234"),
        ("0709 35 12 34", "+262709351234"),
        ("0939 80 12 34", "+262939801234"),
        ("0947 80 12 34", "+262947801234"),
        ("0976 90 12 34", "+262976901234"),
        // Saint-Pierre-et-Miquelon, whose landlines have six digits of their own.
        ("0508 41 12 34", "+508411234"),
        ("0708 40 12 34", "+508708401234"),
        // France proper.
        ("01 58 90 49 77", "+33158904977"),
        ("02 51 23 45 67", "+33251234567"),
        ("05 56 12 34 56", "+33556123456"),
        ("06 95 12 34 56", "+33695123456"),
        ("09 72 12 34 56", "+33972123456"),
    ];
    for place in ["FRA", "GLP", "GUF", "MTQ", "REU", "MYT", "SPM", "BLM", "MAF"] {
        for (typed, e164) in numbers {
            // With France's code, as people also write it, it cannot be dialled as it stands.
            let with_code = format!("+33 {}", &typed[1..]);
            for typed in [typed, &with_code, e164] {
                let phone = Phone::parse(typed, country(place));
                let phone = phone.unwrap_or_else(|_| panic!("{typed} in {place}"));
                assert_eq!((phone.as_str(), phone.e164()), (typed, Some(e164)), "{place}");
            }
        }
    }
    for (typed, place, e164) in [
        ("41 12 34", "SPM", Some("+508411234")),
        ("41 12 34", "FRA", None),
        ("41 12 34", "REU", None),
        ("0800 12 34 56", "FRA", Some("+33800123456")),
        ("0800 12 34 56", "REU", Some("+262800123456")),
        // Numbers of no department.
        ("0596 20 12 34", "FRA", None),
        ("0596 20 12 34", "SPM", None),
        ("0269 99 12 34", "FRA", None),
        // Other collectivities have plans of their own, in which nothing begins with 0.
        ("25 12 34", "NCL", Some("+687251234")),
        ("40 41 23 45", "PYF", Some("+68940412345")),
        ("72 12 34", "WLF", Some("+681721234")),
        ("25 12 34", "FRA", None),
    ] {
        let phone = Phone::parse(typed, country(place));
        let seen = phone.as_ref().ok().and_then(Phone::e164);
        assert_eq!(seen, e164, "{typed} in {place}");
    }
}

#[test]
fn a_text_that_cannot_be_dialled_from_the_country_is_no_phone_number() {
    for text in [
        "3949",
        "112",
        "poste 12",
        "01 58 90 49 77 bureau",
        "tél. 01 58 90 49 77",
        "01 58 90 49 77 poste 12",
        "01 58 90 49",
        "01 58 90 49 77 88",
        "02 512 34 56",
        "+33 1 58 90 49",
        "bonjour",
        "-",
        "+",
    ] {
        assert_eq!(Phone::parse(text, Country::FRANCE), Err(Problem::InvalidPhone), "{text:?}");
    }
    // Found by fuzzing: the library writes them as numbers that it does not know.
    for text in ["00-800(-0000000(-001", "00390008850--0"] {
        assert_eq!(Phone::parse(text, Country::FRANCE), Err(Problem::InvalidPhone), "{text:?}");
    }
    let brazilian = Phone::parse("(21) 98765-4321", country("BRA")).expect("a number of Rio");
    assert_eq!(brazilian.e164(), Some("+5521987654321"));
    let belgian = Phone::parse("02 512 34 56", country("BEL")).expect("a number of Brussels");
    assert_eq!(belgian.e164(), Some("+3225123456"));
    assert_eq!(Phone::parse("01-58-90-49-77", country("BEL")), Err(Problem::InvalidPhone));
    assert_eq!(Phone::parse("01\u{7}58904977", Country::FRANCE), Err(Problem::ControlCharacter));
}

#[test]
fn ape_codes_of_both_editions_are_normalised() {
    let by_shape = Nomenclature::default();
    for (typed, code, version) in [
        ("1107B", "1107B", NafVersion::Rev2),
        ("0111Z", "0111Z", NafVersion::Rev2),
        ("11.07b", "1107B", NafVersion::Rev2),
        (" 11 07 B ", "1107B", NafVersion::Rev2),
        ("11.07-B", "1107B", NafVersion::Rev2),
        ("47.11y", "4711Y", NafVersion::Naf2025),
        ("0000L", "0000L", NafVersion::Naf2025),
    ] {
        let ape = ApeCode::parse_french(typed, &by_shape).unwrap_or_else(|_| panic!("{typed}"));
        assert_eq!((ape.as_str(), ape.version()), (code, Some(version)), "{typed}");
    }
    for letter in ["Y", "G", "H", "J", "K", "L"] {
        ApeCode::parse_french(&format!("4711{letter}"), &by_shape).expect("a letter of NAF 2025");
    }
    for text in ["9999Z", "1107", "1107I", "1107M", "11075B", "B1107", "１１０７B", "110é", "YYYYY"]
    {
        let parsed = ApeCode::parse_french(text, &by_shape);
        assert_eq!(parsed, Err(Problem::UnknownApeCode), "{text:?}");
    }
    assert_eq!(ApeCode::parse_french("", &by_shape), Ok(ApeCode::default()));
    assert_eq!(ApeCode::parse_french(" . ", &by_shape), Ok(ApeCode::default()));
}

#[test]
fn the_list_of_naf_rev_2_is_whole() {
    let known = |code: &str| ApeCode::parse_french(code, &Nomenclature::default());
    let list = include_str!("../../../server/data/naf_rev2.csv").lines().skip(1);
    let codes: Vec<&str> = list.filter_map(|line| Some(line.split_once(',')?.0)).collect();
    assert_eq!(codes.len(), 732);
    for code in codes {
        let version = known(code).expect(code).version();
        assert_eq!(version, Some(NafVersion::Rev2), "{code}");
    }
}

#[tokio::test]
async fn a_list_of_naf_2025_replaces_the_check_by_shape() {
    let nomenclature =
        Nomenclature::with_naf_2025("code;label\n47.11Y;Commerce\n1071g, Pain\nnon\n");
    assert_eq!(nomenclature.naf_2025_len(), Some(2));
    let server =
        TestServer::start_with(TestServerOptions { nomenclature, ..Default::default() }).await;
    let member = server.open_account("jeanne@exemple.fr", 1).await;
    let with_ape = |code: &str| {
        change(&["ape_code"], Account { ape_code: code.to_owned(), ..Default::default() })
    };
    for (typed, code, version) in
        [("47.11y", "4711Y", "2025"), ("1071G", "1071G", "2025"), ("1107B", "1107B", "rev2")]
    {
        let account = member.update(with_ape(typed)).await.account.expect("an account");
        assert_eq!(account.ape_code, code);
        let stored = text(server.db(), "SELECT ape_version FROM account").await;
        assert_eq!(stored.as_deref(), Some(version));
    }
    let outcome = member.client.update(with_ape("4712Y")).await;
    let rejection = assert_refused(outcome, Code::InvalidArgument, ErrorReason::InvalidRequest);
    let expected = [("account.ape_code".to_owned(), ViolationReason::UnknownApeCode)];
    assert_eq!(violations(&rejection), expected);
}

#[test]
fn a_french_postal_code_has_five_digits() {
    for (typed, kept) in [("69001", "69001"), (" 97 400 ", "97400"), ("01000", "01000"), ("", "")] {
        let code = PostalCode::parse(typed, Country::FRANCE).unwrap_or_else(|_| panic!("{typed}"));
        assert_eq!(code.as_str(), kept);
    }
    for text in ["6900", "690011", "F-69001", "2A004", "６９００１", "69-001"] {
        let parsed = PostalCode::parse(text, Country::FRANCE);
        assert_eq!(parsed, Err(Problem::InvalidPostalCode), "{text:?}");
    }
    let foreign = PostalCode::parse(" SW1A 1AA ", country("GBR")).expect("free elsewhere");
    assert_eq!(foreign.as_str(), "SW1A 1AA");
}

#[test]
fn only_assigned_country_codes_are_known() {
    for (typed, alpha3, alpha2) in
        [("FRA", "FRA", "FR"), (" reu ", "REU", "RE"), ("Che", "CHE", "CH"), ("ZWE", "ZWE", "ZW")]
    {
        let country = country(typed);
        assert_eq!((country.alpha3(), country.alpha2()), (alpha3, alpha2));
    }
    for text in ["FR", "XXX", "France", "ZZZ", "EUR", "alp", "F A", "ÉÉ"] {
        assert_eq!(Country::parse(text), Err(Problem::UnknownCountry), "{text:?}");
    }
    assert_eq!(Country::parse(" "), Err(Problem::Required));
    let list = include_str!("../../../server/data/countries.csv");
    assert_eq!(list.lines().skip(1).count(), 249);
}

#[test]
fn texts_are_trimmed_normalised_and_free_of_control_characters() {
    let line = |text| Line::<20>::parse(text).map(|line| line.as_str().to_owned());
    assert_eq!(line(" \t\u{a0}L'E\u{301}picerie \n"), Ok("L'Épicerie".to_owned()));
    assert_eq!(line("日本 👩‍🍳"), Ok("日本 👩‍🍳".to_owned()));
    for text in [
        "a\tb",
        "a\nb",
        "a\rb",
        "a\u{0}b",
        "a\u{85}b",
        "a\u{7f}b",
        "a\u{2028}b",
        "a\u{202e}b",
        "a\u{2066}b",
    ] {
        assert_eq!(line(text), Err(Problem::ControlCharacter), "{text:?}");
    }
    let lines = |text| Lines::<20>::parse(text).map(|lines| lines.as_str().to_owned());
    assert_eq!(lines("a\r\nb\rc\nd"), Ok("a\nb\nc\nd".to_owned()));
    for text in ["a\tb", "a\u{b}b", "a\u{2029}b"] {
        assert_eq!(lines(text), Err(Problem::ControlCharacter), "{text:?}");
    }
}

#[test]
fn a_machine_id_is_a_uuid_in_its_standard_form() {
    let id = MachineId::parse(" 7F0C7D3E-6a57-4a9b-8a53-3f1d1f0f7a11 ").expect("a UUID");
    assert_eq!(id.uuid().to_string(), "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11");
    for text in [
        "7f0c7d3e6a574a9b8a533f1d1f0f7a11",
        "{7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11}",
        "urn:uuid:7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11",
        "7f0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a1",
        "00000000-0000-0000-0000-000000000000",
        "zf0c7d3e-6a57-4a9b-8a53-3f1d1f0f7a11",
    ] {
        assert!(matches!(MachineId::parse(text), Err(Problem::Malformed(_))), "{text:?}");
    }
    assert_eq!(MachineId::parse(""), Err(Problem::Required));
}
