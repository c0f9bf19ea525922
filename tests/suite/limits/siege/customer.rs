//! A customer of whom a stranger knows the ID, and what the window offers to get in.

use gestan_account_client::v1::{self, account_service_client::AccountServiceClient};
use gestan_account_tests::{
    PASSWORD, TestServer, code_in, first_code, machine,
    raw_call::{connect, forwarded},
};
use tonic::transport::Channel;

const OFFICE: &str = "198.51.100.7";

/// Where a customer is, and what it still has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Situation {
    /// At the machine that is linked, with the password, or with the mailbox.
    Linked,
    /// At a new machine in the network of the linked one, with the password, or with the
    /// mailbox.
    Office,
    /// In a network that was never seen, with the mailbox only.
    Home,
}

impl Situation {
    pub(super) const ALL: [Self; 3] = [Self::Linked, Self::Office, Self::Home];
}

pub(super) struct Customer {
    client: AccountServiceClient<Channel>,
    situation: Situation,
    account_id: u32,
    email: String,
    link_token: String,
}

impl Customer {
    /// Opens an account in the office.
    pub(super) async fn open(server: &TestServer, situation: Situation, number: usize) -> Self {
        let mut client = connect(server).await;
        let email = format!("client{number}@exemple.fr");
        let request = v1::CreateRequest {
            request_id: server.accounts.randomness.uuid().to_string(),
            email: email.clone(),
            machine: Some(machine(1)),
            ..Default::default()
        };
        let created = client.create(forwarded(request, OFFICE, None)).await.expect("Create");
        let code = server.code_to(&email).await;
        let request = v1::ConfirmRequest {
            challenge_id: created.into_inner().challenge_id,
            code,
            ..Default::default()
        };
        let confirmed = client.confirm(forwarded(request, OFFICE, None)).await.expect("Confirm");
        let confirmed = confirmed.into_inner();
        let request = v1::SetPasswordRequest {
            ticket: confirmed.ticket,
            new_password: PASSWORD.to_owned(),
            ..Default::default()
        };
        let set = client.set_password(forwarded(request, OFFICE, None)).await.expect("SetPassword");
        let link_token = set.into_inner().link_token;
        server.deliver_mail().await;
        Self { client, situation, account_id: confirmed.account_id, email, link_token }
    }

    /// What strangers know.
    pub(super) fn name(&self) -> (u32, &str) {
        (self.account_id, &self.email)
    }

    /// Gets in as its situation lets it.
    pub(super) async fn gets_in(&mut self, server: &TestServer, hour: usize) {
        match self.situation {
            Situation::Linked => {
                self.changes_by(PASSWORD, hour).await;
                let code = self.code_by_button_3(server, hour).await;
                self.changes_by(&code, hour).await;
            }
            Situation::Office => {
                self.registers(PASSWORD, OFFICE, hour).await.expect("by the password");
                let code = self.code_in_the_office(server, hour).await;
                self.registers(&code, OFFICE, hour).await.expect("by the code");
            }
            Situation::Home => self.gets_in_by_the_mailbox(server, hour).await,
        }
        server.deliver_mail().await;
    }

    async fn changes_by(&mut self, secret: &str, hour: usize) {
        let city = format!("Ville {hour}");
        let request = v1::UpdateRequest {
            account: Some(v1::Account { city, ..Default::default() }),
            password: secret.to_owned(),
            ..Default::default()
        };
        let request = forwarded(request, OFFICE, Some(&self.link_token));
        self.client.update(request).await.unwrap_or_else(|refusal| panic!("{hour} h: {refusal}"));
    }

    async fn registers(&mut self, secret: &str, ip: &str, hour: usize) -> Result<(), String> {
        let request = v1::RegisterExistingRequest {
            account_id: self.account_id,
            secret: secret.to_owned(),
            machine: Some(machine(100 + hour as u128)),
        };
        let outcome = self.client.register_existing(forwarded(request, ip, None)).await;
        outcome.map(drop).map_err(|refusal| format!("{hour} h: {refusal}"))
    }

    /// Button (3): its mail comes at once.
    async fn code_by_button_3(&mut self, server: &TestServer, hour: usize) -> String {
        let request = v1::ResendPasswordRequest {
            request_id: server.accounts.randomness.uuid().to_string(),
            machine: Some(machine(1)),
            ..Default::default()
        };
        let request = forwarded(request, OFFICE, Some(&self.link_token));
        self.code_at_once(server, request, hour).await
    }

    async fn code_in_the_office(&mut self, server: &TestServer, hour: usize) -> String {
        let request = self.request_by_id(server, hour);
        self.code_at_once(server, forwarded(request, OFFICE, None), hour).await
    }

    fn request_by_id(&self, server: &TestServer, hour: usize) -> v1::ResendPasswordRequest {
        v1::ResendPasswordRequest {
            request_id: server.accounts.randomness.uuid().to_string(),
            account_id: self.account_id,
            machine: Some(machine(100 + hour as u128)),
            ..Default::default()
        }
    }

    async fn code_at_once(
        &mut self,
        server: &TestServer,
        request: tonic::Request<v1::ResendPasswordRequest>,
        hour: usize,
    ) -> String {
        server.deliver_mail().await;
        let before = self.mails(server).len();
        let asked = self.client.resend_password(request).await;
        asked.unwrap_or_else(|refusal| panic!("{hour} h: {refusal}"));
        server.deliver_mail().await;
        let mails = self.mails(server);
        assert_eq!(mails.len(), before + 1, "{hour} h: the mail comes at once");
        code_in(mails.last().expect("a mail"))
    }

    /// Asks for a code, and takes the newest mails that have one, whoever asked for them.
    async fn gets_in_by_the_mailbox(&mut self, server: &TestServer, hour: usize) {
        let ip = format!("192.0.2.{hour}");
        let request = self.request_by_id(server, hour);
        let asked = self.client.resend_password(forwarded(request, &ip, None)).await;
        server.deliver_mail().await;
        let codes: Vec<String> =
            self.mails(server).iter().rev().filter_map(|text| first_code(text)).take(6).collect();
        let mut refusals = Vec::new();
        if let Ok(asked) = asked {
            let challenge_id = asked.into_inner().challenge_id;
            for code in codes.clone() {
                let request = v1::ConfirmRequest {
                    challenge_id: challenge_id.clone(),
                    code,
                    ..Default::default()
                };
                match self.client.confirm(forwarded(request, &ip, None)).await {
                    Ok(confirmed) => {
                        return self.sets_password(&confirmed.into_inner().ticket, &ip).await;
                    }
                    Err(refusal) => refusals.push(format!("{hour} h: {refusal}")),
                }
            }
        }
        for code in codes {
            match self.registers(&code, &ip, hour).await {
                Ok(()) => return,
                Err(refusal) => refusals.push(refusal),
            }
        }
        panic!("nothing in the mailbox serves: {refusals:?}");
    }

    async fn sets_password(&mut self, ticket: &str, ip: &str) {
        let request = v1::SetPasswordRequest {
            ticket: ticket.to_owned(),
            new_password: PASSWORD.to_owned(),
            ..Default::default()
        };
        self.client.set_password(forwarded(request, ip, None)).await.expect("SetPassword");
    }

    /// The texts of the mails to this customer, the oldest first.
    fn mails(&self, server: &TestServer) -> Vec<String> {
        let mails = server.mails().into_iter().filter(|mail| mail.to == self.email);
        mails.map(|mail| mail.text).collect()
    }
}
