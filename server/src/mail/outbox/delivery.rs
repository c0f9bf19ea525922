//! The delivery of a leased mail, and what follows from how it went: the mail has
//! ended, or it is tried again later.
//!
//! It is sent outside any transaction: a slow mail server must hold no lock. Its lease is
//! renewed meanwhile, so that no other server sends it, too.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::field::display;

use super::{Outbox, composition::Composed, error::DeliveryError, turn::Turn};
use crate::{
    backoff,
    clock::BELIEVED_AFTER,
    mail::{
        letter::Letter,
        mailer::{Envelope, Progress, SendError},
    },
    metrics::MailResult,
    storage::{
        error::StorageError,
        in_time::in_time,
        maintenance,
        outbox_mail::{self, End, FailedTry, LONGEST_BACKOFF, LeasedMail, MAX_UNCERTAIN_TRIES},
        personal_code,
    },
};

/// The least waits after each try that may have brought the mail: whoever gets copies shall get
/// few. After one try more the mail has ended.
const UNCERTAIN_BACKOFFS: [SignedDuration; MAX_UNCERTAIN_TRIES as usize] =
    [SignedDuration::from_mins(15), SignedDuration::from_hours(1), SignedDuration::from_hours(4)];

/// How long it waits before it notes once more how a try went.
const NOTE_PAUSE: Duration = Duration::from_millis(500);

/// How a try went.
enum Outcome {
    Ended(End, Option<String>),
    Failed(FailedTry),
    /// It has expired, by a clock that is not believed yet.
    ToBeSeenLater,
}

impl Outbox {
    /// Sends a mail, and notes how that went. When `give_up` says so, it is put back.
    pub(super) async fn deliver(&self, mail: &LeasedMail, turn: Turn, give_up: &CancellationToken) {
        tokio::select! {
            biased;
            () = self.try_and_note(mail, turn, give_up) => {}
            () = self.keep_lease(mail) => {
                tracing::warn!(mail.id = %mail.id, "mail left to the server that took it over");
            }
        }
    }

    async fn try_and_note(&self, mail: &LeasedMail, turn: Turn, give_up: &CancellationToken) {
        let outcome = self.try_deliver(mail, turn, give_up).await.unwrap_or_else(|error| {
            tracing::warn!(mail.id = %mail.id, %error, "mail not handled");
            Outcome::Failed(FailedTry { error: error.to_string(), is_uncertain: false })
        });
        // A database that is away for a moment must not make anybody forget that the mail
        // server took the mail. If it is away for longer, the lease runs out, and the mail
        // is sent once more.
        let begun = Instant::now();
        while let Err(error) = self.note(mail, &outcome).await {
            tracing::warn!(mail.id = %mail.id, %error, "how a mail ended is not noted");
            if begun.elapsed() >= self.config.lease {
                return;
            }
            sleep(NOTE_PAUSE).await;
        }
    }

    async fn try_deliver(
        &self,
        mail: &LeasedMail,
        turn: Turn,
        give_up: &CancellationToken,
    ) -> Result<Outcome, DeliveryError> {
        let now = self.clock.now();
        if mail.expire_time <= now {
            return Ok(self.expired(mail));
        }
        let composed = self.compose(mail, now).await?;
        // Composed first: the same work is done for an address that is nobody's.
        let (Some(Composed { message, kind, code, new_code_id }), Some(to)) =
            (composed, mail.recipient.clone())
        else {
            return Ok(Outcome::Ended(End::Dropped, None));
        };
        let envelope = Envelope {
            message_id: format!("{}@{}", mail.id, self.config.message_id_domain),
            to,
            date: SystemTime::try_from(now).unwrap_or(SystemTime::UNIX_EPOCH),
            message,
            code,
        };
        match self.send(&envelope, turn, give_up).await {
            Ok(file) => {
                let file = file.as_deref().map(|path| display(path.display()));
                tracing::info!(mail.id = %mail.id, mail.kind = kind, mail.attempts, file, "mail sent");
                self.metrics.count(MailResult::Sent);
                Ok(Outcome::Ended(End::Sent, None))
            }
            Err(SendError::Permanent { detail }) => {
                tracing::warn!(mail.id = %mail.id, mail.kind = kind, %detail, "mail refused");
                self.metrics.count(MailResult::Refused);
                Ok(Outcome::Ended(End::Failed, Some(detail)))
            }
            Err(SendError::Temporary { detail, definite }) => {
                tracing::warn!(mail.id = %mail.id, mail.kind = kind, mail.attempts, %detail, "mail not sent for now");
                self.metrics.count(MailResult::Deferred);
                if let Some(code_id) = new_code_id.filter(|_| definite) {
                    // It never reached the customer: it must not push out one that did.
                    in_time(personal_code::delete(&self.db.write(), code_id)).await?;
                }
                Ok(Outcome::Failed(FailedTry { error: detail, is_uncertain: !definite }))
            }
        }
    }

    /// What becomes of a mail whose time is over: it ends, if the clock is believed. One that
    /// is ahead for a moment must not end the codes of all who wait for theirs.
    fn expired(&self, mail: &LeasedMail) -> Outcome {
        if self.clock.steady_for() < BELIEVED_AFTER {
            return Outcome::ToBeSeenLater;
        }
        tracing::warn!(mail.id = %mail.id, mail.attempts, "mail expired unsent");
        self.metrics.count(MailResult::Expired);
        Outcome::Ended(End::Expired, None)
    }

    async fn send(
        &self,
        envelope: &Envelope,
        mut turn: Turn,
        give_up: &CancellationToken,
    ) -> Result<Option<PathBuf>, SendError> {
        let (progress, mut reached) = watch::channel(Progress::Envelope);
        let mut sending = Box::pin(self.mailer.send_and_tell(envelope, &progress));
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return sent,
                () = give_up.cancelled() => {
                    let definite = *reached.borrow() == Progress::Envelope;
                    return Err(SendError::Temporary { detail: "stopped".to_owned(), definite });
                }
                Ok(()) = reached.changed() => {
                    if *reached.borrow() == Progress::Reply {
                        turn.step_aside();
                    }
                }
            }
        }
    }

    /// Renews the lease for as long as it is held.
    async fn keep_lease(&self, mail: &LeasedMail) {
        loop {
            sleep(self.config.lease / 3).await;
            let lease_expire_time = self.clock.now() + self.lease();
            match in_time(outbox_mail::renew(&self.db.write(), mail, lease_expire_time)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(mail.id = %mail.id, %error, "lease not renewed"),
            }
        }
    }

    async fn note(&self, mail: &LeasedMail, outcome: &Outcome) -> Result<(), StorageError> {
        let (db, now) = (self.db.write(), self.clock.now());
        match outcome {
            Outcome::Ended(..) if Letter::is_forgotten(&mail.letter) => {
                in_time(self.forget(mail, now)).await
            }
            Outcome::Ended(end, error) => {
                in_time(outbox_mail::end(&db, mail, *end, error.clone(), now)).await
            }
            Outcome::ToBeSeenLater => {
                let error = "expired by a clock that was set a moment ago".to_owned();
                let put_off = FailedTry { error, is_uncertain: false };
                in_time(outbox_mail::postpone(&db, mail, now + LONGEST_BACKOFF, put_off)).await
            }
            Outcome::Failed(failed) => {
                if let Some(next) = self.next_attempt_time(mail, failed, now) {
                    let put_off = outbox_mail::postpone(&db, mail, next, failed.clone());
                    return in_time(put_off).await;
                }
                tracing::warn!(mail.id = %mail.id, mail.attempts, "mail given up: no mail server has said whether it took it");
                self.metrics.count(MailResult::GivenUp);
                if Letter::is_forgotten(&mail.letter) {
                    return in_time(self.forget(mail, now)).await;
                }
                let error = Some(failed.error.clone());
                in_time(outbox_mail::end(&db, mail, End::Failed, error, now)).await
            }
        }
    }

    /// Leaves nothing of a mail that has ended, neither in its table nor in the file.
    async fn forget(&self, mail: &LeasedMail, now: Timestamp) -> Result<(), StorageError> {
        self.db
            .retry(|| async {
                let transaction = self.db.begin().await?;
                outbox_mail::forget(&transaction, mail).await?;
                maintenance::mark(&transaction, now).await?;
                transaction.commit().await
            })
            .await
    }

    /// When a mail is tried again; `None` when it has been brought often enough.
    fn next_attempt_time(
        &self,
        mail: &LeasedMail,
        failed: &FailedTry,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let wait = if failed.is_uncertain {
            let least = UNCERTAIN_BACKOFFS.get(mail.uncertain_attempts as usize)?;
            least.mul_f64(1.0 + self.randomness.fraction() / 4.0)
        } else {
            backoff::after(mail.attempts, LONGEST_BACKOFF, &*self.randomness)
        };
        Some(now + wait)
    }
}
