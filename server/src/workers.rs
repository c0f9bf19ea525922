//! What runs beside the calls, and what activates it:
//!
//! - [`purge`] deletes what is past its retention: every minute;
//! - [`certificates`] reads the files of TLS again: every five seconds, and on SIGHUP;
//! - [`database_watch`] tells the health service whether the database works: every two
//!   seconds. It ends first, when the server begins to stop: the others stop when the
//!   calls have ended;
//! - the [outbox](crate::mail::outbox) sends mail. It has a loop of its own, because
//!   use cases wake it, and it goes on with what it has begun when it is stopped.
//!
//! In tests only the second and the third run: a test purges and sends mail itself.

mod certificates;
mod database_watch;
mod purge;

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use database_watch::watch_database;

use crate::{
    accounts::Accounts, listener::tls::Tls, mail::outbox::Outbox, storage::purge::Retention,
};

/// The workers that do the account flow's work.
#[derive(Debug)]
pub struct Workers {
    /// Sends mail.
    pub outbox: Outbox,
    /// For how long things are kept.
    pub retention: Retention,
}

/// The workers that were started.
#[derive(Debug)]
pub(crate) struct Running {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    /// Starts the account flow's workers, if there are any, and watches the
    /// certificates, if there are any.
    pub(crate) fn start(
        accounts: &Accounts,
        workers: Option<Workers>,
        tls: Option<&Arc<Tls>>,
    ) -> Self {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        if let Some(Workers { outbox, retention }) = workers {
            tasks.spawn(purge::run(accounts.clone(), retention, stop.clone()));
            tasks.spawn(outbox.run(Arc::clone(&accounts.mail_queued), stop.clone()));
        }
        if let Some(tls) = tls {
            tasks.spawn(certificates::watch(Arc::clone(tls), stop.clone()));
        }
        Self { stop, tasks }
    }

    /// Stops them, and waits until they have.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// What [`every`] does again and again.
trait Job: Send {
    /// Its name in the log.
    const NAME: &'static str;

    /// Does it once. May be dropped at any moment. The next run does what this one left.
    fn run(&mut self) -> impl Future<Output = ()> + Send;
}

/// Runs `job` immediately, and then again and again with `interval` between the end of
/// a run and the next one, until `stop`. A run ends after `limit` at the latest: one
/// that never ended, on a connection whose other side is gone without a word, would
/// keep the next one waiting for ever.
async fn every<J: Job>(interval: Duration, limit: Duration, stop: &CancellationToken, mut job: J) {
    let runs = async {
        loop {
            if timeout(limit, job.run()).await.is_err() {
                tracing::warn!(job = J::NAME, "not done in time: the next run goes on");
            }
            tokio::time::sleep(interval).await;
        }
    };
    tokio::select! {
        // First, so that nothing is begun once the server stops.
        biased;
        () = stop.cancelled() => {}
        () = runs => {}
    }
}
