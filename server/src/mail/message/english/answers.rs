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
            "Your account may use another address, or is yet to be opened.",
            "No account at this address",
            vec![
                self.hello(),
                self.paragraph(
                    "A personal code was requested, but there is no Gestan client account at this \
                     address.",
                ),
                self.paragraph(
                    "Your account may use another address: try again with that one, or with your \
                     client ID.",
                ),
                self.steps(
                    "No account yet? To open one:",
                    &[
                        Self::OPEN_WINDOW,
                        "Choose “Créer un nouveau compte” and type your e-mail address.",
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
            "There is already a Gestan client account at this address",
            "It cannot be used for another account. Nothing has changed.",
            "There is already an account at this address",
            vec![
                self.hello(),
                self.paragraph(
                    "Someone tried to use this address for another Gestan client account. That is \
                     not possible, because there is already an account at this address. Nothing \
                     has changed.",
                ),
                Block::Facts(self.request_facts(request).into()),
                self.paragraph(
                    "Was this you? A company needs one account only, whatever the number of its \
                     machines.",
                ),
                self.steps(
                    "To link your machine to the account of this address:",
                    &[
                        Self::OPEN_WINDOW,
                        "Click the button that detaches the machine from its current account.",
                        "Choose “Enregistrer un compte existant”, and type the client ID and the \
                         password of the account of this address.",
                    ],
                ),
                self.paragraph(
                    "To keep both accounts, do nothing: the other account keeps its old address.",
                ),
                self.not_asked_for("your account, its address and its password stay as they are."),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }
}
