//! The rule of Create and ResendPassword, without a database: a request, the claim of
//! its ID, what is counted, and the time.

use std::{collections::BTreeMap, time::Duration};

use gestan_account_server::{
    accounts::{
        code_request::{self, Claim, CodeRequest, Decision, MailTo, Tally},
        error::Error,
    },
    domain::{
        email_address::EmailAddress,
        locale::Locale,
        machine::{Machine, MachineId, MachineName},
        profile::Profile,
        violation::Problem,
    },
    model::challenge::Purpose,
    storage::idempotency_key::Answered,
    throttle::{Counts, Limits, ThrottleError, Throttled, Throttles, mails_in_all::MailsInAll},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn request(to: &str) -> CodeRequest {
    CodeRequest {
        request_id: Uuid::from_u128(1),
        request_digest: [1; 32],
        purpose: Purpose::Create,
        to: MailTo::Address(EmailAddress::parse(to).expect("an address")),
        machine: Machine {
            id: MachineId::parse("a3bb189e-8bf9-4888-9912-ace4e6543002").expect("an ID"),
            name: MachineName::parse("COMPTOIR").expect("a name"),
        },
        locale: Locale::default(),
        profile: Profile::default(),
        ip: None,
        by_stranger: true,
    }
}

fn answered(request: &CodeRequest) -> Answered {
    Answered {
        request_digest: request.request_digest,
        challenge_id: Uuid::from_u128(2),
        code_expire_time: NOW + SignedDuration::from_hours(24),
        resend_time: NOW + SignedDuration::from_mins(1),
    }
}

fn in_all(mails: usize) -> MailsInAll {
    MailsInAll::new(Limits::new([(mails, SignedDuration::from_hours(1))]))
}

fn tally<'a>(throttles: &'a Throttles, mails_in_all: &'a MailsInAll) -> Tally<'a> {
    let counts = Counts::of(throttles, BTreeMap::new());
    Tally { counts, mails_in_all, elapsed: Duration::ZERO, by_strangers: 0 }
}

/// The rule, for a caller in a network where no machine was seen.
fn decide<'a>(
    request: &'a CodeRequest,
    claim: Claim,
    tally: &mut Tally<'_>,
    now: Timestamp,
) -> Decision<'a> {
    code_request::decide(request, &request.mail(false), claim, tally, now)
}

#[test]
fn a_new_request_is_answered_and_its_mail_enqueued_for_now() {
    let (throttles, in_all) = (Throttles::default(), in_all(1));
    let mut tally = tally(&throttles, &in_all);
    let request = request("jeanne@exemple.fr");

    let decision = decide(&request, Claim::New(answered(&request)), &mut tally, NOW);

    let Decision::Enqueue(answer, challenge) = decision else { panic!("{decision:?}") };
    assert_eq!(answer, answered(&request).into());
    assert_eq!((challenge.id, challenge.send_time), (answer.challenge_id, Some(NOW)));
    assert_eq!(challenge.email.as_typed(), "jeanne@exemple.fr");
    assert_eq!(tally.by_strangers, 1);
}

#[test]
fn the_same_request_again_gets_the_same_answer_whatever_the_limits_say() {
    let (throttles, in_all) = (Throttles::default(), in_all(0));
    let mut tally = tally(&throttles, &in_all);
    let request = request("jeanne@exemple.fr");

    let decision = decide(&request, Claim::Answered(answered(&request)), &mut tally, NOW);

    let Decision::Answer(Ok(answer)) = decision else { panic!("{decision:?}") };
    assert_eq!(answer, answered(&request).into());
    assert_eq!(tally.by_strangers, 0);
}

#[test]
fn an_id_used_with_other_content_is_refused_by_its_field() {
    let (throttles, in_all) = (Throttles::default(), in_all(1));
    let mut tally = tally(&throttles, &in_all);
    let request = request("jeanne@exemple.fr");
    let before = Answered { request_digest: [2; 32], ..answered(&request) };

    let decision = decide(&request, Claim::Answered(before), &mut tally, NOW);

    let Decision::Answer(Err(Error::Invalid(violations))) = decision else {
        panic!("{decision:?}")
    };
    let expected = gestan_account_server::domain::violation::Violations::one(
        "request_id",
        Problem::RequestIdReused,
    );
    assert_eq!(format!("{violations:?}"), format!("{expected:?}"));
}

#[test]
fn a_second_mail_to_an_address_within_a_minute_is_refused_and_counts_nothing() {
    let (throttles, in_all) = (Throttles::default(), in_all(9));
    let mut tally = tally(&throttles, &in_all);
    let request = request("jeanne@exemple.fr");
    let new = || Claim::New(answered(&request));
    assert!(matches!(decide(&request, new(), &mut tally, NOW), Decision::Enqueue(..)));

    let decision = decide(&request, new(), &mut tally, NOW);

    let Decision::Refuse(ThrottleError::Throttled { limit, .. }) = decision else {
        panic!("{decision:?}")
    };
    assert_eq!((limit, tally.by_strangers), (Throttled::MailsPerAddress, 1));
    let later = NOW + SignedDuration::from_mins(1);
    assert!(matches!(decide(&request, new(), &mut tally, later), Decision::Enqueue(..)));
}

#[test]
fn the_cap_of_all_strangers_counts_those_of_the_same_transaction_and_no_linked_machine() {
    let (throttles, in_all) = (Throttles::default(), in_all(1));
    let mut tally = tally(&throttles, &in_all);
    let (first, second) = (request("jeanne@exemple.fr"), request("paul@exemple.fr"));
    let machine = CodeRequest { by_stranger: false, ..request("marie@exemple.fr") };
    let mut decide = |request| {
        let claim = Claim::New(answered(request));
        decide(request, claim, &mut tally, NOW)
    };

    assert!(matches!(decide(&first), Decision::Enqueue(..)));
    let Decision::Refuse(ThrottleError::Throttled { limit, .. }) = decide(&second) else {
        panic!("the second stranger is let through")
    };
    assert_eq!(limit, Throttled::MailsInAll);
    assert!(matches!(decide(&machine), Decision::Enqueue(..)));
}

/// Nobody elsewhere can use up what a caller needs in a network that the account knows.
#[test]
fn the_cap_of_all_strangers_and_their_allowance_leave_those_that_an_account_vouches_for() {
    let (throttles, in_all) = (Throttles::default(), in_all(1));
    let mut tally = tally(&throttles, &in_all);
    let request = request("jeanne@exemple.fr");
    let new = || Claim::New(answered(&request));
    assert!(matches!(decide(&request, new(), &mut tally, NOW), Decision::Enqueue(..)));
    assert!(matches!(decide(&request, new(), &mut tally, NOW), Decision::Refuse(_)));

    let seen = code_request::decide(&request, &request.mail(true), new(), &mut tally, NOW);

    let Decision::Enqueue(_, challenge) = seen else { panic!("{seen:?}") };
    assert_eq!(challenge.send_time, Some(NOW));
    assert_eq!(tally.by_strangers, 1);
}
