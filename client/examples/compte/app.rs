//! What every screen needs: the client, the file, and how an error is told to
//! a shopkeeper.

use std::{error::Error as _, time::Duration};

use anyhow::Result;
use gestan_account_client::{Error, LinkToken, Timestamp, blocking::Client, v1};
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::{fields, store::Store, terminal, wait};

pub(crate) struct App {
    /// Without the link token.
    pub(crate) client: Client,
    pub(crate) server: String,
    pub(crate) store: Store,
    /// The list that the search for a country last had, for as long as it is up to date.
    pub(crate) countries: v1::ListCountriesResponse,
    /// What an action came to, until the next menu stands below it.
    outcome: Vec<String>,
}

/// Where to go when a menu's choice is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Again,
    Quit,
}

impl App {
    pub(crate) fn new(client: Client, server: String, store: Store) -> Self {
        let countries = v1::ListCountriesResponse::default();
        Self { client, server, store, countries, outcome: Vec::new() }
    }

    /// Says what an action came to. It is shown right above the next menu: the form, which
    /// is longer than a screen together with the menu, would push it out of sight.
    pub(crate) fn tell(&mut self, line: impl Into<String>) {
        self.outcome.push(line.into());
    }

    /// Shows what was told since the menu before.
    pub(crate) fn show_outcome(&mut self) {
        for line in self.outcome.drain(..) {
            println!("{line}");
        }
    }

    /// The client that proves to be this machine, if it is linked.
    pub(crate) fn linked(&self) -> Option<Client> {
        let token = LinkToken::parse(self.store.link_token()?).ok()?;
        Some(self.client.with_link_token(&token))
    }

    /// Makes a call, and again for as long as nobody answers and the person
    /// wants to. Only for calls that may be repeated.
    pub(crate) fn insist<T>(
        &self,
        call: impl Fn() -> Result<T, Error>,
    ) -> Result<Result<T, Error>> {
        loop {
            match call() {
                Err(error @ (Error::Transport(_) | Error::Deadline)) => {
                    self.explain(&error);
                    if !terminal::agree("Réessayer maintenant ?", true)? {
                        return Ok(Err(error));
                    }
                }
                Err(error) => {
                    self.explain(&error);
                    return Ok(Err(error));
                }
                Ok(answer) => return Ok(Ok(answer)),
            }
        }
    }

    /// Says what went wrong, and the way out.
    pub(crate) fn explain(&self, error: &Error) {
        println!();
        match error {
            Error::Rejected(rejection) => {
                println!("✗ {}", rejection.message());
                for violation in rejection.violations() {
                    println!("  - {} : {}", fields::label(&violation.field), violation.description);
                }
                if let Some(delay) = rejection.retry_delay() {
                    println!("  Vous pourrez réessayer {}.", wait_in_words(delay));
                }
                if let Some(id) = rejection.correlation_id() {
                    println!("  Référence à donner à l'assistance : {id}");
                }
            }
            Error::Transport(_) => {
                println!("✗ Le service de comptes ({}) est injoignable.", self.server);
                println!("  Vérifiez que ce poste est bien relié à Internet, puis réessayez.");
                println!("  Si cela dure, appelez l'assistance.");
                println!("  Détail technique : {}", innermost(error));
            }
            Error::Deadline => {
                println!("✗ Le service de comptes ({}) n'a pas répondu à temps.", self.server);
                println!("  Réessayez dans un instant ; si cela dure, appelez l'assistance.");
            }
            _ => {
                println!("✗ Le service de comptes a donné une réponse inattendue.");
                println!("  Vérifiez son adresse ({}) ou appelez l'assistance.", self.server);
                println!("  Détail technique : {error}");
            }
        }
        println!();
    }
}

/// A new UUID: of this machine, or of one request, which keeps it when it is repeated.
#[expect(clippy::disallowed_methods, reason = "the example is a program of its own")]
pub(crate) fn new_id() -> String {
    Uuid::new_v4().to_string()
}

/// A time of the service on this machine's clock: `24/11/2026 à 18:53`.
pub(crate) fn local_time(time: Option<&Timestamp>) -> String {
    time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok()).map_or_else(
        || "—".to_owned(),
        |time| time.to_zoned_datetime(TimeZone::system()).strftime("%d/%m/%Y à %H:%M").to_string(),
    )
}

/// How long it is until a time of the service: "dans une minute".
pub(crate) fn time_until(time: Option<&Timestamp>) -> String {
    let time = time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok());
    // None if it has passed, by this machine's clock.
    let delay = time.and_then(|time| Duration::try_from(time.duration_since(now())).ok());
    wait_in_words(delay.unwrap_or_default())
}

/// The client ID, large, because it is to be read out over the phone.
pub(crate) fn client_id_in_large(account: Option<&v1::Account>) -> String {
    let id = account.map_or(0, |account| account.id);
    let line = format!("  Votre ID client :  {id}  ");
    let edge = "═".repeat(line.chars().count());
    let note = "Notez-le : l'assistance vous le demandera au téléphone.";
    format!("  ╔{edge}╗\n  ║{line}║\n  ╚{edge}╝\n  {note}\n")
}

fn wait_in_words(delay: Duration) -> String {
    wait::in_words(delay, now(), &TimeZone::system())
}

#[expect(clippy::disallowed_methods, reason = "the example is a program of its own")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn innermost(error: &Error) -> String {
    let mut cause = error.source();
    while let Some(source) = cause.and_then(std::error::Error::source) {
        cause = Some(source);
    }
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}
