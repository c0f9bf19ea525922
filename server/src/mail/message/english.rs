//! The mails in English.
//!
//! They say exactly what the French ones say. Gestan's screens are in French, so their names stay
//! French, in quotes. No mail may hold a link, and no subject a text that a person typed.

mod answers;
mod codes;
mod farewells;
mod mergers;
mod notices;

use jiff::{Timestamp, tz::TimeZone};

use super::{language::Language, layout::Block, letterhead::Letterhead, moment};

/// English, with times in this zone, of this sender.
pub(super) struct English<'a> {
    pub(super) zone: &'a TimeZone,
    pub(super) letterhead: &'a Letterhead,
}

impl Language for English<'_> {
    const TAG: &'static str = "en";
    const COLON: &'static str = ":";
    const SUPPORT: &'static str = "Gestan’s support desk";
    const TYPED_IN_GESTAN: &'static str =
        "You receive it because this address was typed into Gestan’s “Compte client” window.";
    const NOTHING_TO_DO: &'static str = "If this was you, there is nothing to do.";
    const OPEN_WINDOW: &'static str = "In Gestan, open the “?” menu, then “Compte client”.";
    const HELLO: &'static str = "Hello,";

    const YOUR_CLIENT_ID: &'static str = "Your client ID";
    const YOUR_CODE: &'static str = "Your personal code";
    const CLIENT_ID: &'static str = "Client ID";
    const NEW_ADDRESS: &'static str = "New address";
    const REQUESTED_BY: &'static str = "Requested by machine";
    const REQUESTED_ON: &'static str = "Requested on";
    const VALID_UNTIL: &'static str = "Valid until";
    const UNNAMED_MACHINE: &'static str = "(unnamed machine)";
    const QUOTES: [&'static str; 2] = ["“", "”"];

    fn letterhead(&self) -> &Letterhead {
        self.letterhead
    }

    fn automatic(&self) -> String {
        match &self.letterhead.reply_to {
            Some(address) => format!(
                "This is an automatic message. If you reply to it, your answer goes to {}.",
                address.as_typed()
            ),
            None => "This is an automatic message: please do not reply to it.".to_owned(),
        }
    }

    fn call_support(&self) -> String {
        match &self.letterhead.support_phone {
            Some(number) => format!("Call Gestan’s support desk on {number}"),
            None => "Call Gestan’s support desk".to_owned(),
        }
    }

    fn moment(&self, time: Timestamp) -> String {
        moment::english(time, self.zone)
    }

    /// Nothing is to be done: English has no space before its punctuation.
    fn typeset(&self, text: &str) -> String {
        text.to_owned()
    }

    fn address_of(&self, account_id: u32) -> String {
        format!("You receive it because this is the address of client account {account_id}.")
    }

    fn never_asked(&self) -> Block {
        self.notice(
            "Give this code to no one",
            "Our support desk will never ask you for it: your client ID is all they need. Type the \
             code into Gestan and nowhere else.",
        )
    }

    fn not_asked_for(&self, then: &str) -> Block {
        self.notice("You did not ask for this?", &format!("Simply ignore this message: {then}"))
    }

    fn take_back(&self) -> Block {
        self.steps(
            "If this was not you, take your account back at once:",
            &[
                Self::OPEN_WINDOW,
                "Click the button that sends a personal code: it will come to this address.",
                "Type this code on the “Confirmer” screen, choose a new password and tick the box \
                 that detaches the other machines.",
                &format!("{} and give your client ID.", self.call_support()),
            ],
        )
    }
}
