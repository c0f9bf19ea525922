//! Support agents.

use gestan_account_client::Client;
use gestan_account_server::{
    clock::Clock as _,
    credentials::token::{Token, TokenKind},
    storage::support_key,
};

use crate::TestServer;

impl TestServer {
    /// Makes a support key; gives its number and a client that sends it.
    ///
    /// # Panics
    /// When it cannot be stored.
    pub async fn support_agent(&self, name: &str) -> (i32, Client) {
        let key = Token::generate(TokenKind::SupportKey, &*self.accounts.randomness);
        let stored = support_key::insert(self.db(), name, &key.digest(), self.clock.now()).await;
        (stored.expect("the key is stored"), self.client_with(key.reveal()))
    }
}
