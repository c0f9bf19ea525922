//! The service is gone, or slow; the person is impatient.

use egui::{Key, Modifiers};
use gestan_account_tests::PASSWORD;
use gestan_account_wizard::{Field, Language, Proof, Screen};

use crate::{
    gate::State,
    scene::{EMAIL, Scene, Service},
};

/// On the screen of the address.
fn creating(service: &Service) -> Scene {
    let mut scene = Scene::new(service);
    scene.draw();
    scene.clicks("Créer un nouveau compte");
    scene.until("notice", |wizard| wizard.notice().is_some());
    scene.types(Field::Email, EMAIL);
    scene
}

#[test]
fn a_double_click_makes_one_call() {
    let service = Service::start();
    let mut scene = creating(&service);
    service.gate.set(State::Held);
    scene.clicks_twice("Valider");
    assert!(scene.wizard().is_waiting());
    scene.enter();
    service.gate.set(State::Open);
    scene.until_screen(&Screen::Code);
    assert_eq!(service.mails(), 1);
}

#[test]
fn a_server_that_is_gone_is_told_and_the_same_call_can_be_made_again() {
    let service = Service::start();
    let mut scene = creating(&service);
    service.gate.set(State::Gone);
    scene.enter();
    scene.until_answered();
    assert!(scene.reads("est injoignable."));
    assert!(scene.reads("Vérifiez que ce poste est bien relié à Internet"));
    assert_eq!(scene.wizard().value(Field::Email), EMAIL);
    service.gate.set(State::Open);
    scene.clicks("Réessayer");
    scene.until_screen(&Screen::Code);
    assert_eq!(service.mails(), 1);
}

#[test]
fn a_server_that_goes_while_it_is_called_loses_nothing() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.retypes(Field::City, "Lille");
    scene.clicks("Valider");
    scene.types(Field::Password, PASSWORD);
    service.gate.set(State::Held);
    scene.enter();
    assert!(scene.wizard().is_waiting());
    service.gate.set(State::Gone);
    scene.until_answered();
    assert!(scene.reads("est injoignable."));
    assert_eq!(scene.wizard().value(Field::City), "Lille");
    service.gate.set(State::Open);
    // Whether the change took place, only the account can tell.
    scene.clicks("Réessayer");
    scene
        .until("the outcome", |wizard| !wizard.is_waiting() && *wizard.screen() == Screen::Account);
    assert_eq!(scene.wizard().value(Field::City), "Lille");
    let is_stored = !scene.wizard().has_changes();
    assert_eq!(scene.reads("Vos modifications sont enregistrées."), is_stored);
    assert_eq!(scene.reads("Vos modifications sont gardées"), !is_stored);
}

#[test]
fn a_window_that_waits_can_be_typed_into_and_stopped() {
    let service = Service::start();
    let mut scene = creating(&service);
    service.gate.set(State::Held);
    scene.enter();
    assert!(scene.reads("Un instant…"));
    scene.retypes(Field::Email, "autre@exemple.fr");
    assert_eq!(scene.wizard().value(Field::Email), "autre@exemple.fr");
    scene.clicks("Annuler");
    assert!(!scene.wizard().is_waiting());
    assert!(scene.reads("Vous n’attendez plus la réponse."));
}

#[test]
fn an_answer_that_comes_late_changes_nothing() {
    let service = Service::start();
    let mut scene = creating(&service);
    service.gate.set(State::Held);
    scene.enter();
    assert!(scene.wizard().is_waiting());
    scene.presses(Modifiers::NONE, Key::Escape);
    assert!(!scene.wizard().is_waiting());
    assert_eq!(*scene.wizard().screen(), Screen::Create);
    scene.retypes(Field::Email, "autre@exemple.fr");
    scene.enter();
    // Both answers are let through now; the second is the one that counts.
    service.gate.set(State::Open);
    scene.until_screen(&Screen::Code);
    assert_eq!(service.mails(), 2);
    let pending = scene.wizard().kept().pending.as_ref().expect("it is kept");
    assert_eq!(pending.recipient, "autre@exemple.fr");
    scene.types(Field::Code, &service.code("autre@exemple.fr"));
    scene.enter();
    scene.until_screen(&Screen::Password);
}

#[test]
fn a_linked_machine_whose_account_cannot_be_read_may_try_again() {
    let service = Service::start();
    let (scene, _) = Scene::linked(&service, Language::French);
    service.gate.set(State::Gone);
    let mut scene = scene.reopened(&service);
    scene.until("trouble", |wizard| wizard.trouble().is_some());
    assert!(scene.reads("est injoignable."));
    service.gate.set(State::Open);
    scene.clicks("Réessayer");
    scene.until("form", |wizard| wizard.account().is_some());
}

#[test]
fn what_was_typed_stays_through_going_back() {
    let service = Service::start();
    let mut scene = creating(&service);
    scene.presses(Modifiers::NONE, Key::Escape);
    assert_eq!(*scene.wizard().screen(), Screen::Choose);
    scene.clicks("Créer un nouveau compte");
    assert_eq!(scene.wizard().value(Field::Email), EMAIL);

    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.retypes(Field::City, "Lille");
    scene.clicks("Valider");
    scene.types(Field::Password, PASSWORD);
    scene.clicks("Retour");
    scene.clicks("Valider");
    assert_eq!(*scene.wizard().screen(), Screen::Prove(Proof::Update));
    assert_eq!(scene.wizard().value(Field::Password), PASSWORD);
}
