//! A challenge whose codes serve is defined twice, by a rule of the model and by a condition of
//! SQL: both say the same of every case, to the millisecond.

use std::collections::HashSet;

use gestan_account_server::{
    clock::Clock as _,
    credentials::hasher::{CodeSalt, HashParams},
    domain::{
        account_id::AccountId,
        email_address::EmailAddress,
        locale::Locale,
        machine::{Machine, MachineId, MachineName},
        profile::Profile,
    },
    model::challenge::{Challenge, Purpose, Spent, State, repeatable_since},
    storage::challenge,
};
use gestan_account_tests::TestServer;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

fn email() -> EmailAddress {
    EmailAddress::parse("jeanne@exemple.fr").expect("an address")
}

fn spent(time: Timestamp) -> Spent {
    let account_id = AccountId::parse(1).expect("an ID");
    Spent { time, code_id: Uuid::nil(), call: [0; 32], account_id, account_existed: true }
}

/// Every purpose, with each time before, at and after its bound, and each count.
fn cases(now: Timestamp) -> Vec<Challenge> {
    let change = Purpose::ChangeEmail(AccountId::parse(1).expect("an ID"));
    let around = |time: Timestamp| [time - MILLISECOND, time, time + MILLISECOND];
    let spent_times = || [None].into_iter().chain(around(repeatable_since(now)).map(Some));
    let mut cases = Vec::new();
    for purpose in [Purpose::Create, Purpose::ResendPassword, change] {
        for expire_time in [around(now), around(repeatable_since(now))].concat() {
            for time in spent_times() {
                for wrong_tries in [0, 9, 10] {
                    cases.push(Challenge {
                        id: Uuid::from_u128(cases.len() as u128 + 1),
                        purpose,
                        email: email(),
                        machine: Machine {
                            id: MachineId::parse("a3bb189e-8bf9-4888-9912-ace4e6543002")
                                .expect("an ID"),
                            name: MachineName::parse("COMPTOIR").expect("a name"),
                        },
                        locale: Locale::default(),
                        profile: Profile::default(),
                        salt: CodeSalt {
                            salt: [0; 16],
                            params: HashParams::new(8, 1, 1).expect("parameters"),
                        },
                        seed: Some([0; 32]),
                        wrong_tries,
                        account_wrong_tries: 0,
                        create_time: now - SignedDuration::from_hours(1),
                        expire_time,
                        spent: time.map(spent),
                        ticket: None,
                    });
                }
            }
        }
    }
    cases
}

#[tokio::test]
async fn the_condition_in_sql_is_the_rule_of_the_model() {
    let server = TestServer::start().await;
    let now = server.clock.now();
    let cases = cases(now);
    let db = &server.accounts.db;
    challenge::insert(&db.write(), &cases).await.expect("the challenges are stored");

    let change_of = AccountId::parse(1).expect("an ID");
    for change_of in [None, Some(change_of)] {
        let found = challenge::find_with_codes(&db.read(), email().key(), change_of, now).await;
        let found: HashSet<Uuid> = found.expect("found").iter().map(|found| found.id).collect();
        let of_kind = cases.iter().filter(|case| case.purpose.account_to_change() == change_of);
        let of_kind: Vec<&Challenge> = of_kind.collect();
        let with_codes = of_kind.iter().filter(|challenge| challenge.has_codes(now));
        let expected: HashSet<Uuid> = with_codes.map(|challenge| challenge.id).collect();
        assert_eq!(found, expected);
        // Neither all nor none: the cases lie on both sides of the rule.
        assert!(!expected.is_empty() && expected.len() < of_kind.len());
    }
}

#[test]
fn a_challenge_can_be_answered_only_while_its_codes_are_looked_for() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365);
    for case in cases(now) {
        let is_live = case.spent.is_none() && now < case.expire_time;
        assert_eq!(case.state(now).is_open(), is_live && case.wrong_tries < 10);
        assert_eq!(matches!(case.state(now), State::Spent(_)), case.spent.is_some());
        assert_eq!(case.wants_mail(now), is_live);
        assert!(!is_live || case.has_codes(now));
    }
}
