//! What runs beside the calls, and what activates it:
//!
//! - [`purge`] deletes what is past its retention: every minute;
//! - [`compaction`] compacts the file of the database after accounts were erased: at a time of day;
//! - [`certificates`] reads the files of TLS again: every five seconds, and on SIGHUP;
//! - [`privacy_notice`] reads the files of the notice again: on SIGHUP;
//! - [`database_watch`] tells the health service, and systemd, whether the database works:
//!   every two seconds. It ends first, when the server begins to stop: the others stop when the
//!   calls have ended;
//! - the [outbox](crate::mail::outbox) sends mail. It has a loop of its own, because
//!   use cases wake it, and it goes on with what it has begun when it is stopped;
//! - the [webhook](crate::webhook) tells another system what happened, if there is one; the same
//!   holds for it;
//! - the [exporter](crate::traces::export) of traces, if there is a collector. It brings the last
//!   ones when the calls have ended.
//!
//! In tests only those of certificates, of the database and of the events run: a test purges,
//! compacts and sends mail itself.

mod certificates;
mod compaction;
mod database_watch;
mod hang_ups;
mod privacy_notice;
mod purge;

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

pub use compaction::Compactor;
pub(crate) use database_watch::DatabaseWatch;
pub use purge::Purger;

use crate::{
    accounts::Accounts, listener::tls::Tls, mail::outbox::Outbox,
    reference::privacy_notice::PrivacyNotice, storage::purge::Retention, traces::export::Exporter,
    webhook::Webhook,
};

/// How long before the end of their time the mails that are being sent are put back.
const PUT_BACK: Duration = Duration::from_millis(500);

/// The workers that do the account flow's work.
#[derive(Debug)]
pub struct Workers {
    /// Sends mail.
    pub outbox: Outbox,
    /// Tells another system, if there is one.
    pub webhook: Option<Webhook>,
    /// Brings traces to their collector, if there is one.
    pub traces: Option<Exporter>,
    /// For how long things are kept.
    pub retention: Retention,
}

/// The workers that were started.
#[derive(Debug)]
pub(crate) struct Running {
    stop: CancellationToken,
    give_up: CancellationToken,
    tasks: JoinSet<()>,
}

impl Running {
    /// Starts the account flow's workers, if there are any, and watches the
    /// certificates and the files of the privacy notice, if there are any.
    pub(crate) fn start(
        accounts: &Accounts,
        workers: Option<Workers>,
        tls: Option<&Arc<Tls>>,
        notice: &PrivacyNotice,
    ) -> Self {
        let (stop, give_up) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        if let Some(Workers { outbox, webhook, traces, retention }) = workers {
            tasks.spawn(purge::run(accounts.clone(), retention, stop.clone()));
            tasks.spawn(compaction::run(accounts.clone(), stop.clone()));
            let queued = Arc::clone(&accounts.mail_queued);
            tasks.spawn(outbox.run(queued, stop.clone(), give_up.clone()));
            if let Some(webhook) = webhook {
                tasks.spawn(webhook.run(stop.clone(), give_up.clone()));
            }
            if let Some(traces) = traces {
                tasks.spawn(traces.run(stop.clone()));
            }
        }
        if let Some(tls) = tls {
            tasks.spawn(certificates::watch(
                Arc::clone(tls),
                Arc::clone(&accounts.clock),
                stop.clone(),
            ));
        }
        if notice.has_files() {
            tasks.spawn(privacy_notice::watch(notice.clone(), stop.clone()));
        }
        Self { stop, give_up, tasks }
    }

    /// Stops them, and waits until they have, at most for `limit`; then cuts them off. Mails
    /// that are being sent are put back a moment before. One that is cut off all the same
    /// is sent by another server when its lease is over, or by this one when it runs again.
    pub(crate) async fn stop(mut self, limit: Duration) {
        self.stop.cancel();
        let (tasks, give_up) = (&mut self.tasks, &self.give_up);
        let ended = async { while tasks.join_next().await.is_some() {} };
        let last_moment = async {
            tokio::time::sleep(limit.saturating_sub(PUT_BACK)).await;
            give_up.cancel();
            std::future::pending::<()>().await;
        };
        let ended = async {
            tokio::select! {
                () = ended => {}
                () = last_moment => {}
            }
        };
        if timeout(limit, ended).await.is_err() {
            tracing::warn!("workers cut off");
        }
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
