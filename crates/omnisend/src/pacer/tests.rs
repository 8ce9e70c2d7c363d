use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn budget(per_minute: u32) -> NonZeroU32 {
    NonZeroU32::new(per_minute).unwrap()
}

/// Returns the most arrivals in any window of 60 s.
fn peak(mut arrivals: Vec<Instant>) -> usize {
    arrivals.sort();
    let (mut window, mut peak) = (VecDeque::new(), 0);
    for at in arrivals {
        while window.front().is_some_and(|first| at - *first >= WINDOW) {
            window.pop_front();
        }
        window.push_back(at);
        peak = peak.max(window.len());
    }
    peak
}

#[tokio::test(start_paused = true)]
async fn uses_99_percent_of_the_budget_and_never_exceeds_it() {
    let pacer = Pacer::new(budget(400));
    let start = Instant::now();
    let mut sent = Vec::new();
    while start.elapsed() < 10 * WINDOW {
        // A chunk ends every minute, and its last answer takes 300 ms.
        if sent.len() % 397 == 396 {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let _ = pacer.slot().await;
        sent.push(Instant::now());
    }
    assert!(sent.len() * 100 >= 400 * 10 * 99, "{} requests in 10 minutes", sent.len());
    assert!(peak(sent) <= 400);
}

#[tokio::test(start_paused = true)]
async fn a_429_holds_back_every_request_and_the_pace_recovers() {
    let pacer = Pacer::new(budget(400));
    let _ = pacer.slot().await;
    let start = Instant::now();
    // Four requests in flight are refused: they count as one 429.
    for _ in 0..4 {
        pacer.throttled(Duration::from_secs(7));
    }
    assert_eq!(format!("{:.1}", pacer.per_minute()), "280.0");
    let _ = pacer.slot().await;
    assert!(start.elapsed() >= Duration::from_secs(7));
    let mut steps = 0;
    while pacer.per_minute() < 400.0 {
        let _ = pacer.slot().await;
        steps += 1;
    }
    assert!(steps > 100, "the pace recovered after {steps} requests");
    assert!(start.elapsed() <= Duration::from_secs(80), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_already_has_a_slot_waits_out_a_429_too() {
    let pacer = std::sync::Arc::new(Pacer::new(budget(60)));
    let start = Instant::now();
    let waiting = tokio::spawn({
        let pacer = pacer.clone();
        async move {
            let _ = pacer.slot().await;
            start.elapsed()
        }
    });
    tokio::task::yield_now().await;
    pacer.throttled(Duration::from_secs(30));
    assert!(waiting.await.unwrap() >= Duration::from_secs(30));
}

proptest! {
    /// The limit holds with any pauses between requests, any delays on their way, and when one process takes over from
    /// another.
    #[test]
    fn no_window_exceeds_the_budget(
        per_minute in 1u32..2000,
        steps in prop::collection::vec((0u64..2500, 0u64..200, prop::bool::weighted(0.02)), 1..600),
    ) {
        let mut now = Instant::now();
        let mut pace = Pace::new(budget(per_minute), now);
        let mut arrivals = Vec::new();
        for (pause, delay, handover) in steps {
            if handover {
                pace = Pace::new(budget(per_minute), now);
            }
            // Most steps have no pause, so that only the pace limits them.
            now += Duration::from_millis(pause.saturating_sub(2300));
            let slot = pace.reserve(now);
            now = slot;
            arrivals.push(slot + Duration::from_millis(delay));
        }
        prop_assert!(peak(arrivals) <= per_minute as usize);
    }
}
