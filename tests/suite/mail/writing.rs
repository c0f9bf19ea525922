//! How mails are written: typography, escaping, times, the two parts.

use gestan_account_server::{
    domain::{account_id::AccountId, locale::Locale},
    mail::{
        message::{CodeMail, Content, Letterhead, Message, Request, compose},
        notice::{AddressBySupport, BySupport, Detached, Erasure, Event, Merge, Notice},
    },
};
use jiff::{Timestamp, tz::TimeZone};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn time() -> Timestamp {
    "2026-11-24T18:42:00Z".parse().unwrap()
}

/// The mails that show the most: a code with an ID, and every security notice.
fn contents(machine: &str) -> Vec<Content> {
    let account_id = 10_427;
    let request = || Request { machine: machine.to_owned(), time: time() };
    let code = || CodeMail {
        code: "7K3M-9QXR-T2VW".to_owned(),
        request: request(),
        expire_time: "2026-11-25T18:42:00Z".parse().unwrap(),
    };
    let event = || Event::new(AccountId::parse(account_id).unwrap(), machine, time());
    let several = || Detached { names: vec![machine.to_owned(); 2], others: 7 };
    let (id, detached) = (AccountId::parse(account_id).unwrap(), several());
    let new_email_masked = || "j•••••@boulangerie-martin.example".to_owned();
    let merge = || Merge {
        from_account_id: account_id,
        into_account_id: 3,
        time_millis: time().as_millisecond(),
        machines: 2,
    };
    let notices = [
        Notice::Welcome(event()),
        Notice::PasswordChanged { event: Event { detached, ..event() }, machine_linked: true },
        Notice::EmailChangeRequested { event: event(), new_email_masked: new_email_masked() },
        Notice::MachineLinked(event()),
        Notice::MachineUnlinked(BySupport::new(id, time(), several())),
        Notice::AccountMerged { merge: merge(), into_email_masked: new_email_masked() },
        Notice::AccountExtended(merge()),
        Notice::AccountErased(Erasure::new(id, time(), true)),
        Notice::EmailChangeStarted(AddressBySupport {
            account_id,
            time_millis: time().as_millisecond(),
            new_email_masked: "j•••••@boulangerie-martin.example".to_owned(),
            code_time_millis: time().as_millisecond() + 86_400_000,
        }),
    ];
    let others = [
        Content::OpenAccount(code()),
        Content::AccountExists { account_id, code: code() },
        Content::PersonalCode { account_id, code: code() },
        Content::SupportCode { account_id: Some(account_id), code: code() },
        Content::SupportCode { account_id: None, code: code() },
        Content::ConfirmEmail(code()),
        Content::SupportConfirmEmail(code()),
        Content::NoAccount(request()),
        Content::EmailTaken(request()),
    ];
    others.into_iter().chain(notices.map(Content::Notice)).collect()
}

/// A sender who has set nothing.
fn plain() -> Letterhead {
    Letterhead::default()
}

fn composed(machine: &str, locale: Locale) -> Vec<Message> {
    let composed = contents(machine)
        .into_iter()
        .map(|content| compose(&content, locale, &zone("Europe/Paris"), &plain()).unwrap());
    composed.collect()
}

fn in_both_languages(machine: &str) -> impl Iterator<Item = Message> {
    composed(machine, Locale::Fr).into_iter().chain(composed(machine, Locale::En))
}

/// Whether a mail tells of a machine by its name: what the support desk has sent or started
/// does not, for no machine has asked for it, those about a merge tell how many there are, and of
/// an account that was erased there are none.
fn names_a_machine(mail: &Message) -> bool {
    let by_support = ["envoie", "sends you", "prépare", "prepares", "Le code de", "The code of"];
    let merged = ["désormais partie", "now part of"];
    let erased = ["a été effacé", "was erased"];
    !by_support.iter().chain(&merged).chain(&erased).any(|word| mail.subject.contains(word))
}

/// The words of a part that hold a letter, without the punctuation around them.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| character.is_whitespace());
    let words = words.map(|word| word.trim_end_matches(':').to_owned());
    words.filter(|word| word.chars().any(char::is_alphanumeric)).collect()
}

#[test]
fn text_and_html_tell_the_same_in_the_same_order() {
    for mail in in_both_languages("Caisse 1") {
        let body = mail.html.split_once("<!--[if mso]>").unwrap().1;
        let mut visible = String::new();
        let mut rest = body;
        while let Some((before, tag)) = rest.split_once('<') {
            visible.push_str(before);
            visible.push(' ');
            rest = tag.split_once('>').map_or("", |(_, after)| after);
        }
        let html = words(&visible.replace("&nbsp;", " ")).join("\n");
        let text = words(&mail.text).join("\n").replacen("GESTAN", "Gestan", 1);
        assert_eq!(text, html);
    }
}

/// The card stands in the middle of the page, by an attribute that what is in it inherits.
#[test]
fn what_is_read_begins_at_the_left() {
    for mail in in_both_languages("Caisse 1") {
        let (_, card) = mail.html.split_once("<td align=\"center\"").unwrap();
        let table = card.match_indices("<table").nth(1).unwrap().0;
        let table = card[table..].split('>').next().unwrap();
        assert!(table.contains("text-align:left"), "{table}");
    }
}

#[test]
fn the_text_part_is_wrapped_and_has_no_gaps() {
    for mail in in_both_languages("Poste de la comptabilité, au premier étage à gauche") {
        for line in mail.text.lines() {
            assert!(line.chars().count() <= 72, "{line:?}");
        }
        assert!(!mail.text.contains("\n\n\n"), "{}", mail.text);
        assert!(mail.text.lines().count() > 15, "{}", mail.text);
    }
}

#[test]
fn french_typography_holds() {
    for mail in composed("Caisse 1", Locale::Fr) {
        for part in [&mail.text, &mail.subject] {
            for wrong in [" ?", " !", " ;", " :", "« ", " »", "'"] {
                assert!(!part.contains(wrong), "{wrong:?} in {part}");
            }
        }
        // There is no sign without its space, either.
        for (position, sign) in mail.text.match_indices([';', '!', '?', '»']) {
            let before = mail.text[..position].chars().next_back();
            assert!(matches!(before, Some('\u{a0}' | '\u{202f}')), "{sign} in {}", mail.text);
        }
    }
    let subject = &composed("A", Locale::Fr)[9].subject;
    assert_eq!(subject, "Bienvenue\u{a0}: votre compte client Gestan est ouvert");
}

#[test]
fn english_mails_hold_no_french_spaces_before_signs() {
    for mail in composed("Caisse 1", Locale::En) {
        for wrong in [" ?", " :", " ;", " !", "\u{a0}:", "\u{202f}", "«", "vous", "'"] {
            assert!(!mail.text.contains(wrong), "{wrong:?} in {}", mail.text);
        }
    }
}

#[test]
fn a_machine_name_cannot_inject_markup_lines_or_headers() {
    // Two names, as thirty characters of each are shown; a quotation mark becomes an apostrophe.
    let names = [
        (
            "<b>x</b>\r\nBcc: victim@example.o",
            "&#60;b&#62;x&#60;/\u{2060}b&#62; Bcc:\u{2060} victim@\u{2060}example.\u{2060}o",
        ),
        (
            "<b>x</b>\r\nBcc: x\u{202e}\"'&<script>",
            "&#60;b&#62;x&#60;/\u{2060}b&#62; Bcc:\u{2060} x’&#39;&#38;&#60;script&#62;",
        ),
    ];
    let mails = names
        .iter()
        .flat_map(|(name, escaped)| in_both_languages(name).map(move |mail| (mail, *escaped)));
    for (mail, escaped) in mails {
        for markup in ["<b>", "<script", "</b>"] {
            assert!(!mail.html.contains(markup), "{markup} in {}", mail.html);
        }
        assert_eq!(mail.html.contains(escaped), names_a_machine(&mail), "{}", mail.html);
        let injected = |line: &str| line.trim_start().starts_with("Bcc");
        assert!(!mail.text.lines().any(injected), "{}", mail.text);
        assert!(!mail.subject.contains("Bcc") && !mail.subject.contains(['\r', '\n']));
        assert!(!mail.html.contains('\u{202e}') && !mail.text.contains('\u{202e}'));
    }
}

#[test]
fn an_empty_or_endless_machine_name_is_shown_as_something_sensible() {
    for (locale, unnamed) in [(Locale::Fr, "(poste sans nom)"), (Locale::En, "(unnamed machine)")] {
        for mail in composed(" \u{200b}\n", locale) {
            assert_eq!(mail.text.contains(unnamed), names_a_machine(&mail), "{}", mail.text);
        }
    }
    for mail in in_both_languages(&"x".repeat(500)) {
        let cut = format!("{}…", "x".repeat(30));
        assert_eq!(mail.text.contains(&cut), names_a_machine(&mail), "{}", mail.text);
        assert!(!mail.text.contains(&"x".repeat(31)), "{}", mail.text);
    }
}

#[test]
fn times_are_said_in_words_in_the_zone_of_the_reader() {
    let say = |time: &str, locale, zone: &TimeZone| {
        let time = time.parse().unwrap();
        let event = Event::new(AccountId::parse(1).unwrap(), "A", time);
        let content = Content::Notice(Notice::MachineLinked(event));
        let text = compose(&content, locale, zone, &plain()).unwrap().text.replace('\u{a0}', " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let evening = "2026-11-24T18:42:00Z";
    for (time, locale, place, said) in [
        (evening, Locale::Fr, "Europe/Paris", "mardi 24 novembre 2026 à 19 h 42 (heure de Paris)"),
        (evening, Locale::En, "Europe/Paris", "Tuesday 24 November 2026 at 19:42 (Paris time)"),
        ("2026-07-31T22:05:00Z", Locale::Fr, "Europe/Paris", "samedi 1er août 2026 à 0 h 05"),
        ("2026-07-31T22:00:00Z", Locale::Fr, "UTC", "vendredi 31 juillet 2026 à 22 h (UTC)"),
        (evening, Locale::Fr, "Indian/Reunion", "22 h 42 (UTC+4)"),
        (evening, Locale::En, "America/St_Johns", "15:12 (UTC−3:30)"),
    ] {
        let text = say(time, locale, &zone(place));
        assert!(text.contains(said), "{said} in {text}");
    }
}

#[test]
fn debug_shows_no_secret_and_no_name() {
    for content in contents("Caisse 1") {
        let mail = compose(&content, Locale::Fr, &TimeZone::UTC, &plain()).unwrap();
        for shown in [format!("{content:?}"), format!("{mail:?}")] {
            assert!(!shown.contains("7K3M") && !shown.contains("Caisse"), "{shown}");
        }
    }
}
