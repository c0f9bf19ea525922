//! A challenge that serves is defined twice, by a rule of the model and by a condition of
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
    model::challenge::{Challenge, Door, Purpose, Spent, State, repeatable_since},
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
        for expire_time in around(now) {
            for time in spent_times() {
                for (wrong_tries, account_wrong_tries) in [(0, 0), (9, 9), (10, 0), (0, 10)] {
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
                        account_wrong_tries,
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

    let found = challenge::find_by_email(&db.read(), email().key(), now).await.expect("found");

    let found: HashSet<Uuid> = found.into_iter().map(|challenge| challenge.id).collect();
    let candidates = cases.iter().filter(|challenge| challenge.is_candidate(now));
    let expected: HashSet<Uuid> = candidates.map(|challenge| challenge.id).collect();
    assert_eq!(found, expected);
    // Neither all nor none: the cases lie on both sides of the rule.
    assert!(!expected.is_empty() && expected.len() < cases.len());
}

#[test]
fn a_challenge_can_be_answered_only_while_it_is_a_candidate_of_its_door() {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365);
    for case in cases(now) {
        let (at_confirm, at_account) =
            (case.state(Door::Confirm, now), case.state(Door::Account, now));
        let is_live = case.spent.is_none() && now < case.expire_time;
        assert_eq!(at_confirm.is_open(), is_live && case.wrong_tries < 10);
        assert_eq!(at_account.is_open(), at_confirm.is_open() && case.account_wrong_tries < 10);
        assert_eq!(matches!(at_confirm, State::Spent(_)), case.spent.is_some());
        assert_eq!(matches!(at_account, State::Spent(_)), case.spent.is_some());
        if let Purpose::Create | Purpose::ResendPassword = case.purpose {
            assert!(!at_account.is_open() || case.is_candidate(now));
        }
    }
}
