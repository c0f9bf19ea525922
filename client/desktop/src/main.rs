//! The program: its arguments, what this machine remembers, and a window of the system's.

#![cfg_attr(windows, windows_subsystem = "windows")]

mod arguments;

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use gestan_account_client::{
    ClientOptions, KeyringTokenStore, TlsOptions, TokenStore, blocking::Client, v1::Machine,
};
use gestan_account_desktop::{Store, Window, apply_theme};
use gestan_account_wizard::Kept;
use uuid::Uuid;

use crate::arguments::Arguments;

/// Of the window, in points.
const SIZE: [f32; 2] = [640.0, 560.0];

/// A form is still a form at this size.
const SMALLEST: [f32; 2] = [520.0, 400.0];

struct Program(Window);

impl eframe::App for Program {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.0.ui(ui);
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let language = arguments.language();
    let path = arguments.store_path();
    let machine_id = Store::machine_id(&path)?.unwrap_or_else(new_id);
    let keyring = KeyringTokenStore::new("Gestan", &machine_id);
    let keyring: Option<Box<dyn TokenStore>> =
        if arguments.no_keyring { None } else { Some(Box::new(keyring)) };
    let store = Store::new(&path, keyring);
    let kept = match store.load()? {
        Some(kept) => kept,
        None => Kept::new(Machine { id: machine_id, name: host_name() }),
    };

    let mut options = ClientOptions::new().locale(language.tag());
    if let Some(authority) = &arguments.ca {
        let pem = std::fs::read_to_string(authority)
            .with_context(|| format!("{}", authority.display()))?;
        options = options.tls(TlsOptions::new().ca_certificate_pem(pem));
    }
    let client = Client::connect_lazy(&arguments.server, options)?;
    let window = Window::new(client, &arguments.server, kept, store, language);

    let viewport = egui::ViewportBuilder::default()
        .with_title(arguments.title())
        .with_app_id("gestan-account")
        .with_inner_size(SIZE)
        .with_min_inner_size(SMALLEST);
    let native = eframe::NativeOptions { viewport, ..Default::default() };
    let start = move |context: &eframe::CreationContext<'_>| {
        apply_theme(&context.egui_ctx);
        Ok(Box::new(Program(window)) as Box<dyn eframe::App>)
    };
    // The error of the window is not one that a thread may carry.
    eframe::run_native(arguments.title(), native, Box::new(start))
        .map_err(|error| anyhow::anyhow!("{error}"))
}

/// What the machine is called until the person gives it a name.
fn host_name() -> String {
    let host = hostname::get().ok().and_then(|name| name.into_string().ok());
    host.filter(|name| !name.is_empty()).unwrap_or_else(|| "Poste 1".to_owned())
}

/// A new UUID of this machine.
#[expect(clippy::disallowed_methods, reason = "the window is a program of its own")]
fn new_id() -> String {
    Uuid::new_v4().to_string()
}
