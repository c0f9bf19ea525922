//! A machine joins an account, and leaves it.

use gestan_account_tests::PASSWORD;
use gestan_account_wizard::{Field, Kept, Language, Screen};

use crate::scene::{EMAIL, Scene, Service};

#[test]
fn a_second_machine_joins_and_is_detached_from_the_first() {
    let service = Service::start();
    let (mut first, account_id) = Scene::linked(&service, Language::French);
    let folder = tempfile::TempDir::new().expect("a folder");
    let store = gestan_account_desktop::Store::new(folder.path().join("fenetre.json"), None);
    let kept = Kept::new(gestan_account_tests::machine(2));
    let mut second = Scene::open(&service, folder, store, kept, Language::French);
    second.draw();
    second.clicks("Enregistrer un compte existant");
    second.types(Field::AccountId, "sept");
    second.types(Field::Secret, "pas le bon mot de passe");
    second.enter();
    assert!(second.reads("L’ID client ne contient que des chiffres."));
    second.retypes(Field::AccountId, &account_id.to_string());
    second.enter();
    second.until_answered();
    assert_eq!(*second.wizard().screen(), Screen::Existing);
    let message = second.wizard().trouble().expect("it is told").message.clone();
    assert!(second.reads(&message));
    assert_eq!(second.wizard().value(Field::Secret), "pas le bon mot de passe");
    second.retypes(Field::Secret, PASSWORD);
    second.retypes(Field::MachineName, "Réserve");
    second.enter();
    second.until("form", |wizard| wizard.account().is_some());
    assert!(second.reads("Réserve (ce poste)"));

    first = first.reopened(&service);
    first.until("both machines", |wizard| wizard.machines().len() == 2);
    first.detaches_the_other();
    first.types(Field::Password, PASSWORD);
    first.enter();
    first.until("one machine", |wizard| wizard.machines().len() == 1);
    assert!(first.reads("Le poste «\u{a0}Réserve\u{a0}» est détaché du compte."));

    // The other machine is told at its next opening.
    let mut second = second.reopened(&service);
    second.until_screen(&Screen::Choose);
    let message = second.wizard().trouble().expect("it is told").message.clone();
    assert!(second.reads(&message));
}

#[test]
fn this_machine_is_detached_and_may_join_any_account() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.clicks("Détacher ce poste");
    scene.until_screen(&Screen::Detach);
    assert!(scene.reads("Ce poste ne sera plus rattaché au compte."));
    scene.enter();
    scene.until_screen(&Screen::Choose);
    assert!(scene.reads("Ce poste est détaché."));
    let mut scene = scene.reopened(&service);
    scene.draw();
    assert_eq!(*scene.wizard().screen(), Screen::Choose);
}

#[test]
fn a_code_is_mailed_to_a_linked_machine_and_serves_as_its_password() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.clicks("Renvoyer un code");
    scene.until_answered();
    assert!(scene.reads("Ce code tient lieu de mot de passe"));
    let code = service.code(EMAIL);
    scene.retypes(Field::City, "Lille");
    scene.clicks("Valider");
    scene.types(Field::Password, &code);
    scene.enter();
    scene.until_screen(&Screen::Account);
    assert!(scene.reads("La fiche est à jour."));
}
