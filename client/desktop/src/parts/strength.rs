//! What a new password is worth, while it is typed.

use egui::{Color32, RichText, Sense, Ui, Vec2};
use gestan_account_wizard::{Language, Strength};

use crate::{texts, theme};

/// Four bars and a word; the room is there before anything is typed, so that nothing moves.
pub(crate) fn strength_bar(ui: &mut Ui, strength: Option<Strength>, language: Language) {
    let (bars, colour, word) = match strength {
        None => (0, theme::WEAK, " "),
        Some(Strength::TooShort) => (1, theme::BAD, texts::too_short(language)),
        Some(Strength::TooWeak) => (2, theme::MIDDLING, texts::too_weak(language)),
        Some(Strength::Good(..=3)) => (3, theme::GOOD, texts::good(language)),
        Some(Strength::Good(_)) => (4, theme::GOOD, texts::very_good(language)),
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for bar in 0..4 {
            let (rect, _) = ui.allocate_exact_size(Vec2::new(44.0, 6.0), Sense::hover());
            let fill: Color32 = if bar < bars { colour } else { theme::BORDER };
            ui.painter().rect_filled(rect, 3.0, fill);
        }
        ui.add_space(6.0);
        ui.label(RichText::new(word).small().color(colour));
    });
}
