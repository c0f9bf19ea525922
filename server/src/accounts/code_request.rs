//! The rule of Create and ResendPassword: a request that may be repeated makes one
//! challenge and one mail, and there are not too many of them. [`decide`] is the rule,
//! from top to bottom; `group_commit` has the transaction around it.

pub(super) mod group_commit;

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{error::Error, unit_of_work::NewChallenge};
use crate::{
    domain::{
        account_id::AccountId, email_address::EmailAddress, locale::Locale, machine::Machine,
        profile::Profile, violation::Problem,
    },
    model::challenge::Purpose,
    network::narrowest,
    storage::idempotency_key::Answered,
    throttle::{AskedMail, Counts, ThrottleError, mails_in_all::MailsInAll},
};

/// A request for a code.
pub struct CodeRequest {
    /// Makes a repeat safe.
    pub request_id: Uuid,
    /// SHA-256 of the request, to tell a repeat from a reuse of the ID.
    pub request_digest: [u8; 32],
    /// What the code is for.
    pub purpose: Purpose,
    /// Where the code goes.
    pub to: MailTo,
    /// The machine that asks.
    pub machine: Machine,
    /// The language of the mail.
    pub locale: Locale,
    /// What a new account is to hold.
    pub profile: Profile,
    /// The caller's address, when it is known.
    pub ip: Option<IpAddr>,
    /// Whether no link token vouches for it.
    pub by_stranger: bool,
}

/// How the caller named the mailbox, which is all that it may learn from.
pub enum MailTo {
    /// By its address.
    Address(EmailAddress),
    /// By the ID of an account; the address is a placeholder when there is none.
    Account(AccountId, EmailAddress),
}

/// A code was asked for. Says nothing of whether an account exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRequested {
    /// What to give to Confirm together with the code.
    pub challenge_id: Uuid,
    /// Until when the code is valid.
    pub code_expire_time: Timestamp,
    /// From when on it makes sense to ask for another.
    pub resend_time: Timestamp,
}

/// A request by its ID.
pub enum Claim {
    /// The ID is new, and taken for this request: this is to be the answer.
    New(Answered),
    /// The ID was used before, and this was the answer.
    Answered(Answered),
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Decision<'a> {
    /// Its ID was used before: the same answer again, or a refusal.
    Answer(Result<CodeRequested, Error>),
    /// It is answered, and its mail is enqueued.
    Enqueue(CodeRequested, NewChallenge<'a>),
    /// It is one too many. Its ID is free again: it may come later with the same one.
    Refuse(ThrottleError),
}

/// What is counted, in the transaction and beside it.
#[derive(Debug)]
pub struct Tally<'a> {
    /// By address, ID, mailbox and network, locked by the transaction.
    pub counts: Counts<'a>,
    /// Of all strangers, in memory. Other transactions may be on their way to it: it
    /// may be exceeded by what they have together.
    pub mails_in_all: &'a MailsInAll,
    /// When it began, by the time that has passed: by it those in memory are counted.
    pub elapsed: Duration,
    /// Mails of strangers that this transaction will add to it.
    pub by_strangers: usize,
}

/// The rule. Waits for nothing, and reads nothing but what it is given; `mail` is what
/// the request counts against.
pub fn decide<'a>(
    request: &'a CodeRequest,
    mail: &AskedMail,
    claim: Claim,
    tally: &mut Tally<'_>,
    now: Timestamp,
) -> Decision<'a> {
    let answered = match claim {
        Claim::Answered(before) if before.request_digest == request.request_digest => {
            return Decision::Answer(Ok(before.into()));
        }
        Claim::Answered(_) => {
            let reused = Error::invalid("request_id", Problem::RequestIdReused);
            return Decision::Answer(Err(reused));
        }
        Claim::New(answered) => answered,
    };
    // Nothing here knows whether the address has an account: the mail is composed later,
    // and neither the answer nor the work can tell.
    match tally.count(mail, now) {
        Ok(send_time) => {
            let challenge = request.challenge(answered.challenge_id, send_time);
            Decision::Enqueue(answered.into(), challenge)
        }
        Err(throttled) => Decision::Refuse(throttled),
    }
}

impl Tally<'_> {
    /// Counts a mail, unless a limit says no: then nothing is counted. Tells when it
    /// may be sent, unless that is too far away to be of use.
    fn count(
        &mut self,
        mail: &AskedMail,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, ThrottleError> {
        if mail.is_by_stranger() {
            self.mails_in_all.check(self.by_strangers, self.elapsed)?;
        }
        let send_time = mail.take(&mut self.counts, now)?;
        self.by_strangers += usize::from(mail.is_by_stranger());
        Ok(send_time)
    }
}

impl CodeRequest {
    /// What it counts against: what the caller named, and what this leads to. `is_seen`
    /// says whether a machine of the account was seen lately where the caller is.
    #[must_use]
    pub fn mail(&self, is_seen: bool) -> AskedMail {
        let mailbox = self.to.address().clone();
        match &self.to {
            _ if !self.by_stranger => AskedMail::by_machine(mailbox),
            MailTo::Address(_) if is_seen => AskedMail::from_seen_network(None, mailbox),
            MailTo::Account(id, _) if is_seen => AskedMail::from_seen_network(Some(*id), mailbox),
            MailTo::Address(_) => AskedMail::to_address(self.ip, mailbox),
            MailTo::Account(id, _) => AskedMail::for_account(self.ip, *id, mailbox),
        }
    }

    /// The address whose account is asked whether a machine of it was seen lately, and
    /// where: nothing is asked for a linked machine.
    pub(super) fn whereabouts(&self) -> Option<(&str, IpNet)> {
        let ip = self.ip.filter(|_| self.by_stranger)?;
        Some((self.to.address().key(), narrowest(ip)))
    }

    fn challenge(&self, id: Uuid, send_time: Option<Timestamp>) -> NewChallenge<'_> {
        NewChallenge {
            id,
            purpose: self.purpose,
            email: self.to.address(),
            machine: &self.machine,
            locale: self.locale,
            profile: &self.profile,
            send_time,
            delay: SignedDuration::ZERO,
            by_support: false,
        }
    }
}

impl MailTo {
    fn address(&self) -> &EmailAddress {
        let (Self::Address(address) | Self::Account(_, address)) = self;
        address
    }
}

impl From<Answered> for CodeRequested {
    fn from(answered: Answered) -> Self {
        Self {
            challenge_id: answered.challenge_id,
            code_expire_time: answered.code_expire_time,
            resend_time: answered.resend_time,
        }
    }
}
