//! What the sender says of itself, and how the reader reaches the support desk.

use gestan_account_server::{
    domain::{email_address::EmailAddress, locale::Locale, text::Line},
    mail::message::{Letterhead, SupportPhone},
};

use super::{composed, composed_by, flat, visible};

const COMPANY: &str = "Éditions <Gestan> & Cie";
const SEAT: &str = "12 rue des Lilas, 69001 Lyon";
const LEGAL_LINE: &str = "SARL au capital de 10 000 € - RCS Lyon 123 456 789";

/// A sender who says all that one may.
fn sender() -> Letterhead {
    let email = |address: &str| Some(EmailAddress::parse(address).unwrap());
    Letterhead {
        company: Some(Line::parse(COMPANY).unwrap()),
        address: Some(Line::parse(SEAT).unwrap()),
        legal_line: Some(Line::parse(LEGAL_LINE).unwrap()),
        support_phone: Some(SupportPhone::parse("01 58 90 49 77").unwrap()),
        support_email: email("assistance@gestan.example"),
        reply_to: email("reponse@été.example"),
    }
}

#[test]
fn every_mail_says_who_sends_it_and_how_to_reach_support() {
    for (content, locale, mail) in composed_by(&sender(), "Caisse 1") {
        let (support, answers) = match locale {
            Locale::Fr => (
                "Assistance Gestan : 01 58 90 49 77, assistance@gestan.example",
                "Si vous y répondez, votre réponse part à l’adresse reponse@été.example.",
            ),
            Locale::En => (
                "Gestan’s support desk: 01 58 90 49 77, assistance@gestan.example",
                "If you reply to it, your answer goes to reponse@été.example.",
            ),
        };
        let company = format!("{COMPANY}, {SEAT}");
        for said in [support, answers, LEGAL_LINE] {
            for part in [flat(&mail.text), visible(&mail.html)] {
                assert!(part.contains(said), "{}: {said:?} in {part}", content.kind());
            }
        }
        assert!(flat(&mail.text).contains(&company), "{}", mail.text);
        let escaped = format!("Éditions &#60;Gestan&#62; &#38; Cie, {SEAT}");
        assert!(mail.html.contains(&escaped) && !mail.html.contains("<Gestan>"), "{}", mail.html);
        assert_eq!(mail.reply_to.as_deref(), Some("reponse@xn--t-9fab.example"));
        for line in mail.text.lines() {
            assert!(line.chars().count() <= 72, "{line:?}");
        }
        assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
    }
}

#[test]
fn whoever_is_asked_to_call_support_reads_its_number() {
    for (locale, asked, with_number) in [
        (
            Locale::Fr,
            "Appelez l’assistance Gestan",
            "Appelez l’assistance Gestan au 01 58 90 49 77",
        ),
        (Locale::En, "Call Gestan’s support desk", "Call Gestan’s support desk on 01 58 90 49 77"),
    ] {
        let mut found = 0;
        for (_, _, mail) in composed_by(&sender(), "Caisse 1").iter().filter(|m| m.1 == locale) {
            for part in [flat(&mail.text), visible(&mail.html)] {
                assert_eq!(part.matches(asked).count(), part.matches(with_number).count());
                found += part.matches(with_number).count();
            }
        }
        assert!(found >= 12, "{found}");
    }
}

#[test]
fn without_settings_the_sentences_do_without() {
    for (content, locale, mail) in composed("Caisse 1") {
        let last = match locale {
            Locale::Fr => "merci de ne pas y répondre.",
            Locale::En => "please do not reply to it.",
        };
        for part in [flat(&mail.text), visible(&mail.html)] {
            assert!(part.contains(last), "{}: {part}", content.kind());
            for absent in ["Assistance Gestan :", "Gestan’s support desk:", " au et ", " on and "]
            {
                assert!(!part.contains(absent), "{absent:?} in {part}");
            }
        }
        assert_eq!(mail.reply_to, None);
        assert!(!mail.html.contains("<td class=\"rule\" style=\"border-top:1px solid #d9dfe5"));
    }
}

#[test]
fn a_support_number_is_digits_and_spaces_and_nothing_else() {
    for (typed, kept) in [
        (" 01 58\u{a0}90  49 77 ", "01\u{a0}58\u{a0}90\u{a0}49\u{a0}77"),
        ("+33 1 58 90 49 77", "+33\u{a0}1\u{a0}58\u{a0}90\u{a0}49\u{a0}77"),
        ("3949", "3949"),
    ] {
        assert_eq!(SupportPhone::parse(typed).unwrap().to_string(), kept);
    }
    for text in ["", "  ", "01-58-90-49-77", "01 58 90 49 77\nBcc: x", "appelez", "12", "33+1 58"] {
        assert!(SupportPhone::parse(text).is_err(), "{text:?}");
    }
    assert!(SupportPhone::parse(&"1".repeat(21)).is_err());
}
