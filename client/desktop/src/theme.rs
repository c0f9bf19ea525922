//! Colours and sizes, in one place. Contrasts of text are at least 4.5 to 1 (WCAG 2, AA).

use egui::{
    Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Vec2, Visuals,
};

pub(crate) const ACCENT: Color32 = Color32::from_rgb(0x1d, 0x4e, 0x89);
const ACCENT_HOVERED: Color32 = Color32::from_rgb(0x26, 0x61, 0xa5);
pub(crate) const ACCENT_FAINT: Color32 = Color32::from_rgb(0xe8, 0xf0, 0xfa);
pub(crate) const BACKGROUND: Color32 = Color32::from_rgb(0xf4, 0xf6, 0xf9);
pub(crate) const BORDER: Color32 = Color32::from_rgb(0xd3, 0xda, 0xe3);
const BORDER_HOVERED: Color32 = Color32::from_rgb(0x8d, 0x9d, 0xb0);
pub(crate) const TEXT: Color32 = Color32::from_rgb(0x1b, 0x26, 0x32);
pub(crate) const WEAK: Color32 = Color32::from_rgb(0x52, 0x60, 0x70);
pub(crate) const BAD: Color32 = Color32::from_rgb(0xa8, 0x1c, 0x14);
pub(crate) const BAD_FAINT: Color32 = Color32::from_rgb(0xfd, 0xef, 0xee);
pub(crate) const GOOD: Color32 = Color32::from_rgb(0x14, 0x60, 0x37);
pub(crate) const GOOD_FAINT: Color32 = Color32::from_rgb(0xe9, 0xf7, 0xef);
pub(crate) const MIDDLING: Color32 = Color32::from_rgb(0x8f, 0x5a, 0x00);

pub(crate) const RADIUS: CornerRadius = CornerRadius::same(6);
pub(crate) const MARGIN: f32 = 20.0;
pub(crate) const HEADER_HEIGHT: f32 = 54.0;
pub(crate) const FOOTER_HEIGHT: f32 = 56.0;

/// Has every window of `context` look like this one.
pub fn apply(context: &egui::Context) {
    context.set_theme(Theme::Light);
    context.set_visuals_of(Theme::Light, visuals());
    context.all_styles_mut(|style| {
        let font = |size| FontId::new(size, FontFamily::Proportional);
        style.text_styles.insert(TextStyle::Body, font(15.0));
        style.text_styles.insert(TextStyle::Button, font(15.0));
        style.text_styles.insert(TextStyle::Small, font(13.0));
        style.text_styles.insert(TextStyle::Heading, font(21.0));
        style.spacing.item_spacing = Vec2::new(10.0, 6.0);
        style.spacing.button_padding = Vec2::new(14.0, 6.0);
        style.spacing.interact_size.y = 30.0;
        style.spacing.menu_margin = Margin::same(8);
        // Nothing moves by itself.
        style.animation_time = 0.0;
    });
}

fn visuals() -> Visuals {
    let mut visuals = Visuals::light();
    visuals.panel_fill = BACKGROUND;
    visuals.window_fill = Color32::WHITE;
    visuals.extreme_bg_color = Color32::WHITE;
    visuals.text_edit_bg_color = Some(Color32::WHITE);
    visuals.weak_text_color = Some(WEAK);
    visuals.error_fg_color = BAD;
    visuals.selection.bg_fill = Color32::from_rgb(0xbf, 0xd8, 0xf5);
    visuals.selection.stroke = Stroke::new(1.5, ACCENT);
    visuals.hyperlink_color = ACCENT;
    let widgets = &mut visuals.widgets;
    for state in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        state.corner_radius = RADIUS;
        state.fg_stroke = Stroke::new(1.0, TEXT);
        state.bg_stroke = Stroke::new(1.0, BORDER);
        state.expansion = 0.0;
    }
    widgets.inactive.bg_fill = Color32::WHITE;
    widgets.inactive.weak_bg_fill = Color32::WHITE;
    widgets.hovered.weak_bg_fill = ACCENT_FAINT;
    widgets.hovered.bg_stroke = Stroke::new(1.0, BORDER_HOVERED);
    // The active state is also that of a button with the focus.
    widgets.active.weak_bg_fill = ACCENT_FAINT;
    widgets.active.bg_stroke = Stroke::new(2.0, ACCENT);
    widgets.open.weak_bg_fill = ACCENT_FAINT;
    visuals
}

/// The colours of the one button that the screen is for.
pub(crate) fn primary(visuals: &mut Visuals) {
    let widgets = &mut visuals.widgets;
    for (state, fill) in [
        (&mut widgets.inactive, ACCENT),
        (&mut widgets.hovered, ACCENT_HOVERED),
        (&mut widgets.active, ACCENT_HOVERED),
    ] {
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, fill);
        state.fg_stroke = Stroke::new(1.0, Color32::WHITE);
    }
    widgets.active.bg_stroke = Stroke::new(2.0, Color32::from_rgb(0x0d, 0x2b, 0x4f));
}
