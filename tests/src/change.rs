//! Requests of Update, and what they left behind.

use gestan_account_client::{Error, FieldMask, v1};
use sea_orm::TryGetable as _;

use crate::{Member, PASSWORD, TestServer, rows};

/// A request that changes the fields in `paths`, with [`PASSWORD`].
#[must_use]
pub fn change(paths: &[&str], account: v1::Account) -> v1::UpdateRequest {
    v1::UpdateRequest {
        account: Some(account),
        update_mask: Some(FieldMask { paths: paths.iter().map(|&path| path.into()).collect() }),
        password: PASSWORD.to_owned(),
    }
}

/// A request that asks for a new address, with [`PASSWORD`].
#[must_use]
pub fn change_email(email: &str) -> v1::UpdateRequest {
    change(&["email"], v1::Account { email: email.to_owned(), ..Default::default() })
}

impl Member {
    /// Changes the account.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn update(&self, request: v1::UpdateRequest) -> v1::UpdateResponse {
        self.client.update(request).await.expect("Update is answered")
    }

    /// Reads the account.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn read(&self) -> v1::Account {
        let answer = self.client.get(v1::GetRequest::default()).await.expect("Get is answered");
        answer.account.expect("an account")
    }

    /// Detaches this machine.
    ///
    /// # Errors
    /// The refusal of the server.
    pub async fn unlink(&self) -> Result<v1::UnlinkResponse, Error> {
        self.client.unlink(v1::UnlinkRequest::default()).await
    }
}

impl TestServer {
    /// Every audit event so far: its action and its fields.
    ///
    /// # Panics
    /// When the table cannot be read.
    pub async fn audit_trail(&self) -> Vec<(String, String)> {
        let rows = rows(self.db(), "SELECT action, fields FROM audit_event ORDER BY id").await;
        let text = |row, index| String::try_get_by_index(row, index).expect("a text");
        rows.iter().map(|row| (text(row, 0), text(row, 1))).collect()
    }
}
