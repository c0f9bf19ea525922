//! The English mails that answer a request for which there is no code.

use super::English;
use crate::mail::message::{
    Request,
    language::{Answers, Language as _},
    layout::{Block, Layout},
};

impl Answers for English<'_> {
    fn no_account(&self, request: &Request) -> Layout {
        self.layout(
            "No Gestan client account at this address",
            "A personal code was requested, but this address has no client account.",
            "No account at this address",
            vec![
                self.hello(),
                self.paragraph(
                    "A personal code was requested for this address, but no Gestan client account \
                     uses it.",
                ),
                self.paragraph(
                    "Your account may use another address: try again with that one, or with your \
                     client ID.",
                ),
                self.steps(
                    "No account yet? To open one:",
                    &[
                        Self::OPEN_WINDOW,
                        "Choose “Enregistrer un compte” and type your e-mail address.",
                        "A personal code will arrive at once: type it on the “Confirmer” screen.",
                    ],
                ),
                Block::Facts(self.request_facts(request).into()),
                self.not_asked_for("nothing was opened or changed."),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }

    fn email_taken(&self, request: &Request) -> Layout {
        self.layout(
            "This address already has its Gestan client account",
            "It cannot be used for another account. Nothing has changed.",
            "This address already has its account",
            vec![
                self.hello(),
                self.paragraph(
                    "Someone tried to use this address for another Gestan client account. That is \
                     not possible, because it already has an account of its own. Nothing has \
                     changed.",
                ),
                Block::Facts(self.request_facts(request).into()),
                self.notice(
                    "Was this you?",
                    "A company needs one account only, whatever the number of its machines: on \
                     this machine, choose “Enregistrer un compte existant”. To keep two accounts, \
                     give the other one a different address.",
                ),
                self.not_asked_for("your account, its address and its password stay as they are."),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }
}
