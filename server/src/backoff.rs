//! How long to wait after a failure before another try.

use jiff::SignedDuration;

use crate::randomness::Randomness;

/// The first wait.
const FIRST: SignedDuration = SignedDuration::from_secs(5);

/// Doubles from 5 s to `longest`; half of it is chance, so that what an outage has held up
/// does not come back in one burst.
pub(crate) fn after(
    attempts: u32,
    longest: SignedDuration,
    randomness: &dyn Randomness,
) -> SignedDuration {
    let doubled = FIRST.saturating_mul(1 << attempts.min(16));
    doubled.min(longest).mul_f64(0.5 + randomness.fraction() / 2.0)
}
