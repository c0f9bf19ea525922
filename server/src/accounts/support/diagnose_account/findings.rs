//! The rule: what of all that is known keeps a customer out. It reads nothing; each thing is
//! told once, for the newest that causes it, in the order in which an agent goes through it.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{
    case::{Case, Mail},
    codes, mails,
};
use crate::{
    domain::{
        account_id::AccountId,
        machine::{MachineId, MachineName},
    },
    model::{
        account_alias::AccountAlias,
        challenge::{Challenge, Purpose},
    },
    storage::outbox_mail::End,
    throttle::{Guesser, LimitInForce, Subject, Tried},
};

/// Something that keeps a customer out, or that an agent should know.
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// When it came about, if that is known.
    pub time: Option<Timestamp>,
    /// Until when it lasts; none when it does not end by itself.
    pub until: Option<Timestamp>,
}

/// What it is, and what its words need. The order is that in which it is told.
pub enum FindingKind {
    /// The address has no account, and none is being opened.
    NoAccount,
    /// The ID is that of an account that was merged into another one.
    Merged {
        /// The account that has ended.
        id: AccountId,
        /// The one that it has become a part of, and of which the rest is told.
        into: AccountId,
    },
    /// The ID is that of an account that was erased.
    Erased {
        /// The ID.
        id: AccountId,
    },
    /// A mail server has refused the address for good.
    MailRefused {
        /// Its answer, without its words.
        answer: String,
    },
    /// A mail is tried again.
    MailDelayed {
        /// What the mail server answered, without its words, or why none did.
        answer: String,
    },
    /// A mail was given up.
    MailExpired,
    /// The newest code does not lead in.
    Code(CodeFinding),
    /// Wrong passwords are not looked at.
    PasswordsLimited(HeldUp),
    /// Wrong codes beside the client ID are not looked at.
    CodesLimited(HeldUp),
    /// No mail can be asked for.
    MailsLimited,
    /// The account never had a password.
    NoPassword,
    /// The account has no machine.
    NoMachine,
    /// A new address waits for its code.
    EmailPending {
        /// The address, masked.
        masked: String,
        /// When its code is mailed, if that is still to come.
        code_time: Option<Timestamp>,
    },
    /// An account is being opened.
    Opening {
        /// The machine whose window waits.
        machine: MachineName,
    },
    /// Nothing.
    Nothing(LookedAt),
}

/// What becomes of the newest code that was asked for.
pub enum CodeFinding {
    /// A code is in the mailbox.
    Waits {
        /// The machine whose window waits for it; none when the desk has asked.
        machine: Option<MachineName>,
        /// Whether it is for a new address.
        is_change: bool,
    },
    /// The time of the newest code is over.
    Expired {
        /// The machine that asked for it; none when the desk did.
        machine: Option<MachineName>,
    },
    /// The newest code was used, and its window got no further.
    Spent {
        /// The machine that asked for it; none when the desk did.
        machine: Option<MachineName>,
        /// Whether the window may still choose the password.
        waits_for_password: bool,
    },
    /// Wrong codes have ended the newest window.
    TriesSpent {
        /// The machine whose window it is; none when the desk has asked.
        machine: Option<MachineName>,
        /// What is left to do.
        next: AfterTries,
    },
}

/// What is left to do when wrong codes have ended a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterTries {
    /// To open the account from the beginning.
    Create,
    /// To come into the account by another code.
    ComeIn,
    /// To ask for the new address again.
    StartChangeAgain,
}

/// Whom a limit on wrong passwords or codes holds up. Of networks no more is told: they say
/// where a person is.
#[derive(Default)]
pub struct HeldUp {
    /// Linked machines.
    pub machines: Vec<MachineName>,
    /// Machines that are not linked, or were not seen lately where they are.
    pub others: bool,
}

/// How much was looked at.
#[derive(Clone, Copy)]
pub struct LookedAt {
    /// Mails.
    pub mails: usize,
    /// Codes that were asked for.
    pub codes: usize,
    /// Linked machines.
    pub machines: u32,
}

impl Finding {
    fn new(kind: FindingKind) -> Self {
        Self { kind, time: None, until: None }
    }

    pub(super) fn at(kind: FindingKind, time: Timestamp) -> Self {
        Self { time: Some(time), ..Self::new(kind) }
    }

    /// That the ID which the customer gave is not the account's own any more.
    pub(super) fn of_merged(alias: &AccountAlias) -> Self {
        let AccountAlias { id, account_id: into, .. } = *alias;
        Self::new(FindingKind::Merged { id, into })
    }

    /// That there is nothing more to be found.
    pub(super) fn of_erased(id: AccountId, erase_time: Timestamp) -> Self {
        Self::at(FindingKind::Erased { id }, erase_time)
    }
}

impl FindingKind {
    /// Its place in the order in which findings are told.
    fn rank(&self) -> u8 {
        match self {
            Self::NoAccount => 1,
            Self::Merged { .. } => 2,
            Self::Erased { .. } => 3,
            Self::MailRefused { .. } => 4,
            Self::MailDelayed { .. } => 5,
            Self::MailExpired => 6,
            Self::Code(CodeFinding::Waits { .. }) => 7,
            Self::Code(CodeFinding::Expired { .. }) => 8,
            Self::Code(CodeFinding::Spent { .. }) => 9,
            Self::Code(CodeFinding::TriesSpent { .. }) => 10,
            Self::PasswordsLimited(_) => 11,
            Self::CodesLimited(_) => 12,
            Self::MailsLimited => 13,
            Self::NoPassword => 14,
            Self::NoMachine => 15,
            Self::EmailPending { .. } => 16,
            Self::Opening { .. } => 17,
            Self::Nothing(_) => 18,
        }
    }
}

/// What keeps the customer out; at least one finding, which may be that nothing does.
pub(super) fn of(case: &Case) -> Vec<Finding> {
    let mut found: Vec<Finding> = mail_trouble(case).chain(codes::findings(case)).collect();
    found.extend(limits(case));
    found.extend(match &case.account {
        Some(_) => of_account(case),
        None => of_address(case),
    });
    // The newest of each kind comes first, and stays.
    found.sort_by_key(|finding| (finding.kind.rank(), Reverse(finding.time)));
    found.dedup_by_key(|finding| finding.kind.rank());
    if found.is_empty() {
        let (mails, codes) = (case.mails.len(), case.challenges.len());
        let looked_at = LookedAt { mails, codes, machines: case.machines.count };
        found.push(Finding::new(FindingKind::Nothing(looked_at)));
    }
    found
}

/// What the last try to reach each mailbox came to.
fn mail_trouble(case: &Case) -> impl Iterator<Item = Finding> {
    let mailboxes = [&case.email].into_iter().chain(&case.pending);
    mailboxes.filter_map(|mailbox| {
        let was_tried = |mail: &&Mail| match mail.fate.end {
            None => mail.fate.is_put_off(),
            Some(End::Dropped) => false,
            Some(_) => true,
        };
        case.mails_to(mailbox).find(was_tried).and_then(trouble)
    })
}

fn trouble(mail: &Mail) -> Option<Finding> {
    let answer = mails::answer(mail).unwrap_or_default().to_owned();
    let fate = &mail.fate;
    let kind = match fate.end {
        None => FindingKind::MailDelayed { answer },
        // A mail that nobody has answered for is given up, and not refused.
        Some(End::Failed) if answer.starts_with('5') => FindingKind::MailRefused { answer },
        Some(End::Failed | End::Expired) => FindingKind::MailExpired,
        Some(End::Sent | End::Dropped) => return None,
    };
    let until = Some(fate.next_attempt_time).filter(|_| fate.end.is_none());
    Some(Finding { kind, time: fate.end_time.or(Some(fate.create_time)), until })
}

fn limits(case: &Case) -> impl Iterator<Item = Finding> {
    let of = |wanted: Tried| {
        let is_of = move |limit: &&LimitInForce| matches!(limit.subject, Subject::Secrets(_, tried, _) if tried == wanted);
        case.secrets.iter().filter(is_of)
    };
    let until =
        |limits: &mut dyn Iterator<Item = &LimitInForce>| limits.map(|limit| limit.until).max();
    let passwords = until(&mut of(Tried::Password)).map(|until| Finding {
        until: Some(until),
        ..Finding::new(FindingKind::PasswordsLimited(held_up(case, of(Tried::Password))))
    });
    let codes = until(&mut of(Tried::Code)).map(|until| Finding {
        until: Some(until),
        ..Finding::new(FindingKind::CodesLimited(held_up(case, of(Tried::Code))))
    });
    let mails = until(&mut case.mail_limits.iter())
        .map(|until| Finding { until: Some(until), ..Finding::new(FindingKind::MailsLimited) });
    [passwords, codes, mails].into_iter().flatten()
}

fn held_up<'a>(case: &Case, limits: impl Iterator<Item = &'a LimitInForce>) -> HeldUp {
    let mut held_up = HeldUp::default();
    for limit in limits {
        match &limit.subject {
            Subject::Secrets(_, _, Guesser::Linked(id)) => match name_of(case, *id) {
                Some(name) => held_up.machines.push(name),
                // It was detached since.
                None => held_up.others = true,
            },
            _ => held_up.others = true,
        }
    }
    held_up
}

fn name_of(case: &Case, id: MachineId) -> Option<MachineName> {
    let link = case.machines.links.iter().find(|link| link.machine.id == id);
    link.map(|link| link.machine.name.clone())
}

fn of_account(case: &Case) -> Vec<Finding> {
    let Some(account) = &case.account else { return Vec::new() };
    let no_password = account.password_hash.is_none();
    let no_password =
        no_password.then(|| Finding::at(FindingKind::NoPassword, account.create_time));
    let no_machine = (case.machines.count == 0).then(|| Finding::new(FindingKind::NoMachine));
    let pending = case.pending.as_ref().map(|email| {
        let is_of_change = |mail: &&Mail| mail.challenge_id().is_some();
        let mail = case.mails_to(email).find(is_of_change).map(|mail| &mail.fate);
        let waits = mail.filter(|mail| mail.end.is_none() && mail.attempts == 0);
        let code_time = waits.map(|mail| mail.next_attempt_time).filter(|time| *time > case.now);
        let kind = FindingKind::EmailPending { masked: email.masked(), code_time };
        let until = account.pending_email.as_ref().map(|(_, expire_time)| *expire_time);
        Finding { kind, time: mail.map(|mail| mail.create_time), until }
    });
    no_password.into_iter().chain(no_machine).chain(pending).collect()
}

fn of_address(case: &Case) -> Vec<Finding> {
    let opens = |challenge: &&Challenge| {
        challenge.purpose == Purpose::Create && challenge.state(case.now).is_open()
    };
    let windows = case.challenges.iter().filter(opens);
    let Some(opening) = windows.clone().find_map(|window| Some((window, codes::machine(window)?)))
    else {
        let is_being_opened = windows.count() > 0;
        let no_account = (!is_being_opened).then(|| Finding::new(FindingKind::NoAccount));
        return no_account.into_iter().collect();
    };
    let (window, machine) = opening;
    vec![Finding {
        kind: FindingKind::Opening { machine },
        time: Some(window.create_time),
        until: Some(window.expire_time),
    }]
}
