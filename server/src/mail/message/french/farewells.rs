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
                self.steps(
                    "Ce qui est effacé, et ce qui reste :",
                    &[
                        "Votre fiche, votre adresse, votre mot de passe, vos postes et l’historique \
                         sont effacés. Vos postes ne sont plus rattachés.",
                        &format!(
                            "Nous gardons le numéro {id} et la date : ce numéro ne sera donné à \
                             personne d’autre."
                        ),
                        "Nous gardons aussi la trace de cette demande, un temps seulement : elle \
                         prouve qu’elle a été suivie. Elle ne dit rien de vous.",
                        "Cette adresse est oubliée dès que ce message est parti : c’est le dernier.",
                    ],
                ),
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
