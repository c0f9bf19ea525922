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
            "Votre compte a peut-être une autre adresse, ou reste à ouvrir.",
            "Aucun compte à cette adresse",
            vec![
                self.hello(),
                self.paragraph(
                    "Un code personnel a été demandé, mais aucun compte client Gestan n’existe à \
                     cette adresse.",
                ),
                self.paragraph(
                    "Votre compte a peut-être une autre adresse : recommencez avec elle, ou avec \
                     votre ID client.",
                ),
                self.steps(
                    "Pas encore de compte ? Pour en ouvrir un :",
                    &[
                        Self::OPEN_WINDOW,
                        "Choisissez « Créer un nouveau compte » et tapez votre adresse de courriel.",
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
            "Un compte client Gestan existe déjà à cette adresse",
            "Elle ne peut pas servir à un autre compte. Rien n’a changé.",
            "Un compte existe déjà à cette adresse",
            vec![
                self.hello(),
                self.paragraph(
                    "Quelqu’un a voulu donner cette adresse à un autre compte client Gestan. Ce \
                     n’est pas possible, car un compte existe déjà à cette adresse. Rien n’a \
                     changé.",
                ),
                Block::Facts(self.request_facts(request).into()),
                self.paragraph(
                    "C’était vous ? Une entreprise n’a besoin que d’un compte, quel que soit le \
                     nombre de ses postes.",
                ),
                self.steps(
                    "Pour rattacher votre poste au compte de cette adresse :",
                    &[
                        Self::OPEN_WINDOW,
                        "Cliquez sur le bouton qui détache le poste de son compte actuel.",
                        "Choisissez « Enregistrer un compte existant », et tapez l’ID client et le \
                         mot de passe du compte de cette adresse.",
                    ],
                ),
                self.paragraph(
                    "Pour garder les deux comptes, ne faites rien : l’autre compte garde son \
                     ancienne adresse.",
                ),
                self.not_asked_for(
                    "votre compte, son adresse et son mot de passe restent les mêmes.",
                ),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }
}
