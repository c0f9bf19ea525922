//! Decides whether a call may be tried again, and after which wait. No I/O here, and
//! no decision on where: the client asks, waits and sends.

use std::time::Duration;

use gestan_account_proto::v1::{
    ConfirmRequest, CreateRequest, ErrorReason, GetPrivacyNoticeRequest, GetRequest,
    ListCountriesRequest, ListTimeEntriesRequest, RegisterExistingRequest, ResendPasswordRequest,
    SearchApeCodesRequest, SetPasswordRequest, UnlinkRequest, UpdateRequest,
};
use tonic::{Code, Status};

use crate::{
    error::{connection_failed, never_sent, proxys_refusal},
    options::ClientOptions,
    rejection::Rejection,
    tunnel::ProxyFault,
};

/// The metadata by which a server says when to try again, in milliseconds; a negative
/// number stands for never (gRPC proposal A6, client retries).
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// What a repeat of a call would do, when the first may have been carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// The same answer, and nothing twice.
    Harmless,
    /// Another answer, or another mail: the caller must decide.
    Harmful,
}

/// A request that knows whether the contract lets it be sent twice.
pub(crate) trait Repeatable {
    fn repeat(&self) -> Repeat;
}

macro_rules! harmless {
    ($($request:ty),*) => {$(
        impl Repeatable for $request {
            fn repeat(&self) -> Repeat {
                Repeat::Harmless
            }
        }
    )*};
}

// `Create` and `ResendPassword` bear a `request_id`, `Confirm` and
// `RegisterExisting` give the same outcome for the same secret, an `Unlink` of
// what is not linked is a success. The last three only read.
harmless!(
    CreateRequest,
    ConfirmRequest,
    RegisterExistingRequest,
    GetRequest,
    ListTimeEntriesRequest,
    UnlinkRequest,
    ResendPasswordRequest,
    ListCountriesRequest,
    SearchApeCodesRequest,
    GetPrivacyNoticeRequest
);

/// Harmless with a ticket only: once changed, the current password is a wrong
/// one.
impl Repeatable for SetPasswordRequest {
    fn repeat(&self) -> Repeat {
        if !self.ticket.is_empty() && self.current_password.is_empty() {
            Repeat::Harmless
        } else {
            Repeat::Harmful
        }
    }
}

/// Harmless when it writes the same values again. With an etag the repeat of a
/// success would be told to the user as a conflict; a change of address would
/// send its mail twice.
impl Repeatable for UpdateRequest {
    fn repeat(&self) -> Repeat {
        let paths = self.update_mask.as_ref().map_or(&[][..], |mask| &mask.paths);
        let (etag, email) =
            self.account.as_ref().map_or(("", ""), |account| (&account.etag, &account.email));
        let moves = if paths.is_empty() {
            !email.is_empty()
        } else {
            paths.iter().any(|path| path == "email")
        };
        if etag.is_empty() && !moves { Repeat::Harmless } else { Repeat::Harmful }
    }
}

/// How many times a call is tried, and how long the waits between are.
#[derive(Clone, Debug)]
pub(crate) struct RetryPolicy {
    max_attempts: u32,
    first_back_off: Duration,
    max_back_off: Duration,
}

impl RetryPolicy {
    pub(crate) fn new(options: &ClientOptions) -> Self {
        Self {
            max_attempts: options.max_attempts,
            first_back_off: options.first_back_off,
            max_back_off: options.max_back_off,
        }
    }

    /// So many attempts that there is another, unless nothing is repeated at all.
    pub(crate) fn without_last(&self, attempts: u32) -> u32 {
        if self.max_attempts > 1 { attempts.min(self.max_attempts - 1) } else { attempts }
    }

    /// The wait before the next attempt, or None to give up. `attempts` have
    /// failed, the last with `status`; `elsewhere` tells whether the next one
    /// goes to another endpoint; `chance` is from 0 to 1.
    pub(crate) fn next_wait(
        &self,
        status: &Status,
        repeat: Repeat,
        attempts: u32,
        elsewhere: bool,
        chance: f64,
    ) -> Option<Duration> {
        if attempts >= self.max_attempts {
            return None;
        }
        let rejection = Rejection::from_status(status);
        let reason = rejection.as_ref().map(Rejection::reason);
        // Asked again, a proxy says the same; another replica it may let through.
        let refused = proxys_refusal(status);
        if refused.is_some_and(|fault| !elsewhere || !matches!(fault, ProxyFault::Refused(_))) {
            return None;
        }
        // Either the server has not seen the call, or it refused it unread.
        let undone = never_sent(status) || reason == Some(ErrorReason::HashingBusy);
        if !(undone || is_endpoints_fault(status) && repeat == Repeat::Harmless) {
            return None;
        }
        let asked = pushback(status).transpose().ok()?;
        // A server that is gone, or shuts down, asks for time for itself, not for the
        // others. One that has too much to do asks for all: the others may be as busy.
        if elsewhere && matches!(reason, None | Some(ErrorReason::ShuttingDown)) {
            return Some(Duration::ZERO);
        }
        match asked.max(rejection.and_then(|rejection| rejection.retry_delay())) {
            Some(asked) => Some(asked.mul_f64(1.0 + chance / 5.0)),
            None => Some(self.back_off(attempts).mul_f64(1.0 - chance / 2.0)),
        }
    }

    fn back_off(&self, attempts: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.first_back_off.saturating_mul(doubled).min(self.max_back_off)
    }
}

/// Whether it is the endpoint that failed rather than the request: another
/// endpoint, or the same one later, may do better.
pub(crate) fn is_endpoints_fault(status: &Status) -> bool {
    let is_busy = || {
        let reason = Rejection::from_status(status).map(|rejection| rejection.reason());
        matches!(reason, Some(ErrorReason::HashingBusy | ErrorReason::ServerBusy))
    };
    is_passing(status) || is_busy()
}

fn is_passing(status: &Status) -> bool {
    status.code() == Code::Unavailable || connection_failed(status)
}

/// What the server asks for; an Err when it forbids another attempt, as a
/// number that cannot be read does, too.
fn pushback(status: &Status) -> Option<Result<Duration, ()>> {
    let value = status.metadata().get(PUSHBACK)?;
    let wait = value.to_str().ok().and_then(|text| text.parse().ok());
    Some(wait.map(Duration::from_millis).ok_or(()))
}

#[cfg(test)]
mod tests;
