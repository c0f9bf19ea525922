//! Below the form: the machines, and the support time that was bought and used.

use egui::{Label, RichText, Ui};
use gestan_account_wizard::{Action, Moment, Wizard, describe_entry, describe_machine, hours};

use crate::{parts, texts, theme};

pub(super) fn show(ui: &mut Ui, wizard: &Wizard, moment: &Moment, chosen: &mut Option<Action>) {
    let language = wizard.language();
    if let Some(time) = wizard.time() {
        parts::heading(ui, texts::time(language));
        parts::card(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new(texts::balance(language)).color(theme::WEAK));
                let balance = hours(time.balance_minutes);
                let colour = if time.balance_minutes < 0 { theme::BAD } else { theme::ACCENT };
                ui.label(RichText::new(balance).size(18.0).color(colour));
            });
            for entry in &time.entries {
                line(ui, &describe_entry(entry, moment, language));
            }
        });
    }
    if wizard.machines().is_empty() {
        return;
    }
    parts::heading(ui, texts::machines(language));
    parts::card(ui, |ui| {
        for linked in wizard.machines() {
            ui.horizontal(|ui| {
                if let Some(machine) = linked.machine.as_ref().filter(|_| !linked.current) {
                    let button = parts::small_button(ui, texts::detach_other(language));
                    if button.on_hover_text(&machine.name).clicked() {
                        *chosen = Some(Action::DetachMachine(machine.id.clone()));
                    }
                }
                line(ui, &describe_machine(linked, moment, language));
            });
        }
    });
}

fn line(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).size(13.5)).wrap());
}
