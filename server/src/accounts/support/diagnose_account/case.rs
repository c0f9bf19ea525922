//! What is known of a customer who cannot get in: read here, judged in `findings`.

use jiff::Timestamp;
use uuid::Uuid;

use super::{LOOKS_BACK, MOST};
use crate::{
    accounts::{Accounts, error::Error},
    domain::email_address::EmailAddress,
    mail::letter::Letter,
    model::{account::Account, challenge::Challenge, link::Machines, mailed_code::MailedCode},
    storage::{
        challenge,
        connections::Connections,
        error::StorageError,
        link,
        outbox_mail::{self, MailFate},
        personal_code,
    },
    throttle::LimitInForce,
};

/// What is known of a customer. Lists have the newest first.
pub(super) struct Case {
    pub(super) now: Timestamp,
    /// The account, if there is one.
    pub(super) account: Option<Account>,
    /// Its address, or the one that was typed.
    pub(super) email: EmailAddress,
    /// The address that is to become the account's.
    pub(super) pending: Option<EmailAddress>,
    pub(super) machines: Machines,
    pub(super) mails: Vec<Mail>,
    pub(super) challenges: Vec<Challenge>,
    pub(super) codes: Vec<MailedCode>,
    /// Limits on wrong passwords and codes that hold.
    pub(super) secrets: Vec<LimitInForce>,
    /// Limits on mails that hold for longer than a customer waits between two.
    pub(super) mail_limits: Vec<LimitInForce>,
}

/// A mail, and what it is to tell.
pub(super) struct Mail {
    pub(super) fate: MailFate,
    /// None of a letter that only a later release reads.
    pub(super) letter: Option<Letter>,
}

impl Mail {
    /// The challenge whose code it brings.
    pub(super) fn challenge_id(&self) -> Option<Uuid> {
        match self.letter {
            Some(Letter::Code { challenge_id, .. }) => Some(challenge_id),
            Some(Letter::Notice(_)) | None => None,
        }
    }
}

impl Case {
    /// What was asked for and mailed lately, `most` of each, and nothing else.
    pub(super) async fn history(
        db: &Connections,
        account: Option<Account>,
        email: EmailAddress,
        now: Timestamp,
        most: u64,
    ) -> Result<Self, StorageError> {
        let since = now - LOOKS_BACK;
        let id = account.as_ref().map(|account| account.id);
        let is_pending = |account: &Account| account.shown_pending_email(now).is_some();
        let pending = account.as_ref().filter(|account| is_pending(account));
        let pending = pending.and_then(Account::pending_address);
        let challenges = challenge::list_of(db, &email, id, pending.as_ref(), since, most).await?;
        let keys = [&email].into_iter().chain(&pending).map(EmailAddress::key);
        let mails = outbox_mail::list_to(db, keys, since, most).await?;
        let mails = mails.into_iter().map(|fate| {
            let letter = Letter::from_json(&fate.letter).ok();
            Mail { fate, letter }
        });
        // A pending address may be somebody else's, whose mails are none of this account's.
        let is_its_own = |mail: &Mail| {
            let is_of_challenge = |id| challenges.iter().any(|challenge| challenge.id == id);
            mail.fate.recipient.key() == email.key()
                || mail.challenge_id().is_some_and(is_of_challenge)
        };
        let mails = mails.filter(is_its_own).collect();
        Ok(Self {
            now,
            account,
            email,
            pending,
            machines: Machines::default(),
            mails,
            challenges,
            codes: Vec::new(),
            secrets: Vec::new(),
            mail_limits: Vec::new(),
        })
    }

    /// The mails to an address.
    pub(super) fn mails_to<'a>(
        &'a self,
        email: &'a EmailAddress,
    ) -> impl Iterator<Item = &'a Mail> {
        self.mails.iter().filter(|mail| mail.fate.recipient.key() == email.key())
    }

    /// The mail that brings the code of a challenge.
    pub(super) fn mail_for(&self, challenge: &Challenge) -> Option<&Mail> {
        self.mails.iter().find(|mail| mail.challenge_id() == Some(challenge.id))
    }
}

impl Accounts {
    /// Reads what is known of the customer with this account, or of whoever typed this address.
    pub(super) async fn look_at(
        &self,
        account: Option<Account>,
        email: EmailAddress,
    ) -> Result<Case, Error> {
        let (db, now) = (self.db.read(), self.now());
        let id = account.as_ref().map(|account| account.id);
        let case = Case::history(&db, account, email, now, MOST).await?;
        let ids = case.challenges.iter().map(|challenge| challenge.id);
        let codes = personal_code::list(&db, ids).await?;
        let (machines, secrets) = match id {
            Some(id) => {
                let machines = link::list(&db, id).await?;
                let ids = machines.links.iter().map(|link| link.machine.id);
                let secrets = self.throttles.secrets_in_force(&db, id, ids, now).await?;
                (machines, secrets)
            }
            None => (Machines::default(), Vec::new()),
        };
        let mut mail_limits = self.throttles.mails_in_force(&db, id, &case.email, now).await?;
        // A window says by itself how long to wait before another mail.
        mail_limits.retain(|limit| limit.until > now + self.lifetimes.resend);
        Ok(Case { machines, codes, secrets, mail_limits, ..case })
    }
}
