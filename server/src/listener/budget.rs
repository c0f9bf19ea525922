//! How much may be in progress, in all and for each network: calls until their answers
//! are taken, streams among them, and the bytes that calls hold, of messages that have
//! not come to their end and of answers that have not been taken yet.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ipnet::IpNet;

use crate::network;

/// A share is at most this part of what is still free. However many networks take
/// all that they may, something is left for the next one: with sixteen of them a
/// fifth, with a hundred a twenty-fifth, of which it gets as much as each of them.
const FREE_FOR_SHARE: usize = 4;

/// How much may be in progress: in all, and for a single caller's share.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// In all.
    pub max: usize,
    /// For a share, at most; a network has one or several.
    pub per_share: usize,
}

/// The allowances.
#[derive(Clone, Copy, Debug)]
pub struct Allowances {
    /// Calls whose answers are not taken yet.
    pub calls: Allowance,
    /// Those among them that have no end of their own.
    pub streams: Allowance,
    /// Bytes that those calls hold.
    pub bytes: Allowance,
}

/// The allowance that is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// That of the caller's network.
    Network,
    /// That of the whole server.
    Server,
}

/// The budget. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    allowances: Allowances,
    used: Arc<Mutex<Used>>,
}

/// No network is kept that uses nothing.
#[derive(Debug, Default)]
struct Used {
    all: Amounts,
    by_network: HashMap<IpNet, Amounts>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amounts {
    calls: usize,
    streams: usize,
    bytes: usize,
}

/// A call's part of the budget, until it is dropped.
#[derive(Debug)]
pub(super) struct Part {
    budget: Budget,
    ip: IpAddr,
    is_stream: bool,
}

impl Budget {
    pub(super) fn new(allowances: Allowances) -> Self {
        Self { allowances, used: Arc::default() }
    }

    /// The part of one more call, and the allowance that it exceeds. It is counted
    /// nevertheless: the refusal is an answer, too, and holds memory until it is taken.
    /// `Err` when even refusals are too many.
    pub(super) fn begin(
        &self,
        ip: IpAddr,
        is_stream: bool,
    ) -> Result<(Part, Option<Exceeded>), Exceeded> {
        let mut used = self.used();
        let calls = used.exceeded(ip, |amounts| amounts.calls, self.allowances.calls, 1);
        let streams = is_stream.then_some(self.allowances.streams);
        let streams = streams
            .and_then(|allowance| used.exceeded(ip, |amounts| amounts.streams, allowance, 1));
        let Allowance { max, per_share } = self.allowances.calls;
        let refusals = Allowance { max: max * 2, per_share: per_share * 2 };
        if let Some(over) = used.exceeded(ip, |amounts| amounts.calls, refusals, 1) {
            return Err(over);
        }
        used.change(ip, |amounts| {
            amounts.calls += 1;
            amounts.streams += usize::from(is_stream);
        });
        Ok((Part { budget: self.clone(), ip, is_stream }, calls.or(streams)))
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    /// The allowance that `more` would exceed. The narrowest network comes first, since
    /// it tells most.
    fn exceeded(
        &self,
        ip: IpAddr,
        amount: impl Fn(&Amounts) -> usize,
        allowance: Allowance,
        more: usize,
    ) -> Option<Exceeded> {
        let free = allowance.max.saturating_sub(amount(&self.all));
        let share = allowance.per_share.min((free / FREE_FOR_SHARE).max(more));
        for level in network::levels(ip) {
            let of_network = self.by_network.get(&level.network).map_or(0, &amount);
            let shares = usize::try_from(level.shares).unwrap_or(usize::MAX);
            if of_network + more > share.saturating_mul(shares) {
                return Some(Exceeded::Network);
            }
        }
        (amount(&self.all) + more > allowance.max).then_some(Exceeded::Server)
    }

    fn change(&mut self, ip: IpAddr, change: impl Fn(&mut Amounts)) {
        change(&mut self.all);
        for level in network::levels(ip) {
            let amounts = self.by_network.entry(level.network).or_default();
            change(amounts);
            if *amounts == Amounts::default() {
                self.by_network.remove(&level.network);
            }
        }
    }
}

impl Part {
    /// Holds so many bytes more, until [`Part::release`].
    pub(super) fn hold(&self, bytes: usize) -> Result<(), Exceeded> {
        let Budget { allowances, .. } = self.budget;
        let mut used = self.budget.used();
        let amount = |amounts: &Amounts| amounts.bytes;
        if let Some(exceeded) = used.exceeded(self.ip, amount, allowances.bytes, bytes) {
            return Err(exceeded);
        }
        used.change(self.ip, |amounts| amounts.bytes += bytes);
        Ok(())
    }

    pub(super) fn release(&self, bytes: usize) {
        self.budget.used().change(self.ip, |amounts| amounts.bytes -= bytes);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let is_stream = usize::from(self.is_stream);
        self.budget.used().change(self.ip, |amounts| {
            amounts.calls -= 1;
            amounts.streams -= is_stream;
        });
    }
}
