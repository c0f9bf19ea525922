//! Codes that were asked for, as an agent sees them, and what the newest one is worth.

use jiff::Timestamp;

use super::{
    CodeAsked,
    case::Case,
    findings::{AfterTries, CodeFinding, Finding, FindingKind},
};
use crate::{
    domain::{
        email_address::EmailAddress,
        machine::{MachineId, MachineName},
    },
    model::challenge::{Challenge, Purpose, Spent, State},
    storage::outbox_mail::End,
};

/// The codes of a case.
pub(super) fn asked(case: &Case) -> Vec<CodeAsked> {
    let shown = |challenge: &Challenge| CodeAsked {
        challenge_id: challenge.id,
        purpose: challenge.purpose.name(),
        machine: machine(challenge),
        create_time: challenge.create_time,
        expire_time: Some(challenge.expire_time).filter(|_| !challenge.is_ended()),
        spent_time: challenge.spent.as_ref().map(|spent| spent.time),
        wrong_tries: challenge.wrong_tries.unsigned_abs(),
        account_wrong_tries: match challenge.purpose {
            Purpose::ChangeEmail(_) => challenge.account_wrong_tries.unsigned_abs(),
            // What a release before has counted means nothing any more.
            Purpose::Create | Purpose::ResendPassword => 0,
        },
    };
    case.challenges.iter().map(shown).collect()
}

/// The machine whose window waits; none when the desk has asked.
pub(super) fn machine(challenge: &Challenge) -> Option<MachineName> {
    let name = Some(&challenge.machine.name);
    name.filter(|_| challenge.machine.id != MachineId::SUPPORT).cloned()
}

/// What the newest codes are worth: the one that leads into the account, and the one for a
/// new address.
pub(super) fn findings(case: &Case) -> impl Iterator<Item = Finding> {
    let leads_in = |challenge: &&Challenge| match challenge.purpose {
        Purpose::Create => true,
        // Without an account its mail has no code.
        Purpose::ResendPassword => case.account.is_some(),
        Purpose::ChangeEmail(_) => false,
    };
    let of_change = |challenge: &&Challenge| {
        let pending = case.pending.as_ref().map(EmailAddress::key);
        challenge.purpose.account_to_change().is_some() && pending == Some(challenge.email.key())
    };
    let newest = [case.challenges.iter().find(leads_in), case.challenges.iter().find(of_change)];
    newest.into_iter().flatten().filter_map(|challenge| worth(case, challenge))
}

fn worth(case: &Case, challenge: &Challenge) -> Option<Finding> {
    if challenge.is_ended() {
        return None;
    }
    let machine = machine(challenge);
    let is_change = challenge.purpose.account_to_change().is_some();
    // A change that the desk has started is answered by the account's ID only.
    let state = if is_change && machine.is_none() {
        challenge.state_by_account(case.now)
    } else {
        challenge.state(case.now)
    };
    match state {
        State::Spent(spent) => unfinished(case, challenge, spent),
        State::TooManyTries => {
            let next = match (is_change, &case.account) {
                (true, _) => AfterTries::StartChangeAgain,
                (false, Some(_)) => AfterTries::ComeIn,
                (false, None) => AfterTries::Create,
            };
            let kind = CodeFinding::TriesSpent { machine, next };
            Some(Finding::at(FindingKind::Code(kind), challenge.create_time))
        }
        State::Expired => Some(Finding::at(
            FindingKind::Code(CodeFinding::Expired { machine }),
            challenge.expire_time,
        )),
        State::Open => open(case, challenge),
    }
}

/// A code that was used, and no password after it: the window was closed, or waits for one.
fn unfinished(case: &Case, challenge: &Challenge, spent: &Spent) -> Option<Finding> {
    let ticket = challenge.ticket.as_ref().filter(|ticket| ticket.spent_time.is_none())?;
    if ticket.is_ended() || has_joined_since(case, challenge, spent.time) {
        return None;
    }
    let until = Some(ticket.expire_time).filter(|_| !ticket.is_expired(case.now));
    let kind =
        CodeFinding::Spent { machine: machine(challenge), waits_for_password: until.is_some() };
    Some(Finding { kind: FindingKind::Code(kind), time: Some(spent.time), until })
}

fn open(case: &Case, challenge: &Challenge) -> Option<Finding> {
    let mut codes = case.codes.iter().filter(|code| code.challenge_id == challenge.id);
    let machine = machine(challenge);
    // Beside the account's ID a code is spent by itself, and its window goes on waiting. The
    // desk has none.
    let used: Option<Timestamp> =
        codes.clone().find_map(|code| code.spent.as_ref().map(|spent| spent.time));
    if let Some(time) = used {
        if machine.is_none() || has_joined_since(case, challenge, time) {
            return None;
        }
        let kind = CodeFinding::Spent { machine, waits_for_password: false };
        return Some(Finding::at(FindingKind::Code(kind), time));
    }
    let code = codes.find(|code| !code.is_expired(case.now))?;
    let mail = case.mail_for(challenge)?;
    if mail.fate.end != Some(End::Sent) {
        return None;
    }
    let is_change = challenge.purpose.account_to_change().is_some();
    let kind = CodeFinding::Waits { machine, is_change };
    Some(Finding {
        kind: FindingKind::Code(kind),
        time: mail.fate.end_time,
        until: Some(code.expire_time),
    })
}

/// Whether the machine of a challenge was linked since, and so waits for nothing.
fn has_joined_since(case: &Case, challenge: &Challenge, time: Timestamp) -> bool {
    let mut links = case.machines.links.iter();
    links.any(|link| link.machine.id == challenge.machine.id && link.link_time >= time)
}
