//! The contract of every clock, and the simulated one.

use std::time::Duration;

use jiff::Timestamp;
use omnisend_export::ports::clock::{Clock, SimulatedClock, SystemClock};
use tokio::time::advance;

/// Asserts that a clock shows a plausible time and never goes back.
fn assert_goes_forward(clock: &dyn Clock) {
    let earliest: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let mut before = earliest;
    for _ in 0..1_000 {
        let now = clock.now();
        assert!(now >= before, "{now} after {before}");
        before = now;
    }
}

fn ten_o_clock() -> SimulatedClock {
    SimulatedClock::starting("2026-11-23T10:00:00Z".parse().unwrap())
}

#[test]
fn the_system_clock_never_goes_back() {
    assert_goes_forward(&SystemClock);
}

#[test]
fn the_simulated_clock_never_goes_back() {
    assert_goes_forward(&ten_o_clock());
}

#[tokio::test(start_paused = true)]
async fn the_simulated_clock_follows_tokios_clock() {
    let clock = ten_o_clock();
    assert_eq!(clock.now().to_string(), "2026-11-23T10:00:00Z");
    assert_eq!(clock.now().to_string(), "2026-11-23T10:00:00Z");
    advance(Duration::from_millis(90_250)).await;
    assert_eq!(clock.now().to_string(), "2026-11-23T10:01:30.25Z");
    // A copy shows the same time, even after a wait.
    let copy = clock;
    tokio::time::sleep(Duration::from_hours(24)).await;
    assert_eq!(clock.now().to_string(), "2026-11-24T10:01:30.25Z");
    assert_eq!(copy.now(), clock.now());
}

#[tokio::test(start_paused = true)]
async fn the_simulated_clock_stops_at_the_last_timestamp() {
    let clock = SimulatedClock::starting(Timestamp::MAX);
    advance(Duration::from_secs(1)).await;
    assert_eq!(clock.now(), Timestamp::MAX);
}
