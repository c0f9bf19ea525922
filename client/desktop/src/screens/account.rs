//! The form: (1) the client ID, (2) detach, (3) resend, ten fields, machines and support time.

use egui::{Popup, RichText, Ui, Vec2};
use gestan_account_wizard::{Action, Field, Moment, Purpose, Wizard};

use crate::{parts, screens::history, texts, theme};

/// Of the width of a row, what its first field takes.
const HALF: f32 = 0.5;
const THIRD: f32 = 0.34;

pub(super) fn show(
    ui: &mut Ui,
    wizard: &mut Wizard,
    focus: Option<Field>,
    moment: &Moment,
) -> Option<Action> {
    if wizard.account().is_none() {
        if wizard.is_waiting() {
            ui.label(RichText::new(texts::reading(wizard.language())).color(theme::WEAK));
        }
        return None;
    }
    let mut chosen = None;
    toolbar(ui, wizard, &mut chosen);
    pending(ui, wizard, &mut chosen);
    parts::card(ui, |ui| fields(ui, wizard, focus, &mut chosen));
    history::show(ui, wizard, moment, &mut chosen);
    chosen
}

/// (1), (2) and (3).
fn toolbar(ui: &mut Ui, wizard: &Wizard, chosen: &mut Option<Action>) {
    let language = wizard.language();
    let id = wizard.account().map_or(0, |account| account.id);
    ui.horizontal(|ui| {
        ui.label(RichText::new(texts::client_id(language)).color(theme::WEAK));
        let number = RichText::new(id.to_string()).size(22.0).color(theme::ACCENT);
        ui.label(number);
        ui.add_space(10.0);
        if parts::button(ui, texts::detach(language)) {
            *chosen = Some(Action::Detach);
        }
        if parts::button(ui, texts::mail_code(language)) {
            *chosen = Some(Action::MailCode);
        }
        more(ui, wizard, chosen);
    });
}

/// What is seldom done.
fn more(ui: &mut Ui, wizard: &Wizard, chosen: &mut Option<Action>) {
    let language = wizard.language();
    let font = egui::TextStyle::Button.resolve(ui.style());
    let text = texts::more(language);
    let response = ui.button(parts::job(text, font));
    if parts::is_letter_pressed(ui, text) {
        Popup::toggle_id(ui.ctx(), Popup::default_response_id(&response));
    }
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(200.0);
        if ui.button(texts::change_password(language)).clicked() {
            *chosen = Some(Action::ChangePassword);
        }
        if ui.button(texts::rename(language)).clicked() {
            *chosen = Some(Action::Rename);
        }
    });
}

/// What waits for a code.
fn pending(ui: &mut Ui, wizard: &Wizard, chosen: &mut Option<Action>) {
    let language = wizard.language();
    let waiting_address =
        wizard.account().map(|account| account.pending_email.as_str()).unwrap_or_default();
    let pending = wizard.kept().pending.as_ref();
    if waiting_address.is_empty() && pending.is_none() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        let is_address = pending.is_none_or(|pending| pending.purpose == Purpose::NewAddress);
        if !waiting_address.is_empty() && is_address {
            let text = texts::pending_email(waiting_address, language);
            ui.label(RichText::new(text).color(theme::MIDDLING));
        }
        if let Some(pending) = pending {
            let text = if pending.ticket.is_some() {
                texts::resume_password(language)
            } else {
                texts::enter_code(language)
            };
            if parts::button(ui, text) {
                *chosen = Some(Action::Resume);
            }
        }
        if !waiting_address.is_empty() && parts::button(ui, texts::keep_address(language)) {
            *chosen = Some(Action::KeepAddress);
        }
    });
}

fn fields(ui: &mut Ui, wizard: &mut Wizard, focus: Option<Field>, chosen: &mut Option<Action>) {
    let mut form = Form { wizard, focus, chosen };
    ui.spacing_mut().item_spacing.y = 5.0;
    form.row(ui, &[(Field::CompanyName, 1.0)]);
    form.row(ui, &[(Field::LastName, HALF), (Field::FirstName, HALF)]);
    form.row(ui, &[(Field::Address, 1.0)]);
    form.row(ui, &[(Field::PostalCode, THIRD), (Field::City, 1.0 - THIRD)]);
    form.row(ui, &[(Field::Country, THIRD), (Field::AccountEmail, 1.0 - THIRD)]);
    form.row(ui, &[(Field::Phone, HALF), (Field::ApeCode, HALF)]);
}

struct Form<'a> {
    wizard: &'a mut Wizard,
    focus: Option<Field>,
    chosen: &'a mut Option<Action>,
}

impl Form<'_> {
    /// Fields side by side, each with its part of the width.
    fn row(&mut self, ui: &mut Ui, fields: &[(Field, f32)]) {
        let gap = 14.0;
        let gaps: f32 = fields.iter().skip(1).map(|_| gap).sum();
        let room = ui.available_width() - gaps;
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for (field, part) in fields {
                ui.allocate_ui(Vec2::new(room * part, 0.0), |ui| {
                    ui.set_width(room * part);
                    self.cell(ui, *field);
                });
            }
        });
    }

    /// A field, with its magnifier if it has one.
    fn cell(&mut self, ui: &mut Ui, field: Field) {
        let language = self.wizard.language();
        let search = match field {
            Field::Country => Some((texts::search_country(language), Action::SearchCountry)),
            Field::ApeCode => Some((texts::search_ape(language), Action::SearchApe)),
            _ => None,
        };
        let Some((name, action)) = search else {
            self.field(ui, field);
            return;
        };
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let room = ui.available_width() - 34.0;
            ui.allocate_ui(Vec2::new(room, 0.0), |ui| {
                ui.set_width(room);
                self.field(ui, field);
            });
            ui.vertical(|ui| {
                // Below the line of the label.
                ui.add_space(18.0);
                if parts::search_button(ui, name).clicked() {
                    *self.chosen = Some(action);
                }
            });
        });
    }

    fn field(&mut self, ui: &mut Ui, field: Field) {
        if parts::field(ui, self.wizard, field, self.focus) {
            *self.chosen = Some(Action::Submit);
        }
    }
}
