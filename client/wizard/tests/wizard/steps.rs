//! What each answer leads to, and what is kept of what was typed.

use gestan_account_client::{
    Error,
    v1::{
        Account, ConfirmResponse, Country, CreateResponse, ErrorReason, GetPrivacyNoticeResponse,
        ListCountriesResponse, SetPasswordResponse, UpdateResponse,
    },
};
use gestan_account_wizard::{
    Action, Answer, Field, Proof, Purpose, Request, Said, Screen, Strength, strength,
};

use crate::scene::{Scene, account, gone, read, refusal};

const PASSWORD: &str = "quatre bateaux verts dansent";

/// On the screen of the address, with the notice read.
fn creating() -> Scene {
    let mut scene = Scene::unlinked();
    scene.act(Action::Create);
    let notice = GetPrivacyNoticeResponse { text: "Vos données".into(), ..Default::default() };
    scene.answer(Answer::GetPrivacyNotice(notice));
    scene
}

fn mailed() -> Answer {
    Answer::Create(CreateResponse { challenge_id: "challenge".into(), ..Default::default() })
}

/// On the screen of the password.
fn choosing_a_password() -> Scene {
    let mut scene = creating();
    scene.types(Field::Email, "jeanne@exemple.fr");
    scene.act(Action::Submit);
    scene.answer(mailed());
    scene.types(Field::Code, "ABCD-EFGH-JKMN");
    scene.act(Action::Submit);
    let ticket = "s3cr3t-ticket".to_owned();
    scene.answer(Answer::Confirm(ConfirmResponse { account_id: 7, ticket, ..Default::default() }));
    scene
}

#[test]
fn a_new_account_goes_from_the_address_to_the_form() {
    let mut scene = choosing_a_password();
    assert_eq!(*scene.wizard.screen(), Screen::Password);
    let pending = scene.wizard.kept().pending.as_ref().expect("the ticket is kept");
    assert_eq!(pending.ticket.as_deref(), Some("s3cr3t-ticket"));
    scene.types(Field::NewPassword, PASSWORD);
    scene.types(Field::NewPasswordAgain, PASSWORD);
    scene.act(Action::Submit);
    let link_token = "s3cr3t-link".to_owned();
    scene.answer(Answer::SetPassword(SetPasswordResponse {
        account: Some(account()),
        link_token: link_token.clone(),
    }));
    assert!(scene.wizard.take_unsaved());
    assert_eq!(scene.wizard.kept().link.as_ref().map(|link| &link.token), Some(&link_token));
    assert_eq!(scene.wizard.kept().pending, None);
    // The form is read with the new token.
    assert!(matches!(scene.asked(), Request::Get(_)));
    scene.answer(Answer::Get(read(account())));
    assert_eq!(*scene.wizard.screen(), Screen::Account);
    assert_eq!(scene.wizard.value(Field::City), "Lille");
    assert_eq!(scene.wizard.value(Field::NewPassword), "", "a password that has served is kept");
}

#[test]
fn no_address_is_sent_before_the_notice_could_be_read() {
    let mut scene = Scene::unlinked();
    scene.act(Action::Create);
    assert!(matches!(scene.asked(), Request::GetPrivacyNotice(_)));
    scene.end(Err(gone()));
    scene.types(Field::Email, "jeanne@exemple.fr");
    scene.act(Action::Submit);
    assert!(matches!(scene.asked(), Request::GetPrivacyNotice(_)));
}

#[test]
fn a_repeat_of_a_mail_that_nobody_confirmed_has_the_same_request_id() {
    let mut scene = creating();
    scene.types(Field::Email, "jeanne@exemple.fr");
    let mut ids = Vec::new();
    for (action, email) in [
        (Action::Submit, None),
        (Action::Again, None),
        (Action::Submit, None),
        (Action::Submit, Some("autre@exemple.fr")),
    ] {
        if let Some(email) = email {
            scene.types(Field::Email, email);
        }
        scene.act(action);
        let Request::Create(request) = scene.asked() else { panic!("{:?}", scene.asked()) };
        ids.push(request.request_id.clone());
        scene.end(Err(gone()));
    }
    assert_eq!(ids, ["request-1", "request-1", "request-1", "request-2"]);
}

#[test]
fn a_fault_stands_beside_its_field_until_that_is_typed_anew() {
    let mut scene = creating();
    scene.types(Field::Email, "pas une adresse");
    scene.act(Action::Submit);
    let violations = [("email", "Ce courriel n’est pas complet."), ("machine.name", "Trop long.")];
    scene.end(Err(refusal(ErrorReason::InvalidRequest, &violations)));
    assert_eq!(*scene.wizard.screen(), Screen::Create);
    assert_eq!(scene.wizard.error_of(Field::Email), Some("Ce courriel n’est pas complet."));
    assert_eq!(scene.wizard.error_of(Field::MachineName), Some("Trop long."));
    assert_eq!(scene.wizard.value(Field::Email), "pas une adresse");
    scene.types(Field::Email, "jeanne@exemple.fr");
    assert_eq!(scene.wizard.error_of(Field::Email), None);
    assert_eq!(scene.wizard.error_of(Field::MachineName), Some("Trop long."));
}

#[test]
fn a_plainly_weak_password_is_not_sent() {
    let mut scene = choosing_a_password();
    for (first, second, at_fault) in [
        ("court", "court", Field::NewPassword),
        ("bonjour123", "bonjour123", Field::NewPassword),
        (PASSWORD, "quatre bateaux verts danse", Field::NewPasswordAgain),
    ] {
        scene.types(Field::NewPassword, first);
        scene.types(Field::NewPasswordAgain, second);
        scene.act(Action::Submit);
        assert!(scene.call.is_none(), "{first} is sent");
        assert!(scene.wizard.error_of(at_fault).is_some(), "{first}");
        assert_eq!(scene.wizard.value(Field::NewPassword), first);
    }
    assert_eq!(strength("jeanne@exemple.fr", &["jeanne@exemple.fr"]), Strength::TooWeak);
}

#[test]
fn a_wrong_code_stays_to_be_mended_and_an_expired_one_can_be_sent_again() {
    let mut scene = creating();
    scene.types(Field::Email, "jeanne@exemple.fr");
    scene.act(Action::Submit);
    scene.answer(mailed());
    scene.types(Field::Code, "ABCD-EFGH-JKMN");
    scene.act(Action::Submit);
    scene.refuse(ErrorReason::InvalidCredentials);
    assert_eq!(scene.wizard.error_of(Field::Code), Some("Refusé."));
    assert_eq!(scene.wizard.value(Field::Code), "ABCD-EFGH-JKMN");
    scene.act(Action::Submit);
    scene.refuse(ErrorReason::CodeExpired);
    assert_eq!(*scene.wizard.screen(), Screen::Code);
    scene.act(Action::SendAgain);
    let Request::Create(request) = scene.asked() else { panic!("{:?}", scene.asked()) };
    assert_eq!(request.email, "jeanne@exemple.fr");
    assert_eq!(request.request_id, "request-2", "another mail is wanted");
}

#[test]
fn a_second_click_makes_no_second_call() {
    let mut scene = creating();
    scene.types(Field::Email, "jeanne@exemple.fr");
    assert!(scene.wizard.act(Action::Submit).is_some());
    assert!(scene.wizard.is_waiting());
    assert!(scene.wizard.act(Action::Submit).is_none());
    assert!(scene.wizard.act(Action::Again).is_none());
}

#[test]
fn an_answer_that_comes_after_the_person_stopped_waiting_changes_nothing() {
    let mut scene = creating();
    scene.types(Field::Email, "jeanne@exemple.fr");
    scene.act(Action::Submit);
    let late = scene.call.take().expect("a call").id();
    scene.wizard.act(Action::Cancel);
    assert!(!scene.wizard.is_waiting());
    assert!(scene.wizard.trouble().expect("it is told").may_repeat);
    scene.types(Field::Email, "autre@exemple.fr");
    let then = scene.wizard.answered(late, Ok(mailed()), &crate::scene::moment());
    assert!(then.is_none());
    assert_eq!(*scene.wizard.screen(), Screen::Create);
    assert_eq!(scene.wizard.value(Field::Email), "autre@exemple.fr");
    assert_eq!(scene.wizard.kept().pending, None);
}

#[test]
fn an_answer_to_an_older_call_is_not_taken_for_the_one_that_is_waited_for() {
    let mut scene = creating();
    scene.types(Field::Email, "jeanne@exemple.fr");
    scene.act(Action::Submit);
    let late = scene.call.take().expect("a call").id();
    scene.wizard.act(Action::Cancel);
    scene.types(Field::Email, "autre@exemple.fr");
    scene.act(Action::Submit);
    scene.wizard.answered(late, Ok(mailed()), &crate::scene::moment());
    assert!(scene.wizard.is_waiting());
    assert_eq!(*scene.wizard.screen(), Screen::Create);
    scene.answer(mailed());
    let pending = scene.wizard.kept().pending.as_ref().expect("it is kept");
    assert_eq!(pending.recipient, "autre@exemple.fr");
}

#[test]
fn the_form_sends_what_has_changed_and_keeps_what_is_typed_meanwhile() {
    let mut scene = Scene::linked();
    scene.types(Field::City, "Roubaix");
    scene.act(Action::Submit);
    assert_eq!(*scene.wizard.screen(), Screen::Prove(Proof::Update));
    scene.types(Field::Password, PASSWORD);
    scene.act(Action::Submit);
    let Request::Update(request) = scene.asked() else { panic!("{:?}", scene.asked()) };
    assert_eq!(
        request.update_mask.as_ref().map(|mask| mask.paths.as_slice()),
        Some(&["city".to_owned()][..])
    );
    assert_eq!(request.account.as_ref().map(|account| account.etag.as_str()), Some("e1"));
    scene.types(Field::Phone, "01-58-90-49-77");
    let account = Account { city: "Roubaix".into(), etag: "e2".into(), ..account() };
    scene.answer(Answer::Update(UpdateResponse { account: Some(account), ..Default::default() }));
    assert_eq!(*scene.wizard.screen(), Screen::Account);
    assert!(!scene.wizard.is_changed(Field::City));
    assert_eq!(scene.wizard.value(Field::Phone), "01-58-90-49-77");
    assert!(scene.wizard.is_changed(Field::Phone));
    assert_eq!(scene.wizard.value(Field::Password), "", "a password that has served is kept");
}

#[test]
fn faults_of_the_form_lead_back_to_it_with_the_password_kept() {
    let mut scene = Scene::linked();
    scene.types(Field::PostalCode, "590");
    scene.types(Field::Phone, "12");
    scene.act(Action::Submit);
    scene.types(Field::Password, PASSWORD);
    scene.act(Action::Submit);
    let violations = [("account.postal_code", "Cinq chiffres."), ("account.phone", "Trop court.")];
    scene.end(Err(refusal(ErrorReason::InvalidRequest, &violations)));
    assert_eq!(*scene.wizard.screen(), Screen::Account);
    assert_eq!(scene.wizard.error_of(Field::PostalCode), Some("Cinq chiffres."));
    assert_eq!(scene.wizard.error_of(Field::Phone), Some("Trop court."));
    assert_eq!(scene.wizard.value(Field::PostalCode), "590");
    assert_eq!(scene.wizard.value(Field::Password), PASSWORD);
}

#[test]
fn the_account_is_read_again_when_the_answer_to_a_change_is_lost() {
    let mut scene = Scene::linked();
    scene.types(Field::City, "Roubaix");
    scene.act(Action::Submit);
    scene.types(Field::Password, PASSWORD);
    scene.act(Action::Submit);
    scene.end(Err(gone()));
    assert!(matches!(scene.asked(), Request::Get(_)));
    // The change was carried out after all.
    let account = Account { city: "Roubaix".into(), etag: "e2".into(), ..account() };
    scene.answer(Answer::Get(read(account)));
    assert_eq!(*scene.wizard.screen(), Screen::Account);
    assert!(!scene.wizard.has_changes());
    assert!(scene.wizard.trouble().is_none());
    let said = [Said::Done("Vos modifications sont enregistrées.".into())];
    assert_eq!(scene.wizard.said(), said);
}

#[test]
fn another_machine_that_was_quicker_overwrites_nothing() {
    let mut scene = Scene::linked();
    scene.types(Field::City, "Roubaix");
    scene.act(Action::Submit);
    scene.types(Field::Password, PASSWORD);
    scene.act(Action::Submit);
    scene.refuse(ErrorReason::EtagMismatch);
    let account = Account { phone: "0158904977".into(), etag: "e2".into(), ..account() };
    scene.answer(Answer::Get(read(account)));
    assert_eq!(*scene.wizard.screen(), Screen::Account);
    assert_eq!(scene.wizard.value(Field::City), "Roubaix");
    assert_eq!(scene.wizard.value(Field::Phone), "0158904977");
    assert!(scene.wizard.is_changed(Field::City));
    assert!(!scene.wizard.is_changed(Field::Phone));
}

#[test]
fn a_change_of_address_waits_for_its_code() {
    let mut scene = Scene::linked();
    scene.types(Field::AccountEmail, "durand@exemple.fr");
    scene.act(Action::Submit);
    scene.types(Field::Password, PASSWORD);
    scene.act(Action::Submit);
    let account = Account { pending_email: "durand@exemple.fr".into(), ..account() };
    let challenge_id = "challenge".to_owned();
    scene.answer(Answer::Update(UpdateResponse { account: Some(account.clone()), challenge_id }));
    assert_eq!(*scene.wizard.screen(), Screen::Code);
    let pending = scene.wizard.kept().pending.clone().expect("it is kept");
    assert_eq!(pending.purpose, Purpose::NewAddress);
    // Only the form can ask for it again.
    scene.act(Action::SendAgain);
    assert!(scene.call.is_none());
    scene.act(Action::Back);
    assert_eq!(scene.wizard.value(Field::AccountEmail), "jeanne@exemple.fr");
    scene.act(Action::KeepAddress);
    scene.types(Field::Password, PASSWORD);
    scene.act(Action::Submit);
    let account = Account { pending_email: String::new(), ..account };
    scene.answer(Answer::Update(UpdateResponse { account: Some(account), ..Default::default() }));
    assert_eq!(scene.wizard.kept().pending, None);
}

#[test]
fn a_machine_that_was_detached_elsewhere_is_told_so() {
    let mut scene = Scene::linked_before_reading();
    scene.refuse(ErrorReason::InvalidCredentials);
    assert_eq!(*scene.wizard.screen(), Screen::Choose);
    assert_eq!(scene.wizard.kept().link, None);
    assert_eq!(scene.wizard.trouble().map(|trouble| trouble.message.as_str()), Some("Refusé."));
}

#[test]
fn an_answer_of_another_program_is_told_with_the_address() {
    let mut scene = Scene::linked_before_reading();
    scene.end(Err(Error::from(tonic::Status::unimplemented(""))));
    let trouble = scene.wizard.trouble().expect("it is told");
    assert!(!trouble.may_repeat);
    assert!(trouble.details.iter().any(|line| line.contains("https://comptes.example")));
}

#[test]
fn closing_with_changes_asks_first() {
    let mut scene = Scene::linked();
    scene.types(Field::City, "Roubaix");
    scene.act(Action::Back);
    assert_eq!(*scene.wizard.screen(), Screen::Abandon);
    scene.act(Action::Back);
    assert_eq!(*scene.wizard.screen(), Screen::Account);
    assert_eq!(scene.wizard.value(Field::City), "Roubaix");
    scene.act(Action::Back);
    scene.act(Action::Submit);
    assert_eq!(scene.wizard.value(Field::City), "Lille");
    assert!(!scene.wizard.wants_to_close());
    scene.act(Action::Back);
    assert!(scene.wizard.wants_to_close());
}

#[test]
fn a_country_is_found_without_its_accents() {
    let mut scene = Scene::linked();
    scene.act(Action::SearchCountry);
    let named = |code: &str, name: &str| Country { code: code.into(), name: name.into() };
    let countries = vec![named("BEL", "Belgique"), named("REU", "Réunion (La)")];
    scene.answer(Answer::ListCountries(ListCountriesResponse { countries, version: "1".into() }));
    assert_eq!(scene.wizard.countries().len(), 2);
    scene.types(Field::CountryQuery, "la reun");
    assert_eq!(scene.wizard.countries().len(), 1);
    // One is left: it needs no choosing.
    scene.act(Action::Submit);
    assert_eq!(*scene.wizard.screen(), Screen::Account);
    assert_eq!(scene.wizard.value(Field::Country), "REU");
}
