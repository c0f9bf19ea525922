//! What an order means for the customers whose mails it was about.

use super::shown::kind;
use crate::{mail::outbox::by_operator::Order, model::queued_mail::QueuedMail};

/// In words, a line for each thing to know.
pub(super) fn of(order: Order, mails: &[QueuedMail]) -> Vec<String> {
    match order {
        Order::Retry => of_retry(mails).into_iter().collect(),
        Order::Drop => of_drop(mails),
    }
}

fn of_retry(mails: &[QueuedMail]) -> Option<String> {
    let twice = mails.iter().filter(|mail| mail.uncertain_attempts > 0).count();
    (twice > 0).then(|| {
        format!(
            "{twice} of them may have been taken by the mail server before: whoever they go to may \
             get them twice."
        )
    })
}

fn of_drop(mails: &[QueuedMail]) -> Vec<String> {
    let mut kinds: Vec<&str> = mails.iter().map(kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().map(|kind| format!("{kind}: {}", missed(kind))).collect()
}

/// What whoever does not get such a mail misses.
fn missed(kind: &str) -> &'static str {
    match kind {
        "code" => {
            "the customer waits for a code that does not come, and has to ask for another one. \
             Whether the address has an account, nobody is told"
        }
        "code_by_support" => {
            "the customer waits for the code that the support desk announced: have the desk send \
             another one"
        }
        "welcome" => "the customer is not told the client ID in writing",
        "password_changed" => {
            "the customer is not told that the password was changed, and would not notice that \
             somebody else did it: tell them in another way"
        }
        "email_change_requested" | "email_changed" => {
            "the customer is not told, at the old address, that the address changes, and would not \
             notice a theft of the account: tell them in another way"
        }
        "machine_linked" => {
            "the customer is not told that a machine was linked, and would not notice that it is \
             somebody else's: tell them in another way"
        }
        "machine_unlinked" => "the customer is not told which machines the support desk detached",
        _ => "what the customer misses, only a later release knows",
    }
}
