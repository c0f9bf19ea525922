//! The English mails that bring a personal code.
//!
//! Each says what the code does, which machine asked and when, until when it is valid, that the
//! support desk never asks for it, and what to do if one did not ask.

use jiff::tz::TimeZone;

use super::{
    Block, CodeMail, Letter, OPEN_WINDOW, address_of, code_box, code_facts, id_box, never_asked,
    not_asked_for, open, paragraph, steps, typed_in_gestan,
};

pub(super) fn open_account(code: &CodeMail, zone: &TimeZone) -> Letter {
    open(
        "Your code to open your Gestan client account",
        "Type this personal code into Gestan: it opens your client account.",
        "Open your client account",
        vec![
            paragraph("Hello,"),
            paragraph(
                "Here is the personal code that opens your Gestan client account. You will then \
                 get your client ID: the number that our support desk asks for when you call.",
            ),
            code_box(code),
            steps(
                "To open your account:",
                &[
                    OPEN_WINDOW,
                    "On the “Confirmer” screen, type this code.",
                    "Choose your password. That’s it: this machine is linked to your account.",
                ],
            ),
            code_facts(code, zone),
            never_asked(),
            not_asked_for("without this code, no account will be opened."),
        ],
        typed_in_gestan(),
    )
}

pub(super) fn account_exists(account_id: u32, code: &CodeMail, zone: &TimeZone) -> Letter {
    open(
        "You already have a Gestan client account",
        "Your client ID, and a personal code to get back to your account.",
        "You already have a client account",
        vec![
            paragraph("Hello,"),
            paragraph(
                "This address already has its Gestan client account: there is no need to open a \
                 second one. Here are your client ID, and a personal code that leads you to that \
                 account.",
            ),
            id_box(account_id),
            code_box(code),
            steps(
                "To get back to your account:",
                &[
                    OPEN_WINDOW,
                    "On the “Confirmer” screen, type this code.",
                    "Choose a new password. That’s it: this machine is linked to your account.",
                ],
            ),
            paragraph(
                "Do you know your password? Choose “Enregistrer un compte existant” instead, and \
                 type your client ID and that password.",
            ),
            code_facts(code, zone),
            never_asked(),
            not_asked_for(
                "nothing changes on your account, and your current password remains valid.",
            ),
        ],
        &address_of(account_id),
    )
}

pub(super) fn personal_code(account_id: u32, code: &CodeMail, zone: &TimeZone) -> Letter {
    open(
        "Your Gestan personal code",
        "Use it once in place of your password, or to choose a new one.",
        "Your personal code",
        vec![
            paragraph("Hello,"),
            paragraph(
                "You asked for a personal code for your Gestan client account. Here it is, with \
                 your client ID.",
            ),
            id_box(account_id),
            code_box(code),
            Block::Choices {
                lead: "You can use this code once, in one of three ways:".to_owned(),
                items: vec![
                    "to choose a new password: in Gestan, “?” menu, “Compte client”, “Confirmer” \
                     screen;"
                        .to_owned(),
                    "to link a machine: “Enregistrer un compte existant” screen, with your client \
                     ID;"
                    .to_owned(),
                    "in place of the password, when the “Compte client” form asks for it."
                        .to_owned(),
                ],
            },
            paragraph("Your current password remains valid until you choose a new one."),
            code_facts(code, zone),
            never_asked(),
            not_asked_for(
                "nothing changes on your account, and your current password remains valid.",
            ),
        ],
        &address_of(account_id),
    )
}

pub(super) fn confirm_email(account_id: u32, code: &CodeMail, zone: &TimeZone) -> Letter {
    open(
        "Confirm your new address for Gestan",
        "Type this personal code into Gestan: it puts your new address in place.",
        "Confirm your new address",
        vec![
            paragraph("Hello,"),
            paragraph(
                "You asked for this address to become that of your Gestan client account. The \
                 personal code below puts it in place; until then, the old address stays.",
            ),
            id_box(account_id),
            code_box(code),
            steps(
                "To confirm this address:",
                &[
                    OPEN_WINDOW,
                    "On the “Confirmer” screen, type this code: your new address is in place.",
                ],
            ),
            code_facts(code, zone),
            never_asked(),
            not_asked_for(
                "without this code, the account’s address does not change, and its current \
                 password remains valid.",
            ),
        ],
        typed_in_gestan(),
    )
}
