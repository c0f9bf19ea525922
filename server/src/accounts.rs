//! The account flow: one use case a file, each under the name of its RPC. A use
//! case does its slow work (hashing) first and then changes everything in one
//! unit of work (`unit_of_work`), mail and audit event included.
//!
//! Nothing here knows of gRPC, and nothing here sends mail: it is put into the
//! outbox and sent afterwards.

mod caller;
pub mod code_request;
mod confirm;
mod create;
pub mod erasure;
pub mod error;
mod get;
mod list_time_entries;
mod register_existing;
mod resend_password;
mod secret_check;
mod set_password;
pub mod support;
mod time_ledger;
mod unit_of_work;
mod unlink;
mod update;

use std::{net::IpAddr, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

pub use caller::BearerToken;
pub use code_request::{CodeRequested, group_commit::CodeRequests};
pub use confirm::{Confirm, Confirmed, ToConfirm};
pub use create::Create;
pub use get::{AccountRead, Get};
pub use list_time_entries::{OwnLedger, OwnTimeEntries};
pub use register_existing::{RegisterExisting, Registered};
pub use resend_password::{ResendPassword, WhoseAccount};
pub use set_password::{Authority, PasswordSet, SetPassword};
pub use time_ledger::EntryPosition;
pub use unit_of_work::NewChallenge;
pub use unlink::Unlink;
pub use update::{AskedEmail, Update, Updated};

use crate::{
    audit::SearchEvents,
    clock::Clock,
    credentials::hasher::Hasher,
    domain::ape_code::Nomenclature,
    model::compact_at::CompactAt,
    network::SupportNetworks,
    randomness::Randomness,
    storage::{database::Database, machine_lookups::MachineLookups, purge::Retention},
    throttle::{
        Throttles, calls::TokenCalls, crowded_addresses::CrowdedAddresses, mails_in_all::MailsInAll,
    },
};

/// How long things last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A personal code.
    pub code: SignedDuration,
    /// A ticket.
    pub ticket: SignedDuration,
    /// From one mail to when it makes sense to ask for another.
    pub resend: SignedDuration,
    /// A security notice that cannot be sent.
    pub notice: SignedDuration,
    /// From a change of address by the support desk to the mail that brings its code.
    pub email_delay: SignedDuration,
}

impl Lifetimes {
    /// A code of the support desk's for a new address, from when it is asked for.
    #[must_use]
    pub fn delayed_code(&self) -> SignedDuration {
        self.code.saturating_add(self.email_delay)
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: SignedDuration::from_hours(24),
            ticket: SignedDuration::from_hours(1),
            resend: SignedDuration::from_mins(1),
            notice: SignedDuration::from_hours(72),
            email_delay: SignedDuration::from_hours(24),
        }
    }
}

/// From where support keys are taken, and how often.
#[derive(Clone, Debug)]
pub struct SupportKeys {
    /// The networks.
    pub networks: SupportNetworks,
    /// How many calls each key may make.
    pub calls: TokenCalls,
}

/// Where a call comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The token that it brings.
    pub token: Option<BearerToken>,
    /// The caller's address, when it is known.
    pub ip: Option<IpAddr>,
}

/// The account flow and what it works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// Where everything is kept.
    pub db: Database,
    /// Batched look-ups by link token, the hot path of every authenticated call.
    pub machines: MachineLookups,
    /// Group commit of requests for a code.
    pub code_requests: CodeRequests,
    /// The same of the events of searches.
    pub search_events: SearchEvents,
    /// Where everything slow is computed.
    pub hasher: Hasher,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where secrets come from.
    pub randomness: Arc<dyn Randomness>,
    /// Which APE codes there are.
    pub nomenclature: Arc<Nomenclature>,
    /// Wakes the worker that sends mail: a mail is in the outbox.
    pub mail_queued: Arc<Notify>,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// How often things may happen.
    pub throttles: Arc<Throttles>,
    /// How many mails strangers may ask for.
    pub mails_in_all: MailsInAll,
    /// How many calls each link token may make.
    pub token_calls: TokenCalls,
    /// How many accounts call from one address.
    pub crowded_addresses: CrowdedAddresses,
    /// From where support keys are taken, and how many calls each may make.
    pub support_keys: SupportKeys,
    /// How long things are kept, for whoever is told.
    pub retention: Retention,
    /// When the file of the database is compacted.
    pub compact_at: CompactAt,
}

impl Accounts {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// A digest of what makes two calls the same, by which a repeat is known.
fn call_digest(rpc: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [rpc.as_bytes()].iter().chain(parts) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
