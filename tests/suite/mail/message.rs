//! What mails say, and what nobody can make them say. Here are every kind of mail in every
//! language, and what holds for all of them.

mod sender;
mod wording;

use gestan_account_server::{
    domain::{account_id::AccountId, locale::Locale},
    mail::{
        message::{CodeMail, Content, Letterhead, Message, Request, compose},
        notice::{AddressBySupport, BySupport, Detached, Erasure, Event, Merge, Notice},
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

fn merge(from_account_id: u32, into_account_id: u32) -> Merge {
    let time_millis = time().as_millisecond();
    Merge { from_account_id, into_account_id, time_millis, machines: 2 }
}

fn address_by_support(waits: bool) -> AddressBySupport {
    AddressBySupport {
        account_id: ACCOUNT,
        time_millis: time().as_millisecond(),
        new_email_masked: MASKED.to_owned(),
        code_time_millis: time().as_millisecond() + i64::from(waits) * 24 * 3_600_000,
    }
}

/// Every kind of mail.
fn all(machine: &str) -> Vec<Content> {
    let account_id = ACCOUNT;
    let id = AccountId::parse(ACCOUNT).unwrap();
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
        Notice::MachineUnlinked(BySupport::new(id, time(), detached())),
        Notice::AccountMerged { merge: merge(7, ACCOUNT), into_email_masked: MASKED.to_owned() },
        Notice::AccountExtended(merge(7, ACCOUNT)),
        Notice::AccountErased(Erasure::new(id, time(), true)),
        Notice::EmailChangeStarted(address_by_support(true)),
        Notice::EmailChangeStarted(address_by_support(false)),
    ];
    let others = [
        Content::OpenAccount(code()),
        Content::AccountExists { account_id, code: code() },
        Content::PersonalCode { account_id, code: code() },
        Content::SupportCode { account_id: Some(account_id), code: code() },
        Content::NoAccount(request()),
        Content::ConfirmEmail(code()),
        Content::SupportConfirmEmail(code()),
        Content::EmailTaken(request()),
    ];
    others.into_iter().chain(notices.map(Content::Notice)).collect()
}

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

/// Every kind of mail in every language.
fn composed(machine: &str) -> Vec<(Content, Locale, Message)> {
    composed_by(&Letterhead::default(), machine)
}

/// The same, of this sender.
fn composed_by(letterhead: &Letterhead, machine: &str) -> Vec<(Content, Locale, Message)> {
    let kinds = [Locale::Fr, Locale::En].into_iter().flat_map(|locale| {
        all(machine).into_iter().map(move |content| {
            let message = compose(&content, locale, &paris(), letterhead).unwrap();
            (content, locale, message)
        })
    });
    kinds.collect()
}

fn has_code(content: &Content) -> bool {
    matches!(
        content.kind(),
        "open_account"
            | "account_exists"
            | "personal_code"
            | "support_code"
            | "confirm_email"
            | "support_confirm_email"
    )
}

/// Whether it tells of a machine by its name.
fn names_a_machine(content: &Content) -> bool {
    ![
        "email_changed",
        "email_change_started",
        "support_code",
        "support_confirm_email",
        "account_merged",
        "account_extended",
        "account_erased",
    ]
    .contains(&content.kind())
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
        let is_by_machine = names_a_machine(content);
        let has_no_window = content.kind() == "support_confirm_email";
        let by_whom = match content.kind() {
            "support_code" => ["l’assistance Gestan vous envoie", "support desk sends you"],
            "support_confirm_email" => ["l’assistance Gestan prépare", "support desk prepares"],
            _ => ["Demandé par le poste", "Requested by machine"],
        };
        let said = match locale {
            Locale::Fr => [
                "Notre assistance ne vous le demandera jamais",
                "Vous n’avez rien demandé ? Ignorez simplement ce message",
                by_whom[0],
                "mardi 24 novembre 2026 à 19 h 42 (heure de Paris)",
                "mercredi 25 novembre 2026 à 19 h 42 (heure de Paris)",
                if has_no_window {
                    "« Enregistrer un compte existant »"
                } else {
                    "« Confirmer »"
                },
            ],
            Locale::En => [
                "Our support desk will never ask you for it",
                "You did not ask for this? Simply ignore this message",
                by_whom[1],
                "Tuesday 24 November 2026 at 19:42 (Paris time)",
                "Wednesday 25 November 2026 at 19:42 (Paris time)",
                if has_no_window {
                    "“Enregistrer un compte existant”"
                } else {
                    "“Confirmer”"
                },
            ],
        };
        for part in [flat(&mail.text), visible(&mail.html)] {
            for said in said.iter().chain(&[CODE]) {
                assert!(part.contains(said), "{}: {said:?} in {part}", content.kind());
            }
            assert_eq!(part.contains("Caisse 1"), is_by_machine, "{}: {part}", content.kind());
            let names_account = !["open_account", "confirm_email", "support_confirm_email"]
                .contains(&content.kind());
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
            assert_eq!(part.contains("Caisse 1"), names_a_machine(content), "{part}");
            let masked =
                content.kind().starts_with("email_change") || content.kind() == "account_merged";
            assert_eq!(part.contains(MASKED), masked, "{part}");
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
            assert_eq!(shown, names_a_machine(&content), "{part}");
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
    // A changed password has two texts under one subject, and so has what support has started.
    assert_eq!(subjects.len(), mails - 4, "{subjects:#?}");
}

#[test]
fn the_mail_to_a_new_address_tells_nothing_of_the_account() {
    for (content, _, mail) in composed("Caisse 1") {
        let told = mail.text.contains("10427") || mail.html.contains("10427");
        let may_be_mistyped = ["confirm_email", "support_confirm_email"];
        let is_of_a_stranger = ["open_account", "no_account", "email_taken"]
            .iter()
            .chain(&may_be_mistyped)
            .any(|kind| *kind == content.kind());
        assert_eq!(told, !is_of_a_stranger, "{}", content.kind());
    }
}
