//! How a clock knows that it was set.

use std::time::Duration;

use gestan_account_server::clock::{BELIEVED_AFTER, Clock as _, ManualClock, SystemClock};
use jiff::{SignedDuration, Timestamp};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn a_clock_is_steady_from_when_it_was_set_whichever_way() {
    let clock = ManualClock::new(Timestamp::UNIX_EPOCH + HOUR * 24 * 400);
    assert_eq!(clock.steady_for(), Duration::ZERO, "nobody knows what was before");
    clock.advance(HOUR);
    assert_eq!(clock.steady_for(), Duration::from_hours(1));
    for jump in [HOUR * 24 * 400, -HOUR * 24 * 400, SignedDuration::from_secs(11)] {
        clock.jump(jump);
        assert_eq!(clock.steady_for(), Duration::ZERO, "set by {jump:#}");
        clock.advance(HOUR);
        assert_eq!(clock.steady_for(), Duration::from_hours(1));
    }
    assert_eq!(clock.elapsed(), Duration::from_hours(4));
}

/// A year's drift is more than a jump; from one look to the next it is nothing.
#[test]
fn a_clock_that_goes_a_little_wrong_is_steady() {
    let clock = ManualClock::new(Timestamp::UNIX_EPOCH + HOUR * 24 * 400);
    for _ in 0..24 {
        clock.advance(HOUR);
        clock.jump(SignedDuration::from_secs(2));
    }
    assert_eq!(clock.steady_for(), Duration::from_hours(24));
}

#[test]
fn the_systems_clock_tells_time_that_passes() {
    let clock = SystemClock::start();
    let (now, elapsed) = (clock.now(), clock.elapsed());
    assert!(clock.now() >= now && clock.elapsed() >= elapsed);
    assert!(clock.steady_for() < BELIEVED_AFTER, "it has only just begun");
}
