//! Tests of whose turn it is, and how long an endpoint is left alone.

use super::*;

fn three() -> Endpoints<char> {
    Endpoints::new(vec!['a', 'b', 'c'], 0)
}

fn calls(endpoints: &Endpoints<char>, number: usize, now: Instant) -> String {
    (0..number).map(|_| endpoints.choose(&[], now).1).collect()
}

#[test]
fn each_has_its_turn() {
    let now = Instant::now();
    assert_eq!(calls(&three(), 6, now), "abcabc");
    assert_eq!(calls(&Endpoints::new(vec!['a', 'b', 'c'], 2), 4, now), "cabc");
}

#[test]
fn a_repeat_goes_to_one_that_was_not_tried() {
    let (endpoints, now) = (three(), Instant::now());
    assert_eq!(endpoints.choose(&[0], now), (1, 'b'));
    assert_eq!(endpoints.choose(&[2, 0], now), (1, 'b'));
    assert!(endpoints.has_other(&[0, 2]));
    // Resting or not, it has not been tried by this call.
    endpoints.failed(1, now);
    assert_eq!(endpoints.choose(&[0, 2], now), (1, 'b'));
    assert!(!endpoints.has_other(&[0, 1, 2]));
    assert_eq!(endpoints.choose(&[0, 1, 2], now).0, 2);
}

#[test]
fn one_that_failed_rests_and_then_one_call_tries_it() {
    let (endpoints, mut now) = (three(), Instant::now());
    endpoints.failed(1, now);
    assert_eq!(calls(&endpoints, 4, now), "acac");
    now += FIRST_REST;
    assert_eq!(calls(&endpoints, 5, now), "abcac", "the others wait for what becomes of it");
    endpoints.answered(1);
    assert_eq!(calls(&endpoints, 3, now), "abc");
}

#[test]
fn rests_double_up_to_a_bound_and_calls_that_fail_together_count_once() {
    let (endpoints, mut now) = (three(), Instant::now());
    let rest = |endpoints: &Endpoints<char>, now| endpoints.state().health[0].rest_left(now);
    for _ in 0..100 {
        endpoints.failed(0, now);
    }
    assert_eq!(rest(&endpoints, now), FIRST_REST);
    now += FIRST_REST;
    endpoints.failed(0, now);
    assert_eq!(rest(&endpoints, now), FIRST_REST * 2);
    for _ in 0..100 {
        now += LONGEST_REST;
        endpoints.failed(0, now);
    }
    assert_eq!(rest(&endpoints, now), LONGEST_REST);
    endpoints.answered(0);
    assert_eq!(rest(&endpoints, now), Duration::ZERO);
}

#[test]
fn when_all_rest_the_one_whose_rest_ends_first_is_asked() {
    let (endpoints, now) = (three(), Instant::now());
    for place in [0, 2] {
        endpoints.failed(place, now + Duration::from_millis(100));
    }
    endpoints.failed(1, now);
    assert_eq!(endpoints.choose(&[], now + Duration::from_millis(100)), (1, 'b'));
}

#[test]
fn a_single_one_is_always_asked() {
    let (endpoints, now) = (Endpoints::new(vec!['a'], 0), Instant::now());
    endpoints.failed(0, now);
    assert_eq!(endpoints.choose(&[0], now), (0, 'a'));
    assert!(!endpoints.has_other(&[0]));
}
