//! What the program is told: by its arguments, or by variables.

use std::{env, path::PathBuf};

use clap::{ArgAction, Parser};
use etcetera::BaseStrategy as _;
use gestan_account_wizard::Language;

/// La fenêtre « Compte client » de Gestan.
#[derive(Parser)]
#[command(
    disable_help_flag = true,
    help_template = "{about}\n\nUsage : gestan-account-desktop [OPTIONS]\n\nOptions :\n{options}"
)]
pub(crate) struct Arguments {
    /// Adresse du service de comptes
    #[arg(long, value_name = "URL", env = "GESTAN_DESKTOP_SERVER", hide_env = true)]
    #[arg(default_value = "http://127.0.0.1:50051", hide_default_value = true)]
    pub(crate) server: String,

    /// Fichier PEM de l'autorité qui a signé le certificat du service
    #[arg(long, value_name = "FICHIER", env = "GESTAN_DESKTOP_CA", hide_env = true)]
    pub(crate) ca: Option<PathBuf>,

    /// Fichier où ce poste garde son identité
    #[arg(long, value_name = "FICHIER", env = "GESTAN_DESKTOP_STORE", hide_env = true)]
    store: Option<PathBuf>,

    /// Garde le lien dans un fichier, et non dans le trousseau du système
    #[arg(long)]
    pub(crate) no_keyring: bool,

    /// Langue de la fenêtre, fr ou en (sinon celle du système)
    #[arg(long, value_name = "LANGUE", env = "GESTAN_DESKTOP_LANGUAGE", hide_env = true)]
    language: Option<String>,

    /// Affiche cette aide
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
}

impl Arguments {
    pub(crate) fn language(&self) -> Language {
        let of_system =
            || ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| env::var(name).ok());
        let tag = self.language.clone().or_else(of_system).unwrap_or_default();
        Language::of_tag(&tag)
    }

    pub(crate) fn title(&self) -> &'static str {
        match self.language() {
            Language::French => "Compte client",
            Language::English => "Client account",
        }
    }

    /// `fenetre.json` in the user's configuration folder, unless another file is named.
    pub(crate) fn store_path(&self) -> PathBuf {
        let by_default = || {
            etcetera::choose_base_strategy().map_or_else(
                |_| PathBuf::from("compte-gestan.json"),
                |folders| folders.config_dir().join("gestan").join("fenetre.json"),
            )
        };
        self.store.clone().unwrap_or_else(by_default)
    }
}
