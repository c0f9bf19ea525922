//! A stranger who knows the ID of an account and its address, and nothing else.

use std::collections::HashMap;

use gestan_account_client::{
    Error,
    v1::{self, ErrorReason, account_service_client::AccountServiceClient},
};
use gestan_account_server::{clock::Clock as _, domain::personal_code::PersonalCode};
use gestan_account_tests::{
    TestServer, machine,
    raw_call::{connect, forwarded},
};
use jiff::{SignedDuration, Timestamp};
use tonic::transport::Channel;

/// What a stranger can do with an ID and an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Deed {
    Password,
    Code,
    ResendById,
    ResendByAddress,
    Create,
}

const DEEDS: [Deed; 5] =
    [Deed::Password, Deed::Code, Deed::ResendById, Deed::ResendByAddress, Deed::Create];

/// More often than any limit lets through between two looks at the clock.
const MOST_AT_A_TIME: usize = 12;

pub(super) struct Attacker {
    client: AccountServiceClient<Channel>,
    addresses: Vec<String>,
    account_id: u32,
    email: String,
    /// Since when each deed is refused, and until when: a call that is refused counts
    /// nothing, so that the stranger loses nothing by waiting.
    refused_until: HashMap<(Deed, usize), Timestamp>,
    /// The challenges that it had made, and whose codes it kills by wrong ones.
    challenges: Vec<String>,
}

impl Attacker {
    pub(super) async fn new(
        server: &TestServer,
        (account_id, email): (u32, &str),
        addresses: &[String],
    ) -> Self {
        Self {
            client: connect(server).await,
            addresses: addresses.to_vec(),
            account_id,
            email: email.to_owned(),
            refused_until: HashMap::new(),
            challenges: Vec::new(),
        }
    }

    /// Does all that it may just now.
    pub(super) async fn strike(&mut self, server: &TestServer) {
        for address in 0..self.addresses.len() {
            for deed in DEEDS {
                self.repeat(server, deed, address).await;
            }
        }
        for challenge_id in std::mem::take(&mut self.challenges) {
            self.kill(server, &challenge_id).await;
        }
    }

    async fn repeat(&mut self, server: &TestServer, deed: Deed, address: usize) {
        let now = server.clock.now();
        let refused_until = self.refused_until.get(&(deed, address));
        if refused_until.is_some_and(|time| now < *time) {
            return;
        }
        for _ in 0..MOST_AT_A_TIME {
            let Err(status) = self.commit(server, deed, address).await else { continue };
            let error = Error::from(*status);
            let rejection = error.rejection().expect("the service refuses");
            if rejection.reason() == ErrorReason::InvalidCredentials {
                continue;
            }
            let wait = rejection.retry_delay().expect("a limit tells how long to wait");
            let wait = SignedDuration::try_from(wait).expect("a short wait");
            self.refused_until.insert((deed, address), now + wait);
            return;
        }
    }

    async fn commit(
        &mut self,
        server: &TestServer,
        deed: Deed,
        address: usize,
    ) -> Result<(), Box<tonic::Status>> {
        let request_id = server.accounts.randomness.uuid().to_string();
        let machine = Some(machine(66_666));
        let (account_id, email) = match deed {
            Deed::ResendById => (self.account_id, String::new()),
            _ => (0, self.email.clone()),
        };
        let challenge_id = match deed {
            Deed::Password | Deed::Code => {
                let secret = match deed {
                    Deed::Password => "faux mais assez long".to_owned(),
                    _ => wrong_code(server),
                };
                let account_id = self.account_id;
                let request = v1::RegisterExistingRequest { account_id, secret, machine };
                let request = forwarded(request, &self.addresses[address], None);
                return self.client.register_existing(request).await.map(drop).map_err(Box::new);
            }
            Deed::ResendById | Deed::ResendByAddress => {
                let request = v1::ResendPasswordRequest {
                    request_id,
                    account_id,
                    email,
                    machine,
                    ..Default::default()
                };
                let request = forwarded(request, &self.addresses[address], None);
                let answer = self.client.resend_password(request).await?;
                answer.into_inner().challenge_id
            }
            Deed::Create => {
                let request =
                    v1::CreateRequest { request_id, email, machine, ..Default::default() };
                let request = forwarded(request, &self.addresses[address], None);
                self.client.create(request).await?.into_inner().challenge_id
            }
        };
        self.challenges.push(challenge_id);
        Ok(())
    }

    /// Gives a challenge of its own wrong codes, until it serves no more.
    async fn kill(&mut self, server: &TestServer, challenge_id: &str) {
        for _ in 0..=10 {
            let (challenge_id, code) = (challenge_id.to_owned(), wrong_code(server));
            let request = v1::ConfirmRequest { challenge_id, code, ..Default::default() };
            let request = forwarded(request, &self.addresses[0], None);
            self.client.confirm(request).await.expect_err("the code is wrong");
        }
    }
}

fn wrong_code(server: &TestServer) -> String {
    PersonalCode::generate(&*server.accounts.randomness).display().to_string()
}
