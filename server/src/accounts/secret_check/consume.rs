//! What a secret is worth, decided in the transaction that it is to open: a code is
//! spent, a wrong one and a wrong password are counted.

use jiff::Timestamp;

use super::{Examined, HashedSecret, email_of};
use crate::{
    accounts::{error::Error, unit_of_work::Work},
    credentials::{
        derivation::{CodeKey, Seed},
        hasher::{CodeHash, Verdict},
    },
    domain::account_id::AccountId,
    model::{
        account::Account,
        challenge::{Challenge, Door, Spent, State},
    },
    storage::{
        account, challenge,
        personal_code::{self, MailedCode},
    },
    throttle::Subject,
};

/// What became of a secret.
pub(in crate::accounts) enum Consumed {
    /// It is the password.
    Password,
    /// It is a live code, now spent.
    Code { key: CodeKey, seed: Seed },
    /// The same call spent the same code a moment ago, at `time`.
    Repeat { key: CodeKey, seed: Seed, time: Timestamp },
    /// It is wrong, and was counted: [`Work::refuse`] keeps the count.
    Refused,
}

impl Work<'_> {
    /// Spends a code, or finds the password still in force. `account` is locked by
    /// this transaction; `call` is what a repeat of this call is known by.
    pub(in crate::accounts) async fn consume(
        &self,
        account: Option<&Account>,
        secret: &HashedSecret,
        call: [u8; 32],
    ) -> Result<Consumed, Error> {
        match secret {
            HashedSecret::Password { subject, examined } => {
                self.consume_password(account, subject, examined).await
            }
            HashedSecret::Code { account_id, hash, key, salt } => {
                let found = self.find_code(account, *account_id, hash, salt).await?;
                let Some((challenge, mailed)) = found else {
                    return Ok(Consumed::Refused);
                };
                self.consume_code(account, &challenge, &mailed, key, call).await
            }
        }
    }

    /// The code of this hash, among those of the account's address; a wrong one is
    /// counted.
    async fn find_code(
        &self,
        account: Option<&Account>,
        account_id: AccountId,
        hash: &CodeHash,
        salt: &[u8; 16],
    ) -> Result<Option<(Challenge, MailedCode)>, Error> {
        let email = email_of(account, account_id);
        let candidates = challenge::find_by_email(&self.db, email.key(), self.now).await?;
        let same_salt = candidates.iter().filter(|challenge| challenge.salt.salt == *salt);
        let ids = same_salt.map(|challenge| challenge.id);
        let Some(mailed) = personal_code::find_matching(&self.db, ids, hash).await? else {
            challenge::add_account_wrong_try(&self.db, email.key(), self.now).await?;
            tracing::info!(account.id = %account_id, "wrong code");
            return Ok(None);
        };
        let challenge = challenge::find_for_update(&self.db, mailed.challenge_id).await?;
        Ok(challenge.map(|challenge| (challenge, mailed)))
    }

    async fn consume_code(
        &self,
        account: Option<&Account>,
        challenge: &Challenge,
        mailed: &MailedCode,
        key: &CodeKey,
        call: [u8; 32],
    ) -> Result<Consumed, Error> {
        let (Some(account), Some(seed)) = (account, challenge.seed) else {
            return Ok(Consumed::Refused);
        };
        let key = key.clone();
        match challenge.state(Door::Account, self.now) {
            State::Open if self.now < mailed.expire_time => {}
            State::Spent(spent) if spent.is_repeated_by(mailed.id, &call, self.now) => {
                return Ok(Consumed::Repeat { key, seed, time: spent.time });
            }
            State::Open | State::Spent(_) | State::TooManyTries | State::Expired => {
                return Ok(Consumed::Refused);
            }
        }
        let spent = Spent {
            time: self.now,
            code_id: mailed.id,
            call,
            account_id: account.id,
            account_existed: true,
        };
        challenge::spend(&self.db, challenge.id, &spent, None).await?;
        // It proves the mailbox, which is worth more than any password.
        self.accounts.throttles.clear_passwords(&self.db, account.id).await?;
        Ok(Consumed::Code { key, seed })
    }

    /// Whether a secret is the password, where a code does not serve; a wrong one is
    /// counted.
    pub(in crate::accounts) async fn is_password(
        &self,
        account: &Account,
        secret: &HashedSecret,
    ) -> Result<bool, Error> {
        let HashedSecret::Password { subject, examined } = secret else { return Ok(false) };
        let consumed = self.consume_password(Some(account), subject, examined).await?;
        Ok(matches!(consumed, Consumed::Password))
    }

    /// Counts a wrong password, and clears the count at a right one. An attempt that
    /// was hashed while others used up the tries is refused, right or wrong: what
    /// counts is the order in which they come here.
    async fn consume_password(
        &self,
        account: Option<&Account>,
        subject: &Subject,
        examined: &Examined,
    ) -> Result<Consumed, Error> {
        let (throttles, now) = (&self.accounts.throttles, self.now);
        if !examined.is_of(account) {
            return Err(Error::PasswordReplaced);
        }
        // Without a lock of its own: a call that counts for an existing account holds
        // the lock of that account.
        let is_right = examined.is_right();
        if is_right && throttles.is_clear(&self.db, subject).await? {
            self.renew_hash(account, examined).await?;
            return Ok(Consumed::Password);
        }
        let mut counts = throttles.lock(&self.db, [subject]).await?;
        counts.check(subject, now)?;
        if is_right {
            throttles.clear(&self.db, subject).await?;
            self.renew_hash(account, examined).await?;
            return Ok(Consumed::Password);
        }
        counts.count(subject, now);
        counts.store(&self.db).await?;
        if let Subject::Passwords(account_id, by) = subject {
            tracing::info!(account.id = %account_id, guesser = ?by, "wrong password");
        }
        Ok(Consumed::Refused)
    }

    /// Stores the hash of a right password by the parameters in force, if it was made by
    /// others. Under the lock of the account: of many calls that renew it, one does.
    async fn renew_hash(
        &self,
        account: Option<&Account>,
        examined: &Examined,
    ) -> Result<(), Error> {
        if let (Some(account), Verdict::Right { renewed: Some(renewed) }) =
            (account, &examined.verdict)
        {
            account::update_password(&self.db, account.id, renewed).await?;
        }
        Ok(())
    }
}
