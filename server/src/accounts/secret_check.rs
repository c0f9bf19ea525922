//! Checks a password, or a personal code where it is as good as one
//! (RegisterExisting and Update).
//!
//! The slow part (`examine`) runs before the transaction, the part that counts
//! and spends (`redeem`) inside it.

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;

use super::{Accounts, error::Error};
use crate::{
    credentials::{
        derivation::{CodeKey, Seed},
        hasher::{CodeHash, HashFor, PasswordHash, Verdict},
    },
    domain::{account_id::AccountId, email_address::EmailAddress, secret::Secret},
    model::{
        account::Account,
        challenge::{Door, Spent, State},
    },
    storage::{account, challenge, personal_code},
    throttle::{Guesser, Subject},
};

/// A secret that somebody gives for an account.
pub(super) struct Guess<'a> {
    /// The account that was named, which need not exist.
    pub(super) account_id: AccountId,
    /// The account, if it exists.
    pub(super) account: Option<&'a Account>,
    /// Who gives it.
    pub(super) guesser: Guesser,
    /// For whom it is hashed.
    pub(super) who: HashFor,
}

/// What the hashing threads found.
pub(super) enum Examined {
    /// A password, and the stored hash that it is of; none when it is wrong.
    Password { subject: Subject, verified: Option<PasswordHash> },
    /// A code, to be looked for among those that were hashed with `salt`.
    Code { account_id: AccountId, hash: CodeHash, key: CodeKey, salt: [u8; 16] },
}

impl Examined {
    /// Whether it is the password that was in force a moment ago.
    pub(super) fn is_verified_password(&self) -> bool {
        matches!(self, Self::Password { verified: Some(_), .. })
    }
}

/// What a secret is worth.
pub(super) enum Redeemed {
    /// It is the password.
    Password,
    /// It is a live code, now spent.
    Code { key: CodeKey, seed: Seed },
    /// The same call spent the same code a moment ago, at `time`.
    Repeat { key: CodeKey, seed: Seed, time: Timestamp },
    /// It is wrong. What was counted is to be committed.
    Refused,
}

impl Accounts {
    /// Hashes a secret; does the same work for an account that does not exist.
    pub(super) async fn examine(
        &self,
        guess: &Guess<'_>,
        secret: &Secret,
    ) -> Result<Examined, Error> {
        match secret {
            Secret::Password(password) => {
                let subject = Subject::Passwords(guess.account_id, guess.guesser);
                self.throttles.check(&self.db.read(), &subject, self.now()).await?;
                let stored = guess.account.and_then(|account| account.password_hash.clone());
                let verdict = self
                    .hasher
                    .verify_password(guess.who, password.clone(), stored.clone())
                    .await?;
                let verified = match (verdict, guess.account.zip(stored)) {
                    (Verdict::Right { renewed }, Some((account, stored))) => {
                        Some(self.renew_hash(account, stored, renewed).await?)
                    }
                    _ => None,
                };
                Ok(Examined::Password { subject, verified })
            }
            Secret::Code(code) => {
                let account_id = guess.account_id;
                let email = email_of(guess.account, account_id);
                let live =
                    challenge::find_by_email(&self.db.read(), email.key(), self.now()).await?;
                let newest = live.into_iter().map(|challenge| challenge.salt).next();
                let salt = newest.unwrap_or_else(|| self.hasher.code_salt());
                let bytes = salt.salt;
                let (hash, key) = self.hasher.hash_code(guess.who, code.clone(), salt).await?;
                Ok(Examined::Code { account_id, hash, key, salt: bytes })
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

    /// Spends a code, or finds the password still in force. `account` is locked
    /// by the transaction; `call` is what a repeat of this call is known by.
    pub(super) async fn redeem(
        &self,
        transaction: &DatabaseTransaction,
        account: Option<&Account>,
        examined: &Examined,
        call: [u8; 32],
        now: Timestamp,
    ) -> Result<Redeemed, Error> {
        let (account_id, hash, key, salt) = match examined {
            Examined::Password { subject, verified } => {
                return self
                    .redeem_password(transaction, account, subject, verified.as_ref(), now)
                    .await;
            }
            Examined::Code { account_id, hash, key, salt } => {
                (*account_id, hash, key.clone(), salt)
            }
        };
        let email = email_of(account, account_id);
        let live = challenge::find_by_email(transaction, email.key(), now).await?;
        let same_salt = live.iter().filter(|challenge| challenge.salt.salt == *salt);
        let ids = same_salt.map(|challenge| challenge.id);
        let Some(mailed) = personal_code::find_matching(transaction, ids, hash).await? else {
            challenge::add_account_wrong_try(transaction, email.key(), now).await?;
            tracing::info!(account.id = %account_id, "wrong code");
            return Ok(Redeemed::Refused);
        };
        let challenge = challenge::find_for_update(transaction, mailed.challenge_id).await?;
        let (Some(challenge), Some(account)) = (challenge, account) else {
            return Ok(Redeemed::Refused);
        };
        let Some(seed) = challenge.seed else {
            return Ok(Redeemed::Refused);
        };
        match challenge.state(Door::Account, now) {
            State::Open if now < mailed.expire_time => {}
            State::Spent(spent) if spent.is_repeated_by(mailed.id, &call, now) => {
                return Ok(Redeemed::Repeat { key, seed, time: spent.time });
            }
            State::Open | State::Spent(_) | State::TooManyTries | State::Expired => {
                return Ok(Redeemed::Refused);
            }
        }
        let spent = Spent {
            time: now,
            code_id: mailed.id,
            call,
            account_id: account.id,
            account_existed: true,
        };
        challenge::spend(transaction, challenge.id, &spent, None).await?;
        Ok(Redeemed::Code { key, seed })
    }
}

impl Accounts {
    /// Whether an examined password is right, where a code does not serve. If
    /// not, what was counted is to be committed.
    pub(super) async fn is_password(
        &self,
        transaction: &DatabaseTransaction,
        account: &Account,
        examined: &Examined,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let Examined::Password { subject, verified } = examined else { return Ok(false) };
        let redeemed = self
            .redeem_password(transaction, Some(account), subject, verified.as_ref(), now)
            .await?;
        Ok(matches!(redeemed, Redeemed::Password))
    }

    /// Counts a wrong password, and clears the count at a right one. A guess
    /// that was hashed while others used up the tries is refused, right or
    /// wrong: what counts is who comes first here.
    async fn redeem_password(
        &self,
        transaction: &DatabaseTransaction,
        account: Option<&Account>,
        subject: &Subject,
        verified: Option<&PasswordHash>,
        now: Timestamp,
    ) -> Result<Redeemed, Error> {
        // It may have been changed since it was verified.
        let is_right =
            account.zip(verified).is_some_and(|(account, hash)| account.has_password(hash));
        // Whoever counts for an account that there is holds its lock.
        if is_right && self.throttles.is_clear(transaction, subject).await? {
            return Ok(Redeemed::Password);
        }
        let mut counts = self.throttles.lock(transaction, [subject]).await?;
        counts.check(subject, now)?;
        if is_right {
            self.throttles.clear(transaction, subject).await?;
            return Ok(Redeemed::Password);
        }
        counts.count(subject, now);
        counts.store(transaction).await?;
        if let Subject::Passwords(account_id, guesser) = subject {
            tracing::info!(account.id = %account_id, ?guesser, "wrong password");
        }
        Ok(Redeemed::Refused)
    }
}

/// Nobody's address has challenges and codes as an account's has.
fn email_of(account: Option<&Account>, id: AccountId) -> EmailAddress {
    account.map_or_else(|| EmailAddress::of_nobody(id), |account| account.email.clone())
}
