//! The screens that are a few fields: their order, and what stands around them. Enter in any field
//! is "Valider".

use egui::{RichText, ScrollArea, Ui};
use gestan_account_wizard::{Action, Field, Purpose, Wizard};

use crate::{parts, texts, theme};

/// The fields of the screen, one below the other.
fn fields(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    let mut submitted = false;
    for (number, field) in wizard.screen().fields().iter().enumerate() {
        if number > 0 {
            ui.add_space(4.0);
        }
        submitted |= parts::field(ui, wizard, *field, focus);
    }
    submitted.then_some(Action::Submit)
}

pub(super) fn create(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    let language = wizard.language();
    ui.label(texts::create_intro(language));
    let chosen = parts::card(ui, |ui| fields(ui, wizard, focus));
    if let Some(notice) = wizard.notice() {
        parts::heading(ui, texts::your_data(language));
        parts::card(ui, |ui| {
            let height = ui.available_height().max(110.0);
            ScrollArea::vertical().max_height(height).show(ui, |ui| {
                ui.set_width(ui.available_width());
                ui.label(RichText::new(notice).size(13.5).color(theme::TEXT));
            });
        });
    }
    chosen
}

pub(super) fn forgotten(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    ui.label(texts::forgotten_intro(wizard.language()));
    parts::card(ui, |ui| fields(ui, wizard, focus))
}

pub(super) fn existing(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    ui.label(texts::existing_intro(wizard.language()));
    parts::card(ui, |ui| {
        let chosen = fields(ui, wizard, focus);
        ui.add_space(4.0);
        parts::secrets_switch(ui, wizard);
        chosen
    })
}

pub(super) fn code(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    let language = wizard.language();
    ui.label(texts::code_intro(language));
    let mut chosen = parts::card(ui, |ui| fields(ui, wizard, focus));
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        // Only the form can ask for a change of address again: it takes the password.
        let purpose = wizard.kept().pending.as_ref().map(|pending| pending.purpose);
        if purpose != Some(Purpose::NewAddress) && parts::button(ui, texts::send_again(language)) {
            chosen = Some(Action::SendAgain);
        }
        if parts::button(ui, texts::give_up(language)) {
            chosen = Some(Action::GiveUp);
        }
    });
    chosen
}

pub(super) fn password(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    let language = wizard.language();
    ui.label(texts::password_intro(language));
    let existed = wizard.kept().pending.as_ref().is_some_and(|pending| pending.account_existed);
    let mut chosen = parts::card(ui, |ui| new_password(ui, wizard, focus, existed));
    ui.add_space(4.0);
    if parts::button(ui, texts::give_up(language)) {
        chosen = Some(Action::GiveUp);
    }
    chosen
}

pub(super) fn change_password(
    ui: &mut Ui,
    wizard: &mut Wizard,
    focus: Option<Field>,
) -> Option<Action> {
    parts::card(ui, |ui| {
        let submitted = parts::field(ui, wizard, Field::CurrentPassword, focus);
        ui.add_space(4.0);
        let chosen = new_password(ui, wizard, focus, true);
        chosen.or(submitted.then_some(Action::Submit))
    })
}

/// A new password, what it is worth, and the same again.
fn new_password(
    ui: &mut Ui,
    wizard: &mut Wizard,
    focus: Option<Field>,
    may_unlink: bool,
) -> Option<Action> {
    let mut submitted = parts::field(ui, wizard, Field::NewPassword, focus);
    parts::strength_bar(ui, wizard.strength(), wizard.language());
    ui.add_space(4.0);
    submitted |= parts::field(ui, wizard, Field::NewPasswordAgain, focus);
    ui.add_space(4.0);
    parts::secrets_switch(ui, wizard);
    if may_unlink {
        parts::unlink_switch(ui, wizard);
    }
    submitted.then_some(Action::Submit)
}

pub(super) fn rename(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    parts::card(ui, |ui| {
        let chosen = fields(ui, wizard, focus);
        ui.add_space(4.0);
        parts::secrets_switch(ui, wizard);
        chosen
    })
}
