//! Randomness that is the same in every run.

use std::sync::{Mutex, PoisonError};

use gestan_account_server::randomness::Randomness;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// Seeded randomness.
#[derive(Debug)]
pub struct SeededRandomness(Mutex<StdRng>);

impl SeededRandomness {
    /// The same bytes for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Randomness for SeededRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}
