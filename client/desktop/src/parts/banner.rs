//! What the last action came to, above everything else on the screen.

use egui::{Color32, Frame, Label, RichText, Stroke, Ui};
use gestan_account_wizard::{Action, Said, Wizard};

use crate::{parts::button::button, texts, theme};

/// Shows what was said, and what went wrong; gives what the person does about it.
pub(crate) fn banners(ui: &mut Ui, wizard: &Wizard) -> Option<Action> {
    let mut chosen = None;
    if !wizard.said().is_empty() {
        banner(ui, theme::GOOD, theme::GOOD_FAINT, |ui| {
            for said in wizard.said() {
                match said {
                    Said::Done(text) => line(ui, text, theme::GOOD),
                    Said::Note(text) => line(ui, text, theme::TEXT),
                }
            }
        });
    }
    let told = wizard.trouble().filter(|it| !it.message.is_empty() || !it.details.is_empty());
    if let Some(trouble) = told {
        banner(ui, theme::BAD, theme::BAD_FAINT, |ui| {
            if !trouble.message.is_empty() {
                line(ui, &trouble.message, theme::BAD);
            }
            for detail in &trouble.details {
                line(ui, detail, theme::TEXT);
            }
            if trouble.may_repeat && button(ui, texts::again(wizard.language())) {
                chosen = Some(Action::Again);
            }
        });
    }
    chosen
}

fn banner(ui: &mut Ui, edge: Color32, fill: Color32, contents: impl FnOnce(&mut Ui)) {
    let shown = Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.0, edge.gamma_multiply(0.45)))
        .corner_radius(theme::RADIUS)
        .inner_margin(12)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 4.0;
            contents(ui);
        });
    let mut edge_rect = shown.response.rect;
    edge_rect.set_width(4.0);
    ui.painter().rect_filled(edge_rect, 2.0, edge);
    ui.add_space(6.0);
}

fn line(ui: &mut Ui, text: &str, colour: Color32) {
    ui.add(Label::new(RichText::new(text).color(colour)).wrap());
}
