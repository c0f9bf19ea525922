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
    model::{
        account::Account,
        challenge::Challenge,
        mailed_code::{CallByAccount, MailedCode, SpentCode},
    },
    storage::{account, challenge, personal_code},
    telemetry::call::correlation_id,
    throttle::TriedSecret,
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
        check_unmerged(account, secret)?;
        match secret {
            HashedSecret::Password { tried, examined } => {
                self.consume_password(account, tried, examined).await
            }
            HashedSecret::Code { tried, hash, key } => {
                let found = self.find_code(account, tried, hash).await?;
                let (Some((challenge, mailed)), Some(account)) = (found, account) else {
                    return Ok(Consumed::Refused);
                };
                self.consume_code(account, &challenge, &mailed, key, call).await
            }
        }
    }

    /// The code of this hash, among those of the account's address, and the challenge that
    /// it was mailed for; a wrong one is counted, as a wrong password is.
    async fn find_code(
        &self,
        account: Option<&Account>,
        tried: &TriedSecret,
        hash: &CodeHash,
    ) -> Result<Option<(Challenge, MailedCode)>, Error> {
        let email = email_of(account, tried.account_id);
        let with_codes = challenge::find_with_codes(&self.db, email.key(), None, self.now).await?;
        let ids = with_codes.iter().map(|challenge| challenge.id);
        let mailed = personal_code::find_matching(&self.db, ids, hash).await?;
        self.count_unless(mailed.is_some(), tried).await?;
        let Some(mailed) = mailed else {
            let (guesser, correlation_id) = (&tried.by, correlation_id());
            tracing::info!(account.id = %tried.account_id, ?guesser, correlation_id, "wrong code");
            return Ok(None);
        };
        let mut with_codes = with_codes.into_iter();
        let its_own = with_codes.find(|challenge| challenge.id == mailed.challenge_id);
        Ok(its_own.map(|challenge| (challenge, mailed)))
    }

    async fn consume_code(
        &self,
        account: &Account,
        challenge: &Challenge,
        mailed: &MailedCode,
        key: &CodeKey,
        call: [u8; 32],
    ) -> Result<Consumed, Error> {
        let key = key.clone();
        if let Some(spent) = &mailed.spent {
            let repeat = |seed| Consumed::Repeat { key, seed, time: spent.time };
            return Ok(spent.seed_of(&call, self.now).map_or(Consumed::Refused, repeat));
        }
        let is_spent = challenge.is_spent_by(mailed.id);
        if is_spent || mailed.is_expired(self.now) {
            return Ok(Consumed::Refused);
        }
        let seed: Seed = self.accounts.randomness.bytes();
        let by_account = Some(CallByAccount { call, seed: Some(seed) });
        let spent = SpentCode { time: self.now, by_account };
        if !personal_code::claim(&self.db, mailed.id, &spent).await? {
            return Ok(Consumed::Refused);
        }
        // It proves the mailbox, which is worth more than any password.
        self.accounts.throttles.clear_secrets(&self.db, account.id).await?;
        Ok(Consumed::Code { key, seed })
    }

    /// Whether a secret is the password, where a code does not serve; a wrong one is
    /// counted.
    pub(in crate::accounts) async fn is_password(
        &self,
        account: &Account,
        secret: &HashedSecret,
    ) -> Result<bool, Error> {
        check_unmerged(Some(account), secret)?;
        let HashedSecret::Password { tried, examined } = secret else { return Ok(false) };
        let consumed = self.consume_password(Some(account), tried, examined).await?;
        Ok(matches!(consumed, Consumed::Password))
    }

    /// Counts a wrong password, and clears the count at a right one.
    async fn consume_password(
        &self,
        account: Option<&Account>,
        tried: &TriedSecret,
        examined: &Examined,
    ) -> Result<Consumed, Error> {
        if !examined.is_of(account) {
            return Err(Error::PasswordReplaced);
        }
        let is_right = examined.is_right();
        let had_wrong_ones = self.count_unless(is_right, tried).await?;
        if !is_right {
            log_wrong_password(tried);
            return Ok(Consumed::Refused);
        }
        if had_wrong_ones {
            self.accounts.throttles.clear(&self.db, tried).await?;
        }
        self.renew_hash(account, examined).await?;
        Ok(Consumed::Password)
    }

    /// Counts a secret unless it is right. An attempt that was hashed while others used
    /// up the tries is refused, right or wrong: what counts is the order in which they
    /// come here. Gives whether wrong ones have been counted.
    pub(in crate::accounts) async fn count_unless(
        &self,
        is_right: bool,
        tried: &TriedSecret,
    ) -> Result<bool, Error> {
        let (throttles, now) = (&self.accounts.throttles, self.now);
        // Without a lock of its own: a call that counts for an existing account holds
        // the lock of that account.
        if is_right && throttles.is_clear(&self.db, tried).await? {
            return Ok(false);
        }
        let mut counts = throttles.lock(&self.db, tried.subjects()).await?;
        tried.check(&counts, now)?;
        if !is_right {
            tried.count(&mut counts, now);
            counts.store(&self.db).await?;
        }
        Ok(true)
    }

    /// Counts a wrong password where no limit holds up the right one.
    pub(in crate::accounts) async fn count_wrong_password(
        &self,
        tried: &TriedSecret,
    ) -> Result<(), Error> {
        let mut counts = self.accounts.throttles.lock(&self.db, tried.subjects()).await?;
        tried.count(&mut counts, self.now);
        counts.store(&self.db).await?;
        log_wrong_password(tried);
        Ok(())
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

/// An account that was merged into another one meanwhile has that one's password and codes: what
/// was held against its own is neither right nor wrong, and is counted nowhere.
fn check_unmerged(account: Option<&Account>, secret: &HashedSecret) -> Result<(), Error> {
    match account {
        Some(account) if account.id != secret.account_id() => Err(Error::PasswordReplaced),
        _ => Ok(()),
    }
}

fn log_wrong_password(tried: &TriedSecret) {
    let (guesser, correlation_id) = (&tried.by, correlation_id());
    tracing::info!(account.id = %tried.account_id, ?guesser, correlation_id, "wrong password");
}
