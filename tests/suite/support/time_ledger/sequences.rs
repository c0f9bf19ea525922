//! Any sequence of calls leaves what a model of the rules says: the answer, the entries and the
//! balance after each.

use gestan_account_proto::support::v1::{ChargeTimeRequest, CorrectTimeRequest, GrantTimeRequest};
use gestan_account_server::domain::role::Role;
use gestan_account_tests::{
    Desk, TestServer, Told, assert_adds_up, charge, correction, grant, ledger_of,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;

/// A call, by an agent or an admin, perhaps with a request ID that others have, too.
#[derive(Clone, Debug)]
struct Step {
    by_admin: bool,
    name: Option<u8>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Grant { minutes: i32 },
    Charge { minutes: i32, overdraft: bool },
    Correct { entry: usize, minutes: i32, overdraft: bool },
}

/// What an entry is, as far as the rules ask.
#[derive(Clone, Debug)]
struct Written {
    id: u32,
    kind: Kind,
    minutes: i32,
    balance: i32,
    corrects: Option<usize>,
    by_admin: bool,
    name: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Grant,
    Charge,
    Correction,
}

/// What a call comes to: the entry that it gives, or the reason of its refusal.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Repeats(usize),
    Writes { kind: Kind, minutes: i32, corrects: Option<usize> },
    Refused(&'static str),
}

#[derive(Debug, Default)]
struct Model {
    entries: Vec<Written>,
}

impl Model {
    fn balance(&self) -> i32 {
        self.entries.iter().map(|entry| entry.minutes).sum()
    }

    /// How many minutes of an entry are left before that of this place is written.
    fn left(&self, of: usize, before: usize) -> i32 {
        let corrections = self.entries[..before].iter().filter(|entry| entry.corrects == Some(of));
        let corrected: i32 = corrections.map(|entry| entry.minutes.abs()).sum();
        self.entries[of].minutes.abs() - corrected
    }

    fn outcome(&self, step: &Step) -> Outcome {
        let now = self.entries.len();
        let (kind, minutes, corrects, overdraft) = match step.what {
            What::Grant { .. } if !step.by_admin => return Outcome::Refused("PERMISSION_DENIED"),
            What::Grant { minutes } => (Kind::Grant, minutes, None, false),
            What::Charge { minutes, overdraft } => (Kind::Charge, -minutes, None, overdraft),
            What::Correct { entry, minutes, overdraft } => {
                let of = Some(entry).filter(|entry| *entry < now);
                (Kind::Correction, minutes, of, overdraft)
            }
        };
        if let Some(at) =
            self.entries.iter().position(|entry| step.name.is_some() && entry.name == step.name)
        {
            let before = &self.entries[at];
            let is_the_same = before.kind == kind
                && before.corrects == corrects
                && match (kind, corrects) {
                    (Kind::Correction, None) => false,
                    (Kind::Correction, Some(of)) => {
                        let asked = if minutes == 0 { self.left(of, at) } else { minutes };
                        before.minutes.abs() == asked
                    }
                    _ => before.minutes == minutes,
                };
            return if is_the_same {
                Outcome::Repeats(at)
            } else {
                Outcome::Refused("INVALID_REQUEST")
            };
        }
        let minutes = match (kind, corrects) {
            (Kind::Correction, None) => return Outcome::Refused("ENTRY_NOT_FOUND"),
            (Kind::Correction, Some(of)) => {
                let original = &self.entries[of];
                let is_own = !step.by_admin && !original.by_admin && original.kind == Kind::Charge;
                if !step.by_admin && !is_own {
                    return Outcome::Refused("PERMISSION_DENIED");
                }
                let left = self.left(of, now);
                if original.kind == Kind::Correction || left == 0 {
                    return Outcome::Refused("ENTRY_NOT_CORRECTABLE");
                }
                if minutes > left {
                    return Outcome::Refused("INVALID_REQUEST");
                }
                let size = if minutes == 0 { left } else { minutes };
                -size * original.minutes.signum()
            }
            _ => minutes,
        };
        let balance = self.balance() + minutes;
        if minutes < 0 && balance < 0 && !overdraft {
            return Outcome::Refused("TIME_CREDIT_EXHAUSTED");
        }
        if balance.abs() > 1_000_000 {
            return Outcome::Refused("INVALID_REQUEST");
        }
        Outcome::Writes { kind, minutes, corrects }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let what = prop_oneof![
        (1..=200_i32).prop_map(|minutes| What::Grant { minutes }),
        (1..=150_i32, any::<bool>())
            .prop_map(|(minutes, overdraft)| What::Charge { minutes, overdraft }),
        (0..14_usize, 0..=120_i32, any::<bool>()).prop_map(|(entry, minutes, overdraft)| {
            // All that is left, now and then.
            let minutes = if minutes > 80 { 0 } else { minutes };
            What::Correct { entry, minutes, overdraft }
        }),
    ];
    let name = prop_oneof![2 => Just(None), 1 => (0..6_u8).prop_map(Some)];
    let by_admin = prop::bool::weighted(0.7);
    let step = (by_admin, name, what);
    let step = step.prop_map(|(by_admin, name, what)| Step { by_admin, name, what });
    prop::collection::vec(step, 1..32)
}

/// Makes the call; gives the entry's ID, its minutes and the balance, or the reason.
async fn call(
    desk: &mut Desk,
    account_id: u32,
    step: &Step,
    model: &Model,
) -> Result<(u32, i32, i32), String> {
    let request_id = step.name.map(|name| format!("R-{name}")).unwrap_or_default();
    let (entry, balance) = match step.what {
        What::Grant { minutes } => {
            let request = GrantTimeRequest {
                request_id,
                allow_duplicate: true,
                ..grant(account_id, minutes)
            };
            let answer = desk.grant_time(request).await;
            let answer = answer.map_err(|refusal| Told::of(&refusal).reason)?.into_inner();
            (answer.entry, answer.balance_minutes)
        }
        What::Charge { minutes, overdraft } => {
            let request = ChargeTimeRequest {
                request_id,
                allow_duplicate: true,
                allow_overdraft: overdraft,
                ..charge(account_id, minutes)
            };
            let answer = desk.charge_time(request).await;
            let answer = answer.map_err(|refusal| Told::of(&refusal).reason)?.into_inner();
            (answer.entry, answer.balance_minutes)
        }
        What::Correct { entry, minutes, overdraft } => {
            let entry_id = model.entries.get(entry).map_or(4_000_000_000, |entry| entry.id);
            let request = CorrectTimeRequest {
                request_id,
                minutes,
                allow_overdraft: overdraft,
                ..correction(account_id, entry_id)
            };
            let answer = desk.correct_time(request).await;
            let answer = answer.map_err(|refusal| Told::of(&refusal).reason)?.into_inner();
            (answer.entry, answer.balance_minutes)
        }
    };
    let entry = entry.expect("an entry");
    assert_eq!(entry.balance_minutes, balance);
    Ok((entry.id, entry.minutes, balance))
}

async fn check(server: &TestServer, [agent, admin]: &mut [Desk; 2], number: u32, steps: &[Step]) {
    let email = format!("client{number}@exemple.fr");
    let account_id = server.open_account(&email, number.into()).await.account_id;
    let mut model = Model::default();
    for step in steps {
        let desk = if step.by_admin { &mut *admin } else { &mut *agent };
        let expected = model.outcome(step);
        let seen = call(desk, account_id, step, &model).await;
        match expected {
            Outcome::Refused(reason) => assert_eq!(seen, Err(reason.to_owned()), "{step:?}"),
            Outcome::Repeats(at) => {
                let before = &model.entries[at];
                assert_eq!(seen, Ok((before.id, before.minutes, before.balance)), "{step:?}");
            }
            Outcome::Writes { kind, minutes, corrects } => {
                let balance = model.balance() + minutes;
                let (id, ..) = seen.clone().unwrap_or_default();
                assert_eq!(seen, Ok((id, minutes, balance)), "{step:?}");
                let (by_admin, name) = (step.by_admin, step.name);
                let written = Written { id, kind, minutes, balance, corrects, by_admin, name };
                model.entries.push(written);
            }
        }
        let expected: Vec<(i32, i32)> =
            model.entries.iter().rev().map(|entry| (entry.minutes, entry.balance)).collect();
        assert_eq!(ledger_of(admin, account_id).await, expected);
    }
}

#[test]
fn any_sequence_of_calls_leaves_what_the_rules_say() {
    let runtime = Runtime::new().expect("a runtime");
    let (server, desks) = runtime.block_on(async {
        let server = TestServer::start().await;
        let desks = [server.desk(Role::Agent).await, server.desk(Role::Admin).await];
        (server, desks)
    });
    let number = std::cell::Cell::new(0_u32);
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        number.set(number.get() + 1);
        let mut desks = desks.clone();
        runtime.block_on(check(&server, &mut desks, number.get(), &steps));
        Ok(())
    });
    runtime.block_on(async {
        assert_adds_up(server.db()).await;
        drop(server);
    });
    outcome.expect("every sequence");
}
