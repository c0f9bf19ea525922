//! The group commit of requests for a code: those that come while a transaction runs
//! share the next one, each as if it had come alone, with one way to the disk, and one
//! statement where each would have had its own.
//!
//! The phases are those of the whole group (claim all IDs, lock all counts, decide,
//! store), because on PostgreSQL locks must be taken in one order: a transaction that
//! went through them request by request could wait for another one that waits for it.

use std::{
    collections::{BTreeMap, HashSet},
    ptr, slice,
};

use sea_orm::DbBackend;
use uuid::Uuid;

use super::{Claim, CodeRequest, CodeRequested, Decision, Tally, decide};
use crate::{
    accounts::{Accounts, error::Error, unit_of_work::Work},
    batching::{BatchLimits, Batcher, Item},
    storage::{
        database::Database,
        error::StorageError,
        idempotency_key::{self, Answered},
        link,
        pools::DATABASE_TIMEOUT,
    },
    throttle::AskedMail,
};

/// Restarts of a transaction after a caller has gone. Bounded, so that callers who
/// connect and leave cannot starve the rest.
const MAX_RESTARTS: u32 = 3;

const LIMITS: BatchLimits = BatchLimits {
    max_items: 32,
    power_of_two_sizes: true,
    max_in_flight: 4,
    parallel_from: 32,
    timeout: DATABASE_TIMEOUT.saturating_mul(2),
};

/// What a request comes to.
type Outcome = Result<CodeRequested, Error>;

/// The requests that wait for a transaction. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CodeRequests(Batcher<CodeRequest, Outcome, StorageError>);

impl CodeRequests {
    /// For requests that go into `db`.
    #[must_use]
    pub fn new(db: &Database) -> Self {
        let limits = match db.read().backend() {
            // It makes one transaction after the other: the longer one waits for its
            // turn, the more should come with it.
            DbBackend::Sqlite => BatchLimits { max_in_flight: 1, ..LIMITS },
            _ => LIMITS,
        };
        Self(Batcher::new(limits))
    }
}

impl Accounts {
    /// Makes the challenge and enqueues the mail, once for a request ID.
    pub(in crate::accounts) async fn request_code(&self, request: CodeRequest) -> Outcome {
        let accounts = self.clone();
        let serve = move |requests| {
            let accounts = accounts.clone();
            async move { Ok(accounts.serve_group(requests).await) }
        };
        self.code_requests.0.submit(request, serve).await?
    }

    /// What each request comes to, in their order.
    async fn serve_group(&self, group: Vec<Item<CodeRequest>>) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let mut rest = group.as_slice();
        while !rest.is_empty() {
            let (round, later) = rest.split_at(before_repeat(rest));
            match self.serve_round(round).await {
                // A request that the database does not take must not be the others' trouble.
                Err(StorageError::Fault(_)) if round.len() > 1 => {
                    for request in round {
                        let alone = self.serve_round(slice::from_ref(request)).await;
                        outcomes.extend(alone.unwrap_or_else(|error| vec![Err(error.into())]));
                    }
                }
                Err(error) => outcomes.extend(round.iter().map(|_| Err(error.clone().into()))),
                Ok(served) => outcomes.extend(served),
            }
            rest = later;
        }
        outcomes
    }

    /// What each comes to; one whose caller has gone before the commit leaves nothing.
    async fn serve_round(&self, round: &[Item<CodeRequest>]) -> Result<Vec<Outcome>, StorageError> {
        let mut restarts = 0;
        loop {
            let awaited: Vec<&Item<CodeRequest>> =
                round.iter().filter(|request| request.is_awaited()).collect();
            let may_restart = restarts < MAX_RESTARTS;
            let served = self.db.retry(|| self.commit_group(&awaited, may_restart)).await?;
            let Some(served) = served else {
                restarts += 1;
                continue;
            };
            let mut served = awaited.into_iter().zip(served).peekable();
            let outcome = |request: &Item<CodeRequest>| {
                let served = served.next_if(|(awaited, _)| ptr::eq(*awaited, request));
                // Nobody reads the answer to one that is not awaited.
                served.map_or(Err(StorageError::gone("caller").into()), |(_, outcome)| outcome)
            };
            return Ok(round.iter().map(outcome).collect());
        }
    }

    /// One transaction. None, and nothing is stored, if it may be restarted and not
    /// all are awaited any more.
    async fn commit_group(
        &self,
        awaited: &[&Item<CodeRequest>],
        may_restart: bool,
    ) -> Result<Option<Vec<Outcome>>, StorageError> {
        let requests: Vec<&CodeRequest> = awaited.iter().map(|item| &item.value).collect();
        if requests.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let mut work = self.begin(None).await?;
        let now = work.now;
        let mails = work.asked_mails(&requests).await?;
        let claims = work.claim(&requests).await?;
        let mut tally = work.tally(&mails, &claims).await?;
        let (mut outcomes, mut challenges, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for ((request, mail), claim) in requests.iter().zip(&mails).zip(claims) {
            outcomes.push(match decide(request, mail, claim, &mut tally, now) {
                Decision::Answer(outcome) => outcome,
                Decision::Enqueue(answer, challenge) => {
                    challenges.push(challenge);
                    Ok(answer)
                }
                Decision::Refuse(throttled) => {
                    refused.push(request.request_id);
                    Err(throttled.into())
                }
            });
        }
        let Tally { counts, by_strangers, elapsed, .. } = tally;
        if challenges.is_empty() && !counts.is_changed() {
            work.discard().await?;
            return Ok(Some(outcomes));
        }
        idempotency_key::delete(&work.db, refused).await?;
        counts.store(&work.db).await?;
        if challenges.is_empty() {
            // Nothing is asked for; what a clock that was ahead has counted is put right.
            work.commit().await?;
            return Ok(Some(outcomes));
        }
        work.enqueue_codes(&challenges).await?;
        if may_restart && !awaited.iter().all(|request| request.is_awaited()) {
            work.discard().await?;
            return Ok(None);
        }
        work.commit().await?;
        self.mails_in_all.count(by_strangers, elapsed);
        Ok(Some(outcomes))
    }
}

impl<'a> Work<'a> {
    /// What each request counts against. Whether a machine of an account was seen lately
    /// where a request comes from is read for all of them, and locks nothing; of an
    /// address that has no account the answer is no, at the same work.
    async fn asked_mails(&self, requests: &[&CodeRequest]) -> Result<Vec<AskedMail>, StorageError> {
        let asked = requests.iter().filter_map(|request| request.whereabouts());
        let seen = link::find_seen(&self.db, asked, self.now).await?;
        let is_seen = |request: &CodeRequest| {
            let whereabouts = request.whereabouts();
            whereabouts.is_some_and(|(key, network)| seen.contains(&(key.to_owned(), network)))
        };
        Ok(requests.iter().map(|request| request.mail(is_seen(request))).collect())
    }

    /// Claims the IDs of the requests, in their order, so that two transactions with
    /// the same ones do not each wait for the other. It comes before anything is counted: a
    /// concurrent repeat of the same request waits here for the end of the other
    /// transaction, and gets the same answer, instead of being refused for what the
    /// other one counted.
    async fn claim(&self, requests: &[&CodeRequest]) -> Result<Vec<Claim>, StorageError> {
        let answers: Vec<Answered> = requests.iter().map(|request| self.answer(request)).collect();
        let ids = requests.iter().map(|request| request.request_id);
        let claims: BTreeMap<Uuid, &Answered> = ids.clone().zip(&answers).collect();
        let new = idempotency_key::insert_new(&self.db, claims, self.now).await?;
        let old = ids.filter(|id| !new.contains(id)).collect();
        let old = idempotency_key::find(&self.db, old).await?;
        let claim = |(request, answer): (&&CodeRequest, Answered)| {
            if new.contains(&request.request_id) {
                return Ok(Claim::New(answer));
            }
            // Purged since a moment ago: tried again, it is new.
            let old = old.get(&request.request_id).cloned();
            old.map(Claim::Answered).ok_or_else(|| StorageError::gone("idempotency key"))
        };
        requests.iter().zip(answers).map(claim).collect()
    }

    /// What a new request is answered.
    fn answer(&self, request: &CodeRequest) -> Answered {
        Answered {
            request_digest: request.request_digest,
            challenge_id: self.accounts.randomness.uuid(),
            code_expire_time: self.now + self.accounts.lifetimes.code,
            resend_time: self.now + self.accounts.lifetimes.resend,
        }
    }

    /// Locks what the new ones of the requests count against.
    async fn tally(
        &self,
        mails: &[AskedMail],
        claims: &[Claim],
    ) -> Result<Tally<'a>, StorageError> {
        let new = mails.iter().zip(claims).filter(|(_, claim)| matches!(claim, Claim::New(_)));
        let subjects = new.flat_map(|(mail, _)| mail.subjects());
        let counts = self.accounts.throttles.lock(&self.db, subjects).await?;
        let Accounts { mails_in_all, clock, .. } = self.accounts;
        Ok(Tally { counts, mails_in_all, elapsed: clock.elapsed(), by_strangers: 0 })
    }
}

/// How many requests there are before one whose ID came already: that one is
/// answered by what the first one has stored.
fn before_repeat(requests: &[Item<CodeRequest>]) -> usize {
    let mut ids = HashSet::new();
    requests.iter().take_while(|item| ids.insert(item.value.request_id)).count()
}
