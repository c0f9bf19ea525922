//! A bounded queue in which networks take turns (fair queueing): a caller that floods it
//! waits for its own items, and others do not.
//!
//! An item comes with a path, the widest network first. At each level the networks
//! take turns, and within a network those of the next level do, so that many small
//! networks of one large one have no more turns than another large one with a
//! single item.

use std::collections::VecDeque;

/// The queue. Invariants: there are never more items than the capacity; every item
/// that came in comes out once, from [`pop`](Self::pop), [`push`](Self::push) or
/// [`retain`](Self::retain).
#[derive(Debug)]
pub struct Turns<K, T> {
    all: Network<K, T>,
    capacity: usize,
}

/// A network, and what waits in it.
#[derive(Debug)]
struct Network<K, T> {
    /// How many items there are, in it and in the networks within.
    waiting: usize,
    /// The items whose path ends here, the oldest first.
    items: VecDeque<T>,
    /// The networks within, in the order of their turns. None of them is empty.
    within: VecDeque<(K, Network<K, T>)>,
}

impl<K: Copy + Eq, T> Turns<K, T> {
    /// An empty queue of `capacity` places.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { all: Network::empty(), capacity }
    }

    /// How many items wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.waiting
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.waiting == 0
    }

    /// Whether no place is free.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.all.waiting >= self.capacity
    }

    /// Takes an item in. If no place is free, the newest item of the network with the
    /// most makes room, and is given back.
    ///
    /// # Errors
    /// The item itself, when its own network is the one with the most.
    pub fn push(&mut self, path: &[K], item: T) -> Result<Option<T>, T> {
        let mut displaced = None;
        if self.is_full() {
            displaced = self.all.make_room(path);
            if displaced.is_none() {
                return Err(item);
            }
        }
        self.all.push(path, item);
        Ok(displaced)
    }

    /// The item whose turn it is.
    pub fn pop(&mut self) -> Option<T> {
        self.all.pop()
    }

    /// Lets go of the items that are not to be kept.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.all.retain(&mut keep);
    }
}

impl<K: Copy + Eq, T> Network<K, T> {
    fn empty() -> Self {
        Self { waiting: 0, items: VecDeque::new(), within: VecDeque::new() }
    }

    fn push(&mut self, path: &[K], item: T) {
        self.waiting += 1;
        let Some((key, rest)) = path.split_first() else { return self.items.push_back(item) };
        if let Some((_, network)) = self.within.iter_mut().find(|(other, _)| other == key) {
            return network.push(rest, item);
        }
        let mut network = Self::empty();
        network.push(rest, item);
        self.within.push_back((*key, network));
    }

    fn pop(&mut self) -> Option<T> {
        let item = if let Some(item) = self.items.pop_front() {
            item
        } else {
            let (key, mut network) = self.within.pop_front()?;
            let item = network.pop();
            if network.waiting > 0 {
                self.within.push_back((key, network));
            }
            item?
        };
        self.waiting -= 1;
        Some(item)
    }

    /// Gives up an item for one that comes by `path`; none when that one belongs to the
    /// networks that have the most already.
    fn make_room(&mut self, path: &[K]) -> Option<T> {
        let (key, rest) = path.split_first()?;
        let waiting = |at: usize| self.within.get(at).map_or(0, |(_, network)| network.waiting);
        let own = self.within.iter().position(|(other, _)| other == key);
        let most = (0..self.within.len()).max_by_key(|at| waiting(*at))?;
        // With the newcomer counted in: to make room for an equal would only be a
        // change of places.
        let at = if waiting(most) > own.map_or(0, waiting) + 1 { most } else { own? };
        let (_, network) = self.within.get_mut(at)?;
        let item = if Some(at) == own { network.make_room(rest) } else { network.pop_newest() }?;
        self.forget_if_empty(at);
        Some(item)
    }

    /// The newest item of the network within that has the most.
    fn pop_newest(&mut self) -> Option<T> {
        let most = (0..self.within.len())
            .max_by_key(|at| self.within.get(*at).map(|(_, network)| network.waiting));
        let item = match most {
            Some(at) => {
                let (_, network) = self.within.get_mut(at)?;
                let item = network.pop_newest()?;
                self.forget_if_empty(at);
                return Some(item);
            }
            None => self.items.pop_back()?,
        };
        self.waiting -= 1;
        Some(item)
    }

    /// Counts the item that a network within has given up.
    fn forget_if_empty(&mut self, at: usize) {
        self.waiting -= 1;
        if self.within.get(at).is_some_and(|(_, network)| network.waiting == 0) {
            self.within.remove(at);
        }
    }

    fn retain(&mut self, keep: &mut impl FnMut(&T) -> bool) {
        self.items.retain(&mut *keep);
        self.within.retain_mut(|(_, network)| {
            network.retain(keep);
            network.waiting > 0
        });
        let within: usize = self.within.iter().map(|(_, network)| network.waiting).sum();
        self.waiting = self.items.len() + within;
    }
}
