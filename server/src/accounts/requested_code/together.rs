//! Requests that come at once are served by one transaction, each as if it had
//! come alone: with one way to the disk, and a statement for all where each would
//! have had its own.

use std::{
    collections::{BTreeMap, HashSet},
    ptr, slice,
};

use jiff::Timestamp;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::{AwaitedRequest, CodeRequest, Outcome};
use crate::{
    accounts::{Accounts, error::Error, owed_mail::NewChallenge},
    domain::violation::Problem,
    storage::{
        error::StorageError,
        idempotency_key::{self, Answered},
    },
    throttle::{AskedMail, Counts, ThrottleError},
};

/// How often a transaction is begun anew without those whose callers have gone
/// meanwhile: who comes and goes must not keep the others waiting for ever.
const ANEW: u32 = 3;

impl Accounts {
    /// What each request comes to, in their order.
    pub(super) async fn serve_together(&self, requests: Vec<AwaitedRequest>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let mut rest = requests.as_slice();
        while !rest.is_empty() {
            let (round, later) = rest.split_at(before_repeat(rest));
            match self.serve(round).await {
                // What the database does not take of one is not the others' trouble.
                Err(StorageError::Fault(_)) if round.len() > 1 => {
                    for request in round {
                        let alone = self.serve(slice::from_ref(request)).await;
                        outcomes.extend(alone.unwrap_or_else(|error| vec![Err(error.into())]));
                    }
                }
                Err(error) => outcomes.extend(round.iter().map(|_| Err(error.clone().into()))),
                Ok(served) => outcomes.extend(served),
            }
            rest = later;
        }
        // Refusals owe nothing.
        if outcomes.iter().any(Result::is_ok) {
            self.wake_mailer();
        }
        outcomes
    }

    /// What each comes to; one whose caller has gone before the commit leaves nothing.
    async fn serve(&self, requests: &[AwaitedRequest]) -> Result<Vec<Outcome>, StorageError> {
        let mut anew = ANEW;
        loop {
            let awaited: Vec<&AwaitedRequest> =
                requests.iter().filter(|request| request.is_awaited()).collect();
            let served = self.db.retry(|| self.serve_once(&awaited, anew > 0)).await?;
            let Some(served) = served else {
                anew -= 1;
                continue;
            };
            let mut served = awaited.into_iter().zip(served).peekable();
            let outcome = |request: &AwaitedRequest| {
                let served = served.next_if(|(awaited, _)| ptr::eq(*awaited, request));
                // Nobody reads the answer to one that is not awaited.
                served.map_or(Err(StorageError::gone("caller").into()), |(_, outcome)| outcome)
            };
            return Ok(requests.iter().map(outcome).collect());
        }
    }

    /// None, and nothing is stored, if `all` must still be awaited and are not.
    async fn serve_once(
        &self,
        awaited: &[&AwaitedRequest],
        all: bool,
    ) -> Result<Option<Vec<Outcome>>, StorageError> {
        let requests: Vec<&CodeRequest> = awaited.iter().map(|awaited| &awaited.request).collect();
        if requests.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let requests = requests.as_slice();
        let now = self.now();
        let transaction = self.db.begin().await?;
        let claims = self.claim(&transaction, requests, now).await?;
        let mails = claims.iter().filter_map(Claim::mail);
        let subjects = mails.flat_map(AskedMail::subjects);
        let mut counts = self.throttles.lock(&transaction, subjects).await?;
        let (mut outcomes, mut challenges, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        let mut by_strangers = 0;
        for (request, claim) in requests.iter().zip(claims) {
            outcomes.push(match claim {
                Claim::Old(outcome) => outcome,
                Claim::New(answer, mail) => {
                    match self.take(request, &mail, by_strangers, &mut counts, now) {
                        Ok(send_time) => {
                            by_strangers += usize::from(request.by_stranger);
                            challenges.push(request.challenge(answer.challenge_id, send_time));
                            Ok(answer.into())
                        }
                        Err(throttled) => {
                            refused.push(request.request_id);
                            Err(throttled.into())
                        }
                    }
                }
            });
        }
        if challenges.is_empty() {
            transaction.rollback().await?;
            return Ok(Some(outcomes));
        }
        // Who is refused may ask again under the same ID.
        idempotency_key::delete(&transaction, refused).await?;
        counts.store(&transaction).await?;
        self.owe_codes(&transaction, &challenges, now).await?;
        if all && !awaited.iter().all(|request| request.is_awaited()) {
            transaction.rollback().await?;
            return Ok(None);
        }
        transaction.commit().await?;
        self.mails_in_all.count(by_strangers, now);
        Ok(Some(outcomes))
    }

    /// Counts a mail, unless a limit says no, or that of all strangers does, of whom
    /// `by_strangers` are served with it. Other transactions may be on their way to
    /// that last one: it may be exceeded by what they have together.
    fn take(
        &self,
        request: &CodeRequest,
        mail: &AskedMail,
        by_strangers: usize,
        counts: &mut Counts<'_>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, ThrottleError> {
        if request.by_stranger {
            self.mails_in_all.check(by_strangers, now)?;
        }
        mail.take(counts, now)
    }

    /// Claims the IDs of the requests, in their order, so that two transactions with
    /// the same ones do not each wait for the other. First of all: these very calls,
    /// at once with themselves, wait here, and are answered alike, instead of being
    /// refused for what the other ones took.
    async fn claim(
        &self,
        transaction: &DatabaseTransaction,
        requests: &[&CodeRequest],
        now: Timestamp,
    ) -> Result<Vec<Claim>, StorageError> {
        let answers: Vec<Answered> =
            requests.iter().map(|request| self.answer(request, now)).collect();
        let ids = requests.iter().map(|request| request.request_id);
        let claims: BTreeMap<Uuid, &Answered> = ids.clone().zip(&answers).collect();
        let new = idempotency_key::insert_new(transaction, claims, now).await?;
        let old = ids.filter(|id| !new.contains(id)).collect();
        let old = idempotency_key::find(transaction, old).await?;
        let claim = |(request, answer): (&&CodeRequest, Answered)| {
            if new.contains(&request.request_id) {
                return Ok(Claim::New(answer, Box::new(request.mail())));
            }
            // Purged since a moment ago: tried again, it is new.
            let old = old.get(&request.request_id);
            let old = old.ok_or_else(|| StorageError::gone("idempotency key"))?;
            if old.request_digest == request.request_digest {
                Ok(Claim::Old(Ok(old.clone().into())))
            } else {
                Ok(Claim::Old(Err(Error::invalid("request_id", Problem::RequestIdReused))))
            }
        };
        requests.iter().zip(answers).map(claim).collect()
    }

    /// What a new request is answered.
    fn answer(&self, request: &CodeRequest, now: Timestamp) -> Answered {
        Answered {
            request_digest: request.request_digest,
            challenge_id: self.randomness.uuid(),
            code_expire_time: now + self.lifetimes.code,
            resend_time: now + self.lifetimes.resend,
        }
    }
}

/// A request by its ID.
enum Claim {
    /// It is new, and counts against this; this will have been the answer.
    New(Answered, Box<AskedMail>),
    /// The ID was used before.
    Old(Outcome),
}

impl Claim {
    fn mail(&self) -> Option<&AskedMail> {
        match self {
            Self::New(_, mail) => Some(mail),
            Self::Old(_) => None,
        }
    }
}

impl CodeRequest {
    fn challenge(&self, id: Uuid, send_time: Option<Timestamp>) -> NewChallenge<'_> {
        NewChallenge {
            id,
            purpose: self.purpose,
            email: self.to.address(),
            machine: &self.machine,
            locale: self.locale,
            profile: &self.profile,
            send_time,
        }
    }
}

/// How many requests there are before one whose ID came already: that one is
/// answered by what the first one has stored.
fn before_repeat(requests: &[AwaitedRequest]) -> usize {
    let mut ids = HashSet::new();
    requests.iter().take_while(|awaited| ids.insert(awaited.request.request_id)).count()
}
