//! The callers that wait for a hash, in two classes with places of their own: the known,
//! which have shown a link token or a ticket, and strangers. Nothing that strangers do
//! takes a place, or more than a quarter of the turns, from the known.

use std::{net::IpAddr, num::NonZeroUsize};

use ipnet::IpNet;

use super::turns::Turns;
use crate::network::levels;

/// The caller that a hash is for. The class must not depend on whether an account
/// exists, because a caller could tell by how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashFor {
    /// A mail that is due.
    Outbox,
    /// The holder of a link token or a ticket that lives.
    Known(Option<IpAddr>),
    /// Anybody.
    Stranger(Option<IpAddr>),
}

impl HashFor {
    /// What figures call it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Outbox => "mail",
            Self::Known(_) => "known",
            Self::Stranger(_) => "stranger",
        }
    }
}

/// How many of the known are served in a row while strangers wait.
const KNOWN_IN_A_ROW: u32 = 3;

/// The queue of both classes. Invariants: neither class ever has more items than places, nor
/// both together more than there are; strangers that wait get at least every fourth turn, and the known, if they wait, all
/// others.
#[derive(Debug)]
pub struct Classes<T> {
    /// Whether both together have one.
    has_one_place: bool,
    /// The outbox is one network among theirs.
    known: Turns<Option<IpNet>, T>,
    strangers: Turns<Option<IpNet>, T>,
    /// How many of the known were served since a stranger was.
    known_in_a_row: u32,
}

impl<T> Classes<T> {
    /// A quarter of `capacity` places for the known, the rest for strangers; at least
    /// one for each. A single place is the known's, as soon as they ask for it.
    #[must_use]
    pub fn new(capacity: NonZeroUsize) -> Self {
        let known = (capacity.get() / 4).max(1);
        let strangers = (capacity.get() - known).max(1);
        let (known, strangers) = (Turns::new(known), Turns::new(strangers));
        Self { has_one_place: capacity.get() == 1, known, strangers, known_in_a_row: 0 }
    }

    /// Takes an item in, as [`Turns::push`] does. If no place is free, items whose caller
    /// has gone are dropped first.
    ///
    /// # Errors
    /// The item itself, when its own network is the one with the most.
    pub fn push(
        &mut self,
        who: HashFor,
        item: T,
        is_awaited: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, T> {
        let mut displaced = None;
        if self.has_one_place {
            self.known.retain(&is_awaited);
            self.strangers.retain(&is_awaited);
            match who {
                HashFor::Stranger(_) if !self.known.is_empty() => return Err(item),
                HashFor::Stranger(_) => {}
                HashFor::Outbox | HashFor::Known(_) => displaced = self.strangers.pop(),
            }
        }
        let path = path(who);
        let class = self.class_of(who);
        if class.is_full() {
            class.retain(is_awaited);
        }
        Ok(class.push(&path, item)?.or(displaced))
    }

    /// The item whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        let is_strangers_turn = self.known_in_a_row >= KNOWN_IN_A_ROW || self.known.is_empty();
        if let Some(item) = is_strangers_turn.then(|| self.strangers.pop()).flatten() {
            self.known_in_a_row = 0;
            return Some(item);
        }
        let item = self.known.pop()?;
        self.known_in_a_row = self.known_in_a_row.saturating_add(1);
        Some(item)
    }

    /// How many items wait: of the known, and of strangers.
    #[must_use]
    pub fn lengths(&self) -> (usize, usize) {
        (self.known.len(), self.strangers.len())
    }

    /// How many turns pass until all are served that wait in the class of `who`.
    #[must_use]
    pub fn turns_until_served(&self, who: HashFor) -> usize {
        let (known, strangers) = (self.known.len(), self.strangers.len());
        match who {
            HashFor::Stranger(_) => strangers + known.min(strangers * KNOWN_IN_A_ROW as usize),
            _ => known + strangers.min(known.div_ceil(KNOWN_IN_A_ROW as usize)),
        }
    }

    fn class_of(&mut self, who: HashFor) -> &mut Turns<Option<IpNet>, T> {
        match who {
            HashFor::Outbox | HashFor::Known(_) => &mut self.known,
            HashFor::Stranger(_) => &mut self.strangers,
        }
    }
}

/// The networks of a caller, the widest first. All callers without an address are one
/// network.
fn path(who: HashFor) -> Vec<Option<IpNet>> {
    match who {
        HashFor::Known(Some(ip)) | HashFor::Stranger(Some(ip)) => {
            levels(ip).rev().map(|level| Some(level.network)).collect()
        }
        HashFor::Outbox | HashFor::Known(None) | HashFor::Stranger(None) => vec![None],
    }
}
