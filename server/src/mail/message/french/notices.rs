//! The French welcome and security notices.

use super::French;
use crate::mail::{
    message::{
        language::{Language, Notices},
        layout::{Block, Layout},
    },
    notice::{AddressBySupport, BySupport, Event},
};

impl Notices for French<'_> {
    const DETACHED_MACHINE: &'static str = "Poste détaché";
    const OTHER_DETACHED_MACHINES: &'static str = "Autres postes détachés";

    fn welcome(&self, event: &Event) -> Layout {
        self.layout(
            "Bienvenue : votre compte client Gestan est ouvert",
            "Gardez ce message : il contient votre ID client.",
            "Bienvenue !",
            vec![
                self.hello(),
                self.paragraph(
                    "Votre compte client Gestan est ouvert. Voici votre ID client : notre \
                     assistance vous le demandera quand vous appellerez. Gardez ce message.",
                ),
                self.id_box(event.account_id),
                Block::Facts(vec![
                    self.machine_fact("Poste rattaché", &event.machine),
                    self.time_fact("Ouvert le", event.time()),
                ]),
                self.steps(
                    "Pour rattacher un autre poste :",
                    &[
                        "Sur cet autre poste, ouvrez dans Gestan le menu « ? », puis « Compte \
                         client ».",
                        "Choisissez « Enregistrer un compte existant ».",
                        "Tapez votre ID client et votre mot de passe.",
                    ],
                ),
                self.notice(
                    "Ce n’était pas vous ?",
                    &format!("{} et donnez cet ID client.", self.call_support()),
                ),
            ],
            &self.address_of(event.account_id),
        )
    }

    fn password_changed(&self, event: &Event, machine_linked: bool) -> Layout {
        let mut what =
            "Le mot de passe de votre compte client Gestan vient d’être changé".to_owned();
        if machine_linked {
            what.push_str(", et le poste qui l’a changé a été rattaché à votre compte");
        }
        what.push('.');
        let mut facts = vec![
            self.id_fact(event.account_id),
            self.machine_fact("Depuis le poste", &event.machine),
            self.time_fact("Changé le", event.time()),
        ];
        if machine_linked {
            self.add_detached(&event.detached, &mut what, &mut facts);
        }
        self.security_notice(
            event.account_id,
            "Le mot de passe de votre compte client Gestan a changé",
            "Votre mot de passe a changé",
            &what,
            facts,
        )
    }

    fn machine_linked(&self, event: &Event) -> Layout {
        let mut what = "Un poste vient d’être rattaché à votre compte client Gestan.".to_owned();
        let mut facts = vec![
            self.id_fact(event.account_id),
            self.machine_fact("Poste", &event.machine),
            self.time_fact("Rattaché le", event.time()),
        ];
        self.add_detached(&event.detached, &mut what, &mut facts);
        self.security_notice(
            event.account_id,
            "Un poste a été rattaché à votre compte client Gestan",
            "Un poste de plus sur votre compte",
            &what,
            facts,
        )
    }

    /// A machine of the customer's own is soon linked again; the way out is a call, because the
    /// desk did it.
    fn machine_unlinked(&self, done: &BySupport) -> Layout {
        let mut facts = vec![self.id_fact(done.account_id)];
        facts.extend(self.detached_facts(&done.detached));
        facts.push(self.time_fact("Détaché le", done.time()));
        self.layout(
            "L’assistance a détaché un poste de votre compte client Gestan",
            "C’était à votre demande ? Vous n’avez rien à faire.",
            "Un poste n’a plus accès à votre compte",
            vec![
                self.hello(),
                self.paragraph(
                    "À la suite d’un appel, l’assistance Gestan vient de détacher de votre compte \
                     client ce qui est indiqué ci-dessous : l’accès au compte y est coupé. C’était à \
                     votre demande ? Vous n’avez rien à faire.",
                ),
                Block::Facts(facts),
                self.notice(
                    "Ce n’était pas vous ?",
                    &format!(
                        "{} et donnez votre ID client. Un poste se rattache à nouveau par \
                         « Enregistrer un compte existant ».",
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
            self.time_fact("Demandé le", started.time()),
        ];
        let code_time = started.code_time();
        facts.extend(code_time.map(|time| self.time_fact("Envoi du code", time)));
        let code = if code_time.is_some() {
            "Un code y sera envoyé à la date indiquée, pas avant ; l’adresse ne change que quand ce \
             code aura été tapé dans Gestan."
        } else {
            "Un code vient d’y être envoyé ; l’adresse change dès que ce code est tapé dans Gestan."
        };
        self.layout(
            "L’assistance prépare une nouvelle adresse pour votre compte client",
            "C’était à votre demande ? Vous n’avez rien à faire.",
            "Votre compte va changer d’adresse",
            vec![
                self.hello(),
                self.paragraph(&format!(
                    "À la suite d’un appel, l’assistance Gestan a demandé que votre compte client \
                     passe à l’adresse indiquée ci-dessous. {code} C’était à votre demande ? Vous n’avez \
                     rien à faire."
                )),
                Block::Facts(facts),
                self.steps(
                    "Ce n’était pas vous ? Arrêtez ce changement tout de suite, de l’une de ces deux \
                     façons :",
                    &[
                        &format!(
                            "{} et donnez votre ID client : elle annule le changement.",
                            self.call_support()
                        ),
                        "Ou changez de mot de passe, ce qui l’annule aussi : dans Gestan, menu \
                         « ? », « Compte client », cliquez sur le bouton qui envoie un code personnel. Il \
                         arrive à cette adresse ; tapez-le sur l’écran « Confirmer », et choisissez votre nouveau mot \
                         de passe.",
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
            self.machine_fact("Depuis le poste", &event.machine),
            self.time_fact("Demandé le", event.time()),
        ];
        self.security_notice(
            event.account_id,
            "Une nouvelle adresse est demandée pour votre compte client Gestan",
            "Une nouvelle adresse est demandée",
            "Un changement d’adresse vient d’être demandé pour votre compte client Gestan. \
             L’adresse ne changera que lorsque la nouvelle aura été confirmée, avec le code qui \
             lui a été envoyé.",
            facts,
        )
    }

    /// Codes now go to the new address, so the way back leads over the support desk.
    fn email_changed(&self, event: &Event, new_email_masked: &str) -> Layout {
        self.layout(
            "L’adresse de votre compte client Gestan a changé",
            "C’était vous ? Vous n’avez rien à faire.",
            "L’adresse de votre compte a changé",
            vec![
                self.hello(),
                self.paragraph(
                    "L’adresse de votre compte client Gestan vient d’être remplacée. Nos messages \
                     iront désormais à la nouvelle. C’était vous ? Vous n’avez rien à faire.",
                ),
                Block::Facts(vec![
                    self.id_fact(event.account_id),
                    self.email_fact(new_email_masked),
                    self.time_fact("Changée le", event.time()),
                ]),
                self.steps(
                    "Ce n’était pas vous ? Reprenez la main tout de suite :",
                    &[
                        &format!(
                            "{} et donnez votre ID client : les codes personnels partent \
                             désormais à la nouvelle adresse.",
                            self.call_support()
                        ),
                        "Si votre mot de passe fonctionne encore, changez-le dans Gestan, menu « ? \
                         », « Compte client », et cochez la case qui détache les autres postes.",
                    ],
                ),
            ],
            &format!(
                "Vous le recevez parce que cette adresse était celle du compte client {}.",
                event.account_id
            ),
        )
    }

    fn made_room(&self, detached_several: bool) -> &'static str {
        if detached_several {
            "Votre compte avait plus de postes qu’il ne peut en avoir : ceux qui n’avaient pas \
             servi depuis le plus longtemps ont été détachés."
        } else {
            "Votre compte avait déjà tous les postes qu’il peut avoir : celui qui n’avait pas \
             servi depuis le plus longtemps a été détaché."
        }
    }
}
