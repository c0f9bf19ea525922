//! The French mails that bring a personal code.

use super::French;
use crate::mail::message::{
    CodeMail,
    language::{CodeMails, Language as _},
    layout::Layout,
};

impl CodeMails for French<'_> {
    fn open_account(&self, mail: &CodeMail) -> Layout {
        self.layout(
            "Votre code pour ouvrir un compte client Gestan",
            "Tapez ce code personnel dans Gestan : il ouvre votre compte client.",
            "Ouvrez votre compte client",
            vec![
                self.hello(),
                self.paragraph(
                    "Voici le code personnel qui ouvre votre compte client Gestan. Vous recevrez \
                     alors votre ID client : c’est le numéro que notre assistance vous demande \
                     quand vous appelez.",
                ),
                self.code_box(mail),
                self.steps(
                    "Pour ouvrir votre compte :",
                    &[
                        Self::OPEN_WINDOW,
                        "Sur l’écran « Confirmer », tapez ce code.",
                        "Choisissez votre mot de passe : c’est fait, ce poste est rattaché à votre \
                         compte.",
                    ],
                ),
                self.code_facts(mail),
                self.never_asked(),
                self.not_asked_for("sans ce code, aucun compte ne sera ouvert."),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }

    fn account_exists(&self, account_id: u32, mail: &CodeMail) -> Layout {
        self.layout(
            "Vous avez déjà un compte client Gestan",
            "Votre ID client, et un code personnel pour retrouver votre compte.",
            "Vous avez déjà un compte client",
            vec![
                self.hello(),
                self.paragraph(
                    "Un compte client Gestan existe déjà à cette adresse : inutile d’en ouvrir un \
                     second. Voici votre ID client, et un code personnel qui vous mène à ce \
                     compte.",
                ),
                self.id_box(account_id),
                self.code_box(mail),
                self.steps(
                    "Pour retrouver votre compte :",
                    &[
                        Self::OPEN_WINDOW,
                        "Sur l’écran « Confirmer », tapez ce code.",
                        "Choisissez un nouveau mot de passe : c’est fait, ce poste est rattaché à \
                         votre compte.",
                    ],
                ),
                self.paragraph(
                    "Vous connaissez votre mot de passe ? Choisissez plutôt « Enregistrer un \
                     compte existant », et tapez votre ID client et ce mot de passe.",
                ),
                self.code_facts(mail),
                self.never_asked(),
                self.not_asked_for(
                    "rien ne change sur votre compte, et votre mot de passe actuel reste valable.",
                ),
            ],
            &self.address_of(account_id),
        )
    }

    fn personal_code(&self, account_id: u32, mail: &CodeMail) -> Layout {
        self.layout(
            "Votre code personnel Gestan",
            "Il sert à choisir un nouveau mot de passe, ou remplace une fois l’actuel.",
            "Votre code personnel",
            vec![
                self.hello(),
                self.paragraph(
                    "Vous avez demandé un code personnel pour votre compte client Gestan. Le \
                     voici, avec votre ID client.",
                ),
                self.id_box(account_id),
                self.code_box(mail),
                self.steps(
                    "Pour choisir un nouveau mot de passe :",
                    &[
                        Self::OPEN_WINDOW,
                        "Sur l’écran « Confirmer », tapez ce code.",
                        "Choisissez votre nouveau mot de passe : d’ici là, l’actuel reste valable.",
                    ],
                ),
                self.paragraph(
                    "Ce code sert aussi à rattacher un poste sans changer de mot de passe (écran \
                     « Enregistrer un compte existant », avec votre ID client), ou à remplacer le \
                     mot de passe quand la fiche « Compte client » vous le demande. Il ne sert \
                     qu’une fois.",
                ),
                self.code_facts(mail),
                self.never_asked(),
                self.not_asked_for(
                    "rien ne change sur votre compte, et votre mot de passe actuel reste valable.",
                ),
            ],
            &self.address_of(account_id),
        )
    }

    fn support_code(&self, account_id: Option<u32>, mail: &CodeMail) -> Layout {
        let mut blocks = vec![
            self.hello(),
            self.paragraph(
                "À la suite de votre appel, l’assistance Gestan vous envoie ce code personnel. Elle ne \
                 le connaît pas elle-même.",
            ),
        ];
        blocks.extend(account_id.map(|id| self.id_box(id)));
        blocks.push(self.code_box(mail));
        blocks.push(self.steps(
            "Pour vous en servir :",
            &[
                "Revenez à la fenêtre « Compte client » qui attend un code.",
                "Sur l’écran « Confirmer », tapez ce code.",
                "Choisissez votre mot de passe.",
            ],
        ));
        blocks.extend(account_id.map(|_| {
            self.paragraph(
                "Aucune fenêtre n’attend ? Choisissez « Enregistrer un compte existant », et tapez \
                 votre ID client et ce code. Il ne sert qu’une fois.",
            )
        }));
        blocks.extend([
            self.support_code_facts(mail),
            self.never_asked(),
            self.not_asked_for("sans ce code, rien ne change."),
        ]);
        let reason = account_id.map(|id| self.address_of(id));
        self.layout(
            "Le code que l’assistance Gestan vous envoie",
            "Tapez ce code personnel dans Gestan, et nulle part ailleurs.",
            "Votre code, envoyé par l’assistance",
            blocks,
            &reason.unwrap_or_else(|| Self::TYPED_IN_GESTAN.to_owned()),
        )
    }

    fn confirm_email(&self, mail: &CodeMail) -> Layout {
        self.layout(
            "Confirmez votre nouvelle adresse pour Gestan",
            "Tapez ce code personnel dans Gestan : il met votre nouvelle adresse en place.",
            "Confirmez votre nouvelle adresse",
            vec![
                self.hello(),
                self.paragraph(
                    "Vous avez demandé que cette adresse devienne celle de votre compte client \
                     Gestan. Le code personnel ci-dessous la met en place ; d’ici là, l’ancienne \
                     adresse reste en vigueur.",
                ),
                self.code_box(mail),
                self.steps(
                    "Pour confirmer cette adresse :",
                    &[
                        Self::OPEN_WINDOW,
                        "Sur l’écran « Confirmer », tapez ce code : votre nouvelle adresse est en \
                         place.",
                    ],
                ),
                self.code_facts(mail),
                self.never_asked(),
                self.not_asked_for(
                    "sans ce code, l’adresse du compte ne change pas, et son mot de passe actuel \
                     reste valable.",
                ),
            ],
            Self::TYPED_IN_GESTAN,
        )
    }

    /// It may have been mistyped, and so it holds no client ID: whoever it is for has that from
    /// the desk.
    fn support_confirm_email(&self, mail: &CodeMail) -> Layout {
        self.layout(
            "Le code de votre nouvelle adresse pour Gestan",
            "Tapez ce code personnel dans Gestan : il met votre nouvelle adresse en place.",
            "Confirmez votre nouvelle adresse",
            vec![
                self.hello(),
                self.paragraph(
                    "À la suite de votre appel, l’assistance Gestan prépare le passage de votre compte \
                     client à cette adresse. Le code personnel ci-dessous la met en place ; d’ici là, \
                     l’ancienne adresse reste en vigueur. L’assistance ne connaît pas ce code.",
                ),
                self.code_box(mail),
                self.steps(
                    "Pour confirmer cette adresse :",
                    &[
                        Self::OPEN_WINDOW,
                        "Si la fiche de votre compte s’affiche, tapez ce code à côté de la nouvelle \
                         adresse. Sinon, choisissez « Enregistrer un compte existant », et tapez votre \
                         ID client et ce code.",
                        "Votre nouvelle adresse est en place. Mot de passe oublié ? Demandez alors un \
                         code personnel : il arrivera ici.",
                    ],
                ),
                self.support_code_facts(mail),
                self.never_asked(),
                self.not_asked_for(
                    "sans ce code, l’adresse du compte ne change pas, et son mot de passe actuel \
                     reste valable.",
                ),
            ],
            "Vous le recevez parce que cette adresse a été donnée à l’assistance Gestan.",
        )
    }
}
