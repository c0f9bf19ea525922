//! The keyboard: the order of the Tab key, Enter, Escape, and letters with Alt.

use egui::{Event, Key, Modifiers};
use gestan_account_wizard::{Field, Language, Screen};

use crate::scene::{EMAIL, Scene, Service};

#[test]
fn the_tab_key_goes_through_the_form_as_it_is_read() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    assert_eq!(scene.focused().as_deref(), Some("Raison sociale"));
    let mut order = Vec::new();
    for _ in 0..14 {
        scene.presses(Modifiers::NONE, Key::Tab);
        order.push(scene.focused().unwrap_or_default());
    }
    let expected = [
        "Nom",
        "Prénom",
        "Adresse",
        "Code postal",
        "Ville",
        "Pays",
        "Chercher un pays",
        "Courriel",
        "Tél",
        "APE",
        "Chercher une activité",
        "Valider",
        "Fermer",
    ];
    assert_eq!(order[..expected.len()], expected);
}

#[test]
fn an_account_is_asked_for_without_a_mouse() {
    let service = Service::start();
    let mut scene = Scene::new(&service);
    scene.draw();
    scene.presses(Modifiers::ALT, Key::C);
    scene.until("notice", |wizard| wizard.notice().is_some());
    assert_eq!(scene.focused().as_deref(), Some("Adresse de courriel"));
    scene.types_on(EMAIL);
    scene.presses(Modifiers::ALT, Key::V);
    scene.until_screen(&Screen::Code);
    assert_eq!(scene.focused().as_deref(), Some("Code personnel"));
    scene.presses(Modifiers::NONE, Key::Escape);
    assert_eq!(*scene.wizard().screen(), Screen::Choose);
    scene.presses(Modifiers::NONE, Key::Escape);
    assert!(scene.wizard().wants_to_close());
    service.mails();
}

#[test]
fn a_letter_with_alt_is_not_typed_into_the_field() {
    let service = Service::start();
    let mut scene = Scene::new(&service);
    scene.draw();
    scene.presses(Modifiers::ALT, Key::C);
    scene.until("notice", |wizard| wizard.notice().is_some());
    // As some systems send it: the letter as text, too.
    scene.sends_with(Modifiers::ALT, Event::Text("r".to_owned()));
    assert_eq!(scene.wizard().value(Field::Email), "");
    scene.sends_with(Modifiers::NONE, Event::Text("r".to_owned()));
    assert_eq!(scene.wizard().value(Field::Email), "r");
}

#[test]
fn enter_in_the_address_begins_a_line() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.retypes(Field::Address, "12 rue des Fours");
    scene.enter();
    scene.types_on("Bâtiment B");
    assert_eq!(*scene.wizard().screen(), Screen::Account);
    assert_eq!(scene.wizard().value(Field::Address), "12 rue des Fours\nBâtiment B");
    // In any other field it is "Valider".
    scene.types(Field::City, "Lille");
    scene.enter();
    assert!(matches!(scene.wizard().screen(), Screen::Prove(_)));
}
