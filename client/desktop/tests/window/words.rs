//! Both languages on every screen: no word of one is on the other's.

use egui::{Key, Modifiers};
use gestan_account_wizard::{Field, Language, Screen};

use crate::scene::{Scene, Service};

/// Words that every window of the language has somewhere.
const FRENCH: [&str; 9] =
    [" le ", " la ", " du ", " une ", " poste", "Valider", "Retour", "Fermer", " compte"];
const ENGLISH: [&str; 8] =
    [" the ", " of ", " account", "Apply", "Back", "Close", " password", " machine"];

#[test]
fn every_screen_speaks_one_language() {
    for (language, own, others) in [
        (Language::French, &FRENCH[..], &ENGLISH[..]),
        (Language::English, &ENGLISH[..], &FRENCH[..]),
    ] {
        let service = Service::start();
        let mut seen = Vec::new();
        let mut look = |scene: &mut Scene, screen: Screen| {
            scene.until_answered();
            assert_eq!(*scene.wizard().screen(), screen);
            assert!(scene.reads(screen.title(language)), "no title on {screen:?}");
            let words = scene.all_words().join("\n");
            assert!(own.iter().any(|word| words.contains(word)), "{screen:?}: {words}");
            let foreign = others.iter().find(|word| words.contains(**word));
            assert_eq!(foreign, None, "{language:?} {screen:?}: {words}");
            seen.push(screen);
        };
        let mut scene = Scene::in_language(&service, language);
        scene.draw();
        look(&mut scene, Screen::Choose);
        for (letter, screen) in [
            (language_key(language, Key::C, Key::W), Screen::Create),
            (Key::X, Screen::Existing),
            (Key::O, Screen::Forgotten),
        ] {
            scene.presses(Modifiers::ALT, letter);
            look(&mut scene, screen);
            scene.enter();
            assert!(scene.wizard().trouble().is_some(), "an empty field is told");
            scene.presses(Modifiers::NONE, Key::Escape);
        }
        let (mut scene, _) = Scene::linked(&service, language);
        look(&mut scene, Screen::Account);
        scene.presses(Modifiers::ALT, Key::D);
        look(&mut scene, Screen::Detach);
        scene.presses(Modifiers::NONE, Key::Escape);
        scene.clicks(match language {
            Language::French => "Chercher une activité",
            Language::English => "Look for an activity",
        });
        look(&mut scene, Screen::ApeCodes);
        scene.presses(Modifiers::NONE, Key::Escape);
        scene.retypes(Field::City, "Lille");
        scene.enter();
        look(&mut scene, Screen::Prove(gestan_account_wizard::Proof::Update));
        scene.presses(Modifiers::NONE, Key::Escape);
        scene.presses(Modifiers::NONE, Key::Escape);
        look(&mut scene, Screen::Abandon);
        assert_eq!(seen.len(), 9);
    }
}

fn language_key(language: Language, french: Key, english: Key) -> Key {
    match language {
        Language::French => french,
        Language::English => english,
    }
}
