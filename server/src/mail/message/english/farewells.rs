//! The last English mail to an address.

use super::English;
use crate::mail::{
    message::{
        language::{Farewells, Language},
        layout::{Block, Fact, Layout},
    },
    notice::Erasure,
};

impl Farewells for English<'_> {
    fn account_erased(&self, erasure: &Erasure) -> Layout {
        let id = erasure.account_id;
        let number = format!(
            "We keep the number {id} and the date: nobody else will be given that \
                 number."
        );
        let mut items = vec![
            "Your form, your address, your password, your machines and the history are \
                 erased. Your machines are not linked any more.",
            &*number,
            "We also keep a trace of this request, for a time only: it proves that it \
                 was met. It says nothing about you.",
            "This address is forgotten as soon as this message has left: it is the last one.",
        ];
        if erasure.keeps_entries {
            items.insert(
                2,
                "We keep the entries of your support time, without text: minutes, dates and numbers of \
                     invoices. The law has us keep for ten years what supports the books.",
            );
        }
        self.layout(
            "Your Gestan client account was erased",
            "This is our last message to this address.",
            "Your client account is erased",
            vec![
                self.hello(),
                self.paragraph(&format!(
                    "After a request to our support desk, your client account {id} was erased, with \
                     all that we knew of you. This cannot be undone."
                )),
                Block::Facts(vec![
                    Fact { label: "Erased client ID".to_owned(), value: id.to_string() },
                    self.time_fact("Erased on", erasure.time()),
                ]),
                self.steps("What is erased, and what stays:", &items),
                self.paragraph(
                    "To come back, open a new account in Gestan: it will have another client ID.",
                ),
                self.notice(
                    "This was not you?",
                    &format!("{} and give the ID {id}.", self.call_support()),
                ),
            ],
            &format!("You receive it because this was the address of client account {id}."),
        )
    }
}
