//! From the first screen to the form: address, code, password.

use gestan_account_tests::PASSWORD;
use gestan_account_wizard::{Field, Language, Screen};
use jiff::SignedDuration;

use crate::scene::{EMAIL, Scene, Service};

fn asks_for_an_account(scene: &mut Scene) {
    scene.clicks("Créer un nouveau compte");
    scene.until("notice", |wizard| wizard.notice().is_some());
    scene.types(Field::Email, EMAIL);
    scene.enter();
    scene.until_screen(&Screen::Code);
}

#[test]
fn a_shopkeeper_opens_an_account() {
    let service = Service::start();
    let mut scene = Scene::new(&service);
    scene.draw();
    assert!(scene.reads("Ce poste n’est rattaché à aucun compte."));
    asks_for_an_account(&mut scene);
    assert!(scene.reads("Un courriel part à l’adresse jeanne@exemple.fr."));
    scene.types(Field::Code, &service.code(EMAIL).to_lowercase());
    scene.clicks("Valider");
    scene.until_screen(&Screen::Password);
    scene.types(Field::NewPassword, PASSWORD);
    assert!(scene.reads("Très bon mot de passe"));
    scene.types(Field::NewPasswordAgain, PASSWORD);
    scene.enter();
    scene.until("form", |wizard| wizard.account().is_some());
    assert!(scene.reads("ce poste est rattaché au compte"));
    let id = scene.wizard().account().map(|account| account.id).expect("an account");
    assert!(scene.reads(&id.to_string()));
    assert_eq!(scene.wizard().value(Field::AccountEmail), EMAIL);

    // The next time, the form is there right away.
    let mut scene = scene.reopened(&service);
    scene.until("form", |wizard| wizard.account().is_some());
    assert!(scene.reads(&id.to_string()));
}

#[test]
fn what_becomes_of_the_data_is_told_before_the_address_is_asked_for() {
    let service = Service::start();
    let mut scene = Scene::new(&service);
    scene.clicks("Créer un nouveau compte");
    scene.until("notice", |wizard| wizard.notice().is_some());
    assert!(scene.reads("CNIL"));
    assert_eq!(service.mails(), 0);
}

#[test]
fn a_bad_address_is_told_beside_its_field() {
    let service = Service::start();
    let mut scene = Scene::new(&service);
    scene.clicks("Créer un nouveau compte");
    scene.until("notice", |wizard| wizard.notice().is_some());
    scene.enter();
    assert!(scene.reads("Il faut une réponse."));
    scene.types(Field::Email, "pas une adresse");
    scene.enter();
    scene.until_answered();
    let told = scene.wizard().error_of(Field::Email).expect("it is told").to_owned();
    assert!(scene.reads(&told));
    assert_eq!(scene.focused().as_deref(), Some("Adresse de courriel"));
    assert_eq!(scene.wizard().value(Field::Email), "pas une adresse");
}

#[test]
fn a_weak_password_is_told_before_it_is_sent_and_by_the_service_if_only_that_knows() {
    let service = Service::start();
    let mut scene = Scene::new(&service);
    asks_for_an_account(&mut scene);
    scene.types(Field::Code, &service.code(EMAIL));
    scene.enter();
    scene.until_screen(&Screen::Password);
    for (password, told) in [("court", "Trop court"), ("bonjour123", "Trop facile à deviner")] {
        scene.retypes(Field::NewPassword, password);
        assert!(scene.reads(told), "{password}");
        scene.retypes(Field::NewPasswordAgain, password);
        scene.enter();
        assert!(!scene.wizard().is_waiting(), "{password} is sent");
        assert!(scene.wizard().error_of(Field::NewPassword).is_some());
    }
    // The service knows French names and words.
    scene.retypes(Field::NewPassword, "jeannemarseille");
    scene.retypes(Field::NewPasswordAgain, "jeannemarseille");
    scene.enter();
    scene.until_answered();
    assert_eq!(*scene.wizard().screen(), Screen::Password);
    assert!(scene.wizard().error_of(Field::NewPassword).is_some());
    assert_eq!(scene.wizard().value(Field::NewPassword), "jeannemarseille");
}

#[test]
fn a_wrong_code_is_told_beside_its_field_and_an_expired_one_can_be_sent_again() {
    let service = Service::start();
    let mut scene = Scene::new(&service);
    asks_for_an_account(&mut scene);
    let code = service.code(EMAIL);
    scene.types(Field::Code, "0000-0000-0000");
    scene.enter();
    scene.until_answered();
    let told = scene.wizard().error_of(Field::Code).expect("it is told").to_owned();
    assert!(scene.reads(&told));
    assert_eq!(scene.wizard().value(Field::Code), "0000-0000-0000");

    service.server.advance(SignedDuration::from_hours(25));
    scene.retypes(Field::Code, &code);
    scene.enter();
    scene.until_answered();
    assert_eq!(*scene.wizard().screen(), Screen::Code);
    let message = scene.wizard().trouble().expect("it is told").message.clone();
    assert!(!message.is_empty() && scene.reads(&message));
    scene.clicks("Renvoyer le courriel");
    scene.until_answered();
    assert_eq!(scene.wizard().trouble(), None);
    scene.retypes(Field::Code, &service.code(EMAIL));
    scene.enter();
    scene.until_screen(&Screen::Password);
}

#[test]
fn a_wizard_that_was_left_half_way_goes_on_in_the_next_window() {
    let service = Service::start();
    let mut scene = Scene::new(&service);
    asks_for_an_account(&mut scene);
    let code = service.code(EMAIL);
    let mut scene = scene.reopened(&service);
    scene.draw();
    scene.clicks("saisir le code reçu");
    scene.until_screen(&Screen::Code);
    scene.types(Field::Code, &code);
    scene.enter();
    scene.until_screen(&Screen::Password);
    let mut scene = scene.reopened(&service);
    scene.draw();
    scene.clicks("choisir le mot de passe");
    scene.until_screen(&Screen::Password);
    scene.types(Field::NewPassword, PASSWORD);
    scene.types(Field::NewPasswordAgain, PASSWORD);
    scene.enter();
    scene.until("form", |wizard| wizard.account().is_some());
}

#[test]
fn a_forgotten_password_is_chosen_anew() {
    let service = Service::start();
    let account_id = Scene::linked(&service, Language::French).1;
    let mut scene = Scene::new(&service);
    scene.draw();
    scene.clicks("Code oublié");
    scene.types(Field::Recipient, &account_id.to_string());
    scene.enter();
    scene.until_screen(&Screen::Code);
    assert!(scene.reads("Si ce compte existe, un courriel part à son adresse."));
    scene.types(Field::Code, &service.code(EMAIL));
    scene.enter();
    scene.until_screen(&Screen::Password);
    assert!(scene.reads("Détacher tous les autres postes"));
    scene.types(Field::NewPassword, "cinq girafes lisent sous la pluie");
    scene.types(Field::NewPasswordAgain, "cinq girafes lisent sous la pluie");
    scene.enter();
    scene.until("form", |wizard| wizard.account().is_some());
    assert!(scene.reads(&account_id.to_string()));
}
