//! Checks a password, or a personal code where it is as good as one
//! (RegisterExisting and Update).
//!
//! The slow part ([`Accounts::hash_secret`]) runs before the transaction, so that
//! nothing is locked while it runs; the part that counts and spends
//! (`consume`) runs inside it.

mod consume;

use std::net::IpAddr;

pub(super) use consume::Consumed;

use super::{Accounts, error::Error};
use crate::{
    credentials::{
        derivation::CodeKey,
        hasher::{CodeHash, HashFor, PasswordHash, Verdict},
    },
    domain::{account_id::AccountId, email_address::EmailAddress, secret::Secret},
    model::account::Account,
    storage::challenge,
    throttle::{AttemptBy, Tried, TriedSecret},
};

/// How often a password is held against a hash that is replaced meanwhile. Whoever
/// replaces one has the account's password or its mailbox: once is nearly always enough.
const EXAMINATIONS: u32 = 3;

/// An attempt to show that one may use an account.
pub(super) struct Attempt<'a> {
    /// The account that was named, which need not exist.
    pub(super) account_id: AccountId,
    /// The account, if it exists.
    pub(super) account: Option<&'a Account>,
    /// Against whom a wrong secret counts, and in whose turn it is hashed.
    pub(super) by: AttemptBy,
    /// The caller's address, when it is known.
    pub(super) ip: Option<IpAddr>,
}

impl Attempt<'_> {
    /// A caller in a network where one of the account's machines was seen lately is hashed
    /// in the turn of the known. Elsewhere no turn tells whether there is an account.
    pub(super) fn who(&self) -> HashFor {
        match self.by {
            AttemptBy::Linked(_) | AttemptBy::Seen(_) => HashFor::Known(self.ip),
            AttemptBy::Stranger(_) => HashFor::Stranger(self.ip),
        }
    }
}

/// A secret, as the hashing threads gave it back.
pub(super) enum HashedSecret {
    /// A password, and what it was held against.
    Password { tried: TriedSecret, examined: Examined },
    /// A code, to be looked for among those of the account's address.
    Code { tried: TriedSecret, hash: CodeHash, key: CodeKey },
}

/// What a password was held against, and what came of it.
pub(super) struct Examined {
    /// The hash that was stored then; none of an account without a password.
    stored: Option<PasswordHash>,
    verdict: Verdict,
}

impl HashedSecret {
    /// The account that it was tried for, which need not exist.
    pub(super) fn account_id(&self) -> AccountId {
        let (Self::Password { tried, .. } | Self::Code { tried, .. }) = self;
        tried.account_id
    }

    /// Whether it is the password that was in force a moment ago.
    pub(super) fn is_verified_password(&self) -> bool {
        matches!(self, Self::Password { examined, .. } if examined.is_right())
    }
}

impl Examined {
    fn is_right(&self) -> bool {
        matches!(self.verdict, Verdict::Right { .. })
    }

    /// Whether what it was held against is still what is stored.
    fn is_of(&self, account: Option<&Account>) -> bool {
        let phc = |hash: &PasswordHash| hash.to_phc();
        let stored = account.and_then(|account| account.password_hash.as_ref());
        stored.map(phc) == self.stored.as_ref().map(phc)
    }
}

impl Accounts {
    /// Hashes a secret; does the same work for an account that does not exist.
    pub(super) async fn hash_secret(
        &self,
        attempt: &Attempt<'_>,
        secret: &Secret,
    ) -> Result<HashedSecret, Error> {
        let kind = match secret {
            Secret::Password(_) => Tried::Password,
            Secret::Code(_) => Tried::Code,
        };
        let tried = TriedSecret::new(attempt.account_id, kind, attempt.by);
        self.throttles.check(&self.db, &tried, self.now()).await?;
        match secret {
            Secret::Password(password) => {
                let stored = attempt.account.and_then(|account| account.password_hash.clone());
                let verdict = self
                    .hasher
                    .verify_password(attempt.who(), password.clone(), stored.clone())
                    .await?;
                let examined = Examined { stored, verdict };
                Ok(HashedSecret::Password { tried, examined })
            }
            Secret::Code(code) => {
                let email = email_of(attempt.account, attempt.account_id);
                let key = email.key();
                let mut salts = challenge::find_salts(&self.db.read(), [key], self.now()).await?;
                let salt = salts.remove(key).unwrap_or_else(|| self.hasher.code_salt());
                let (hash, key) = self.hasher.hash_code(attempt.who(), code.clone(), salt).await?;
                Ok(HashedSecret::Code { tried, hash, key })
            }
        }
    }

    /// Makes an attempt in which a secret is checked, and another one when the hash that
    /// a password was held against was replaced before the attempt came to its
    /// transaction: by another password, or by the same one's under new parameters. Only
    /// what is held against the hash in force is judged, and counted.
    ///
    /// # Errors
    /// What the last attempt failed with.
    pub(super) async fn examine<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut tried = 1;
        loop {
            match attempt().await {
                Err(Error::PasswordReplaced) if tried < EXAMINATIONS => tried += 1,
                outcome => return outcome,
            }
        }
    }
}

/// A placeholder has challenges and codes as the address of an account has: an
/// account that does not exist costs the same work.
fn email_of(account: Option<&Account>, id: AccountId) -> EmailAddress {
    account.map_or_else(|| EmailAddress::placeholder(id), |account| account.email.clone())
}
