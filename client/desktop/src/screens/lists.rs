//! The lists behind the magnifiers: countries, and activities.

use egui::{Button, ScrollArea, Ui};
use gestan_account_wizard::{Action, Field, Wizard};

use crate::{parts, texts};

pub(super) fn countries(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    let submitted = parts::card(ui, |ui| parts::field(ui, wizard, Field::CountryQuery, focus));
    let mut chosen = submitted.then_some(Action::Submit);
    let current = wizard.value(Field::Country).to_owned();
    let rows = wizard.countries().into_iter();
    let rows: Vec<_> = rows.map(|it| (it.code.clone(), it.name.clone())).collect();
    list(ui, |ui| {
        for (code, name) in rows {
            if row(ui, code == current, &code, &name) {
                chosen = Some(Action::PickCountry(code));
            }
        }
    });
    chosen
}

pub(super) fn ape_codes(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>) -> Option<Action> {
    let language = wizard.language();
    let submitted = parts::card(ui, |ui| parts::field(ui, wizard, Field::ApeQuery, focus));
    let mut chosen = submitted.then_some(Action::Submit);
    let current = wizard.value(Field::ApeCode).to_owned();
    list(ui, |ui| {
        for code in wizard.ape_codes() {
            if row(ui, code.code == current, &code.printed, &code.label) {
                chosen = Some(Action::PickApe(code.code.clone()));
            }
        }
        if wizard.has_more_ape_codes() && parts::button(ui, texts::more_results(language)) {
            chosen = Some(Action::MoreApe);
        }
    });
    chosen
}

fn list(ui: &mut Ui, rows: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        rows(ui);
    });
}

/// One line of a list. True when it was taken.
fn row(ui: &mut Ui, is_current: bool, code: &str, name: &str) -> bool {
    ui.horizontal(|ui| {
        let width = ui.available_width();
        let text = format!("{code}   {name}");
        let button = Button::selectable(is_current, text).truncate().right_text("");
        ui.add_sized([width, 28.0], button.min_size(egui::vec2(width, 28.0))).clicked()
    })
    .inner
}
