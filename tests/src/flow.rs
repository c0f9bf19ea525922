//! The way of a customer through the screens, as far as a test needs it.

use std::path::Path;

use gestan_account_client::{Client, LinkToken, v1};
use uuid::Uuid;

use crate::{
    TestServer, code_in,
    process::{ServerProcess, code_to},
};

/// A password that is strong enough.
pub const PASSWORD: &str = "quatre bateaux verts dansent";

/// Another one, for the `number`th change.
#[must_use]
pub fn new_password(number: u32) -> String {
    format!("{number} girafes lisent sous la pluie")
}

/// A UUID made of a number.
#[must_use]
pub fn uuid(number: u128) -> String {
    Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0000 + number).to_string()
}

/// A machine made of a number.
#[must_use]
pub fn machine(number: u128) -> v1::Machine {
    v1::Machine { id: uuid(number), name: format!("Caisse {number}") }
}

/// A request for an account by customer `number`, the same each time.
#[must_use]
pub fn creation(number: u32) -> v1::CreateRequest {
    v1::CreateRequest {
        request_id: uuid(u128::from(number)),
        email: format!("client{number}@exemple.fr"),
        machine: Some(machine(u128::from(number))),
        ..Default::default()
    }
}

/// A customer with an account and a linked machine.
#[derive(Debug)]
pub struct Member {
    /// The client ID.
    pub account_id: u32,
    /// The account as it was when the password was set.
    pub account: v1::Account,
    /// The machine.
    pub machine: v1::Machine,
    /// The machine's link token.
    pub link_token: String,
    /// A client that sends the token.
    pub client: Client,
}

impl TestServer {
    /// Asks for an account.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn create(&self, email: &str, machine_number: u128) -> v1::CreateResponse {
        let request = v1::CreateRequest {
            request_id: self.accounts.randomness.uuid().to_string(),
            email: email.to_owned(),
            machine: Some(machine(machine_number)),
            ..Default::default()
        };
        self.client.create(request).await.expect("Create is answered")
    }

    /// Asks for a code for an account.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn resend(
        &self,
        account_id: u32,
        machine_number: u128,
    ) -> v1::ResendPasswordResponse {
        let request = v1::ResendPasswordRequest {
            request_id: self.accounts.randomness.uuid().to_string(),
            account_id,
            machine: Some(machine(machine_number)),
            ..Default::default()
        };
        self.client.resend_password(request).await.expect("ResendPassword is answered")
    }

    /// Sends what is due and gives the code in the last mail to `address`.
    pub async fn code_to(&self, address: &str) -> String {
        code_in(&self.mail_to(address).await.text)
    }

    /// Answers a challenge.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn confirm(&self, challenge_id: &str, code: &str) -> v1::ConfirmResponse {
        let request = v1::ConfirmRequest {
            challenge_id: challenge_id.to_owned(),
            code: code.to_owned(),
            ..Default::default()
        };
        self.client.confirm(request).await.expect("Confirm is answered")
    }

    /// Sets the password with a ticket.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn set_password(&self, ticket: &str, password: &str) -> v1::SetPasswordResponse {
        let request = v1::SetPasswordRequest {
            ticket: ticket.to_owned(),
            new_password: password.to_owned(),
            ..Default::default()
        };
        self.client.set_password(request).await.expect("SetPassword is answered")
    }

    /// Opens an account with [`PASSWORD`] on machine `machine_number`; its
    /// mails are sent.
    pub async fn open_account(&self, email: &str, machine_number: u128) -> Member {
        let created = self.create(email, machine_number).await;
        let code = self.code_to(email).await;
        let confirmed = self.confirm(&created.challenge_id, &code).await;
        let set = self.set_password(&confirmed.ticket, PASSWORD).await;
        self.deliver_mail().await;
        let account = set.account.expect("an account");
        self.member(account, machine(machine_number), &set.link_token)
    }

    /// Links machine `machine_number` to an account by its [`PASSWORD`]; the
    /// notice is sent.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn register(&self, account_id: u32, machine_number: u128) -> Member {
        let request = v1::RegisterExistingRequest {
            account_id,
            secret: PASSWORD.to_owned(),
            machine: Some(machine(machine_number)),
        };
        let answer = self.client.register_existing(request).await.expect("it is linked");
        self.deliver_mail().await;
        let account = answer.account.expect("an account");
        self.member(account, machine(machine_number), &answer.link_token)
    }

    /// A client that sends `link_token`.
    ///
    /// # Panics
    /// When it is no token.
    #[must_use]
    pub fn client_with(&self, link_token: &str) -> Client {
        self.client.with_link_token(&LinkToken::parse(link_token).expect("a token"))
    }

    /// The customer whose machine has this token.
    ///
    /// # Panics
    /// When it is no token.
    #[must_use]
    pub fn member(&self, account: v1::Account, machine: v1::Machine, link_token: &str) -> Member {
        Member::of(&self.client, account, machine, link_token)
    }
}

impl Member {
    fn of(client: &Client, account: v1::Account, machine: v1::Machine, link_token: &str) -> Self {
        Self {
            account_id: account.id,
            account,
            machine,
            link_token: link_token.to_owned(),
            client: client.with_link_token(&LinkToken::parse(link_token).expect("a token")),
        }
    }
}

impl ServerProcess {
    /// Opens an account with [`PASSWORD`] for customer `number`, by this client.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn open_account(&self, client: &Client, number: u32) -> Member {
        Member::open(client, self.mail_folder(), number).await
    }
}

impl Member {
    /// Opens an account with [`PASSWORD`] for customer `number`, by this client of a server that
    /// puts its mails into `mail_folder`.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn open(client: &Client, mail_folder: &Path, number: u32) -> Self {
        let request = creation(number);
        let created = client.create(request.clone()).await.expect("Create is answered");
        let code = code_to(mail_folder, &request.email).await;
        let confirm =
            v1::ConfirmRequest { challenge_id: created.challenge_id, code, ..Default::default() };
        let confirmed = client.confirm(confirm).await.expect("Confirm is answered");
        let set = v1::SetPasswordRequest {
            ticket: confirmed.ticket,
            new_password: PASSWORD.to_owned(),
            ..Default::default()
        };
        let set = client.set_password(set).await.expect("SetPassword is answered");
        let account = set.account.expect("an account");
        Self::of(client, account, request.machine.expect("a machine"), &set.link_token)
    }
}
