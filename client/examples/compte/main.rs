//! "Compte client" in a terminal: the wizard and the form of Gestan's account
//! window, as a desktop tool would do them, on the blocking client.
//!
//! ```text
//! cargo run --example compte --features blocking -- --server http://127.0.0.1:50051
//! ```
//!
//! The steps are those of `client/wizard`, which the window has, too; here they are
//! questions and menus. What this machine must remember (its UUID, its link token, a
//! wizard that was left half-way) is kept in one file that only its user can read.

mod account;
mod app;
mod code;
mod edit;
mod form;
mod notice;
mod search;
mod start;
mod store;
mod terminal;
mod view;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{ArgAction, Parser};
use gestan_account_client::{ClientOptions, blocking::Client};
use gestan_account_wizard::{Kept, Language, Screen};

use crate::{
    app::{App, Next},
    store::Store,
};

/// Le compte client de Gestan, dans un terminal.
#[derive(Parser)]
#[command(
    disable_help_flag = true,
    help_template = "{about}\n\nUsage : compte [OPTIONS]\n\nOptions :\n{options}"
)]
struct Arguments {
    #[arg(
        long,
        help = "Adresse du service de comptes (http://127.0.0.1:50051 par défaut)",
        value_name = "URL",
        default_value = "http://127.0.0.1:50051",
        hide_default_value = true
    )]
    server: String,

    /// Fichier où ce poste garde son identité et son lien au compte
    #[arg(long, value_name = "FICHIER")]
    store: Option<PathBuf>,

    /// Affiche cette aide
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse();
    terminal::speak_french();

    let store = Store::new(arguments.store.unwrap_or_else(store::default_path));
    let kept = match store.load()? {
        Some(kept) => kept,
        None => match start::name_this_machine()? {
            Some(machine) => {
                let kept = Kept::new(machine);
                store.save(&kept)?;
                kept
            }
            None => return Ok(()),
        },
    };
    let options = ClientOptions::new().locale(Language::French.tag());
    let client = Client::connect_lazy(&arguments.server, options)?;
    let mut app = App::new(client, arguments.server, store, kept);

    app.open()?;
    loop {
        let next = match app.wizard.screen() {
            Screen::Account => form::run(&mut app)?,
            _ => start::run(&mut app)?,
        };
        if next == Next::Quit {
            println!("Au revoir.");
            return Ok(());
        }
    }
}
