//! Tells the operator when the machines of very many accounts call from one address. It
//! is most often that of a balancer which is not in `TRUSTED_PROXIES`: then all customers
//! share the limits of one, and the first morning on which many of them call ends with
//! refusals. It refuses nobody, and the log does not tell the address.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ipnet::IpNet;

use crate::domain::account_id::AccountId;

/// Accounts from one address that are many. An office has one account, whatever number
/// of machines; the accountants and resellers who look after several, some dozens.
const MANY: usize = 100;

/// Within which time they are counted, and how often it is told.
const WINDOW: Duration = Duration::from_hours(1);

/// Addresses that are counted: with the accounts of each, some MiB at most.
const ADDRESSES: usize = 10_000;

/// The accounts by address, for an hour. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct CrowdedAddresses(Arc<Mutex<Counted>>);

#[derive(Debug, Default)]
struct Counted {
    since: Duration,
    accounts: HashMap<IpNet, HashSet<AccountId>>,
    is_told: bool,
}

impl CrowdedAddresses {
    /// Counts a machine of `account` that calls from `address`, and warns when that is
    /// the address of many.
    pub fn note(&self, address: IpNet, account: AccountId, elapsed: Duration) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if elapsed.saturating_sub(counted.since) >= WINDOW {
            *counted = Counted { since: elapsed, ..Counted::default() };
        }
        let is_known = counted.accounts.contains_key(&address);
        if counted.is_told || (!is_known && counted.accounts.len() >= ADDRESSES) {
            return;
        }
        let accounts = counted.accounts.entry(address).or_default();
        accounts.insert(account);
        if accounts.len() < MANY {
            return;
        }
        counted.is_told = true;
        counted.accounts = HashMap::new();
        drop(counted);
        tracing::warn!(
            accounts = MANY,
            "the machines of many accounts call from one address: if a balancer stands there, \
             its customers share the limits of one until TRUSTED_PROXIES names it, and it sends \
             X-Forwarded-For, or PROXY_PROTOCOL is on"
        );
    }
}
