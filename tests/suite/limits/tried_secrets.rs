//! Wrong passwords and codes are counted by who tries them: a stranger who knows the ID
//! holds up itself, and nobody who is elsewhere or whom the account knows.

use std::time::Duration;

use gestan_account_client::{
    Code, Error,
    v1::{self, ErrorReason, account_service_client::AccountServiceClient},
};
use gestan_account_server::{domain::personal_code::PersonalCode, throttle::Throttles};
use gestan_account_tests::{
    Member, PASSWORD, TestServer, TestServerOptions, assert_refused, count, execute, machine,
    raw_call::{connect, forwarded},
};
use tonic::transport::Channel;

const OFFICE: &str = "198.51.100.7";
const HOME: &str = "192.0.2.1";
const STRANGER: &str = "203.0.113.66";

/// Callers, each at an address that a trusted proxy tells.
struct World {
    server: TestServer,
    member: Member,
    client: AccountServiceClient<Channel>,
}

impl World {
    /// An account whose machine was last seen in the office.
    async fn start() -> Self {
        let defaults = Throttles::default();
        let throttles = Throttles {
            mails_per_address: TestServerOptions::default().throttles.mails_per_address,
            mails_per_ip: TestServerOptions::default().throttles.mails_per_ip,
            ..defaults
        };
        let proxies = "127.0.0.1".parse().expect("an address");
        let options = TestServerOptions { throttles, proxies, ..Default::default() };
        let server = TestServer::start_with(options).await;
        let member = server.open_account("jeanne@exemple.fr", 1).await;
        let office = format!("UPDATE link SET last_seen_network = '{OFFICE}/32'");
        execute(server.db(), &office).await;
        let client = connect(&server).await;
        Self { server, member, client }
    }

    async fn tries(&mut self, account_id: u32, secret: &str, ip: &str) -> Result<(), Error> {
        let request = v1::RegisterExistingRequest {
            account_id,
            secret: secret.to_owned(),
            machine: Some(machine(9)),
        };
        let outcome = self.client.register_existing(forwarded(request, ip, None)).await;
        outcome.map(drop).map_err(Error::from)
    }

    async fn guesses_password(&mut self, ip: &str) -> Result<(), Error> {
        self.tries(self.member.account_id, "faux mais assez long", ip).await
    }

    async fn guesses_code(&mut self, account_id: u32, ip: &str) -> Result<(), Error> {
        let randomness = &*self.server.accounts.randomness;
        let wrong = PersonalCode::generate(randomness).display().to_string();
        self.tries(account_id, &wrong, ip).await
    }

    /// Links a machine.
    async fn gets_in(&mut self, secret: &str, ip: &str) {
        self.tries(self.member.account_id, secret, ip).await.expect("it is let in");
        self.server.deliver_mail().await;
    }

    async fn mailed_code(&self) -> (String, String) {
        let asked = self.server.resend(self.member.account_id, 2).await;
        (self.server.code_to("jeanne@exemple.fr").await, asked.challenge_id)
    }
}

fn assert_wrong(outcome: Result<(), Error>) {
    assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
}

fn assert_held_up(outcome: Result<(), Error>, reason: ErrorReason) -> Duration {
    let rejection = assert_refused(outcome, Code::ResourceExhausted, reason);
    rejection.retry_delay().expect("RetryInfo")
}

#[tokio::test]
async fn a_stranger_who_guesses_passwords_holds_up_neither_other_networks_nor_the_office() {
    let mut world = World::start().await;
    for _ in 0..5 {
        assert_wrong(world.guesses_password(STRANGER).await);
    }
    let id = world.member.account_id;
    let refused = world.tries(id, PASSWORD, STRANGER).await;
    let wait = assert_held_up(refused, ErrorReason::TooManyPasswordTries);
    assert_eq!(wait, Duration::from_mins(1));

    world.gets_in(PASSWORD, OFFICE).await;
    world.gets_in(PASSWORD, HOME).await;
    let refused = world.guesses_password(STRANGER).await;
    assert_held_up(refused, ErrorReason::TooManyPasswordTries);
    // Nor do guesses in the office hold up anybody elsewhere.
    for _ in 0..5 {
        assert_wrong(world.guesses_password(OFFICE).await);
    }
    let refused = world.guesses_password(OFFICE).await;
    assert_held_up(refused, ErrorReason::TooManyPasswordTries);
    world.gets_in(PASSWORD, "192.0.2.2").await;
}

#[tokio::test]
async fn neighbours_have_together_the_shares_of_their_network() {
    let mut world = World::start().await;
    for network in 0..10 {
        for _ in 0..5 {
            assert_wrong(world.guesses_password(&format!("2001:db8:1:230{network:x}::1")).await);
        }
    }
    let refused = world.guesses_password("2001:db8:1:23ff::1").await;
    assert_eq!(
        assert_held_up(refused, ErrorReason::TooManyPasswordTries),
        Duration::from_hours(24),
        "a /56 has two shares of 25"
    );
    world.gets_in(PASSWORD, "2001:db8:1:2400::1").await;
}

#[tokio::test]
async fn strangers_of_many_networks_have_a_hundred_passwords_a_day_together() {
    let mut world = World::start().await;
    for network in 0..20 {
        for _ in 0..5 {
            assert_wrong(world.guesses_password(&format!("203.0.{network}.1")).await);
        }
    }
    let id = world.member.account_id;
    let refused = world.tries(id, PASSWORD, HOME).await;
    let wait = assert_held_up(refused, ErrorReason::TooManyPasswordTries);
    assert_eq!(wait, Duration::from_hours(24));
    // Those that the account knows are not among them.
    world.gets_in(PASSWORD, OFFICE).await;
    // Whoever proves the mailbox clears them all.
    let (code, challenge_id) = world.mailed_code().await;
    let ticket = world.server.confirm(&challenge_id, &code).await.ticket;
    world.server.set_password(&ticket, PASSWORD).await;
    world.server.deliver_mail().await;
    let counted = "SELECT count(*) FROM throttle WHERE key LIKE 'passwords:%'";
    assert_eq!(count(world.server.db(), counted).await, 0);
    world.gets_in(PASSWORD, HOME).await;
}

#[tokio::test]
async fn strangers_of_many_networks_hold_up_no_code_of_another_network() {
    let mut world = World::start().await;
    let (code, _) = world.mailed_code().await;
    for network in 0..11 {
        for _ in 0..10 {
            let (id, ip) = (world.member.account_id, format!("203.0.{network}.1"));
            assert_wrong(world.guesses_code(id, &ip).await);
        }
    }
    world.gets_in(&code, HOME).await;
}

#[tokio::test]
async fn a_stranger_who_guesses_codes_holds_up_itself_and_kills_no_code() {
    let mut world = World::start().await;
    let missing = 4_000_000_000;
    for account_id in [world.member.account_id, missing] {
        for _ in 0..10 {
            assert_wrong(world.guesses_code(account_id, STRANGER).await);
        }
        let refused = world.guesses_code(account_id, STRANGER).await;
        let wait = assert_held_up(refused, ErrorReason::TooManyCodeTries);
        assert_eq!(wait, Duration::from_hours(24));
    }
    let (code, _) = world.mailed_code().await;
    let refused = world.tries(world.member.account_id, &code, STRANGER).await;
    assert_held_up(refused, ErrorReason::TooManyCodeTries);
    // The password is counted apart, and each of the others has a counter of its own.
    world.gets_in(PASSWORD, STRANGER).await;
    world.gets_in(&code, HOME).await;
    let (code, _) = world.mailed_code().await;
    world.gets_in(&code, OFFICE).await;
    let (code, challenge_id) = world.mailed_code().await;
    assert_eq!(
        world.server.confirm(&challenge_id, &code).await.account_id,
        world.member.account_id
    );
}

#[tokio::test]
async fn a_linked_machine_has_a_counter_of_codes_of_its_own() {
    let mut world = World::start().await;
    let update = |secret: &str| v1::UpdateRequest {
        account: Some(v1::Account { city: "Lyon".to_owned(), ..Default::default() }),
        password: secret.to_owned(),
        ..Default::default()
    };
    for _ in 0..10 {
        let randomness = &*world.server.accounts.randomness;
        let wrong = PersonalCode::generate(randomness).display().to_string();
        let outcome = world.member.client.update(update(&wrong)).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let (code, _) = world.mailed_code().await;
    let outcome = world.member.client.update(update(&code)).await;
    assert_refused(outcome, Code::ResourceExhausted, ErrorReason::TooManyCodeTries);
    world.member.client.update(update(PASSWORD)).await.expect("the password is counted apart");
    world.gets_in(&code, HOME).await;
    let (code, _) = world.mailed_code().await;
    world.member.client.update(update(&code)).await.expect("a proven mailbox has cleared it");
}

/// A stranger who has a code mailed, and kills its challenge before the mail is sent or
/// after, keeps nothing from the customer.
#[tokio::test]
async fn the_code_of_a_challenge_that_wrong_codes_have_killed_still_links_a_machine() {
    let mut world = World::start().await;
    let asked = world.server.resend(world.member.account_id, 66).await;
    for _ in 0..10 {
        let randomness = &*world.server.accounts.randomness;
        let code = PersonalCode::generate(randomness).display().to_string();
        let request = v1::ConfirmRequest {
            challenge_id: asked.challenge_id.clone(),
            code,
            ..Default::default()
        };
        let outcome = world.server.client.confirm(request).await;
        assert_refused(outcome, Code::Unauthenticated, ErrorReason::InvalidCredentials);
    }
    let code = world.server.code_to("jeanne@exemple.fr").await;
    let request = v1::ConfirmRequest {
        challenge_id: asked.challenge_id,
        code: code.clone(),
        ..Default::default()
    };
    let outcome = world.server.client.confirm(request).await;
    assert_refused(outcome, Code::FailedPrecondition, ErrorReason::TooManyTries);
    world.gets_in(&code, HOME).await;
}
