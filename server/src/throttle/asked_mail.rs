//! What a mail with a code counts against.

use std::net::IpAddr;

use jiff::Timestamp;

use super::{Counts, Subject, ThrottleError, subject::Helped};
use crate::{
    domain::{account_id::AccountId, email_address::EmailAddress},
    network::levels,
};

/// How a mail is asked for. Each way has an allowance of the mailbox that the others
/// cannot use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A stranger who names the address.
    StrangerByAddress,
    /// A stranger who names the account.
    StrangerById,
    /// A caller in a network from which one of the account's machines was seen lately.
    Seen,
    /// A linked machine, for its own account.
    Linked,
    /// A linked machine whose account is to have the address.
    NewAddress,
    /// The support desk.
    Support,
}

/// A mail that somebody asks for.
///
/// A caller who names an ID must not learn from the limit of an address that the two
/// belong together, nor the other way round. So each counts what was asked by its own
/// name, and may refuse; what the mailbox gets is counted apart, and its limit only
/// makes the mail wait.
#[derive(Clone, Debug)]
pub struct AskedMail {
    /// One for each network of a stranger's address. Callers whom an account vouches for
    /// have none: whoever shares a network with them must not hold them up.
    from: Vec<Subject>,
    named: Subject,
    mailbox: Subject,
    /// What all mails into the mailbox lock, however they are asked for. It counts nothing:
    /// two requests must not each take themselves for the first of the mailbox, whose
    /// challenges share a salt.
    turn: Subject,
    is_by_stranger: bool,
}

impl AskedMail {
    /// A mail to an address that a stranger at `ip` names.
    #[must_use]
    pub fn to_address(ip: Option<IpAddr>, email: EmailAddress) -> Self {
        let asker = Asker::StrangerByAddress;
        Self::by_stranger(ip, Subject::MailsTo(email.clone(), asker), email, asker)
    }

    /// A mail into the mailbox of the account that a stranger at `ip` names.
    #[must_use]
    pub fn for_account(ip: Option<IpAddr>, id: AccountId, mailbox: EmailAddress) -> Self {
        let asker = Asker::StrangerById;
        Self::by_stranger(ip, Subject::MailsFor(id, asker), mailbox, asker)
    }

    fn by_stranger(
        ip: Option<IpAddr>,
        named: Subject,
        mailbox: EmailAddress,
        asker: Asker,
    ) -> Self {
        let from = ip.into_iter().flat_map(levels).map(Subject::MailsFrom).collect();
        let turn = turn(&mailbox);
        let mailbox = Subject::MailsInto(mailbox, asker);
        Self { from, named, mailbox, turn, is_by_stranger: true }
    }

    /// A mail into the mailbox of an account, of which the caller names the ID or, if
    /// that is none, the address, in a network from which one of its machines was seen
    /// lately.
    #[must_use]
    pub fn from_seen_network(id: Option<AccountId>, mailbox: EmailAddress) -> Self {
        let named = match id {
            Some(id) => Subject::MailsFor(id, Asker::Seen),
            None => Subject::MailsTo(mailbox.clone(), Asker::Seen),
        };
        Self::vouched_for(named, mailbox, Asker::Seen)
    }

    /// A mail that a linked machine asks for, into the mailbox of its account.
    #[must_use]
    pub fn by_machine(mailbox: EmailAddress) -> Self {
        let named = Subject::MailsTo(mailbox.clone(), Asker::Linked);
        Self::vouched_for(named, mailbox, Asker::Linked)
    }

    /// A mail to the address that an account is to have.
    #[must_use]
    pub fn to_new_address(account: AccountId, mailbox: EmailAddress) -> Self {
        // By the account: another one that wants the same address must not hold it up.
        let named = Subject::MailsFor(account, Asker::NewAddress);
        Self::vouched_for(named, mailbox, Asker::NewAddress)
    }

    /// A mail that the support desk has sent to an account's mailbox or, if there is none
    /// yet, to one where an account is being opened. Many customers share one desk: nothing
    /// of it is counted by its network.
    #[must_use]
    pub fn by_desk(account: Option<AccountId>, mailbox: EmailAddress) -> Self {
        let helped = account.map_or_else(|| Helped::Address(mailbox.clone()), Helped::Account);
        Self::vouched_for(Subject::SupportMails(helped), mailbox, Asker::Support)
    }

    /// A mail to the address that an account is to have by the support desk. It is counted
    /// apart from its other codes, which are told from repeats by the last one.
    #[must_use]
    pub fn to_new_address_by_desk(account: AccountId, mailbox: EmailAddress) -> Self {
        let named = Subject::SupportMails(Helped::NewAddress(account));
        Self::vouched_for(named, mailbox, Asker::Support)
    }

    fn vouched_for(named: Subject, mailbox: EmailAddress, asker: Asker) -> Self {
        let turn = turn(&mailbox);
        let mailbox = Subject::MailsInto(mailbox, asker);
        Self { from: Vec::new(), named, mailbox, turn, is_by_stranger: false }
    }

    /// What counts the mails into the mailbox of an account, by every way to ask for them.
    /// A new address of another account is that account's.
    #[must_use]
    pub fn subjects_of(account: AccountId, mailbox: &EmailAddress) -> Vec<Subject> {
        let to = |asker| Subject::MailsTo(mailbox.clone(), asker);
        let into = |asker| Subject::MailsInto(mailbox.clone(), asker);
        let by_id = [Asker::StrangerById, Asker::Seen].map(|way| Subject::MailsFor(account, way));
        let by_desk = Subject::SupportMails(Helped::Account(account));
        let by_address = [Asker::StrangerByAddress, Asker::Seen, Asker::Linked];
        let ways = by_address.into_iter().chain([Asker::StrangerById, Asker::Support]);
        by_id.into_iter().chain([by_desk]).chain(by_address.map(to)).chain(ways.map(into)).collect()
    }

    /// Whether no account vouches for the caller.
    #[must_use]
    pub fn is_by_stranger(&self) -> bool {
        self.is_by_stranger
    }

    /// By what the caller has named the mailbox.
    #[must_use]
    pub fn named(&self) -> &Subject {
        &self.named
    }

    /// All that it counts against, and what it only locks.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.from.iter().chain([&self.named, &self.mailbox, &self.turn])
    }

    /// Those that may refuse it.
    pub fn refusing(&self) -> impl Iterator<Item = &Subject> + Clone {
        self.from.iter().chain([&self.named])
    }

    /// Counts it. Gives when it may be sent; `None` when that is too far away to be
    /// of use.
    ///
    /// # Errors
    /// [`ThrottleError::Throttled`]; then nothing is counted.
    pub fn take(
        &self,
        counts: &mut Counts<'_>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, ThrottleError> {
        // A refusal, too, leaves behind when it ends.
        self.refusing().for_each(|subject| counts.settle(subject, now));
        self.refusing().try_for_each(|subject| counts.check(subject, now))?;
        self.refusing().for_each(|subject| counts.count(subject, now));
        Ok(counts.reserve(&self.mailbox, now))
    }
}

impl AskedMail {
    /// Counts a mail that is sent immediately or not at all: its asker may be told that the
    /// mailbox has had enough, and has the customer on the telephone.
    ///
    /// # Errors
    /// [`ThrottleError::Throttled`]; then nothing is counted.
    pub fn take_at_once(
        &self,
        counts: &mut Counts<'_>,
        now: Timestamp,
    ) -> Result<(), ThrottleError> {
        let both = [&self.named, &self.mailbox];
        for subject in both {
            counts.settle(subject, now);
        }
        both.iter().try_for_each(|subject| counts.check(subject, now))?;
        for subject in both {
            counts.count(subject, now);
        }
        Ok(())
    }
}

/// One row for each mailbox.
fn turn(mailbox: &EmailAddress) -> Subject {
    Subject::MailsInto(mailbox.clone(), Asker::StrangerByAddress)
}
