//! The French mails that answer a request for which there is no code.

use super::French;
use crate::mail::message::{
    Request,
    language::{Answers, Language as _},
    layout::{Block, Layout},
};

impl Answers for French<'_> {
    fn no_account(&self, request: &Request) -> Layout {
        self.layout(
            "Aucun compte client Gestan à cette adresse",
            "Un code personnel a été demandé, mais cette adresse n’a pas de compte client.",
            "Aucun compte à cette adresse",
            vec![
                self.hello(),
                self.paragraph(
                    "Un code personnel a été demandé pour cette adresse, mais elle n’est celle \
                     d’aucun compte client Gestan.",
                ),
                self.paragraph(
                    "Votre compte a peut-être une autre adresse : recommencez avec celle-là, ou \
                     avec votre ID client.",
                ),
                self.steps(
                    "Pas encore de compte ? Pour en ouvrir un :",
                    &[
                        Self::OPEN_WINDOW,
                        "Choisissez « Enregistrer un compte » et tapez votre adresse de courriel.",
                        "Un code personnel vous arrive aussitôt : tapez-le sur l’écran « Confirmer \
                         ».",
                    ],
                ),
                Block::Facts(self.request_facts(request).into()),
                self.not_asked_for("rien n’a été ouvert ni changé."),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }

    fn email_taken(&self, request: &Request) -> Layout {
        self.layout(
            "Cette adresse a déjà son compte client Gestan",
            "Elle ne peut pas servir à un autre compte. Rien n’a changé.",
            "Cette adresse a déjà son compte",
            vec![
                self.hello(),
                self.paragraph(
                    "Quelqu’un a voulu donner cette adresse à un autre compte client Gestan. Ce \
                     n’est pas possible, car elle a déjà son propre compte. Rien n’a changé.",
                ),
                Block::Facts(self.request_facts(request).into()),
                self.notice(
                    "C’était vous ?",
                    "Une entreprise n’a besoin que d’un compte, quel que soit le nombre de ses \
                     postes : sur ce poste, choisissez « Enregistrer un compte existant ». Pour \
                     garder deux comptes, donnez à l’autre une adresse différente.",
                ),
                self.not_asked_for(
                    "votre compte, son adresse et son mot de passe restent les mêmes.",
                ),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }
}
