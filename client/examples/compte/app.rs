//! What every screen needs: the wizard, the connection that its calls go over, the file, and how
//! what came of them is told.

use anyhow::Result;
use gestan_account_client::blocking::Client;
use gestan_account_wizard::{Action, Call, Field, Kept, Language, Moment, Said, Wizard};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::{notice::wrapped, store::Store, terminal};

/// What a line may take, beside the mark in front of it.
const WIDTH: usize = 76;

pub(crate) struct App {
    pub(crate) wizard: Wizard,
    client: Client,
    store: Store,
    /// Whether the machine was linked just now, so that the client ID is to be noted.
    is_newly_linked: bool,
}

/// Where to go when a menu's choice is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Again,
    Quit,
}

impl App {
    pub(crate) fn new(client: Client, server: String, store: Store, kept: Kept) -> Self {
        let wizard = Wizard::new(kept, Language::French, server, new_id);
        Self { wizard, client, store, is_newly_linked: false }
    }

    /// Reads the account of a machine that is linked.
    pub(crate) fn open(&mut self) -> Result<()> {
        let call = self.wizard.start();
        self.make(call)?;
        self.insist()
    }

    /// Does what the person chose, and tells what went wrong.
    pub(crate) fn go(&mut self, action: Action) -> Result<()> {
        let call = self.wizard.act(action);
        self.make(call)?;
        self.insist()
    }

    /// Takes what was typed, and sends the screen.
    pub(crate) fn submit(&mut self, typed: &[(Field, &str)]) -> Result<()> {
        for (field, text) in typed {
            self.wizard.set(*field, text);
        }
        self.go(Action::Submit)
    }

    /// Whether the last call was refused, or not answered.
    pub(crate) fn has_failed(&self) -> bool {
        self.wizard.trouble().is_some()
    }

    /// Shows what an action came to. On the form it stands right above the menu: the form, which
    /// is longer than a screen together with the menu, would push it out of sight.
    pub(crate) fn tell(&mut self) {
        for said in self.wizard.take_said() {
            let (mark, text) = match said {
                Said::Done(text) => ("✓", text),
                Said::Note(text) => (" ", text),
            };
            print_wrapped(mark, &text);
        }
        if std::mem::take(&mut self.is_newly_linked) {
            let id = self.wizard.account().map_or(0, |account| account.id);
            println!("{}", client_id_in_large(id));
        }
    }

    /// Makes a call, and those that follow from its answer.
    fn make(&mut self, mut call: Option<Call>) -> Result<()> {
        while let Some(made) = call {
            let was_linked = self.wizard.kept().link.is_some();
            let id = made.id();
            let answer = made.make(&self.client);
            call = self.wizard.answered(id, answer, &moment());
            self.is_newly_linked |= !was_linked && self.wizard.kept().link.is_some();
            if self.wizard.take_unsaved() {
                self.store.save(self.wizard.kept())?;
            }
        }
        Ok(())
    }

    /// Says what went wrong; makes the call again for as long as nobody answers and the person
    /// wants to.
    fn insist(&mut self) -> Result<()> {
        self.explain();
        while self.wizard.trouble().is_some_and(|trouble| trouble.may_repeat) {
            if !terminal::agree("Réessayer maintenant ?", true)? {
                return Ok(());
            }
            let call = self.wizard.act(Action::Again);
            self.make(call)?;
            self.explain();
        }
        Ok(())
    }

    /// Says what went wrong, and the way out.
    fn explain(&self) {
        let Some(trouble) = self.wizard.trouble() else { return };
        println!();
        match (trouble.message.as_str(), trouble.fields.as_slice()) {
            ("", [(_, text)]) => print_wrapped("✗", text),
            (message, fields) => {
                print_wrapped("✗", message);
                for (field, text) in fields {
                    let field = match field {
                        Field::Email => Field::AccountEmail,
                        field => *field,
                    };
                    let label = plain(field.label(Language::French));
                    print_wrapped(" ", &format!("- {label} : {text}"));
                }
            }
        }
        for line in &trouble.details {
            print_wrapped(" ", line);
        }
        println!();
    }
}

/// Prints a text on as many lines as it needs, the first behind a mark.
fn print_wrapped(mark: &str, text: &str) {
    for (number, line) in wrapped(text, WIDTH).iter().enumerate() {
        let mark = if number == 0 { mark } else { " " };
        println!("{mark} {}", plain(line));
    }
}

/// A text as every terminal shows it.
pub(crate) fn plain(text: &str) -> String {
    text.replace('’', "'").replace('\u{a0}', " ")
}

/// A new UUID: of this machine, or of one request, which keeps it when it is repeated.
#[expect(clippy::disallowed_methods, reason = "the example is a program of its own")]
pub(crate) fn new_id() -> String {
    Uuid::new_v4().to_string()
}

/// The time of this machine's clock.
#[expect(clippy::disallowed_methods, reason = "the example is a program of its own")]
pub(crate) fn moment() -> Moment {
    Moment { now: jiff::Timestamp::now(), zone: TimeZone::system() }
}

/// The client ID, large, because it is to be read out over the phone.
fn client_id_in_large(id: u32) -> String {
    let line = format!("  Votre ID client :  {id}  ");
    let edge = "═".repeat(line.chars().count());
    let note = "Notez-le : l'assistance vous le demandera au téléphone.";
    format!("  ╔{edge}╗\n  ║{line}║\n  ╚{edge}╝\n  {note}\n")
}
