//! What is asked before something is done: the password, or a yes.

use egui::{Grid, RichText, Ui};
use gestan_account_wizard::{Action, Field, Language, Proof, Wizard};

use crate::{parts, texts, theme};

pub(super) fn prove(
    ui: &mut Ui,
    wizard: &mut Wizard,
    proof: &Proof,
    focus: Option<Field>,
) -> Option<Action> {
    let language = wizard.language();
    match proof {
        Proof::Update => {
            ui.label(texts::prove_intro(language));
            parts::card(ui, |ui| changes(ui, wizard));
        }
        Proof::KeepAddress => {
            if let Some(account) = wizard.account() {
                let text = texts::pending_email(&account.pending_email, language);
                ui.label(text);
            }
        }
        Proof::DetachMachine { name, .. } => {
            ui.label(texts::detach_named(name, language));
        }
    }
    parts::card(ui, |ui| {
        let submitted = parts::field(ui, wizard, Field::Password, focus);
        ui.add_space(4.0);
        parts::secrets_switch(ui, wizard);
        submitted.then_some(Action::Submit)
    })
}

pub(super) fn detach(ui: &mut Ui, wizard: &Wizard) -> Option<Action> {
    ui.label(texts::detach_intro(wizard.language()));
    None
}

pub(super) fn abandon(ui: &mut Ui, wizard: &Wizard) -> Option<Action> {
    ui.label(texts::abandon_intro(wizard.language()));
    parts::card(ui, |ui| changes(ui, wizard));
    None
}

/// Every field that differs: what it was, and what it becomes.
fn changes(ui: &mut Ui, wizard: &Wizard) {
    let language = wizard.language();
    Grid::new("changes").num_columns(3).spacing([16.0, 6.0]).show(ui, |ui| {
        for field in Field::FORM.into_iter().filter(|field| wizard.is_changed(*field)) {
            ui.label(RichText::new(field.label(language)).color(theme::WEAK));
            let before = shown(wizard.read_value(field), language);
            ui.label(RichText::new(before).color(theme::WEAK).strikethrough());
            ui.label(shown(wizard.value(field), language));
            ui.end_row();
        }
    });
}

/// A value on one line, cut where it would push others out of sight.
fn shown(value: &str, language: Language) -> String {
    const CHARS: usize = 34;
    let line = value.lines().collect::<Vec<_>>().join(", ");
    if line.is_empty() {
        return texts::empty(language).to_owned();
    }
    if line.chars().count() <= CHARS {
        return line;
    }
    line.chars().take(CHARS).chain(['…']).collect()
}
