//! The words for a bad field.

use gestan_account_server::{
    domain::{
        locale::Locale,
        violation::{Expected, Problem},
        weakness::{Guess, Weakness},
    },
    grpc::violation_text,
};

#[test]
fn a_bad_telephone_number_is_told_how_one_of_another_country_begins() {
    assert_eq!(
        violation_text(&Problem::InvalidPhone, Locale::Fr),
        "Ce numéro de téléphone n’est pas valable dans ce pays : vérifiez-le, ou commencez par \
         l’indicatif du pays, par exemple +32."
    );
    assert_eq!(
        violation_text(&Problem::InvalidPhone, Locale::En),
        "This telephone number is not valid in this country: check it, or start with the \
         country’s code, for example +32."
    );
}

#[test]
fn one_word_is_said_for_one_thing() {
    let path = || "phone".to_owned();
    let expected = [
        Expected::Uuid,
        Expected::Locale,
        Expected::PersonalCode,
        Expected::Ticket,
        Expected::AccountId,
        Expected::SameAs("account_id"),
        Expected::PasswordNotCode,
    ];
    let mut problems = vec![
        Problem::Required,
        Problem::TooLong { max: 100 },
        Problem::ControlCharacter,
        Problem::InvalidEmail,
        Problem::UnknownCountry,
        Problem::UnknownApeCode,
        Problem::InvalidPostalCode,
        Problem::InvalidPhone,
        Problem::PasswordTooShort,
        Problem::PasswordTooWeak(Weakness::Guessable(Guess::Personal)),
        Problem::CodeMistyped,
        Problem::ReadOnly { path: path() },
        Problem::UnknownField { path: path() },
        Problem::Conflict { with: "email" },
        Problem::RequestIdReused,
    ];
    problems.extend(expected.map(Problem::Malformed));
    for problem in problems {
        let (french, english) =
            (violation_text(&problem, Locale::Fr), violation_text(&problem, Locale::En));
        for stray in ["e-mail", "regardez"] {
            assert!(!french.contains(stray), "{stray} in {french}");
        }
        assert!(!english.contains("look at"), "{english}");
    }
}
