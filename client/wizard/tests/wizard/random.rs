//! Any order of typing, choosing, answers, refusals and answers that come late.

use std::collections::BTreeMap;

use gestan_account_client::v1::{
    Account, ApeCode, ConfirmResponse, Country, CreateResponse, ErrorReason,
    GetPrivacyNoticeResponse, LinkedMachine, ListCountriesResponse, ListTimeEntriesResponse,
    RegisterExistingResponse, ResendPasswordResponse, SearchApeCodesResponse, SetPasswordResponse,
    UnlinkResponse, UpdateResponse,
};
use gestan_account_wizard::{Action, Answer, Call, Field, Request, Screen, Wizard};
use proptest::{prelude::*, sample::select};

use crate::scene::{Scene, account, gone, machine, moment, read, refusal};

/// What every secret has in it.
const MARK: &str = "s3cr3t";

#[derive(Clone, Debug)]
enum Event {
    Typed(Field, String),
    Chosen(Action),
    Answered,
    Refused(ErrorReason),
    Lost,
    /// An answer comes to a call that is no longer waited for.
    Late,
}

fn fields() -> impl Strategy<Value = Field> {
    let others = [
        Field::MachineName,
        Field::Email,
        Field::Recipient,
        Field::AccountId,
        Field::Secret,
        Field::Code,
        Field::CurrentPassword,
        Field::NewPassword,
        Field::NewPasswordAgain,
        Field::Password,
        Field::CountryQuery,
        Field::ApeQuery,
    ];
    select([&others[..], &Field::FORM].concat())
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("7".to_owned()),
        Just(format!("{MARK} quatre bateaux verts dansent")),
        ".{0,12}".prop_map(|text| format!("{MARK}{text}")),
    ]
}

fn actions() -> impl Strategy<Value = Action> {
    let others = vec![
        Action::Create,
        Action::RegisterExisting,
        Action::Forgotten,
        Action::Resume,
        Action::Back,
        Action::Cancel,
        Action::Again,
        Action::SendAgain,
        Action::GiveUp,
        Action::Detach,
        Action::DetachMachine("other".to_owned()),
        Action::MailCode,
        Action::ChangePassword,
        Action::Rename,
        Action::KeepAddress,
        Action::SearchCountry,
        Action::PickCountry("BEL".to_owned()),
        Action::SearchApe,
        Action::MoreApe,
        Action::PickApe("1107B".to_owned()),
    ];
    prop_oneof![2 => Just(Action::Submit), 3 => select(others)]
}

fn events() -> impl Strategy<Value = Event> {
    let reasons = [
        ErrorReason::InvalidRequest,
        ErrorReason::InvalidCredentials,
        ErrorReason::CodeExpired,
        ErrorReason::TicketExpired,
        ErrorReason::EmailTaken,
        ErrorReason::EtagMismatch,
        ErrorReason::Internal,
    ];
    prop_oneof![
        4 => (fields(), texts()).prop_map(|(field, text)| Event::Typed(field, text)),
        6 => actions().prop_map(Event::Chosen),
        6 => Just(Event::Answered),
        1 => select(reasons.to_vec()).prop_map(Event::Refused),
        1 => Just(Event::Lost),
        1 => Just(Event::Late),
    ]
}

/// What a service answers that likes everything.
fn answer_to(request: &Request) -> Answer {
    let secret = || format!("{MARK}-token");
    let challenge_id = "challenge".to_owned();
    let pending_email = "durand@exemple.fr".to_owned();
    let account = || Some(Account { pending_email: pending_email.clone(), ..account() });
    match request {
        Request::Create(_) => Answer::Create(CreateResponse { challenge_id, ..Default::default() }),
        Request::Confirm(_) => {
            let ticket = secret();
            Answer::Confirm(ConfirmResponse { account_id: 7, ticket, ..Default::default() })
        }
        Request::SetPassword(_) => {
            let link_token = secret();
            Answer::SetPassword(SetPasswordResponse { account: account(), link_token })
        }
        Request::RegisterExisting(_) => {
            let link_token = secret();
            Answer::RegisterExisting(RegisterExistingResponse { account: account(), link_token })
        }
        Request::Get(_) => {
            let mut answer = read(account().unwrap_or_default());
            let other = gestan_account_client::v1::Machine { id: "other".into(), ..machine() };
            answer.machines = vec![LinkedMachine { machine: Some(other), ..Default::default() }];
            Answer::Get(answer)
        }
        Request::ListTimeEntries(_) => Answer::ListTimeEntries(ListTimeEntriesResponse::default()),
        Request::Update(_) => {
            Answer::Update(UpdateResponse { account: account(), ..Default::default() })
        }
        Request::Unlink(_) => Answer::Unlink(UnlinkResponse::default()),
        Request::ResendPassword(_) => {
            Answer::ResendPassword(ResendPasswordResponse { challenge_id, ..Default::default() })
        }
        Request::ListCountries(_) => {
            let countries = vec![Country { code: "BEL".into(), name: "Belgique".into() }];
            Answer::ListCountries(ListCountriesResponse { countries, version: "1".into() })
        }
        Request::SearchApeCodes(_) => {
            let ape_codes = vec![ApeCode { code: "1107B".into(), ..Default::default() }];
            Answer::SearchApeCodes(SearchApeCodesResponse { ape_codes, ..Default::default() })
        }
        Request::GetPrivacyNotice(_) => {
            let text = "Vos données".to_owned();
            Answer::GetPrivacyNotice(GetPrivacyNoticeResponse { text, ..Default::default() })
        }
    }
}

/// What stands in every field.
fn values(wizard: &Wizard) -> BTreeMap<Field, String> {
    let others = [
        Field::MachineName,
        Field::Email,
        Field::Recipient,
        Field::AccountId,
        Field::Secret,
        Field::Code,
        Field::CurrentPassword,
        Field::NewPassword,
        Field::NewPasswordAgain,
        Field::Password,
    ];
    let fields = others.into_iter().chain(Field::FORM);
    fields.map(|field| (field, wizard.value(field).to_owned())).collect()
}

/// Whether what was typed may have served: the service said yes, or the person let it go.
fn may_forget(event: &Event, screen: &Screen) -> bool {
    match event {
        Event::Chosen(Action::Submit) => matches!(screen, Screen::Abandon | Screen::Countries),
        // A machine that is no longer linked has no form, and a spent ticket or code is of no use.
        Event::Answered
        | Event::Typed(..)
        | Event::Chosen(Action::PickCountry(_) | Action::PickApe(_) | Action::GiveUp)
        | Event::Refused(
            ErrorReason::InvalidCredentials | ErrorReason::TicketExpired | ErrorReason::EmailTaken,
        ) => true,
        _ => false,
    }
}

fn check(is_linked: bool, events: Vec<Event>) -> Result<(), TestCaseError> {
    let mut scene = if is_linked { Scene::linked() } else { Scene::unlinked() };
    let mut late: Vec<Call> = Vec::new();
    for event in events {
        let before = values(&scene.wizard);
        let screen = scene.wizard.screen().clone();
        match &event {
            Event::Typed(field, text) => {
                let has_place = field.path().is_none() || scene.wizard.account().is_some();
                scene.wizard.set(*field, text);
                let expected = if has_place { text.as_str() } else { "" };
                prop_assert_eq!(scene.wizard.value(*field), expected);
                let changed =
                    values(&scene.wizard).into_iter().filter(|(f, v)| before.get(f) != Some(v));
                prop_assert!(changed.map(|(other, _)| other).all(|other| other == *field));
            }
            Event::Chosen(action) => {
                let was_waiting = scene.wizard.is_waiting();
                let call = scene.wizard.act(action.clone());
                prop_assert!(!(was_waiting && call.is_some()), "a second call");
                if call.is_some() || !scene.wizard.is_waiting() {
                    late.extend(std::mem::replace(&mut scene.call, call));
                }
            }
            Event::Answered => {
                if let Some(call) = scene.call.take() {
                    let answer = answer_to(call.request());
                    scene.call = scene.wizard.answered(call.id(), Ok(answer), &moment());
                }
            }
            Event::Refused(reason) => {
                if scene.call.is_some() {
                    scene.end(Err(refusal(*reason, &[("account.city", "Trop long.")])));
                }
            }
            Event::Lost => {
                if scene.call.is_some() {
                    scene.end(Err(gone()));
                }
            }
            Event::Late => {
                if let Some(call) = late.pop() {
                    let answer = answer_to(call.request());
                    let was_waiting = scene.wizard.is_waiting();
                    let then = scene.wizard.answered(call.id(), Ok(answer), &moment());
                    prop_assert!(then.is_none());
                    prop_assert_eq!(&screen, scene.wizard.screen());
                    prop_assert_eq!(was_waiting, scene.wizard.is_waiting());
                }
            }
        }
        // Whoever waits has a call under way.
        prop_assert!(scene.call.is_some() || !scene.wizard.is_waiting());
        if !may_forget(&event, &screen) {
            prop_assert_eq!(&before, &values(&scene.wizard), "{:?} on {:?}", event, screen);
        }
        let shown = format!("{:?} {:?} {:?}", scene.wizard, scene.call, scene.wizard.kept());
        prop_assert!(!shown.contains(MARK), "{}", shown);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn nothing_typed_is_lost_no_call_is_made_twice_and_no_debug_shows_a_secret(
        is_linked: bool,
        events in prop::collection::vec(events(), 0..60),
    ) {
        check(is_linked, events)?;
    }
}
