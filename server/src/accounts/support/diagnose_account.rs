//! DiagnoseAccount: an agent asks why a customer cannot get in. Everything that explains it
//! is in the database already; `findings` says what of it counts. It only reads: it locks
//! nothing, counts nothing and hashes nothing.

mod case;
mod codes;
mod findings;
mod mails;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub use findings::{AfterTries, CodeFinding, Finding, FindingKind, HeldUp, LookedAt};

use super::Agent;
use crate::{
    accounts::{
        Accounts,
        error::{DeskRefusal, Error},
    },
    audit::Action,
    domain::{account_id::AccountId, email_address::EmailAddress, machine::MachineName},
    model::account::Account,
    storage::{account, account_alias, challenge, connections::Connections, error::StorageError},
};

/// How far back mails and codes are looked at: as far as they are kept by default.
const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many mails, and how many codes, are looked at.
const MOST: u64 = 20;

/// Input of DiagnoseAccount.
#[derive(Clone)]
pub struct DiagnoseAccount {
    /// Who cannot get in.
    pub whose: Diagnose,
}

/// Who cannot get in.
#[derive(Clone)]
pub enum Diagnose {
    /// The owner of the account with this ID.
    Account(AccountId),
    /// Whoever typed this address.
    Address(EmailAddress),
}

/// What keeps a customer out, and what was looked at.
pub struct Diagnosed {
    /// When it was looked at.
    pub time: Timestamp,
    /// What was found; at least one thing.
    pub findings: Vec<Finding>,
    /// The account, if there is one.
    pub account_id: Option<AccountId>,
    /// The mails, the newest first.
    pub mails: Vec<MailSent>,
    /// The codes that were asked for, the newest first.
    pub codes: Vec<CodeAsked>,
}

/// A mail, and what became of it.
pub struct MailSent {
    /// Its ID.
    pub id: Uuid,
    /// What it was to tell; empty when that is not known.
    pub kind: &'static str,
    /// What became of it, in a word.
    pub state: &'static str,
    /// To whom, masked.
    pub masked_recipient: String,
    /// When it was asked for.
    pub create_time: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, if it is.
    pub next_attempt_time: Option<Timestamp>,
    /// When it ended, if it has.
    pub end_time: Option<Timestamp>,
    /// Why it was not sent the last time.
    pub last_error: Option<String>,
}

/// A code that was asked for.
pub struct CodeAsked {
    /// The challenge.
    pub challenge_id: Uuid,
    /// What it is for.
    pub purpose: &'static str,
    /// The machine that asked; none when the desk did.
    pub machine: Option<MachineName>,
    /// When it was asked for.
    pub create_time: Timestamp,
    /// Until when it can be answered; none of one that was ended before.
    pub expire_time: Option<Timestamp>,
    /// When it was answered, if it was.
    pub spent_time: Option<Timestamp>,
    /// How many wrong codes were tried.
    pub wrong_tries: u32,
    /// The same with the account's ID, of a change of address.
    pub account_wrong_tries: u32,
}

/// The mails to an account and to the address that is pending, and the codes that were asked
/// for, as far as they are kept; `most` of each.
pub(super) async fn history(
    db: &Connections,
    account: &Account,
    now: Timestamp,
    most: u64,
) -> Result<(Vec<MailSent>, Vec<CodeAsked>), StorageError> {
    let email = account.email.clone();
    let case = case::Case::history(db, Some(account.clone()), email, now, most).await?;
    Ok((mails::sent(&case), codes::asked(&case)))
}

impl Accounts {
    /// Tells an agent what keeps a customer out.
    ///
    /// # Errors
    /// [`Error::Desk`] when there is no account with this ID.
    pub async fn diagnose_account(
        &self,
        query: &DiagnoseAccount,
        agent: &Agent,
    ) -> Result<Diagnosed, Error> {
        let account = match &query.whose {
            Diagnose::Account(id) => match self.account_for_desk(*id).await {
                Ok(account) => Ok(account),
                Err(Error::Desk(DeskRefusal::AccountErased { id, erase_time })) => {
                    return self.erased(id, erase_time).await;
                }
                Err(error) => return Err(error),
            },
            Diagnose::Address(email) => self.account_at(email).await?.ok_or(email),
        };
        let (account, email) = match account {
            Ok(account) => {
                self.record_reading(account.id, &Action::DiagnoseAccount, agent).await?;
                let email = account.email.clone();
                (Some(account), email)
            }
            Err(email) => (None, email.clone()),
        };
        let merged = match &query.whose {
            Diagnose::Account(id) => account_alias::find(&self.db.read(), *id).await?,
            Diagnose::Address(_) => None,
        };
        let case = self.look_at(account, email).await?;
        let mut findings = findings::of(&case);
        findings.splice(0..0, merged.as_ref().map(Finding::of_merged));
        Ok(Diagnosed {
            time: case.now,
            findings,
            account_id: case.account.as_ref().map(|account| account.id),
            mails: mails::sent(&case),
            codes: codes::asked(&case),
        })
    }

    /// What is told of an account that was erased: there is none whose trail would have it.
    async fn erased(&self, id: AccountId, erase_time: Timestamp) -> Result<Diagnosed, Error> {
        let alias = account_alias::find(&self.db.read(), id).await?;
        let id = alias.as_ref().map_or(id, |alias| alias.account_id);
        let merged = alias.as_ref().map(Finding::of_merged);
        let erased = Finding::of_erased(id, erase_time);
        Ok(Diagnosed {
            time: self.now(),
            findings: merged.into_iter().chain([erased]).collect(),
            account_id: None,
            mails: Vec::new(),
            codes: Vec::new(),
        })
    }

    /// The account that this address leads to: its own, or the one that is to have it.
    async fn account_at(&self, email: &EmailAddress) -> Result<Option<Account>, Error> {
        let (db, key) = (self.db.read(), email.key());
        let id = match account::find_id_by_email(&db, key).await? {
            Some(id) => Some(id),
            None => challenge::find_account_to_have(&db, key, self.now()).await?,
        };
        let Some(id) = id else { return Ok(None) };
        let account = account::find(&db, id).await?;
        // A change may have been taken back, or another one asked for.
        let leads_here = |account: &Account| {
            let pending = account.pending_address();
            account.email.key() == key || pending.is_some_and(|pending| pending.key() == key)
        };
        Ok(account.filter(leads_here))
    }
}
