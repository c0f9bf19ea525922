//! The English mails without a code: answers, the welcome, and the security notices.
//!
//! A security notice says what happened, from which machine and when, and what to do if it was
//! not the reader.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Block, Fact, Letter, OPEN_WINDOW, address_of, email_fact, id_box, id_fact, machine_fact,
    not_asked_for, notice, open, paragraph, steps, take_back, time_fact, typed_in_gestan,
};
use crate::mail::letter::Detached;

pub(super) fn no_account(machine: &str, time: Timestamp, zone: &TimeZone) -> Letter {
    open(
        "No Gestan client account at this address",
        "A personal code was requested, but this address has no client account.",
        "No account at this address",
        vec![
            paragraph("Hello,"),
            paragraph(
                "A personal code was requested for this address, but no Gestan client account uses \
                 it.",
            ),
            paragraph(
                "Your account may use another address: try again with that one, or with your \
                 client ID.",
            ),
            steps(
                "No account yet? To open one:",
                &[
                    OPEN_WINDOW,
                    "Choose “Enregistrer un compte” and type your e-mail address.",
                    "A personal code will arrive at once: type it on the “Confirmer” screen.",
                ],
            ),
            Block::Facts(vec![
                machine_fact("Requested by machine", machine),
                time_fact("Requested on", time, zone),
            ]),
            not_asked_for("nothing was opened or changed."),
        ],
        typed_in_gestan(),
    )
}

pub(super) fn email_taken(machine: &str, time: Timestamp, zone: &TimeZone) -> Letter {
    open(
        "This address already has its Gestan client account",
        "It cannot be used for another account. Nothing has changed.",
        "This address already has its account",
        vec![
            paragraph("Hello,"),
            paragraph(
                "Someone tried to use this address for another Gestan client account. That is not \
                 possible, because it already has an account of its own. Nothing has changed.",
            ),
            Block::Facts(vec![
                machine_fact("Requested by machine", machine),
                time_fact("Requested on", time, zone),
            ]),
            notice(
                "Was this you?",
                "A company needs one account only, whatever the number of its machines: on this \
                 machine, choose “Enregistrer un compte existant”. To keep two accounts, give the \
                 other one a different address.",
            ),
            not_asked_for("your account, its address and its password stay as they are."),
        ],
        typed_in_gestan(),
    )
}

pub(super) fn welcome(account_id: u32, machine: &str, time: Timestamp, zone: &TimeZone) -> Letter {
    open(
        "Welcome: your Gestan client account is open",
        "Keep this message: it holds your client ID.",
        "Welcome!",
        vec![
            paragraph("Hello,"),
            paragraph(
                "Your Gestan client account is open. Here is your client ID: our support desk will \
                 ask for it when you call. Keep this message.",
            ),
            id_box(account_id),
            Block::Facts(vec![
                machine_fact("Linked machine", machine),
                time_fact("Opened on", time, zone),
            ]),
            steps(
                "To link another machine:",
                &[
                    "On that other machine, open Gestan’s “?” menu, then “Compte client”.",
                    "Choose “Enregistrer un compte existant”.",
                    "Type your client ID and your password.",
                ],
            ),
            notice("This was not you?", "Call Gestan’s support desk and give this client ID."),
        ],
        &address_of(account_id),
    )
}

pub(super) fn password_changed(
    account_id: u32,
    machine: &str,
    linked: Option<&Detached>,
    time: Timestamp,
    zone: &TimeZone,
) -> Letter {
    let mut what = "The password of your Gestan client account has just been changed".to_owned();
    if linked.is_some() {
        what.push_str(", and the machine that changed it was linked to your account");
    }
    what.push('.');
    let mut facts = vec![
        id_fact(account_id),
        machine_fact("From machine", machine),
        time_fact("Changed on", time, zone),
    ];
    tell_detached(linked.unwrap_or(&Detached::default()), &mut what, &mut facts);
    security_notice(
        account_id,
        "The password of your Gestan client account was changed",
        "Your password was changed",
        &what,
        facts,
    )
}

/// Adds which machines made room for the new one.
fn tell_detached(detached: &Detached, what: &mut String, facts: &mut Vec<Fact>) {
    if detached.is_none() {
        return;
    }
    what.push_str(if detached.are_several() {
        " Your account had more machines than it can have: those that had not been used for \
         longest were detached."
    } else {
        " Your account already had all the machines it can have: the one that had not been used \
         for longest was detached."
    });
    facts.extend(detached.names.iter().map(|name| machine_fact("Detached machine", name)));
    if detached.others > 0 {
        let value = detached.others.to_string();
        facts.push(Fact { label: "Other detached machines".to_owned(), value });
    }
}

pub(super) fn machine_linked(
    account_id: u32,
    machine: &str,
    detached: &Detached,
    time: Timestamp,
    zone: &TimeZone,
) -> Letter {
    let mut what = "A machine has just been linked to your Gestan client account.".to_owned();
    let mut facts = vec![
        id_fact(account_id),
        machine_fact("Machine", machine),
        time_fact("Linked on", time, zone),
    ];
    tell_detached(detached, &mut what, &mut facts);
    security_notice(
        account_id,
        "A machine was linked to your Gestan client account",
        "A machine was linked to your account",
        &what,
        facts,
    )
}

pub(super) fn email_change_requested(
    account_id: u32,
    new_email: &str,
    machine: &str,
    time: Timestamp,
    zone: &TimeZone,
) -> Letter {
    let facts = vec![
        id_fact(account_id),
        email_fact(new_email),
        machine_fact("From machine", machine),
        time_fact("Requested on", time, zone),
    ];
    security_notice(
        account_id,
        "A new address was requested for your Gestan client account",
        "A new address was requested",
        "A change of address has just been requested for your Gestan client account. The \
         address will change only once the new one has been confirmed, with the code sent there.",
        facts,
    )
}

/// Codes now go to the new address, so the way back leads over the support desk.
pub(super) fn email_changed(
    account_id: u32,
    new_email: &str,
    time: Timestamp,
    zone: &TimeZone,
) -> Letter {
    open(
        "The address of your Gestan client account was changed",
        "If this was you, there is nothing to do.",
        "The address of your account was changed",
        vec![
            paragraph("Hello,"),
            paragraph(
                "The address of your Gestan client account has just been replaced. Our messages \
                 will go to the new one from now on. If this was you, there is nothing to do.",
            ),
            Block::Facts(vec![
                id_fact(account_id),
                email_fact(new_email),
                time_fact("Changed on", time, zone),
            ]),
            steps(
                "If this was not you, take your account back at once:",
                &[
                    "Call Gestan’s support desk and give your client ID: personal codes now go to \
                     the new address.",
                    "If your password still works, change it in Gestan, “?” menu, “Compte client”, \
                     and tick the box that detaches the other machines.",
                ],
            ),
        ],
        &format!("You receive it because this was the address of client account {account_id}."),
    )
}

fn security_notice(
    account_id: u32,
    subject: &str,
    title: &str,
    what: &str,
    facts: Vec<Fact>,
) -> Letter {
    open(
        subject,
        "If this was you, there is nothing to do.",
        title,
        vec![
            paragraph("Hello,"),
            paragraph(&format!("{what} If this was you, there is nothing to do.")),
            Block::Facts(facts),
            take_back(),
        ],
        &address_of(account_id),
    )
}
