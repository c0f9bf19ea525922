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
                    "This address already has its Gestan client account: there is no need to open \
                     a second one. Here are your client ID, and a personal code that leads you to \
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
}
