//! What went wrong, told to a shopkeeper with the way out, and what went well.

use std::error::Error as _;

use gestan_account_client::{Error, Rejection, v1::ErrorReason};

use crate::{Field, Language, Moment, Screen, texts};

/// What an action came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is done.
    Done(String),
    /// Something to know.
    Note(String),
}

/// Why an action came to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What happened; empty when the fields tell everything.
    pub message: String,
    /// What to do about it, line by line.
    pub details: Vec<String>,
    /// What is wrong with fields of the screen.
    pub fields: Vec<(Field, String)>,
    /// Whether nobody answered, so that the same call may be made again.
    pub may_repeat: bool,
}

impl Trouble {
    /// A fault that was seen before anything was sent.
    pub(crate) fn of(field: Field, text: &str) -> Self {
        Self { fields: vec![(field, text.to_owned())], ..Self::default() }
    }

    /// What to tell of `error` on `screen`.
    pub(crate) fn new(
        error: &Error,
        screen: &Screen,
        server: &str,
        moment: &Moment,
        language: Language,
    ) -> Self {
        match error {
            Error::Rejected(rejection) => Self::of_rejection(rejection, screen, moment, language),
            Error::Transport(_) => Self {
                message: texts::unreachable(server, language),
                details: texts::unreachable_details(&innermost(error), language),
                may_repeat: true,
                ..Self::default()
            },
            Error::Deadline => Self {
                message: texts::too_late(server, language),
                details: vec![texts::try_later(language).to_owned()],
                may_repeat: true,
                ..Self::default()
            },
            _ => Self {
                message: texts::unexpected(language).to_owned(),
                details: texts::unexpected_details(server, &error.to_string(), language),
                ..Self::default()
            },
        }
    }

    fn of_rejection(
        rejection: &Rejection,
        screen: &Screen,
        moment: &Moment,
        language: Language,
    ) -> Self {
        let mut trouble = Self { message: rejection.message().to_owned(), ..Self::default() };
        for violation in rejection.violations() {
            match Field::named(&violation.field).map(|field| on_screen(field, screen)) {
                Some(field) if screen.fields().contains(&field) => {
                    trouble.fields.push((field, violation.description.clone()));
                }
                // A path that no screen shows is given as it is, for the support desk.
                field => {
                    let label = field.map_or(&*violation.field, |field| field.label(language));
                    let colon = language.pick("\u{a0}:", ":");
                    trouble.details.push(format!("{label}{colon} {}", violation.description));
                }
            }
        }
        if rejection.reason() == ErrorReason::InvalidCredentials
            && let Some(field) = screen.secret()
        {
            trouble.fields.push((field, std::mem::take(&mut trouble.message)));
        }
        if let Some(delay) = rejection.retry_delay() {
            trouble.details.push(texts::retry(&moment.wait(delay, language), language));
        }
        if let Some(id) = rejection.correlation_id() {
            trouble.details.push(texts::reference(id, language));
        }
        trouble
    }
}

/// Where a fault of `field` is shown: one field takes an address or a client ID.
fn on_screen(field: Field, screen: &Screen) -> Field {
    match (field, screen) {
        (Field::Email | Field::AccountId, Screen::Forgotten) => Field::Recipient,
        (field, _) => field,
    }
}

fn innermost(error: &Error) -> String {
    let mut cause = error.source();
    while let Some(source) = cause.and_then(std::error::Error::source) {
        cause = Some(source);
    }
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}
