//! The words of single mails, and what screens and machines are called in them.

use gestan_account_server::{
    domain::{account_id::AccountId, locale::Locale},
    mail::{
        message::{Content, Letterhead, compose},
        notice::{Erasure, Notice},
    },
};

use super::{ACCOUNT, MASKED, composed, event, flat, merge, names_a_machine, paris, time, visible};

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
