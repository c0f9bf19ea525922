//! What every service does before a call and after it, whatever the call asks: who
//! calls, whether a stranger may, until when, and in which words a refusal is said.
//! A service is this and its use cases.

use std::{net::IpAddr, pin::Pin, sync::Arc};

use tonic::{Request, Response, Status};

use super::{caller::Call, rpc::Rpc, status};
use crate::{
    accounts::{
        Origin,
        error::{DeskRefusal, Error},
    },
    clock::Clock,
    domain::{locale::Locale, violation::Violations},
    network::TrustedProxies,
    randomness::Randomness,
    shutdown::Shutdown,
    throttle::{Throttled, calls::NetworkCalls},
};

/// Where callers come from, and how often strangers may call.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The proxies that are believed when they say where a call comes from.
    pub proxies: TrustedProxies,
    /// How many calls a network may make without a token that is known.
    pub buckets: NetworkCalls,
    /// How many calls it may make for reference lists. A person who types quickly into a
    /// search field must not use up what Create needs.
    pub reference_buckets: NetworkCalls,
}

/// What the services share. Cheap to clone, but for the list of proxies: each service
/// keeps one.
#[derive(Clone, Debug)]
pub struct Front {
    /// Where callers come from, and how often strangers may call.
    pub gate: Gate,
    /// Until when calls are taken.
    pub shutdown: Shutdown,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where the IDs come from under which calls are logged.
    pub randomness: Arc<dyn Randomness>,
}

impl Front {
    /// Who calls, from where, and in which language.
    pub(super) fn call<T>(&self, request: &Request<T>) -> Call {
        Call::of(request, &self.gate.proxies)
    }

    /// The same for the reference lists, whose calls are counted apart.
    #[must_use]
    pub(crate) fn for_reference(&self) -> Self {
        let buckets = self.gate.reference_buckets.clone();
        Self { gate: Gate { buckets, ..self.gate.clone() }, ..self.clone() }
    }

    /// Counts a call as a stranger's: one without a token that is known.
    pub(super) fn admit(&self, origin: &Origin) -> Result<(), Error> {
        origin.ip.map_or(Ok(()), |ip| self.admit_ip(ip))
    }

    /// The same, by the address alone.
    pub(super) fn admit_ip(&self, ip: IpAddr) -> Result<(), Error> {
        let limit = Throttled::CallsPerIp;
        let taken = self.gate.buckets.take_from(ip, self.clock.elapsed());
        taken.map_err(|retry_after| Error::Throttled { limit, retry_after })
    }

    /// Counts a call as a stranger's whose token turned out to be unknown. A call
    /// with a known token has been counted by that token.
    pub(super) fn count_strangers<T>(
        &self,
        origin: &Origin,
        outcome: Result<T, Error>,
    ) -> Result<T, Error> {
        if outcome.as_ref().is_err_and(Error::is_of_stranger) {
            self.admit(origin)?;
        }
        outcome
    }

    /// Runs a use case and says its refusal in the caller's language. A server
    /// that is stopping begins nothing new, and cuts off what takes too long.
    pub(super) async fn answer<T>(
        &self,
        rpc: Rpc,
        locale: Locale,
        // On the heap: some use cases hold 20 KiB across their waits.
        mut work: Pin<Box<impl Future<Output = Result<T, Error>> + Send>>,
    ) -> Result<Response<T>, Status> {
        if self.shutdown.is_draining() {
            return Err(status::shutting_down(locale));
        }
        let _running = self.shutdown.running_call();
        let outcome = tokio::select! {
            biased;
            outcome = &mut work => outcome,
            () = self.shutdown.cut_off() => return Err(status::shutting_down(locale)),
        };
        match outcome {
            Ok(response) => Ok(Response::new(response)),
            Err(error) => {
                // More than its reason tells.
                tracing::debug!(rpc = rpc.name(), %error, "a refusal");
                Err(match (rpc, error) {
                    (Rpc::Desk(_), error) => status::desk_refusal(&error, locale),
                    (rpc, Error::InvalidCredentials) => status::refused_credentials(rpc, locale),
                    (rpc, Error::Desk(expired @ DeskRefusal::KeyExpired { .. })) => {
                        status::expired_key(rpc, &expired, locale)
                    }
                    (_, error) => status::refusal(&error, locale),
                })
            }
        }
    }

    pub(super) fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }
}

impl From<Violations> for Error {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}
