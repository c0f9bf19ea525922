//! The last French mail to an address.

use super::French;
use crate::mail::{
    message::{
        language::{Farewells, Language},
        layout::{Block, Fact, Layout},
    },
    notice::Erasure,
};

impl Farewells for French<'_> {
    fn account_erased(&self, erasure: &Erasure) -> Layout {
        let id = erasure.account_id;
        let number = format!(
            "Nous gardons le numéro {id} et la date : ce numéro ne sera donné à \
                 personne d’autre."
        );
        let mut items = vec![
            "Votre fiche, votre adresse, votre mot de passe, vos postes et l’historique \
                 sont effacés. Vos postes ne sont plus rattachés.",
            &*number,
            "Nous gardons aussi la trace de cette demande, un temps seulement : elle \
                 prouve qu’elle a été suivie. Elle ne dit rien de vous.",
            "Cette adresse est oubliée dès que ce message est parti : c’est le dernier.",
        ];
        if erasure.keeps_entries {
            items.insert(
                2,
                "Nous gardons les écritures de votre crédit-temps, sans texte : minutes, dates et numéros \
                     de facture. La loi demande de garder dix ans ce qui justifie les comptes.",
            );
        }
        self.layout(
            "Votre compte client Gestan a été effacé",
            "C’est notre dernier message à cette adresse.",
            "Votre compte client est effacé",
            vec![
                self.hello(),
                self.paragraph(&format!(
                    "À la suite d’une demande faite à notre assistance, votre compte client {id} a été \
                     effacé, avec tout ce que nous savions de vous. Cela ne peut pas être annulé."
                )),
                Block::Facts(vec![
                    Fact { label: "ID client effacé".to_owned(), value: id.to_string() },
                    self.time_fact("Effacé le", erasure.time()),
                ]),
                self.steps("Ce qui est effacé, et ce qui reste :", &items),
                self.paragraph(
                    "Pour revenir, ouvrez un nouveau compte dans Gestan : il aura un autre ID client.",
                ),
                self.notice(
                    "Ce n’était pas vous ?",
                    &format!("{} et donnez l’ID {id}.", self.call_support()),
                ),
            ],
            &format!("Vous le recevez parce que cette adresse était celle du compte client {id}."),
        )
    }
}
