//! Findings in English.

use jiff::{SignedDuration, Timestamp};

use super::{in_words, is_mailbox_full, left, since};
use crate::{
    accounts::support::{AfterTries, CodeFinding, Finding, FindingKind, HeldUp},
    domain::machine::MachineName,
};

/// A finding, at this moment.
pub(super) struct English<'a> {
    pub(super) finding: &'a Finding,
    pub(super) now: Timestamp,
}

impl English<'_> {
    pub(super) fn text(&self) -> String {
        let (left, since) = (self.left(), self.since());
        match &self.finding.kind {
            FindingKind::NoAccount => {
                "No account has this address, and none is being opened for it. Have it spelt, look for \
                 another address of the customer’s, or have an account opened in Gestan."
                    .to_owned()
            }
            FindingKind::Merged { id, into } => format!(
                "Account {id} is now a part of account {into}: give the customer the ID {into}; the old one \
                 is still good. What follows is about account {into}."
            ),
            FindingKind::Erased { id } => format!(
                "Account {id} was erased {since} ago: nothing of it is left to read. If the customer comes \
                 back, let them open a new account in Gestan; it will have another ID."
            ),
            FindingKind::MailRefused { answer } => format!(
                "The mail server refused the customer’s address ({answer}), {since} ago. Have it spelt: \
                 if it is wrong, the customer starts again with the right one; if it no longer exists, \
                 see StartEmailChange."
            ),
            FindingKind::MailDelayed { answer } if is_mailbox_full(answer) => format!(
                "The customer’s mailbox is full ({answer}): have some room made. Next try in {left}."
            ),
            FindingKind::MailDelayed { answer } if answer.starts_with('4') => format!(
                "The mail server puts us off ({answer}). Next try in {left}: have the customer wait."
            ),
            FindingKind::MailDelayed { answer } => format!(
                "Our mails do not leave ({answer}): tell the administrator. Next try in {left}."
            ),
            FindingKind::MailExpired => format!(
                "A mail could not be delivered in time, {since} ago. Have the address spelt and check that \
                 the mailbox takes mails, then send a code: SendCode."
            ),
            FindingKind::Code(code) => self.code(code),
            FindingKind::PasswordsLimited(held_up) => format!(
                "Too many wrong passwords {}: none is looked at there for {left}. A code is: SendCode.",
                held_up_en(held_up)
            ),
            FindingKind::CodesLimited(held_up) => format!(
                "Too many wrong codes typed with the client ID {}: none is looked at there for {left}. The \
                 password is, and so is a code on the screen “Confirmer”: SendCode.",
                held_up_en(held_up)
            ),
            FindingKind::MailsLimited => format!(
                "Too many mails were asked for: Gestan sends no more for {left}. The code in hand is still \
                 good; or else SendCode."
            ),
            FindingKind::NoPassword => format!(
                "The account was opened {since} ago, but never had a password. Send a code: SendCode; the \
                 customer types it on the screen “Confirmer” and chooses a password."
            ),
            FindingKind::NoMachine => {
                "No machine is linked. The customer chooses “Enregistrer un compte existant”, with the client \
                 ID and the password, or a code: SendCode."
                    .to_owned()
            }
            FindingKind::EmailPending { masked, code_time } => {
                let code = code_time.map_or_else(
                    || "the customer confirms it with the code that it got".to_owned(),
                    |time| {
                        format!("its code is mailed in {}", span_en(time.duration_since(self.now)))
                    },
                );
                format!(
                    "The new address {masked} waits to be confirmed, for {left} yet: {code}. It was not the \
                     customer who asked for it? CancelEmailChange."
                )
            }
            FindingKind::Opening { machine } => format!(
                "An account is being opened at this address, on “{}”: the customer types the code there, \
                 screen “Confirmer”, valid for {left} yet.",
                machine.as_str()
            ),
            FindingKind::Nothing(looked_at) => format!(
                "Nothing keeps the customer out. Looked at, over 7 days: {} mail(s), {} request(s) for a code; \
                 {} linked machine(s), the password, the limits on tries and on mails.",
                looked_at.mails, looked_at.codes, looked_at.machines
            ),
        }
    }

    fn code(&self, code: &CodeFinding) -> String {
        let (left, since) = (self.left(), self.since());
        match code {
            CodeFinding::Waits { machine, is_change } => format!(
                "The code {} has been in the mailbox {} for {since}, and is valid for {left} yet. Have the \
                 unwanted mails looked at.",
                asked_en(machine.as_ref()),
                if *is_change { "of the new address" } else { "of the customer" },
            ),
            CodeFinding::Expired { machine } => format!(
                "The code {} expired {since} ago. Send another one: SendCode; the customer’s window takes \
                 it, if it is still open.",
                asked_en(machine.as_ref())
            ),
            CodeFinding::Spent { machine, waits_for_password: true } => format!(
                "The code {} was used {since} ago, but no password was chosen: the window waits for it for \
                 {left} yet. If it is closed: SendCode.",
                asked_en(machine.as_ref())
            ),
            CodeFinding::Spent { machine, waits_for_password: false } => format!(
                "The code {} was used already, {since} ago: it serves once. Send another one: SendCode.",
                asked_en(machine.as_ref())
            ),
            CodeFinding::TriesSpent { machine, next: AfterTries::ComeIn } => format!(
                "Ten wrong codes were typed {}: this window takes none any more. Send a code: SendCode; the \
                 customer chooses “Enregistrer un compte existant”, with the client ID.",
                window_en(machine.as_ref())
            ),
            CodeFinding::TriesSpent { machine, next: AfterTries::Create } => format!(
                "Ten wrong codes were typed {}: this window takes none any more. The customer starts again: \
                 “Créer un nouveau compte”.",
                window_en(machine.as_ref())
            ),
            CodeFinding::TriesSpent { next: AfterTries::StartChangeAgain, .. } => {
                "Ten wrong codes were typed for the new address: it takes none any more. Start the change \
                 again: StartEmailChange, or the customer in the form."
                    .to_owned()
            }
        }
    }

    fn left(&self) -> String {
        span_en(left(self.finding, self.now))
    }

    fn since(&self) -> String {
        span_en(since(self.finding, self.now))
    }
}

fn asked_en(machine: Option<&MachineName>) -> String {
    machine.map_or_else(
        || "that support had sent".to_owned(),
        |name| format!("asked for on “{}”", name.as_str()),
    )
}

fn window_en(machine: Option<&MachineName>) -> String {
    machine.map_or_else(
        || "for the code of support".to_owned(),
        |name| format!("on “{}”", name.as_str()),
    )
}

fn held_up_en(held_up: &HeldUp) -> String {
    let machines = held_up.machines.iter().map(|name| format!("on “{}”", name.as_str()));
    let others = held_up.others.then(|| "from a machine that is not linked".to_owned());
    machines.chain(others).collect::<Vec<_>>().join(", ")
}

fn span_en(span: SignedDuration) -> String {
    in_words(span, ["s", "min", "h", "d"])
}
