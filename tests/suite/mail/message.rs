//! What mails say, and what nobody can make them say.

use gestan_account_server::{
    domain::{account_id::AccountId, email_address::EmailAddress, locale::Locale, text::Line},
    mail::{
        message::{CodeMail, Content, Letterhead, Message, Request, SupportPhone, compose},
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
fn the_change_of_a_password_says_whether_a_machine_was_linked_by_it() {
    for (locale, linked) in [(Locale::Fr, "a été rattaché"), (Locale::En, "linked")] {
        for machine_linked in [true, false] {
            let changed = Notice::PasswordChanged { event: event("Caisse 1"), machine_linked };
            let content = Content::Notice(changed);
            let mail = compose(&content, locale, &paris(), &Letterhead::default()).unwrap();
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

/// What stands between the quotation marks of a language.
fn quoted(text: &str, [open, close]: [char; 2]) -> Vec<&str> {
    let rest = text.split(open).skip(1);
    rest.map(|rest| rest.split(close).next().unwrap_or_default().trim()).collect()
}

#[test]
fn screens_are_called_what_the_window_calls_them() {
    const SCREENS: [&str; 5] = [
        "?",
        "Compte client",
        "Confirmer",
        "Créer un nouveau compte",
        "Enregistrer un compte existant",
    ];
    let mut named = Vec::new();
    for (content, locale, mail) in composed("COMPTOIR") {
        let marks = if locale == Locale::Fr { ['«', '»'] } else { ['“', '”'] };
        for part in [flat(&mail.text), visible(&mail.html)] {
            for screen in quoted(&part, marks) {
                let is_known = SCREENS.contains(&screen) || screen == "COMPTOIR";
                assert!(is_known, "{}: {screen:?} in {part}", content.kind());
                named.push(screen.to_owned());
            }
        }
    }
    assert!(SCREENS.iter().all(|screen| named.iter().any(|named| named == screen)));
}

#[test]
fn every_mail_quotes_the_name_that_a_machine_gives_itself() {
    for (content, locale, mail) in composed("Appelez le 08 99 12 34 56 !") {
        let shown = match locale {
            Locale::Fr => "« Appelez le •• •• •• •• •• ! »",
            Locale::En => "“Appelez le •• •• •• •• •• !”",
        };
        for part in [flat(&mail.text), visible(&mail.html)] {
            let names = part.matches(shown).count();
            assert_eq!(names, part.matches("Appelez le •").count(), "{part}");
            assert_eq!(names > 0, names_a_machine(&content), "{part}");
            assert!(!part.contains("99"), "{part}");
        }
    }
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

#[test]
fn the_last_mail_says_what_is_gone_what_stays_and_that_the_address_is_forgotten() {
    let id = AccountId::parse(ACCOUNT).unwrap();
    let erased = Content::Notice(Notice::AccountErased(Erasure::new(id, time(), true)));
    for (locale, said) in [
        (
            Locale::Fr,
            [
                "demande faite à notre assistance",
                "Vos postes ne sont plus rattachés",
                "ce numéro ne sera donné à personne d’autre",
                "la trace de cette demande",
                "écritures de votre crédit-temps, sans texte",
                "Cette adresse est oubliée dès que ce message est parti : c’est le dernier",
            ],
        ),
        (
            Locale::En,
            [
                "a request to our support desk",
                "Your machines are not linked any more",
                "nobody else will be given that number",
                "a trace of this request",
                "entries of your support time, without text",
                "This address is forgotten as soon as this message has left: it is the last one",
            ],
        ),
    ] {
        let mail = compose(&erased, locale, &paris(), &Letterhead::default()).unwrap();
        let (text, html) = (flat(&mail.text), visible(&mail.html));
        for said in said {
            assert!(text.contains(said) && html.contains(said), "{said:?} in {text}");
        }
    }
}

#[test]
fn the_mail_about_a_merge_says_what_takes_the_place_of_what_is_gone() {
    let into_email_masked = MASKED.to_owned();
    let merged = Notice::AccountMerged { merge: merge(ACCOUNT, 3), into_email_masked };
    let extended = Notice::AccountExtended(merge(ACCOUNT, 3));
    for (notice, locale, said) in [
        (
            &merged,
            Locale::Fr,
            [
                "le compte 10427 fait désormais partie du compte 3",
                "Vos postes restent rattachés",
                "Le mot de passe est celui du compte 3",
                "L’ancien ID 10427 mène encore au compte 3",
            ],
        ),
        (
            &merged,
            Locale::En,
            [
                "account 10427 is now part of account 3",
                "Your machines stay linked",
                "The password is that of account 3",
                "The former ID 10427 still leads to account 3",
            ],
        ),
        (
            &extended,
            Locale::Fr,
            [
                "le compte 10427 fait désormais partie du vôtre",
                "votre mot de passe et votre fiche ne changent pas",
                "Postes du compte réuni : 2",
                "compte client 3.",
            ],
        ),
        (
            &extended,
            Locale::En,
            [
                "account 10427 is now part of yours",
                "your password and your form stay as they are",
                "Machines of the merged account: 2",
                "client account 3.",
            ],
        ),
    ] {
        let content = Content::Notice(notice.clone());
        let mail = compose(&content, locale, &paris(), &Letterhead::default()).unwrap();
        let text = flat(&mail.text);
        for said in said {
            assert!(text.contains(said), "{said:?} in {text}");
        }
    }
}

#[test]
fn the_mail_of_a_forgotten_password_says_first_how_to_choose_another() {
    for (_, locale, mail) in composed("Caisse 1").iter().filter(|m| m.0.kind() == "personal_code") {
        let order = match locale {
            Locale::Fr => [
                "Pour choisir un nouveau mot de passe :",
                "Ce code sert aussi à rattacher un poste",
                "« Enregistrer un compte existant »",
                "remplacer le mot de passe",
            ],
            Locale::En => [
                "To choose a new password:",
                "You can also use this code to link a machine",
                "“Enregistrer un compte existant”",
                "in place of the password",
            ],
        };
        for part in [flat(&mail.text), visible(&mail.html)] {
            let places: Vec<Option<usize>> = order.iter().map(|said| part.find(said)).collect();
            assert!(places.is_sorted() && places[0].is_some(), "{places:?} in {part}");
        }
    }
}

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
