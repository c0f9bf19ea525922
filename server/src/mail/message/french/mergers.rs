//! The French mails about two accounts that were made one.

use super::French;
use crate::mail::{
    message::{
        language::{Language, Mergers},
        layout::{Block, Fact, Layout},
    },
    notice::Merge,
};

impl Mergers for French<'_> {
    /// The reader loses an address, an ID and a password: what takes their place comes first.
    fn account_merged(&self, merge: &Merge, into_email_masked: &str) -> Layout {
        let (from, into) = (merge.from_account_id, merge.into_account_id);
        self.layout(
            "Votre compte client Gestan fait désormais partie d’un autre",
            "Un autre ID client prend la place du vôtre : il est dans ce message.",
            "Vos deux comptes n’en font plus qu’un",
            vec![
                self.hello(),
                self.paragraph(&format!(
                    "Votre entreprise avait deux comptes client Gestan. À la suite d’un appel, notre \
                     assistance les a réunis : le compte {from} fait désormais partie du compte \
                     {into}. Voici l’ID client à donner quand vous appelez."
                )),
                self.id_box(into),
                Block::Facts(vec![
                    Fact { label: "Ancien ID client".to_owned(), value: from.to_string() },
                    Fact {
                        label: "Adresse du compte".to_owned(),
                        value: into_email_masked.to_owned(),
                    },
                    self.time_fact("Réunis le", merge.time()),
                ]),
                self.steps(
                    "Ce qui change pour vous :",
                    &[
                        "Vos postes restent rattachés : vous n’avez rien à y faire.",
                        &format!(
                            "Le mot de passe est celui du compte {into} ; celui du compte {from} ne \
                             sert plus."
                        ),
                        &format!("Nos messages et les codes partent à l’adresse du compte {into}."),
                        &format!("L’ancien ID {from} mène encore au compte {into}."),
                    ],
                ),
                self.notice(
                    "Ce n’était pas vous ?",
                    &format!("{} et donnez les deux ID.", self.call_support()),
                ),
            ],
            &format!(
                "Vous le recevez parce que cette adresse était celle du compte client {from}."
            ),
        )
    }

    fn account_extended(&self, merge: &Merge) -> Layout {
        let (from, into) = (merge.from_account_id, merge.into_account_id);
        let mut facts = vec![
            self.id_fact(into),
            Fact { label: "ID qui y mène aussi".to_owned(), value: from.to_string() },
        ];
        if merge.machines > 0 {
            let (label, value) = ("Postes du compte réuni".to_owned(), merge.machines.to_string());
            facts.push(Fact { label, value });
        }
        facts.push(self.time_fact("Réunis le", merge.time()));
        self.layout(
            "Un second compte fait désormais partie de votre compte client Gestan",
            "C’était à votre demande ? Vous n’avez rien à faire.",
            "Vos deux comptes n’en font plus qu’un",
            vec![
                self.hello(),
                self.paragraph(&format!(
                    "Votre entreprise avait deux comptes client Gestan. À la suite d’un appel, notre \
                     assistance les a réunis : le compte {from} fait désormais partie du vôtre, et ses \
                     postes aussi. Votre ID client, votre mot de passe et votre fiche ne changent pas. \
                     C’était à votre demande ? Vous n’avez rien à faire."
                )),
                Block::Facts(facts),
                self.notice(
                    "Ce n’était pas vous ?",
                    &format!(
                        "{} et donnez les deux ID. Dans Gestan, menu « ? », « Compte client », vous \
                         voyez vos postes et pouvez détacher ceux qui ne sont pas à vous.",
                        self.call_support()
                    ),
                ),
            ],
            &self.address_of(into),
        )
    }
}
