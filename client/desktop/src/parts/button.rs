//! Buttons, each with the letter that presses it together with Alt.

use egui::{
    Button, Color32, Event, FontId, Key, Modifiers, Response, Stroke, TextFormat, TextStyle, Ui,
    Vec2, text::LayoutJob,
};

use crate::theme;

/// A button; true when it was pressed, by mouse, key or letter.
pub(crate) fn button(ui: &mut Ui, text: &str) -> bool {
    let font = TextStyle::Button.resolve(ui.style());
    ui.add(Button::new(job(text, font))).clicked() || is_letter_pressed(ui, text)
}

/// A button in a list.
pub(crate) fn small_button(ui: &mut Ui, text: &str) -> Response {
    let font = TextStyle::Small.resolve(ui.style());
    ui.scope(|ui| {
        ui.spacing_mut().button_padding = Vec2::new(8.0, 2.0);
        ui.spacing_mut().interact_size.y = 22.0;
        ui.add(Button::new(job(text, font)))
    })
    .inner
}

/// The button that Enter presses.
pub(crate) fn primary_button(ui: &mut Ui, text: &str, enabled: bool) -> bool {
    let font = TextStyle::Button.resolve(ui.style());
    let pressed = ui
        .scope(|ui| {
            theme::primary(ui.visuals_mut());
            let button = Button::new(job(text, font)).min_size(Vec2::new(110.0, 0.0));
            ui.add_enabled(enabled, button).clicked()
        })
        .inner;
    enabled && (pressed || is_letter_pressed(ui, text))
}

/// Whether `key` was pressed alone; nobody else sees it then.
pub(crate) fn is_pressed(ui: &Ui, key: Key) -> bool {
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, key))
}

/// A text without its mark.
pub(crate) fn plain(text: &str) -> String {
    text.replace('&', "")
}

/// The letter after the mark, if the text has one.
fn letter(text: &str) -> Option<char> {
    text.split_once('&').and_then(|(_, rest)| rest.chars().next())
}

pub(crate) fn is_letter_pressed(ui: &Ui, text: &str) -> bool {
    let Some(letter) = letter(text) else { return false };
    let Some(key) = Key::from_name(&letter.to_ascii_uppercase().to_string()) else { return false };
    ui.is_enabled() && ui.input_mut(|input| input.consume_key(Modifiers::ALT, key))
}

/// Some systems also send a letter that is pressed with Alt as text, which is not meant for a field.
pub(crate) fn drop_letters_with_alt(ui: &Ui) {
    ui.input_mut(|input| {
        if input.modifiers.alt && !input.modifiers.ctrl {
            input.events.retain(|event| !matches!(event, Event::Text(_)));
        }
    });
}

/// The text, with its letter underlined, in the colour of its widget.
pub(crate) fn job(text: &str, font: FontId) -> LayoutJob {
    let format = TextFormat::simple(font, Color32::PLACEHOLDER);
    let mut job = LayoutJob::default();
    match text.split_once('&') {
        Some((before, after)) => {
            let length = after.chars().next().map_or(0, char::len_utf8);
            let (letter, rest) = after.split_at(length);
            let underline = Stroke::new(1.0, Color32::PLACEHOLDER);
            job.append(before, 0.0, format.clone());
            job.append(letter, 0.0, TextFormat { underline, ..format.clone() });
            job.append(rest, 0.0, format);
        }
        None => job.append(text, 0.0, format),
    }
    job
}
