//! The English mails about two accounts that were made one.

use super::English;
use crate::mail::{
    message::{
        language::{Language, Mergers},
        layout::{Block, Fact, Layout},
    },
    notice::Merge,
};

impl Mergers for English<'_> {
    /// The reader loses an address, an ID and a password: what takes their place comes first.
    fn account_merged(&self, merge: &Merge, into_email_masked: &str) -> Layout {
        let (from, into) = (merge.from_account_id, merge.into_account_id);
        self.layout(
            "Your Gestan client account is now part of another one",
            "Another client ID takes the place of yours: it is in this message.",
            "Your two accounts have become one",
            vec![
                self.hello(),
                self.paragraph(&format!(
                    "Your company had two Gestan client accounts. After a call, our support desk has \
                     merged them: account {from} is now part of account {into}. Here is the client ID \
                     to give when you call."
                )),
                self.id_box(into),
                Block::Facts(vec![
                    Fact { label: "Former client ID".to_owned(), value: from.to_string() },
                    Fact {
                        label: "Address of the account".to_owned(),
                        value: into_email_masked.to_owned(),
                    },
                    self.time_fact("Merged on", merge.time()),
                ]),
                self.steps(
                    "What changes for you:",
                    &[
                        "Your machines stay linked: there is nothing to do on them.",
                        &format!(
                            "The password is that of account {into}; that of account {from} no \
                             longer serves."
                        ),
                        &format!("Our messages and codes go to the address of account {into}."),
                        &format!("The former ID {from} still leads to account {into}."),
                    ],
                ),
                self.notice(
                    "This was not you?",
                    &format!("{} and give both IDs.", self.call_support()),
                ),
            ],
            &format!("You receive it because this was the address of client account {from}."),
        )
    }

    fn account_extended(&self, merge: &Merge) -> Layout {
        let (from, into) = (merge.from_account_id, merge.into_account_id);
        let mut facts = vec![
            self.id_fact(into),
            Fact { label: "ID that leads there, too".to_owned(), value: from.to_string() },
        ];
        if merge.machines > 0 {
            let label = "Machines of the merged account".to_owned();
            facts.push(Fact { label, value: merge.machines.to_string() });
        }
        facts.push(self.time_fact("Merged on", merge.time()));
        self.layout(
            "A second account is now part of your Gestan client account",
            "If this was your request, there is nothing to do.",
            "Your two accounts have become one",
            vec![
                self.hello(),
                self.paragraph(&format!(
                    "Your company had two Gestan client accounts. After a call, our support desk has \
                     merged them: account {from} is now part of yours, and so are its machines. Your \
                     client ID, your password and your form stay as they are. If this was your \
                     request, there is nothing to do."
                )),
                Block::Facts(facts),
                self.notice(
                    "This was not you?",
                    &format!(
                        "{} and give both IDs. In Gestan, “?” menu, “Compte client”, you see your \
                         machines and can detach those that are not yours.",
                        self.call_support()
                    ),
                ),
            ],
            &self.address_of(into),
        )
    }
}
