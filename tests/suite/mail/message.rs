//! What mails say, and what nobody can make them say.

use gestan_account_server::{
    domain::{account_id::AccountId, locale::Locale},
    mail::{
        message::{CodeMail, Content, Message, Request, compose},
        notice::{Detached, Event, Notice},
    },
};
use jiff::{Timestamp, tz::TimeZone};

const CODE: &str = "7K3M-9QXR-T2VW";
const ACCOUNT: u32 = 10_427;
const MASKED: &str = "j•••••@boulangerie-martin.example";

fn time() -> Timestamp {
    "2026-11-24T18:42:00Z".parse().unwrap()
}

fn request(machine: &str) -> Request {
    Request { machine: machine.to_owned(), time: time() }
}

fn event(machine: &str) -> Event {
    Event::new(AccountId::parse(ACCOUNT).unwrap(), machine, time())
}

fn code(machine: &str) -> CodeMail {
    CodeMail {
        code: CODE.to_owned(),
        request: request(machine),
        expire_time: "2026-11-25T18:42:00Z".parse().unwrap(),
    }
}

/// Every kind of mail.
fn all(machine: &str) -> Vec<Content> {
    let account_id = ACCOUNT;
    let (code, request, event) = (|| code(machine), || request(machine), || event(machine));
    let new_email_masked = || MASKED.to_owned();
    let detached = || Detached { names: vec![machine.to_owned()], others: 0 };
    let detaching = || Event { detached: detached(), ..event() };
    let notices = [
        Notice::Welcome(event()),
        Notice::PasswordChanged { event: detaching(), machine_linked: true },
        Notice::PasswordChanged { event: event(), machine_linked: false },
        Notice::EmailChangeRequested { event: event(), new_email_masked: new_email_masked() },
        Notice::EmailChanged { event: event(), new_email_masked: new_email_masked() },
        Notice::MachineLinked(detaching()),
    ];
    let others = [
        Content::OpenAccount(code()),
        Content::AccountExists { account_id, code: code() },
        Content::PersonalCode { account_id, code: code() },
        Content::NoAccount(request()),
        Content::ConfirmEmail { account_id, code: code() },
        Content::EmailTaken(request()),
    ];
    others.into_iter().chain(notices.map(Content::Notice)).collect()
}

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

/// Every kind of mail in every language.
fn composed(machine: &str) -> Vec<(Content, Locale, Message)> {
    let kinds = [Locale::Fr, Locale::En].into_iter().flat_map(|locale| {
        all(machine).into_iter().map(move |content| {
            let message = compose(&content, locale, &paris()).unwrap();
            (content, locale, message)
        })
    });
    kinds.collect()
}

fn has_code(content: &Content) -> bool {
    matches!(content.kind(), "open_account" | "account_exists" | "personal_code" | "confirm_email")
}

/// A text in one line, with ordinary spaces.
fn flat(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The HTML part as a reader sees it, without its head and preheader.
fn visible(html: &str) -> String {
    let body = html.split_once("<!--[if mso]>").unwrap().1;
    let mut words = String::new();
    let mut in_tag = false;
    for character in body.chars() {
        match character {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                words.push(' ');
            }
            _ if !in_tag => words.push(character),
            _ => {}
        }
    }
    flat(&words.replace("&#39;", "'"))
}

#[test]
fn every_mail_with_a_code_says_what_the_reader_must_know() {
    for (content, locale, mail) in composed("Caisse 1").iter().filter(|mail| has_code(&mail.0)) {
        let said = match locale {
            Locale::Fr => [
                "Notre assistance ne vous le demandera jamais",
                "Vous n’avez rien demandé ? Ignorez simplement ce message",
                "Demandé par le poste",
                "mardi 24 novembre 2026 à 19 h 42 (heure de Paris)",
                "mercredi 25 novembre 2026 à 19 h 42 (heure de Paris)",
                "« Confirmer »",
            ],
            Locale::En => [
                "Our support desk will never ask you for it",
                "You did not ask for this? Simply ignore this message",
                "Requested by machine",
                "Tuesday 24 November 2026 at 19:42 (Paris time)",
                "Wednesday 25 November 2026 at 19:42 (Paris time)",
                "“Confirmer”",
            ],
        };
        for part in [flat(&mail.text), visible(&mail.html)] {
            for said in said.iter().chain(&[CODE, "Caisse 1"]) {
                assert!(part.contains(said), "{}: {said:?} in {part}", content.kind());
            }
            let names_account = content.kind() != "open_account";
            assert_eq!(part.contains("10427"), names_account, "{}", content.kind());
        }
        // Alone in its line, so that a double click takes it whole.
        assert!(mail.text.lines().any(|line| line.trim() == CODE), "{}", mail.text);
    }
}

#[test]
fn other_mails_hold_no_code_and_say_what_to_do_about_a_stranger() {
    for (content, locale, mail) in composed("Caisse 1").iter().filter(|mail| !has_code(&mail.0)) {
        let told = ["no_account", "email_taken"].contains(&content.kind());
        let act = match (locale, told) {
            (Locale::Fr, true) => "Vous n’avez rien demandé ? Ignorez simplement ce message",
            (Locale::En, true) => "You did not ask for this? Simply ignore this message",
            (Locale::Fr, false) => "Ce n’était pas vous ?",
            (Locale::En, false) => "not you",
        };
        let when = match locale {
            Locale::Fr => "24 novembre 2026 à 19 h 42",
            Locale::En => "24 November 2026 at 19:42",
        };
        for part in [flat(&mail.text), visible(&mail.html)] {
            assert!(!part.contains(CODE), "{}", content.kind());
            assert!(part.contains(act), "{}: {act:?} in {part}", content.kind());
            assert!(part.contains(when), "{}: {when:?} in {part}", content.kind());
            assert_eq!(part.contains("10427"), !told, "{}: {part}", content.kind());
            assert_eq!(part.contains("Caisse 1"), content.kind() != "email_changed", "{part}");
            let masked = content.kind().starts_with("email_change");
            assert_eq!(part.contains(MASKED), masked, "{part}");
        }
    }
}

#[test]
fn the_change_of_a_password_says_whether_a_machine_was_linked_by_it() {
    for (locale, linked) in [(Locale::Fr, "a été rattaché"), (Locale::En, "linked")] {
        for machine_linked in [true, false] {
            let changed = Notice::PasswordChanged { event: event("Caisse 1"), machine_linked };
            let content = Content::Notice(changed);
            let mail = compose(&content, locale, &paris()).unwrap();
            assert_eq!(flat(&mail.text).contains(linked), machine_linked, "{}", mail.text);
        }
    }
}

#[test]
fn no_mail_holds_a_link_or_loads_anything() {
    for (content, _, mail) in composed("www.evil.example/x") {
        for part in [&mail.text, &mail.html] {
            for banned in ["http", "href", "src=", "url(", "www.evil", "evil.example", "<img"] {
                assert!(!part.contains(banned), "{}: {banned} in {part}", content.kind());
            }
            // The name is shown all the same, so that no program makes a link of it.
            let shown = part.contains("www.\u{2060}evil.\u{2060}example/\u{2060}x");
            assert_eq!(shown, content.kind() != "email_changed", "{part}");
        }
    }
}

#[test]
fn subject_and_preheader_hold_neither_code_nor_typed_text() {
    for (content, _, mail) in composed("Typed-by-people") {
        let preheader = mail.html.split_once("<div").unwrap().1.split_once("</div>").unwrap().0;
        for hidden in [CODE, "Typed-by-people", "10427", "martin"] {
            assert!(!mail.subject.contains(hidden), "{}: {}", content.kind(), mail.subject);
            assert!(!preheader.contains(hidden), "{}: {preheader}", content.kind());
        }
        assert!((10..=70).contains(&mail.subject.chars().count()), "{}", mail.subject);
        assert!(!mail.subject.contains(char::is_control), "{}", mail.subject);
    }
}

#[test]
fn each_kind_of_mail_has_its_own_subject_in_each_language() {
    let mut subjects: Vec<String> =
        composed("Caisse 1").into_iter().map(|(_, _, mail)| mail.subject).collect();
    let mails = subjects.len();
    subjects.sort();
    subjects.dedup();
    // A changed password has two texts under one subject.
    assert_eq!(subjects.len(), mails - 2, "{subjects:#?}");
}
