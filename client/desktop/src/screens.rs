//! What stands between the window's title and its buttons, screen by screen.

mod account;
mod choose;
mod history;
mod lists;
mod questions;
mod typed;

use egui::Ui;
use gestan_account_wizard::{Action, Field, Moment, Screen, Wizard};

/// Draws the screen; gives what the person chose on it. `focus` is the field to type in next.
pub(crate) fn show(
    ui: &mut Ui,
    wizard: &mut Wizard,
    focus: Option<Field>,
    moment: &Moment,
) -> Option<Action> {
    match wizard.screen().clone() {
        Screen::Choose => choose::show(ui, wizard),
        Screen::Create => typed::create(ui, wizard, focus),
        Screen::Forgotten => typed::forgotten(ui, wizard, focus),
        Screen::Existing => typed::existing(ui, wizard, focus),
        Screen::Code => typed::code(ui, wizard, focus),
        Screen::Password => typed::password(ui, wizard, focus),
        Screen::ChangePassword => typed::change_password(ui, wizard, focus),
        Screen::Rename => typed::rename(ui, wizard, focus),
        Screen::Account => account::show(ui, wizard, focus, moment),
        Screen::Prove(proof) => questions::prove(ui, wizard, &proof, focus),
        Screen::Detach => questions::detach(ui, wizard),
        Screen::Abandon => questions::abandon(ui, wizard),
        Screen::Countries => lists::countries(ui, wizard, focus),
        Screen::ApeCodes => lists::ape_codes(ui, wizard, focus),
    }
}
