//! What a server stands on: for customers, whatever the settings name; for the tests of others,
//! what no setting names.

use std::sync::Arc;

use anyhow::Context as _;

use crate::{
    Purger,
    accounts::Accounts,
    clock::{Clock, SystemClock, movable::MovableClock},
    mail::{
        mailer::{Mailbox, Mailer},
        outbox::Outbox,
    },
    randomness::Randomness,
    settings::{database::DatabaseSettings, mail::MailSettings},
    storage::{database::Database, purge::Retention, throwaway::ThrowawayDatabase},
    testing::{Parts, Testing},
};

/// Clock and mailer.
pub(super) enum Ground {
    /// Of a service for customers.
    Service(Arc<SystemClock>),
    /// Of a testing server.
    Testing(Arc<MovableClock>, Mailbox),
}

impl Ground {
    pub(super) fn new(is_testing: bool) -> Self {
        if is_testing {
            Self::Testing(Arc::new(MovableClock::start()), Mailbox::default())
        } else {
            Self::Service(Arc::new(SystemClock::start()))
        }
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Service(clock) => Arc::clone(clock) as Arc<dyn Clock>,
            Self::Testing(clock, _) => Arc::clone(clock) as Arc<dyn Clock>,
        }
    }

    pub(super) fn mailer(&self, settings: &MailSettings) -> anyhow::Result<Mailer> {
        match self {
            Self::Service(_) => settings.mailer(),
            Self::Testing(_, mailbox) => Ok(Mailer::Testing(mailbox.clone())),
        }
    }

    /// Opens the database; with it comes what is thrown away, if it is.
    pub(super) async fn open(
        &self,
        settings: &DatabaseSettings,
        randomness: Arc<dyn Randomness>,
    ) -> anyhow::Result<(Database, Option<Arc<ThrowawayDatabase>>)> {
        match self {
            Self::Service(_) => Ok((settings.open().await?, None)),
            Self::Testing(..) => {
                let made = ThrowawayDatabase::create(randomness).await;
                let made = made.context("cannot make a database for the tests")?;
                Ok((made.database().clone(), Some(Arc::new(made))))
            }
        }
    }

    /// The use cases of a testing server.
    pub(super) fn testing(
        &self,
        throwaway: Option<Arc<ThrowawayDatabase>>,
        accounts: &Accounts,
        outbox: &Outbox,
        retention: Retention,
    ) -> Option<Testing> {
        let (Self::Testing(clock, mailbox), Some(database)) = (self, throwaway) else {
            return None;
        };
        Some(Testing::new(Parts {
            clock: Arc::clone(clock),
            mailbox: mailbox.clone(),
            database,
            outbox: outbox.clone(),
            mail_queued: Arc::clone(&accounts.mail_queued),
            purger: Purger::new(accounts, retention),
        }))
    }
}
