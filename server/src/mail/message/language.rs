//! What a language has to bring along, so that a mail can be written in it: traits without
//! defaults for any sentence, so that one that a language lacks does not compile.
//!
//! Each method gives a whole mail, because a mail is written and read as one, from top to bottom;
//! only what several mails share stands apart, in [`Language`].

use jiff::Timestamp;

use super::{
    CodeMail, Request,
    layout::{Block, Fact, Layout},
    letterhead::Letterhead,
    machine_name::quoted_machine_name,
};
use crate::mail::notice::{AddressBySupport, BySupport, Detached, Erasure, Event, Merge};

/// The words and sentences that several mails share, and the blocks that are made of them.
pub(super) trait Language {
    /// The language tag.
    const TAG: &'static str;
    /// What stands between a label and its value in the text part.
    const COLON: &'static str;
    /// What stands before the ways to reach support.
    const SUPPORT: &'static str;
    /// Why the reader gets a mail that somebody's typing has brought about.
    const TYPED_IN_GESTAN: &'static str;
    /// To somebody who has done it, in a mail about what was done.
    const NOTHING_TO_DO: &'static str;
    /// How to come to the window "Compte client".
    const OPEN_WINDOW: &'static str;
    const HELLO: &'static str;

    const YOUR_CLIENT_ID: &'static str;
    const YOUR_CODE: &'static str;
    const CLIENT_ID: &'static str;
    const NEW_ADDRESS: &'static str;
    const REQUESTED_BY: &'static str;
    const REQUESTED_ON: &'static str;
    const VALID_UNTIL: &'static str;
    const UNNAMED_MACHINE: &'static str;
    /// What stands around a text that a person typed.
    const QUOTES: [&'static str; 2];

    /// What the operator has mails say.
    fn letterhead(&self) -> &Letterhead;

    /// The footer's first line: that nobody wrote this, and where an answer goes.
    fn automatic(&self) -> String;

    /// The beginning of a sentence: to call support.
    fn call_support(&self) -> String;

    /// A moment in words.
    fn moment(&self, time: Timestamp) -> String;

    /// A text by the rules of the language's typography.
    fn typeset(&self, text: &str) -> String;

    /// Why the reader of an account's mail gets it.
    fn address_of(&self, account_id: u32) -> String;

    /// That nobody may ask for the code.
    fn never_asked(&self) -> Block;

    /// What happens `then`, if one did not ask for the mail: nothing.
    fn not_asked_for(&self, then: &str) -> Block;

    /// What to do when a stranger is at work; the code comes to the address that reads this.
    fn take_back(&self) -> Block;

    /// A mail of these words and blocks, sent for this reason.
    fn layout(
        &self,
        subject: &str,
        preheader: &str,
        title: &str,
        blocks: Vec<Block>,
        reason: &str,
    ) -> Layout {
        Layout {
            language: Self::TAG,
            subject: self.typeset(subject),
            preheader: self.typeset(preheader),
            title: self.typeset(title),
            blocks,
            footer: vec![self.typeset(&self.automatic()), self.typeset(reason)],
            letterhead: self.letterhead_lines(),
            colon: Self::COLON,
        }
    }

    /// Who sends the mail, as the operator wrote it: without our typography.
    fn letterhead_lines(&self) -> Vec<String> {
        let letterhead = self.letterhead();
        let support = letterhead.support();
        let support = support.map(|ways| format!("{}{} {ways}", Self::SUPPORT, Self::COLON));
        let legal_line = letterhead.legal_line.as_ref().map(|line| line.as_str().to_owned());
        [letterhead.sender(), support, legal_line].into_iter().flatten().collect()
    }

    fn hello(&self) -> Block {
        self.paragraph(Self::HELLO)
    }

    fn paragraph(&self, text: &str) -> Block {
        Block::Paragraph(self.typeset(text))
    }

    fn steps(&self, lead: &str, items: &[&str]) -> Block {
        let items = items.iter().map(|item| self.typeset(item)).collect();
        Block::Steps { lead: self.typeset(lead), items }
    }

    fn notice(&self, title: &str, text: &str) -> Block {
        Block::Notice { title: self.typeset(title), text: self.typeset(text) }
    }

    fn id_box(&self, account_id: u32) -> Block {
        Block::AccountId { label: Self::YOUR_CLIENT_ID.to_owned(), value: account_id.to_string() }
    }

    fn code_box(&self, mail: &CodeMail) -> Block {
        Block::Code { label: Self::YOUR_CODE.to_owned(), value: mail.code.clone() }
    }

    fn code_facts(&self, mail: &CodeMail) -> Block {
        let [machine, time] = self.request_facts(&mail.request);
        Block::Facts(vec![machine, time, self.time_fact(Self::VALID_UNTIL, mail.expire_time)])
    }

    /// The same of a code that no machine has asked for.
    fn support_code_facts(&self, mail: &CodeMail) -> Block {
        Block::Facts(vec![
            self.time_fact(Self::REQUESTED_ON, mail.request.time),
            self.time_fact(Self::VALID_UNTIL, mail.expire_time),
        ])
    }

    fn request_facts(&self, request: &Request) -> [Fact; 2] {
        [
            self.machine_fact(Self::REQUESTED_BY, &request.machine),
            self.time_fact(Self::REQUESTED_ON, request.time),
        ]
    }

    fn id_fact(&self, account_id: u32) -> Fact {
        Fact { label: Self::CLIENT_ID.to_owned(), value: account_id.to_string() }
    }

    fn machine_fact(&self, label: &str, machine: &str) -> Fact {
        let quoted = quoted_machine_name(machine, Self::QUOTES);
        let value = quoted.unwrap_or_else(|| Self::UNNAMED_MACHINE.to_owned());
        Fact { label: label.to_owned(), value }
    }

    fn email_fact(&self, masked: &str) -> Fact {
        Fact { label: Self::NEW_ADDRESS.to_owned(), value: masked.to_owned() }
    }

    fn time_fact(&self, label: &str, time: Timestamp) -> Fact {
        Fact { label: label.to_owned(), value: self.moment(time) }
    }
}

/// The mails that bring a personal code.
///
/// Each says what the code does, which machine asked and when, until when it is valid, that the
/// support desk never asks for it, and what to do if one did not ask.
pub(super) trait CodeMails: Language {
    fn open_account(&self, mail: &CodeMail) -> Layout;
    fn account_exists(&self, account_id: u32, mail: &CodeMail) -> Layout;
    fn personal_code(&self, account_id: u32, mail: &CodeMail) -> Layout;
    fn support_code(&self, account_id: Option<u32>, mail: &CodeMail) -> Layout;
    fn confirm_email(&self, mail: &CodeMail) -> Layout;
    fn support_confirm_email(&self, mail: &CodeMail) -> Layout;
}

/// The mails that answer a request for which there is no code.
pub(super) trait Answers: Language {
    fn no_account(&self, request: &Request) -> Layout;
    fn email_taken(&self, request: &Request) -> Layout;
}

/// The mails to the owners of two accounts that were made one: which ID counts from now on, what
/// becomes of machines and password, and whom to call if that was wrong.
pub(super) trait Mergers: Language {
    fn account_merged(&self, merge: &Merge, into_email_masked: &str) -> Layout;
    fn account_extended(&self, merge: &Merge) -> Layout;
}

/// The last mail of all: to an address that is forgotten when it has ended.
pub(super) trait Farewells: Language {
    fn account_erased(&self, erasure: &Erasure) -> Layout;
}

/// The welcome and the security notices.
///
/// A notice says what happened, from which machine and when, and what to do if it was not the
/// reader.
pub(super) trait Notices: Language {
    const DETACHED_MACHINE: &'static str;
    const OTHER_DETACHED_MACHINES: &'static str;

    fn welcome(&self, event: &Event) -> Layout;
    fn password_changed(&self, event: &Event, machine_linked: bool) -> Layout;
    fn email_change_requested(&self, event: &Event, new_email_masked: &str) -> Layout;
    fn email_changed(&self, event: &Event, new_email_masked: &str) -> Layout;
    fn machine_linked(&self, event: &Event) -> Layout;
    fn machine_unlinked(&self, done: &BySupport) -> Layout;
    fn email_change_started(&self, started: &AddressBySupport) -> Layout;

    /// The sentence that follows when machines made room for another one.
    fn made_room(&self, detached_several: bool) -> &'static str;

    /// Adds which machines made room for the new one.
    fn add_detached(&self, detached: &Detached, what: &mut String, facts: &mut Vec<Fact>) {
        if detached.is_none() {
            return;
        }
        what.push(' ');
        what.push_str(self.made_room(detached.are_several()));
        facts.extend(self.detached_facts(detached));
    }

    /// Which machines were detached.
    fn detached_facts(&self, detached: &Detached) -> Vec<Fact> {
        let names = detached.names.iter();
        let mut facts: Vec<Fact> =
            names.map(|name| self.machine_fact(Self::DETACHED_MACHINE, name)).collect();
        if detached.others > 0 {
            let label = Self::OTHER_DETACHED_MACHINES.to_owned();
            facts.push(Fact { label, value: detached.others.to_string() });
        }
        facts
    }

    /// A notice of what was done, which the reader can take back.
    fn security_notice(
        &self,
        account_id: u32,
        subject: &str,
        title: &str,
        what: &str,
        facts: Vec<Fact>,
    ) -> Layout {
        self.layout(
            subject,
            Self::NOTHING_TO_DO,
            title,
            vec![
                self.hello(),
                self.paragraph(&format!("{what} {}", Self::NOTHING_TO_DO)),
                Block::Facts(facts),
                self.take_back(),
            ],
            &self.address_of(account_id),
        )
    }
}
