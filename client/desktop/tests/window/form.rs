//! The form: its fields, its searches, and what the service says of them.

use egui::{Key, Modifiers};
use gestan_account_tests::{PASSWORD, charge, grant};
use gestan_account_wizard::{Field, Language, Proof, Screen};

use crate::scene::{EMAIL, Scene, Service};

fn validates(scene: &mut Scene) {
    scene.clicks("Valider");
    assert_eq!(*scene.wizard().screen(), Screen::Prove(Proof::Update));
    // What was typed before is still there.
    scene.retypes(Field::Password, PASSWORD);
    scene.enter();
    scene.until_answered();
}

#[test]
fn every_field_is_changed_and_read_again() {
    let service = Service::start();
    let (mut scene, account_id) = Scene::linked(&service, Language::French);
    let values = [
        (Field::CompanyName, "Boulangerie Jeanne"),
        (Field::LastName, "Martin"),
        (Field::FirstName, "Jeanne"),
        (Field::Address, "12 rue des Fours"),
        (Field::PostalCode, "59000"),
        (Field::City, "Lille"),
        (Field::Country, "FRA"),
        (Field::Phone, "01-58-90-49-77"),
        (Field::ApeCode, "1071C"),
    ];
    for (field, value) in values {
        scene.retypes(field, value);
    }
    scene.clicks("Valider");
    // What is to change is shown before the password is given.
    assert!(scene.reads("Boulangerie Jeanne"));
    scene.types(Field::Password, PASSWORD);
    scene.enter();
    scene.until_screen(&Screen::Account);
    assert!(scene.reads("La fiche est à jour."));
    let mut scene = scene.reopened(&service);
    scene.until("form", |wizard| wizard.account().is_some());
    for (field, value) in values {
        assert_eq!(scene.wizard().value(field), value);
    }
    assert_eq!(scene.wizard().account().map(|account| account.id), Some(account_id));
    assert!(!scene.wizard().has_changes());
}

#[test]
fn violations_stand_beside_their_fields_and_everything_stays_typed() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.retypes(Field::PostalCode, "590");
    scene.retypes(Field::Phone, "12");
    scene.retypes(Field::ApeCode, "9999Z");
    scene.retypes(Field::City, "Lille");
    validates(&mut scene);
    assert_eq!(*scene.wizard().screen(), Screen::Account);
    for (field, value) in
        [(Field::PostalCode, "590"), (Field::Phone, "12"), (Field::ApeCode, "9999Z")]
    {
        let told = scene.wizard().error_of(field).unwrap_or_else(|| panic!("{field:?}"));
        assert!(scene.reads(told), "{told}");
        assert_eq!(scene.wizard().value(field), value);
    }
    assert_eq!(scene.wizard().error_of(Field::City), None);
    assert_eq!(scene.focused().as_deref(), Some("Code postal •"));
    scene.retypes(Field::PostalCode, "59000");
    assert_eq!(scene.wizard().error_of(Field::PostalCode), None);
    assert!(scene.wizard().error_of(Field::Phone).is_some());
}

#[test]
fn a_wrong_password_stands_beside_its_field_and_the_form_stays_typed() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.retypes(Field::City, "Lille");
    scene.clicks("Valider");
    scene.types(Field::Password, "pas le bon mot de passe");
    scene.enter();
    scene.until_answered();
    assert_eq!(*scene.wizard().screen(), Screen::Prove(Proof::Update));
    let told = scene.wizard().error_of(Field::Password).expect("it is told").to_owned();
    assert!(scene.reads(&told));
    scene.presses(Modifiers::NONE, Key::Escape);
    assert_eq!(*scene.wizard().screen(), Screen::Account);
    assert_eq!(scene.wizard().value(Field::City), "Lille");
}

#[test]
fn a_country_and_an_activity_are_looked_for_by_their_names() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.clicks("Chercher une activité");
    assert_eq!(*scene.wizard().screen(), Screen::ApeCodes);
    scene.types(Field::ApeQuery, "métier qui n’existe pas");
    scene.enter();
    scene.until_answered();
    assert!(scene.reads("Aucun code ne correspond."));
    scene.retypes(Field::ApeQuery, "fleuriste");
    scene.enter();
    scene.until("codes", |wizard| !wizard.ape_codes().is_empty());
    scene.clicks("47.76Z");
    assert_eq!(*scene.wizard().screen(), Screen::Account);
    assert_eq!(scene.wizard().value(Field::ApeCode), "4776Z");

    scene.clicks("Chercher un pays");
    scene.until("countries", |wizard| !wizard.countries().is_empty());
    assert_eq!(scene.wizard().countries().len(), 249);
    scene.types(Field::CountryQuery, "belg");
    assert!(scene.reads("Belgique"));
    scene.enter();
    assert_eq!(*scene.wizard().screen(), Screen::Account);
    assert_eq!(scene.wizard().value(Field::Country), "BEL");
    // Until it is stored, a field that differs is marked.
    assert!(scene.reads("Pays •"));
}

#[test]
fn a_change_of_address_waits_for_its_code_and_can_be_taken_back() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.retypes(Field::AccountEmail, "durand@exemple.fr");
    validates(&mut scene);
    scene.until_screen(&Screen::Code);
    assert!(!scene.has_button("Renvoyer le courriel"));
    scene.presses(Modifiers::NONE, Key::Escape);
    assert!(scene.reads("En attente de confirmation\u{a0}: durand@exemple.fr"));
    scene.clicks("Garder l’ancienne adresse");
    scene.types(Field::Password, PASSWORD);
    scene.enter();
    scene.until("old address", |wizard| {
        wizard.account().is_some_and(|account| account.pending_email.is_empty())
    });
    assert!(scene.reads("L’adresse du compte reste jeanne@exemple.fr."));

    scene.retypes(Field::AccountEmail, "durand@exemple.fr");
    validates(&mut scene);
    scene.until_screen(&Screen::Code);
    scene.types(Field::Code, &service.code("durand@exemple.fr"));
    scene.enter();
    scene.until("new address", |wizard| {
        wizard.account().is_some_and(|account| account.email == "durand@exemple.fr")
    });
    assert!(scene.reads("L’adresse du compte est maintenant durand@exemple.fr."));
}

#[test]
fn the_password_is_changed_and_the_machine_renamed() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.clicks("Autres actions");
    scene.clicks("Changer le mot de passe");
    let new = "cinq girafes lisent sous la pluie";
    scene.types(Field::CurrentPassword, PASSWORD);
    scene.types(Field::NewPassword, new);
    scene.types(Field::NewPasswordAgain, "autre chose que le premier");
    scene.enter();
    assert!(scene.reads("Les deux saisies sont différentes."));
    scene.retypes(Field::NewPasswordAgain, new);
    scene.enter();
    scene.until_screen(&Screen::Account);
    assert!(scene.reads("Le mot de passe est changé."));

    scene.clicks("Autres actions");
    scene.clicks("Renommer ce poste");
    scene.retypes(Field::MachineName, "Comptoir");
    scene.types(Field::Password, new);
    scene.enter();
    scene.until("the name", |wizard| {
        let names = wizard.machines().iter().filter_map(|linked| linked.machine.as_ref());
        names.map(|machine| machine.name.as_str()).eq(["Comptoir"])
    });
    assert!(scene.reads("Comptoir (ce poste)"));
}

#[test]
fn another_machine_that_was_quicker_overwrites_nothing() {
    let service = Service::start();
    let (mut scene, account_id) = Scene::linked(&service, Language::French);
    scene.retypes(Field::City, "Lille");
    service.runtime.block_on(async {
        let other = service.server.register(account_id, 2).await;
        let account = gestan_account_client::v1::Account {
            company_name: "Boulangerie".to_owned(),
            ..Default::default()
        };
        other.update(gestan_account_tests::change(&["company_name"], account)).await;
    });
    validates(&mut scene);
    scene.until_screen(&Screen::Account);
    assert_eq!(scene.wizard().value(Field::City), "Lille");
    assert_eq!(scene.wizard().value(Field::CompanyName), "Boulangerie");
    assert!(scene.wizard().is_changed(Field::City));
    assert!(scene.reads("Vos modifications sont gardées"));
    validates(&mut scene);
    assert!(scene.reads("La fiche est à jour."));
}

#[test]
fn the_support_time_that_is_left_and_what_it_was_used_for_are_shown() {
    let service = Service::start();
    let (scene, account_id) = Scene::linked(&service, Language::French);
    assert!(!scene.reads("Crédit-temps"));
    service.runtime.block_on(async {
        let role = gestan_account_server::domain::role::Role::Admin;
        let mut desk = service.server.desk(role).await;
        desk.grant_time(grant(account_id, 90)).await.expect("time is bought");
        desk.charge_time(charge(account_id, 25)).await.expect("and used");
    });
    let mut scene = scene.reopened(&service);
    scene.until("time", |wizard| wizard.time().is_some());
    assert!(scene.reads("1\u{a0}h\u{a0}05"));
    assert!(scene.reads("utilisé 0\u{a0}h\u{a0}25 (Export comptable)"));
    assert_eq!(scene.wizard().value(Field::AccountEmail), EMAIL);
}

#[test]
fn closing_with_changes_asks_first() {
    let service = Service::start();
    let (mut scene, _) = Scene::linked(&service, Language::French);
    scene.retypes(Field::City, "Lille");
    scene.clicks("Fermer");
    assert_eq!(*scene.wizard().screen(), Screen::Abandon);
    assert!(scene.reads("Lille"));
    scene.clicks("Revenir à la fiche");
    assert_eq!(scene.wizard().value(Field::City), "Lille");
    scene.clicks("Fermer");
    scene.clicks("Fermer sans enregistrer");
    assert!(scene.wizard().wants_to_close());
}
