//! "Modifier la fiche": changes are gathered, then sent in one call with the
//! password. Nothing that was typed is lost when the service refuses it, nor
//! when another machine was quicker.

use std::fmt;

use anyhow::Result;
use gestan_account_wizard::{Action, Field, Language, Screen};

use crate::{
    account,
    app::{App, plain},
    code, search, terminal, view,
};

enum Choice {
    Field { index: usize, line: String },
    Submit,
    GiveUp,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field { line, .. } => line,
            Self::Submit => "Valider",
            Self::GiveUp => "Abandonner",
        })
    }
}

pub(crate) fn run(app: &mut App) -> Result<()> {
    let mut cursor = 0;
    loop {
        match terminal::choose("Champ à modifier :", choices(app), cursor)? {
            Some(Choice::Field { index, .. }) => {
                cursor = index;
                ask(app, Field::FORM[index])?;
            }
            Some(Choice::Submit) => {
                submit(app)?;
                if *app.wizard.screen() != Screen::Account || !app.wizard.has_changes() {
                    return Ok(());
                }
            }
            Some(Choice::GiveUp) | None => {
                if !app.wizard.has_changes() {
                    return Ok(());
                }
                if terminal::agree("Abandonner les modifications ?", false)? {
                    app.go(Action::Back)?;
                    return app.submit(&[]);
                }
            }
        }
    }
}

fn submit(app: &mut App) -> Result<()> {
    app.submit(&[])?;
    let help = "Ou un code personnel reçu par courriel. Ctrl+R affiche ou cache la saisie.";
    account::prove(app, help)?;
    code::run(app)?;
    if app.wizard.has_changes() && !app.wizard.said().is_empty() {
        // Another machine was quicker, or the answer was lost.
        app.tell();
        view::show(&app.wizard);
    }
    Ok(())
}

fn choices(app: &App) -> Vec<Choice> {
    let fields = Field::FORM.into_iter().enumerate().map(|(index, field)| {
        let mark = if app.wizard.is_changed(field) { '*' } else { ' ' };
        let value = view::on_one_line(app.wizard.value(field));
        let line = format!("{mark} {:<14} : {value}", plain(field.label(Language::French)));
        Choice::Field { index, line }
    });
    fields.chain([Choice::Submit, Choice::GiveUp]).collect()
}

fn ask(app: &mut App, field: Field) -> Result<()> {
    let message = format!("{} :", plain(field.label(Language::French)));
    let is_french = matches!(app.wizard.value(Field::Country), "" | "FRA");
    let initial = view::on_one_line(app.wizard.value(field));
    let Some(typed) = terminal::ask(&message, &help(field), &initial)? else {
        return Ok(());
    };
    match field {
        Field::Country => search::country(app, &typed),
        // Elsewhere a code is free, and the lists are none of it.
        Field::ApeCode if is_french => search::ape_code(app, &typed),
        Field::Address => {
            let lines = typed.split('|').map(str::trim).collect::<Vec<_>>().join("\n");
            app.wizard.set(field, &lines);
            Ok(())
        }
        _ => {
            app.wizard.set(field, &typed);
            Ok(())
        }
    }
}

/// What is special about a field on one line.
fn help(field: Field) -> String {
    match field {
        Field::Address => "Une barre | sépare les lignes.".to_owned(),
        Field::Country => {
            "Le code en trois lettres (FRA), un nom à chercher, ou ? pour la liste.".to_owned()
        }
        Field::ApeCode => {
            "Le code (1107B), un métier à chercher (boulanger), ou ? pour chercher.".to_owned()
        }
        _ => plain(field.help(Language::French)),
    }
}
