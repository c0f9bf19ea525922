//! The magnifier beside a field. It is drawn: the fonts that come along have no such sign.

use egui::{Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use crate::theme;

const SIDE: f32 = 30.0;

/// A button with a magnifier, which a screen reader calls `name`.
pub(crate) fn search_button(ui: &mut Ui, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let visuals = *ui.style().interact(&response);
    let painter = ui.painter();
    let (fill, border) = (visuals.weak_bg_fill, visuals.bg_stroke);
    painter.rect(rect, theme::RADIUS, fill, border, StrokeKind::Inside);
    let stroke = Stroke::new(1.8, theme::ACCENT);
    let lens = rect.center() - Vec2::splat(2.0);
    painter.circle_stroke(lens, 5.0, stroke);
    painter.line_segment([lens + Vec2::splat(3.7), lens + Vec2::splat(8.5)], stroke);
    response.on_hover_text(name)
}
