//! A clock that can be broken, to see what the server makes of a bug.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use gestan_account_server::clock::Clock;
use jiff::Timestamp;

/// What the panic says: it must be found nowhere.
const PAYLOAD: &str = "panic-payload jeanne@exemple.fr";

/// Stands still; once broken, panics whenever it is asked. Clones are one.
#[derive(Clone, Debug)]
pub struct FragileClock {
    now: Timestamp,
    broken: Arc<AtomicBool>,
}

impl FragileClock {
    /// A clock in order.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now, broken: Arc::default() }
    }

    /// Breaks or mends it.
    pub fn set_broken(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }
}

impl Clock for FragileClock {
    fn now(&self) -> Timestamp {
        assert!(!self.broken.load(Ordering::SeqCst), "{PAYLOAD}");
        self.now
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn steady_for(&self) -> Duration {
        Duration::ZERO
    }
}
