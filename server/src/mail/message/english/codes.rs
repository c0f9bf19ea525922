//! The English mails that bring a personal code.

use super::English;
use crate::mail::message::{
    CodeMail,
    language::{CodeMails, Language as _},
    layout::Layout,
};

impl CodeMails for English<'_> {
    fn open_account(&self, mail: &CodeMail) -> Layout {
        self.layout(
            "Your code to open a Gestan client account",
            "Type this personal code into Gestan: it opens your client account.",
            "Open your client account",
            vec![
                self.hello(),
                self.paragraph(
                    "Here is the personal code that opens your Gestan client account. You will \
                     then get your client ID: the number that our support desk asks for when you \
                     call.",
                ),
                self.code_box(mail),
                self.steps(
                    "To open your account:",
                    &[
                        Self::OPEN_WINDOW,
                        "On the “Confirmer” screen, type this code.",
                        "Choose your password. That’s it: this machine is linked to your account.",
                    ],
                ),
                self.code_facts(mail),
                self.never_asked(),
                self.not_asked_for("without this code, no account will be opened."),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }

    fn account_exists(&self, account_id: u32, mail: &CodeMail) -> Layout {
        self.layout(
            "You already have a Gestan client account",
            "Your client ID, and a personal code to get back to your account.",
            "You already have a client account",
            vec![
                self.hello(),
                self.paragraph(
                    "There is already a Gestan client account at this address: there is no need \
                     to open a second one. Here are your client ID, and a personal code that leads you to \
                     that account.",
                ),
                self.id_box(account_id),
                self.code_box(mail),
                self.steps(
                    "To get back to your account:",
                    &[
                        Self::OPEN_WINDOW,
                        "On the “Confirmer” screen, type this code.",
                        "Choose a new password. That’s it: this machine is linked to your account.",
                    ],
                ),
                self.paragraph(
                    "Do you know your password? Choose “Enregistrer un compte existant” instead, \
                     and type your client ID and that password.",
                ),
                self.code_facts(mail),
                self.never_asked(),
                self.not_asked_for(
                    "nothing changes on your account, and your current password remains valid.",
                ),
            ],
            &self.address_of(account_id),
        )
    }

    fn personal_code(&self, account_id: u32, mail: &CodeMail) -> Layout {
        self.layout(
            "Your Gestan personal code",
            "Use it to choose a new password, or once in place of the current one.",
            "Your personal code",
            vec![
                self.hello(),
                self.paragraph(
                    "You asked for a personal code for your Gestan client account. Here it is, \
                     with your client ID.",
                ),
                self.id_box(account_id),
                self.code_box(mail),
                self.steps(
                    "To choose a new password:",
                    &[
                        Self::OPEN_WINDOW,
                        "On the “Confirmer” screen, type this code.",
                        "Choose your new password: until then, the current one remains valid.",
                    ],
                ),
                self.paragraph(
                    "You can also use this code to link a machine without changing the password \
                     (“Enregistrer un compte existant” screen, with your client ID), or in place \
                     of the password when the “Compte client” form asks for it. It can be used \
                     only once.",
                ),
                self.code_facts(mail),
                self.never_asked(),
                self.not_asked_for(
                    "nothing changes on your account, and your current password remains valid.",
                ),
            ],
            &self.address_of(account_id),
        )
    }

    fn support_code(&self, account_id: Option<u32>, mail: &CodeMail) -> Layout {
        let mut blocks = vec![
            self.hello(),
            self.paragraph(
                "After your call, Gestan’s support desk sends you this personal code. The desk does \
                 not know it.",
            ),
        ];
        blocks.extend(account_id.map(|id| self.id_box(id)));
        blocks.push(self.code_box(mail));
        blocks.push(self.steps(
            "To use it:",
            &[
                "Go back to the “Compte client” window that waits for a code.",
                "Type this code on the “Confirmer” screen.",
                "Choose your password.",
            ],
        ));
        blocks.extend(account_id.map(|_| {
            self.paragraph(
                "No window waits? Choose “Enregistrer un compte existant”, and type your client ID and \
                 this code. It can be used once.",
            )
        }));
        blocks.extend([
            self.support_code_facts(mail),
            self.never_asked(),
            self.not_asked_for("without this code, nothing changes."),
        ]);
        let reason = account_id.map(|id| self.address_of(id));
        self.layout(
            "The code that Gestan’s support desk sends you",
            "Type this personal code into Gestan, and nowhere else.",
            "Your code, sent by our support desk",
            blocks,
            &reason.unwrap_or_else(|| Self::TYPED_IN_GESTAN.to_owned()),
        )
    }

    fn confirm_email(&self, mail: &CodeMail) -> Layout {
        self.layout(
            "Confirm your new address for Gestan",
            "Type this personal code into Gestan: it puts your new address in place.",
            "Confirm your new address",
            vec![
                self.hello(),
                self.paragraph(
                    "You asked for this address to become that of your Gestan client account. The \
                     personal code below puts it in place; until then, the old address stays in \
                     force.",
                ),
                self.code_box(mail),
                self.steps(
                    "To confirm this address:",
                    &[
                        Self::OPEN_WINDOW,
                        "On the “Confirmer” screen, type this code: your new address is in place.",
                    ],
                ),
                self.code_facts(mail),
                self.never_asked(),
                self.not_asked_for(
                    "without this code, the account’s address does not change, and its current \
                     password remains valid.",
                ),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }

    /// It may have been mistyped, and so it holds no client ID: whoever it is for has that from
    /// the desk.
    fn support_confirm_email(&self, mail: &CodeMail) -> Layout {
        self.layout(
            "The code of your new address for Gestan",
            "Type this personal code into Gestan: it puts your new address in place.",
            "Confirm your new address",
            vec![
                self.hello(),
                self.paragraph(
                    "After your call, Gestan’s support desk prepares your client account to move to this \
                     address. The personal code below puts it in place; until then, the old address \
                     stays in force. The desk does not know this code.",
                ),
                self.code_box(mail),
                self.steps(
                    "To confirm this address:",
                    &[
                        Self::OPEN_WINDOW,
                        "If the form of your account is shown, type this code beside the new address. \
                         Otherwise choose “Enregistrer un compte existant”, and type your client ID and \
                         this code.",
                        "Your new address is in place. Password forgotten? Then ask for a personal code: \
                         it will come here.",
                    ],
                ),
                self.support_code_facts(mail),
                self.never_asked(),
                self.not_asked_for(
                    "without this code, the account’s address does not change, and its current \
                     password remains valid.",
                ),
            ],
            "You receive it because this address was given to Gestan’s support desk.",
        )
    }
}
