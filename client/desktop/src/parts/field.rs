//! A field with its name above it, and below it what is wrong with what stands in it.

use egui::{Id, Key, Label, RichText, Stroke, TextEdit, Ui};
use gestan_account_wizard::{Field, Wizard};

use crate::{
    parts::button::{is_letter_pressed, job},
    texts, theme,
};

/// Where the toolkit keeps whether secrets are shown; it is no part of what was typed.
fn switch_id() -> Id {
    Id::unique("secrets are shown")
}

fn id(field: Field) -> Id {
    Id::unique(("field", field))
}

/// Shows a field, as wide as there is room; takes what is typed. True when Enter was pressed in it.
pub(crate) fn field(ui: &mut Ui, wizard: &mut Wizard, field: Field, focus: Option<Field>) -> bool {
    let language = wizard.language();
    let error = wizard.error_of(field).map(str::to_owned);
    let mut text = wizard.value(field).to_owned();
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        let mark = if wizard.is_changed(field) { " •" } else { "" };
        let label = format!("{}{mark}", field.label(language));
        let label = ui.label(RichText::new(label).small().color(theme::WEAK));
        let is_hidden = field.is_secret() && field != Field::Code && !secrets_are_shown(ui);
        let response = ui
            .scope(|ui| {
                if error.is_some() {
                    let widgets = &mut ui.visuals_mut().widgets;
                    widgets.inactive.bg_stroke = Stroke::new(1.5, theme::BAD);
                    widgets.hovered.bg_stroke = Stroke::new(1.5, theme::BAD);
                }
                let edit = match field {
                    Field::Address => TextEdit::multiline(&mut text).desired_rows(2),
                    _ => TextEdit::singleline(&mut text),
                };
                let edit = if field == Field::Code {
                    edit.font(egui::FontId::monospace(19.0)).hint_text("XXXX-XXXX-XXXX")
                } else {
                    edit
                };
                let edit = edit
                    .id(id(field))
                    .password(is_hidden)
                    .margin(egui::Margin::symmetric(9, 6))
                    .desired_width(f32::INFINITY);
                ui.add(edit)
            })
            .inner
            .labelled_by(label.id);
        if response.changed() {
            wizard.set(field, &text);
        }
        let description = error.clone().unwrap_or_else(|| field.help(language).to_owned());
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(&*description));
        if focus == Some(field) {
            response.request_focus();
            response.scroll_to_me(None);
        }
        if let Some(error) = &error {
            ui.add(Label::new(RichText::new(error).small().color(theme::BAD)).wrap());
        } else if field.path().is_none() {
            // The form is full of fields: there, help comes under the pointer.
            let help = RichText::new(field.help(language)).small().color(theme::WEAK);
            ui.add(Label::new(help).wrap());
        }
        let response = response.on_hover_text(field.help(language));
        response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    })
    .inner
}

fn secrets_are_shown(ui: &Ui) -> bool {
    ui.data(|data| data.get_temp(switch_id())).unwrap_or(false)
}

/// Whether what is typed into secret fields is shown.
pub(crate) fn secrets_switch(ui: &mut Ui, wizard: &Wizard) {
    let mut shown = secrets_are_shown(ui);
    if checkbox(ui, &mut shown, texts::show_secret(wizard.language())) {
        ui.data_mut(|data| data.insert_temp(switch_id(), shown));
    }
}

/// Whether a new password detaches the other machines, too.
pub(crate) fn unlink_switch(ui: &mut Ui, wizard: &mut Wizard) {
    let mut yes = wizard.unlink_others();
    if checkbox(ui, &mut yes, texts::unlink_others(wizard.language())) {
        wizard.set_unlink_others(yes);
    }
}

/// True when it has changed, by mouse, key or letter.
fn checkbox(ui: &mut Ui, checked: &mut bool, text: &str) -> bool {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let changed = ui.checkbox(checked, job(text, font)).changed();
    let pressed = is_letter_pressed(ui, text);
    if pressed {
        *checked = !*checked;
    }
    changed || pressed
}
