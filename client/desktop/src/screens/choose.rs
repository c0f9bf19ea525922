//! "Enregistrer un Compte Gestan": the first screen of a machine that belongs to no account.

use egui::Ui;
use gestan_account_wizard::{Action, Wizard};

use crate::{parts, texts};

pub(super) fn show(ui: &mut Ui, wizard: &Wizard) -> Option<Action> {
    let language = wizard.language();
    let mut chosen = None;
    ui.label(texts::choose_intro(language));
    ui.add_space(8.0);
    let mut choice = |ui: &mut Ui, text, about, action| {
        if parts::choice(ui, text, about) {
            chosen = Some(action);
        }
        ui.add_space(4.0);
    };
    if let Some(pending) = &wizard.kept().pending {
        let text = if pending.ticket.is_some() {
            texts::resume_password(language)
        } else {
            texts::resume_code(language)
        };
        choice(ui, text, texts::resume_about(language), Action::Resume);
    }
    choice(ui, texts::create(language), texts::create_about(language), Action::Create);
    let about = texts::existing_about(language);
    choice(ui, texts::existing(language), about, Action::RegisterExisting);
    choice(ui, texts::forgotten(language), texts::forgotten_about(language), Action::Forgotten);
    chosen
}
