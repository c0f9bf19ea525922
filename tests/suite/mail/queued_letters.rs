//! What the outbox keeps of a mail is read by a server of the version before, and the
//! other way round: two versions share it during a rolling update.

use gestan_account_server::{
    domain::account_id::AccountId,
    mail::{
        letter::Letter,
        notice::{Detached, Event, Notice},
    },
};
use jiff::Timestamp;
use uuid::Uuid;

fn event() -> Event {
    let time = Timestamp::from_millisecond(1_795_545_720_000).unwrap();
    Event::new(AccountId::parse(10_427).unwrap(), "Caisse", time)
}

fn detaching() -> Event {
    Event { detached: Detached { names: vec!["Vieille".to_owned()], others: 3 }, ..event() }
}

fn new_email_masked() -> String {
    "j•@b.example".to_owned()
}

/// Each letter beside the text that a server wrote for it when notices were no type of
/// their own: these texts lie in outboxes, and must not be changed here.
fn stored() -> Vec<(Letter, &'static str)> {
    let notices = [
        (
            Notice::Welcome(event()),
            r#"{"kind":"welcome","account_id":10427,"machine":"Caisse","time_millis":1795545720000}"#,
        ),
        (
            Notice::PasswordChanged { event: event(), machine_linked: false },
            r#"{"kind":"password_changed","event":{"account_id":10427,"machine":"Caisse","time_millis":1795545720000},"machine_linked":false}"#,
        ),
        (
            Notice::PasswordChanged { event: detaching(), machine_linked: true },
            r#"{"kind":"password_changed","event":{"account_id":10427,"machine":"Caisse","time_millis":1795545720000,"detached":{"names":["Vieille"],"others":3}},"machine_linked":true}"#,
        ),
        (
            Notice::EmailChangeRequested { event: event(), new_email_masked: new_email_masked() },
            r#"{"kind":"email_change_requested","event":{"account_id":10427,"machine":"Caisse","time_millis":1795545720000},"new_email_masked":"j•@b.example"}"#,
        ),
        (
            Notice::EmailChanged { event: event(), new_email_masked: new_email_masked() },
            r#"{"kind":"email_changed","event":{"account_id":10427,"machine":"Caisse","time_millis":1795545720000},"new_email_masked":"j•@b.example"}"#,
        ),
        (
            Notice::MachineLinked(event()),
            r#"{"kind":"machine_linked","account_id":10427,"machine":"Caisse","time_millis":1795545720000}"#,
        ),
        (
            Notice::MachineLinked(detaching()),
            r#"{"kind":"machine_linked","account_id":10427,"machine":"Caisse","time_millis":1795545720000,"detached":{"names":["Vieille"],"others":3}}"#,
        ),
    ];
    let code = (
        Letter::Code { challenge_id: Uuid::from_u128(5) },
        r#"{"kind":"code","challenge_id":"00000000-0000-0000-0000-000000000005"}"#,
    );
    let notices = notices.map(|(notice, text)| (Letter::Notice(notice), text));
    [code].into_iter().chain(notices).collect()
}

#[test]
fn letters_are_stored_as_they_always_were_and_read_again() {
    for (letter, text) in stored() {
        assert_eq!(letter.to_json().expect("JSON"), text);
        assert_eq!(Letter::from_json(text).expect("it is read"), letter);
    }
}

#[test]
fn a_letter_of_an_unknown_kind_is_an_error() {
    let unknown = [r#"{"kind":"of_tomorrow","account_id":10427}"#, r#"{"account_id":10427}"#, "[]"];
    for text in unknown {
        Letter::from_json(text).expect_err(text);
    }
}

/// The word that the log and the metrics have for a notice is the one in the outbox.
#[test]
fn a_notice_is_called_the_same_wherever_it_is_named() {
    for (letter, text) in stored() {
        if let Letter::Notice(notice) = letter {
            let kind = format!(r#"{{"kind":"{}","#, notice.kind());
            assert!(text.starts_with(&kind), "{kind} in {text}");
        }
    }
}
