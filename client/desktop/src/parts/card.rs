//! White surfaces, and the choices of the first screen.

use egui::{Color32, CursorIcon, Frame, RichText, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo};

use crate::{
    parts::button::{is_letter_pressed, job, plain},
    theme,
};

/// A white surface around its contents.
pub(crate) fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    Frame::new()
        .fill(Color32::WHITE)
        .stroke(Stroke::new(1.0, theme::BORDER))
        .corner_radius(theme::RADIUS)
        .inner_margin(14)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// A line above a part of a screen.
pub(crate) fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(4.0);
    ui.label(RichText::new(text).color(theme::ACCENT).size(16.0));
}

/// One way to go, with a line about it. True when it was chosen.
pub(crate) fn choice(ui: &mut Ui, text: &str, about: &str) -> bool {
    let margin = 14.0;
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(egui::vec2(width, 66.0), Sense::click());
    let name = format!("{}. {about}", plain(text));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &name));
    let visuals = *ui.style().interact(&response);
    ui.painter().rect(
        rect,
        theme::RADIUS,
        visuals.weak_bg_fill,
        visuals.bg_stroke,
        egui::StrokeKind::Inside,
    );
    let font = TextStyle::Button.resolve(ui.style());
    let title = ui.painter().layout_job(job(text, egui::FontId::new(17.0, font.family)));
    ui.painter().galley(rect.min + egui::vec2(margin, 12.0), title, theme::ACCENT);
    let small = TextStyle::Small.resolve(ui.style());
    let line = ui.painter().layout(about.to_owned(), small, theme::WEAK, width - 2.0 * margin);
    ui.painter().galley(rect.min + egui::vec2(margin, 38.0), line, theme::WEAK);
    // An arrow, drawn: the fonts have none that suits.
    let tip = egui::pos2(rect.right() - 18.0, rect.center().y);
    let stroke = Stroke::new(1.8, theme::ACCENT);
    ui.painter().line_segment([tip + egui::vec2(-6.0, -6.0), tip], stroke);
    ui.painter().line_segment([tip + egui::vec2(-6.0, 6.0), tip], stroke);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked() || is_letter_pressed(ui, text)
}
