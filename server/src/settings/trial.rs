//! What a setting is worth for a trial only. Started without any setting, the server keeps
//! mails to itself and has a sender that nobody may have: that must not go on unseen when
//! customers come.

use anyhow::bail;
use clap::builder::BoolValueParser;

use super::one_line::Trimmed;

/// Whether settings of a trial may stand beside those of a service.
#[derive(clap::Args)]
#[command(next_help_heading = "Trial")]
pub struct TrialSettings {
    /// Serve with mails in files, or with a sender at `.invalid`, although the database is a
    /// PostgreSQL or mails go to a mail server. Without it the server refuses to start so.
    #[arg(long, env = "GESTAN_ACCOUNT_ALLOW_TRIAL_SETTINGS",
        value_parser = Trimmed(BoolValueParser::new()))]
    allow_trial_settings: bool,
}

/// What speaks for a trial, and what for a service that customers use.
#[derive(Clone, Copy, Debug)]
pub struct Signs {
    /// Mails are put into files, and go to no mail server.
    pub is_mail_in_files: bool,
    /// The sender's domain is one that is never anybody's.
    pub is_sender_invalid: bool,
    /// The database is a PostgreSQL.
    pub is_postgres: bool,
}

impl Signs {
    /// Each setting of a trial: what it does, and which one is to be set.
    fn of_trial(self) -> Vec<&'static str> {
        let in_files = "MAIL_URL: mails are put into files and reach nobody";
        let invalid = "MAIL_FROM: the sender is at .invalid, whose mail no mail server takes";
        [(self.is_mail_in_files, in_files), (self.is_sender_invalid, invalid)]
            .into_iter()
            .filter_map(|(is_so, what)| is_so.then_some(what))
            .collect()
    }

    /// Tells them in the log.
    pub fn tell(self) {
        for setting in self.of_trial() {
            tracing::warn!("FOR A TRIAL ONLY, NOT FOR CUSTOMERS: {setting}");
        }
    }

    fn of_service(self) -> Option<&'static str> {
        match (self.is_postgres, !self.is_mail_in_files) {
            (true, true) => Some("a PostgreSQL database and a mail server"),
            (true, false) => Some("a PostgreSQL database"),
            (false, true) => Some("a mail server"),
            (false, false) => None,
        }
    }
}

impl TrialSettings {
    /// Whether what is for a trial only stands beside what only a service has.
    ///
    /// # Errors
    /// When it does, and nobody has said that it may.
    pub fn check(&self, signs: Signs) -> anyhow::Result<()> {
        let of_trial = signs.of_trial();
        match signs.of_service() {
            Some(of_service) if !of_trial.is_empty() && !self.allow_trial_settings => bail!(
                "settings of a trial beside {of_service}: {}. Set what customers need, or \
                 --allow-trial-settings if this is a trial",
                of_trial.join("; ")
            ),
            _ => Ok(()),
        }
    }
}
