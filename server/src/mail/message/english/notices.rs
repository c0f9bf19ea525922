//! The English welcome and security notices.

use super::English;
use crate::mail::{
    message::{
        language::{Language, Notices},
        layout::{Block, Layout},
    },
    notice::{AddressBySupport, BySupport, Event},
};

impl Notices for English<'_> {
    const DETACHED_MACHINE: &'static str = "Detached machine";
    const OTHER_DETACHED_MACHINES: &'static str = "Other detached machines";

    fn welcome(&self, event: &Event) -> Layout {
        self.layout(
            "Welcome: your Gestan client account is open",
            "Keep this message: it holds your client ID.",
            "Welcome!",
            vec![
                self.hello(),
                self.paragraph(
                    "Your Gestan client account is open. Here is your client ID: our support desk \
                     will ask for it when you call. Keep this message.",
                ),
                self.id_box(event.account_id),
                Block::Facts(vec![
                    self.machine_fact("Linked machine", &event.machine),
                    self.time_fact("Opened on", event.time()),
                ]),
                self.steps(
                    "To link another machine:",
                    &[
                        "On that other machine, open Gestan’s “?” menu, then “Compte client”.",
                        "Choose “Enregistrer un compte existant”.",
                        "Type your client ID and your password.",
                    ],
                ),
                self.notice(
                    "This was not you?",
                    &format!("{} and give this client ID.", self.call_support()),
                ),
            ],
            &self.address_of(event.account_id),
        )
    }

    fn password_changed(&self, event: &Event, machine_linked: bool) -> Layout {
        let mut what =
            "The password of your Gestan client account has just been changed".to_owned();
        if machine_linked {
            what.push_str(", and the machine that changed it was linked to your account");
        }
        what.push('.');
        let mut facts = vec![
            self.id_fact(event.account_id),
            self.machine_fact("From machine", &event.machine),
            self.time_fact("Changed on", event.time()),
        ];
        if machine_linked {
            self.add_detached(&event.detached, &mut what, &mut facts);
        }
        self.security_notice(
            event.account_id,
            "The password of your Gestan client account was changed",
            "Your password was changed",
            &what,
            facts,
        )
    }

    fn machine_linked(&self, event: &Event) -> Layout {
        let mut what = "A machine has just been linked to your Gestan client account.".to_owned();
        let mut facts = vec![
            self.id_fact(event.account_id),
            self.machine_fact("Machine", &event.machine),
            self.time_fact("Linked on", event.time()),
        ];
        self.add_detached(&event.detached, &mut what, &mut facts);
        self.security_notice(
            event.account_id,
            "A machine was linked to your Gestan client account",
            "A machine was linked to your account",
            &what,
            facts,
        )
    }

    /// A machine of the customer's own is soon linked again; the way out is a call, because the
    /// desk did it.
    fn machine_unlinked(&self, done: &BySupport) -> Layout {
        let mut facts = vec![self.id_fact(done.account_id)];
        facts.extend(self.detached_facts(&done.detached));
        facts.push(self.time_fact("Detached on", done.time()));
        self.layout(
            "Our support desk detached a machine from your client account",
            "If this was your request, there is nothing to do.",
            "A machine has lost access to your account",
            vec![
                self.hello(),
                self.paragraph(
                    "After a call, Gestan’s support desk has just detached from your client account \
                     what is listed below: it can no longer access the account. If this was your \
                     request, there is nothing to do.",
                ),
                Block::Facts(facts),
                self.notice(
                    "This was not you?",
                    &format!(
                        "{} and give your client ID. A machine is linked again by “Enregistrer un \
                         compte existant”.",
                        self.call_support()
                    ),
                ),
            ],
            &self.address_of(done.account_id),
        )
    }

    /// Whoever called may have lied to the desk: each way to stop it comes first.
    fn email_change_started(&self, started: &AddressBySupport) -> Layout {
        let mut facts = vec![
            self.id_fact(started.account_id),
            self.email_fact(&started.new_email_masked),
            self.time_fact("Requested on", started.time()),
        ];
        let code_time = started.code_time();
        facts.extend(code_time.map(|time| self.time_fact("Code to be sent on", time)));
        let code = if code_time.is_some() {
            "A code will be sent there at the time below, and not before; the address changes only \
             once this code has been typed into Gestan."
        } else {
            "A code has just been sent there; the address changes as soon as this code is typed into \
             Gestan."
        };
        self.layout(
            "Our support desk prepares a new address for your client account",
            "If this was your request, there is nothing to do.",
            "Your account is going to change its address",
            vec![
                self.hello(),
                self.paragraph(&format!(
                    "After a call, Gestan’s support desk has asked for your client account to move to the \
                     address below. {code} If this was your request, there is nothing to do."
                )),
                Block::Facts(facts),
                self.steps(
                    "This was not you? Stop this change right away, in one of these two ways:",
                    &[
                        &format!(
                            "{} and give your client ID: the desk cancels the change.",
                            self.call_support()
                        ),
                        "Or change your password, which cancels it, too: in Gestan, menu “?”, “Compte \
                         client”, click the button that sends a personal code. It comes to this address; \
                         type it on the “Confirmer” screen, and choose your new password.",
                    ],
                ),
            ],
            &self.address_of(started.account_id),
        )
    }

    fn email_change_requested(&self, event: &Event, new_email_masked: &str) -> Layout {
        let facts = vec![
            self.id_fact(event.account_id),
            self.email_fact(new_email_masked),
            self.machine_fact("From machine", &event.machine),
            self.time_fact("Requested on", event.time()),
        ];
        self.security_notice(
            event.account_id,
            "A new address was requested for your Gestan client account",
            "A new address was requested",
            "A change of address has just been requested for your Gestan client account. The \
             address will change only once the new one has been confirmed, with the code sent \
             there.",
            facts,
        )
    }

    /// Codes now go to the new address, so the way back leads over the support desk.
    fn email_changed(&self, event: &Event, new_email_masked: &str) -> Layout {
        self.layout(
            "The address of your Gestan client account was changed",
            "If this was you, there is nothing to do.",
            "The address of your account was changed",
            vec![
                self.hello(),
                self.paragraph(
                    "The address of your Gestan client account has just been replaced. Our \
                     messages will go to the new one from now on. If this was you, there is \
                     nothing to do.",
                ),
                Block::Facts(vec![
                    self.id_fact(event.account_id),
                    self.email_fact(new_email_masked),
                    self.time_fact("Changed on", event.time()),
                ]),
                self.steps(
                    "If this was not you, take your account back at once:",
                    &[
                        &format!(
                            "{} and give your client ID: personal codes now go to the new address.",
                            self.call_support()
                        ),
                        "If your password still works, change it in Gestan, “?” menu, “Compte \
                         client”, and tick the box that detaches the other machines.",
                    ],
                ),
            ],
            &format!(
                "You receive it because this was the address of client account {}.",
                event.account_id
            ),
        )
    }

    fn made_room(&self, detached_several: bool) -> &'static str {
        if detached_several {
            "Your account had more machines than it can have: those that had not been used for \
             longest were detached."
        } else {
            "Your account already had all the machines it can have: the one that had not been used \
             for longest was detached."
        }
    }
}
