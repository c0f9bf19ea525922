//! Waits and times, in words.

use std::time::Duration;

use gestan_account_client::Timestamp;
use gestan_account_wizard::{Language, hours};

use crate::scene::moment;

#[test]
fn a_wait_is_told_in_minutes_up_to_an_hour_and_then_as_a_time() {
    for (seconds, french, english) in [
        (0, "dans un instant", "in a moment"),
        (1, "dans un instant", "in a moment"),
        (11, "dans une minute", "in a minute"),
        (60, "dans une minute", "in a minute"),
        (61, "dans 2 minutes", "in 2 minutes"),
        (720, "dans 12 minutes", "in 12 minutes"),
        (3_600, "dans 60 minutes", "in 60 minutes"),
        (3_601, "à partir du 28/11/2026 à 10:00", "from 28/11/2026 at 10:00"),
        (86_400, "à partir du 29/11/2026 à 09:00", "from 29/11/2026 at 09:00"),
    ] {
        let delay = Duration::from_secs(seconds);
        assert_eq!(moment().wait(delay, Language::French), french, "{seconds} s");
        assert_eq!(moment().wait(delay, Language::English), english, "{seconds} s");
    }
    let told = moment().wait(Duration::from_millis(10_001), Language::French);
    assert_eq!(told, "dans une minute");
    let told = moment().wait(Duration::MAX, Language::French);
    assert!(told.starts_with("à partir du "), "{told}");
}

#[test]
fn a_time_that_nobody_can_have_is_none() {
    let told = |seconds| {
        let time = Timestamp { seconds, nanos: 0 };
        moment().time(Some(&time), Language::French)
    };
    assert_eq!(told(0), "01/01/1970 à 01:00");
    assert_eq!(told(i64::MAX), "—");
    let past = Timestamp { seconds: 0, nanos: 0 };
    assert_eq!(moment().wait_until(Some(&past), Language::French), "dans un instant");
}

#[test]
fn support_time_is_told_in_hours_and_minutes() {
    for (minutes, told) in [(0, "0 h 00"), (125, "2 h 05"), (-30, "-0 h 30")] {
        assert_eq!(hours(minutes).replace('\u{a0}', " "), told);
    }
    assert!(hours(i32::MIN).starts_with('-'));
}
