//! The mails in English.
//!
//! They say exactly what the French ones say. Gestan's screens are in French, so their names stay
//! French, in quotes. No mail may hold a link, and no subject a text that a person typed.

mod with_code;
mod without_code;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    CodeMail, Content,
    letter::{self, Block, Fact, Letter},
    moment,
};

const OPEN_WINDOW: &str = "In Gestan, open the “?” menu, then “Compte client”.";

/// The letter for a content.
pub(super) fn letter(content: &Content, zone: &TimeZone) -> Letter {
    match content {
        Content::OpenAccount(code) => with_code::open_account(code, zone),
        Content::AccountExists { account_id, code } => {
            with_code::account_exists(*account_id, code, zone)
        }
        Content::PersonalCode { account_id, code } => {
            with_code::personal_code(*account_id, code, zone)
        }
        Content::ConfirmEmail { account_id, code } => {
            with_code::confirm_email(*account_id, code, zone)
        }
        Content::NoAccount { machine, request_time } => {
            without_code::no_account(machine, *request_time, zone)
        }
        Content::EmailTaken { machine, request_time } => {
            without_code::email_taken(machine, *request_time, zone)
        }
        Content::Welcome { account_id, machine, time } => {
            without_code::welcome(*account_id, machine, *time, zone)
        }
        Content::PasswordChanged { account_id, machine, machine_linked, detached, time } => {
            let linked = machine_linked.then_some(detached);
            without_code::password_changed(*account_id, machine, linked, *time, zone)
        }
        Content::EmailChangeRequested { account_id, new_email_masked, machine, time } => {
            without_code::email_change_requested(
                *account_id,
                new_email_masked,
                machine,
                *time,
                zone,
            )
        }
        Content::EmailChanged { account_id, new_email_masked, time } => {
            without_code::email_changed(*account_id, new_email_masked, *time, zone)
        }
        Content::MachineLinked { account_id, machine, detached, time } => {
            without_code::machine_linked(*account_id, machine, detached, *time, zone)
        }
    }
}

/// The words that open a letter; its blocks and its reason follow.
fn open(subject: &str, preheader: &str, title: &str, blocks: Vec<Block>, reason: &str) -> Letter {
    Letter {
        language: "en",
        subject: subject.to_owned(),
        preheader: preheader.to_owned(),
        title: title.to_owned(),
        blocks,
        footer: vec![
            "This is an automatic message: please do not reply to it.".to_owned(),
            reason.to_owned(),
        ],
        colon: ":",
    }
}

fn typed_in_gestan() -> &'static str {
    "You receive it because this address was typed into Gestan’s “Compte client” window."
}

fn address_of(account_id: u32) -> String {
    format!("You receive it because this is the address of client account {account_id}.")
}

fn paragraph(text: &str) -> Block {
    Block::Paragraph(text.to_owned())
}

fn id_box(account_id: u32) -> Block {
    Block::AccountId { label: "Your client ID".to_owned(), value: account_id.to_string() }
}

fn code_box(code: &CodeMail) -> Block {
    Block::Code { label: "Your personal code".to_owned(), value: code.code.clone() }
}

fn code_facts(code: &CodeMail, zone: &TimeZone) -> Block {
    Block::Facts(vec![
        machine_fact("Requested by machine", &code.machine),
        time_fact("Requested on", code.request_time, zone),
        time_fact("Valid until", code.expire_time, zone),
    ])
}

fn id_fact(account_id: u32) -> Fact {
    Fact { label: "Client ID".to_owned(), value: account_id.to_string() }
}

fn machine_fact(label: &str, machine: &str) -> Fact {
    Fact { label: label.to_owned(), value: letter::machine_name(machine, "(unnamed machine)") }
}

fn email_fact(masked: &str) -> Fact {
    Fact { label: "New address".to_owned(), value: masked.to_owned() }
}

fn time_fact(label: &str, time: Timestamp, zone: &TimeZone) -> Fact {
    Fact { label: label.to_owned(), value: moment::english(time, zone) }
}

fn steps(lead: &str, items: &[&str]) -> Block {
    Block::Steps {
        lead: lead.to_owned(),
        items: items.iter().map(|&item| item.to_owned()).collect(),
    }
}

fn notice(title: &str, text: &str) -> Block {
    Block::Notice { title: title.to_owned(), text: text.to_owned() }
}

fn never_asked() -> Block {
    notice(
        "Give this code to no one",
        "Our support desk will never ask you for it: your client ID is all they need. Type the \
         code into Gestan and nowhere else.",
    )
}

fn not_asked_for(then: &str) -> Block {
    notice("You did not ask for this?", &format!("Simply ignore this message: {then}"))
}

/// What to do when a stranger is at work; the code comes to the address that reads this.
fn take_back() -> Block {
    steps(
        "If this was not you, take your account back at once:",
        &[
            OPEN_WINDOW,
            "Click the button that sends a personal code: it will come to this address.",
            "Type this code on the “Confirmer” screen, choose a new password and tick the box that \
             detaches the other machines.",
            "Call Gestan’s support desk and give your client ID.",
        ],
    )
}
