//! Checks a password, or a personal code where it is as good as one
//! (RegisterExisting and Update).
//!
//! The slow part ([`Accounts::hash_secret`]) runs before the transaction, so that
//! nothing is locked while it runs; the part that counts and spends
//! (`consume`) runs inside it.

mod consume;

pub(super) use consume::Consumed;

use super::{Accounts, error::Error};
use crate::{
    credentials::{
        derivation::CodeKey,
        hasher::{CodeHash, HashFor, PasswordHash, Verdict},
    },
    domain::{account_id::AccountId, email_address::EmailAddress, secret::Secret},
    model::account::Account,
    storage::{account, challenge},
    throttle::{AttemptBy, Subject},
};

/// An attempt to show that one may use an account.
pub(super) struct Attempt<'a> {
    /// The account that was named, which need not exist.
    pub(super) account_id: AccountId,
    /// The account, if it exists.
    pub(super) account: Option<&'a Account>,
    /// Against whom a wrong password counts.
    pub(super) by: AttemptBy,
    /// In whose turn it is hashed.
    pub(super) who: HashFor,
}

/// A secret, as the hashing threads gave it back.
pub(super) enum HashedSecret {
    /// A password, and the stored hash that it is of; none when it is wrong.
    Password { subject: Subject, verified: Option<PasswordHash> },
    /// A code, to be looked for among those that were hashed with `salt`.
    Code { account_id: AccountId, hash: CodeHash, key: CodeKey, salt: [u8; 16] },
}

impl HashedSecret {
    /// Whether it is the password that was in force a moment ago.
    pub(super) fn is_verified_password(&self) -> bool {
        matches!(self, Self::Password { verified: Some(_), .. })
    }
}

impl Accounts {
    /// Hashes a secret; does the same work for an account that does not exist.
    pub(super) async fn hash_secret(
        &self,
        attempt: &Attempt<'_>,
        secret: &Secret,
    ) -> Result<HashedSecret, Error> {
        match secret {
            Secret::Password(password) => {
                let subject = Subject::Passwords(attempt.account_id, attempt.by);
                self.throttles.check(&self.db.read(), &subject, self.now()).await?;
                let stored = attempt.account.and_then(|account| account.password_hash.clone());
                let verdict = self
                    .hasher
                    .verify_password(attempt.who, password.clone(), stored.clone())
                    .await?;
                let verified = match (verdict, attempt.account.zip(stored)) {
                    (Verdict::Right { renewed }, Some((account, stored))) => {
                        Some(self.renew_hash(account, stored, renewed).await?)
                    }
                    _ => None,
                };
                Ok(HashedSecret::Password { subject, verified })
            }
            Secret::Code(code) => {
                let account_id = attempt.account_id;
                let email = email_of(attempt.account, account_id);
                let live =
                    challenge::find_by_email(&self.db.read(), email.key(), self.now()).await?;
                let newest = live.into_iter().map(|challenge| challenge.salt).next();
                let salt = newest.unwrap_or_else(|| self.hasher.code_salt());
                let bytes = salt.salt;
                let (hash, key) = self.hasher.hash_code(attempt.who, code.clone(), salt).await?;
                Ok(HashedSecret::Code { account_id, hash, key, salt: bytes })
            }
        }
    }

    /// Stores the hash of the same password by the parameters in force.
    async fn renew_hash(
        &self,
        account: &Account,
        stored: PasswordHash,
        renewed: Option<PasswordHash>,
    ) -> Result<PasswordHash, Error> {
        let Some(renewed) = renewed else {
            return Ok(stored);
        };
        account::renew_password_hash(&self.db.write(), account.id, &stored, &renewed).await?;
        Ok(renewed)
    }
}

/// A placeholder has challenges and codes as the address of an account has: an
/// account that does not exist costs the same work.
fn email_of(account: Option<&Account>, id: AccountId) -> EmailAddress {
    account.map_or_else(|| EmailAddress::placeholder(id), |account| account.email.clone())
}
