//! What the outbox keeps of a mail is read by a server of the version before, and the
//! other way round: two versions share it during a rolling update.

use gestan_account_server::{
    domain::account_id::AccountId,
    mail::{
        letter::Letter,
        notice::{AddressBySupport, BySupport, Detached, Erasure, Event, Merge, Notice},
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

fn unlinked() -> BySupport {
    let Event { account_id, time_millis, detached, .. } = detaching();
    BySupport { account_id, time_millis, detached }
}

fn merge() -> Merge {
    let Event { account_id, time_millis, .. } = event();
    Merge { from_account_id: account_id, into_account_id: 7, time_millis, machines: 2 }
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
        (
            Notice::EmailChangeStarted(AddressBySupport {
                account_id: 10_427,
                time_millis: 1_795_545_720_000,
                new_email_masked: new_email_masked(),
                code_time_millis: 1_795_632_120_000,
            }),
            r#"{"kind":"email_change_started","account_id":10427,"time_millis":1795545720000,"new_email_masked":"j•@b.example","code_time_millis":1795632120000}"#,
        ),
        (
            Notice::MachineUnlinked(unlinked()),
            r#"{"kind":"machine_unlinked","account_id":10427,"time_millis":1795545720000,"detached":{"names":["Vieille"],"others":3}}"#,
        ),
    ];
    let into_email_masked = new_email_masked();
    let mergers = [
        (
            Notice::AccountMerged { merge: merge(), into_email_masked },
            r#"{"kind":"account_merged","merge":{"from_account_id":10427,"into_account_id":7,"time_millis":1795545720000,"machines":2},"into_email_masked":"j•@b.example"}"#,
        ),
        (
            Notice::AccountExtended(merge()),
            r#"{"kind":"account_extended","from_account_id":10427,"into_account_id":7,"time_millis":1795545720000,"machines":2}"#,
        ),
    ];
    let erasure = |keeps_entries| {
        let (account_id, time_millis) = (10_427, 1_795_545_720_000);
        Notice::AccountErased(Erasure { account_id, time_millis, keeps_entries, forget: true })
    };
    let farewells = [
        (
            erasure(false),
            r#"{"kind":"account_erased","account_id":10427,"time_millis":1795545720000,"forget":true}"#,
        ),
        (
            erasure(true),
            r#"{"kind":"account_erased","account_id":10427,"time_millis":1795545720000,"keeps_entries":true,"forget":true}"#,
        ),
    ];
    let challenge_id = Uuid::from_u128(5);
    let codes = [
        (
            Letter::Code { challenge_id, by_support: false },
            r#"{"kind":"code","challenge_id":"00000000-0000-0000-0000-000000000005"}"#,
        ),
        (
            Letter::Code { challenge_id, by_support: true },
            r#"{"kind":"code","challenge_id":"00000000-0000-0000-0000-000000000005","by_support":true}"#,
        ),
    ];
    let notices = notices.into_iter().chain(mergers).chain(farewells);
    let notices = notices.map(|(notice, text)| (Letter::Notice(notice), text));
    codes.into_iter().chain(notices).collect()
}

#[test]
fn letters_are_stored_as_they_always_were_and_read_again() {
    for (letter, text) in stored() {
        assert_eq!(letter.to_json().expect("JSON"), text);
        assert_eq!(Letter::from_json(text).expect("it is read"), letter);
    }
}

/// Whoever ends a mail sees that nothing is to be kept of it, also of a kind of a later release.
#[test]
fn only_a_letter_that_says_so_is_forgotten() {
    for (letter, text) in stored() {
        let is_last = matches!(letter, Letter::Notice(Notice::AccountErased(_)));
        assert_eq!(Letter::is_forgotten(text), is_last, "{text}");
    }
    assert!(Letter::is_forgotten(r#"{"kind":"of_tomorrow","forget":true}"#));
    assert!(!Letter::is_forgotten(r#"{"kind":"of_tomorrow","forget":"true"}"#));
    assert!(!Letter::is_forgotten("[]"));
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
