//! Confirm by the ID of the account whose address is to change: where support has started the
//! change, no machine knows the challenge. An unknown ID, an account whose address is not to
//! change and a wrong code cost the same work and get the same answer.

use super::{Answer, Confirmed, HashedCode};
use crate::{
    accounts::{Accounts, Origin, error::Error, secret_check::Attempt, unit_of_work::Work},
    domain::{account_id::AccountId, email_address::EmailAddress, personal_code::PersonalCode},
    model::{
        account::Account,
        challenge::{Challenge, State},
        mailed_code::{MailedCode, SpentCode},
    },
    storage::{account, challenge, personal_code},
    throttle::{Tried, TriedSecret},
};

/// The address that an account is to have, and the one in place, which may be the one that a
/// call before has confirmed. A placeholder stands for what is not there.
struct Addresses {
    pending: EmailAddress,
    in_place: EmailAddress,
}

impl Addresses {
    fn of(account: Option<&Account>, id: AccountId) -> Self {
        let pending = account.and_then(Account::pending_address);
        let in_place = account.map(|account| account.email.clone());
        let or_placeholder =
            |email: Option<EmailAddress>| email.unwrap_or_else(|| EmailAddress::placeholder(id));
        Self { pending: or_placeholder(pending), in_place: or_placeholder(in_place) }
    }

    fn keys(&self) -> [&str; 2] {
        [self.pending.key(), self.in_place.key()]
    }
}

impl Accounts {
    pub(super) async fn confirm_by_account(
        &self,
        asked: AccountId,
        code: &PersonalCode,
        origin: &Origin,
    ) -> Result<Confirmed, Error> {
        let account = account::find(&self.db.read(), asked).await?;
        // Counted under the ID that it leads to: another one is no second set of tries.
        let account_id = account.as_ref().map_or(asked, |account| account.id);
        let by = self.attempt_by(account_id, origin).await?;
        let tried = TriedSecret::new(account_id, Tried::Code, by);
        self.throttles.check(&self.db, &tried, self.now()).await?;
        let addresses = Addresses::of(account.as_ref(), account_id);
        let keys = addresses.keys();
        let mut salts = challenge::find_salts(&self.db.read(), keys, self.now()).await?;
        let salt = keys.into_iter().find_map(|key| salts.remove(key));
        let salt = salt.unwrap_or_else(|| self.hasher.code_salt());
        let attempt = Attempt { account_id, account: account.as_ref(), by, ip: origin.ip };
        let (hash, key) = self.hasher.hash_code(attempt.who(), code.clone(), salt).await?;
        let code = HashedCode { hash, key };
        self.change(origin, |work| work.confirm_by_account(&code, &tried)).await
    }
}

impl Work<'_> {
    async fn confirm_by_account(
        mut self,
        code: &HashedCode,
        tried: &TriedSecret,
    ) -> Result<Confirmed, Error> {
        let (id, now) = (tried.account_id, self.now);
        let account = account::find_for_update(&self.db, id).await?;
        let addresses = Addresses::of(account.as_ref(), id);
        let keys = addresses.keys();
        let changes = challenge::find_changes_with_codes(&self.db, id, keys, now).await?;
        let ids = changes.iter().map(|change| change.id);
        let mailed = personal_code::find_matching(&self.db, ids, &code.hash).await?;
        let had_wrong_ones = self.count_unless(mailed.is_some(), tried).await?;
        let (Some(mailed), Some(account)) = (mailed, account) else {
            let pending = addresses.pending.key();
            challenge::add_wrong_try_by_account(&self.db, id, pending).await?;
            tracing::info!(account.id = %id, guesser = ?tried.by, "wrong code");
            return self.refuse().await;
        };
        if let Some(answered) = changes.iter().find(|change| change.is_spent_by(mailed.id)) {
            let spent = answered.spent.as_ref().ok_or(Error::CodeSpent)?;
            let before = self.confirmed_before(answered, spent, code).await;
            self.discard().await?;
            return before;
        }
        let challenge = answered_by(&mailed, changes, &self)?;
        let spent = SpentCode { time: now, by_account: None };
        if !personal_code::claim(&self.db, mailed.id, &spent).await? {
            return Err(Error::CodeSpent);
        }
        let answer = Answer { challenge, mailed, key: &code.key, by_account: true };
        let confirmed = self.change_email(&answer, account).await?;
        if had_wrong_ones {
            self.accounts.throttles.clear(&self.db, tried).await?;
        }
        self.commit().await?;
        Ok(confirmed)
    }
}

/// The challenge that a right code answers: its own, or another one of the same change. Only
/// who has the mailbox is told why there is none.
fn answered_by(
    mailed: &MailedCode,
    changes: Vec<Challenge>,
    work: &Work<'_>,
) -> Result<Challenge, Error> {
    let own = changes.iter().find(|change| change.id == mailed.challenge_id);
    let own = own.ok_or(Error::InvalidCredentials)?;
    if mailed.is_expired(work.now) {
        return Err(Error::CodeExpired);
    }
    let refusal = match own.state_by_account(work.now) {
        State::Open => None,
        State::Spent(_) => Some(Error::CodeSpent),
        State::TooManyTries => Some(Error::TooManyTries),
        State::Expired => Some(Error::CodeExpired),
    };
    let Some(refusal) = refusal else { return Ok(own.clone()) };
    let key = own.email.key().to_owned();
    let is_open = |change: &Challenge| {
        change.email.key() == key && change.state_by_account(work.now).is_open()
    };
    changes.into_iter().find(is_open).ok_or(refusal)
}
