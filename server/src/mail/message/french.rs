//! The mails in French.
//!
//! The readers are shopkeepers: short sentences, the words of Gestan's own screens, "vous". Texts
//! are written with ordinary spaces; [`typeset`](Language::typeset) puts in the no-break ones that
//! French typography asks for. No mail may hold a link, and no subject a text that a person typed.

mod answers;
mod codes;
mod farewells;
mod mergers;
mod notices;

use jiff::{Timestamp, tz::TimeZone};

use super::{language::Language, layout::Block, letterhead::Letterhead, moment};

/// French, with times in this zone, of this sender.
pub(super) struct French<'a> {
    pub(super) zone: &'a TimeZone,
    pub(super) letterhead: &'a Letterhead,
}

impl Language for French<'_> {
    const TAG: &'static str = "fr";
    const COLON: &'static str = "\u{a0}:";
    const SUPPORT: &'static str = "Assistance Gestan";
    const TYPED_IN_GESTAN: &'static str = "Vous le recevez parce que cette adresse a été saisie \
                                           dans Gestan, fenêtre « Compte client ».";
    const NOTHING_TO_DO: &'static str = "C’était vous ? Vous n’avez rien à faire.";
    const OPEN_WINDOW: &'static str = "Dans Gestan, ouvrez le menu « ? », puis « Compte client ».";
    const HELLO: &'static str = "Bonjour,";

    const YOUR_CLIENT_ID: &'static str = "Votre ID client";
    const YOUR_CODE: &'static str = "Votre code personnel";
    const CLIENT_ID: &'static str = "ID client";
    const NEW_ADDRESS: &'static str = "Nouvelle adresse";
    const REQUESTED_BY: &'static str = "Demandé par le poste";
    const REQUESTED_ON: &'static str = "Demandé le";
    const VALID_UNTIL: &'static str = "Valable jusqu’au";
    const UNNAMED_MACHINE: &'static str = "(poste sans nom)";
    const QUOTES: [&'static str; 2] = ["«\u{a0}", "\u{a0}»"];

    fn letterhead(&self) -> &Letterhead {
        self.letterhead
    }

    fn automatic(&self) -> String {
        match &self.letterhead.reply_to {
            Some(address) => format!(
                "Ceci est un message automatique. Si vous y répondez, votre réponse part à \
                 l’adresse {}.",
                address.as_typed()
            ),
            None => "Ceci est un message automatique : merci de ne pas y répondre.".to_owned(),
        }
    }

    fn call_support(&self) -> String {
        match &self.letterhead.support_phone {
            Some(number) => format!("Appelez l’assistance Gestan au {number}"),
            None => "Appelez l’assistance Gestan".to_owned(),
        }
    }

    fn moment(&self, time: Timestamp) -> String {
        moment::french(time, self.zone)
    }

    /// No line may break before `; ! ? : »`, nor after `«`.
    fn typeset(&self, text: &str) -> String {
        text.replace("« ", "«\u{a0}")
            .replace(" »", "\u{a0}»")
            .replace(" :", "\u{a0}:")
            .replace(" ;", "\u{202f};")
            .replace(" !", "\u{202f}!")
            .replace(" ?", "\u{202f}?")
    }

    fn address_of(&self, account_id: u32) -> String {
        format!("Vous le recevez parce que cette adresse est celle du compte client {account_id}.")
    }

    fn never_asked(&self) -> Block {
        self.notice(
            "Ne donnez ce code à personne",
            "Notre assistance ne vous le demandera jamais : votre ID client lui suffit. Ne tapez \
             ce code que dans Gestan.",
        )
    }

    fn not_asked_for(&self, then: &str) -> Block {
        self.notice(
            "Vous n’avez rien demandé ?",
            &format!("Ignorez simplement ce message : {then}"),
        )
    }

    fn take_back(&self) -> Block {
        self.steps(
            "Ce n’était pas vous ? Reprenez la main tout de suite :",
            &[
                Self::OPEN_WINDOW,
                "Cliquez sur le bouton qui envoie un code personnel : il arrive à cette adresse.",
                "Tapez ce code sur l’écran « Confirmer », choisissez un nouveau mot de passe et \
                 cochez la case qui détache les autres postes.",
                &format!("{} et donnez votre ID client.", self.call_support()),
            ],
        )
    }
}
