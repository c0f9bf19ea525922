//! Support agents.

use gestan_account_client::Client;
use gestan_account_server::{
    clock::Clock as _,
    credentials::token::{Token, TokenKind},
    domain::role::Role,
    storage::support_key::{self, NewSupportKey},
};
use jiff::Timestamp;

use crate::TestServer;

impl TestServer {
    /// Makes a support key; gives its number and a client that sends it.
    pub async fn support_agent(&self, name: &str) -> (i32, Client) {
        let (id, key) = self.support_key(name, Role::default(), None).await;
        (id, self.client_with(key.reveal()))
    }

    /// Makes a support key; gives its number and the key.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub async fn support_key(
        &self,
        name: &str,
        role: Role,
        expire_time: Option<Timestamp>,
    ) -> (i32, Token) {
        let key = Token::generate(TokenKind::SupportKey, &*self.accounts.randomness);
        let new = NewSupportKey { name, role, expire_time, key: &key };
        let id = support_key::insert(self.db(), &new, self.clock.now()).await;
        (id.expect("the key is stored"), key)
    }
}
