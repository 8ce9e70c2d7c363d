//! A sliding window of 60 s: it has no boundary at which a burst could double the limit.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The length of a window.
pub(crate) const SPAN: Duration = Duration::from_mins(1);

/// One admitted request.
#[derive(Debug, Clone, Copy)]
struct Entry {
    at: Instant,
    /// Whether the client sent it, rather than another integration.
    own: bool,
}

/// Evenly spaced requests of another integration. They are counted when the window is next used.
#[derive(Debug)]
struct Traffic {
    every: Duration,
    next: Instant,
}

/// The requests of the last 60 s and their limit.
#[derive(Debug)]
pub(crate) struct Window {
    limit: usize,
    entries: VecDeque<Entry>,
    own: usize,
    peak: usize,
    peak_with_traffic: usize,
    traffic: Option<Traffic>,
}

impl Window {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, entries: VecDeque::new(), own: 0, peak: 0, peak_with_traffic: 0, traffic: None }
    }

    /// Returns how long until another request is admitted; `None` if one is admitted now.
    pub(crate) fn wait(&mut self, now: Instant) -> Option<Duration> {
        self.advance(now);
        if self.entries.len() < self.limit {
            return None;
        }
        let oldest = self.entries.front().map_or(now, |entry| entry.at);
        Some((oldest + SPAN).saturating_duration_since(now))
    }

    /// Counts a request of the client.
    pub(crate) fn take(&mut self, now: Instant) {
        self.advance(now);
        self.entries.push_back(Entry { at: now, own: true });
        self.own += 1;
        self.peak = self.peak.max(self.own);
        self.peak_with_traffic = self.peak_with_traffic.max(self.entries.len());
    }

    /// Lets another integration send `per_minute` evenly spaced requests from now on; 0 stops it.
    pub(crate) fn set_traffic(&mut self, per_minute: u32, now: Instant) {
        self.advance(now);
        self.traffic = SPAN.checked_div(per_minute).map(|every| Traffic { every, next: now });
    }

    /// Returns the number of the client's requests in the window, and of all requests.
    pub(crate) fn in_window(&mut self, now: Instant) -> (usize, usize) {
        self.advance(now);
        (self.own, self.entries.len())
    }

    /// Returns the most requests of the client in any 60 s, and the most of all requests.
    pub(crate) fn peaks(&self) -> (usize, usize) {
        (self.peak, self.peak_with_traffic)
    }

    /// Returns the number of the client's and of other requests in each of the last 60 seconds, the oldest first.
    pub(crate) fn seconds(&mut self, now: Instant) -> Vec<(u32, u32)> {
        self.advance(now);
        let mut seconds = vec![(0, 0); 60];
        for entry in &self.entries {
            let age = now.saturating_duration_since(entry.at).as_secs();
            let place = usize::try_from(59_u64.saturating_sub(age)).unwrap_or(0);
            if let Some((own, others)) = seconds.get_mut(place) {
                *(if entry.own { own } else { others }) += 1;
            }
        }
        seconds
    }

    /// Counts the other integration's requests since the last call, and forgets those that left the window.
    fn advance(&mut self, now: Instant) {
        if let Some(mut traffic) = self.traffic.take() {
            traffic.skip_to(now);
            while traffic.next <= now {
                self.evict(traffic.next);
                // The same limit applies to the other integration.
                if self.entries.len() < self.limit {
                    self.entries.push_back(Entry { at: traffic.next, own: false });
                    self.peak_with_traffic = self.peak_with_traffic.max(self.entries.len());
                }
                traffic.next += traffic.every;
            }
            self.traffic = Some(traffic);
        }
        self.evict(now);
    }

    fn evict(&mut self, now: Instant) {
        while let Some(entry) = self.entries.front().filter(|entry| entry.at + SPAN <= now) {
            self.own -= usize::from(entry.own);
            self.entries.pop_front();
        }
    }
}

impl Traffic {
    /// Skips requests that would have left the window already, so that a long pause costs no more than a minute.
    fn skip_to(&mut self, now: Instant) {
        let past = now.saturating_duration_since(self.next).saturating_sub(SPAN);
        let steps = past.as_nanos().checked_div(self.every.as_nanos()).unwrap_or(0);
        let skipped = steps.saturating_mul(self.every.as_nanos());
        self.next += Duration::from_nanos(u64::try_from(skipped).unwrap_or(u64::MAX / 2));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    proptest! {
        #[test]
        fn admits_exactly_the_limit_in_any_sixty_seconds(limit in 1_usize..8, gaps in prop::collection::vec(0_u64..30_000, 1..120)) {
            let start = Instant::now();
            let mut window = Window::new(limit);
            let mut accepted: Vec<u64> = Vec::new();
            let mut at = 0;
            let mut peak = 0;
            for gap in gaps {
                at += gap;
                let now = start + ms(at);
                let held = accepted.iter().filter(|&&t| t + 60_000 > at).count();
                match window.wait(now) {
                    None => {
                        prop_assert!(held < limit);
                        window.take(now);
                        accepted.push(at);
                        peak = peak.max(held + 1);
                    }
                    Some(wait) => {
                        prop_assert_eq!(held, limit);
                        let oldest = accepted[accepted.len() - limit];
                        prop_assert_eq!(wait, ms(oldest + 60_000 - at));
                    }
                }
            }
            prop_assert_eq!(window.peaks(), (peak, peak));
        }

        #[test]
        fn counts_traffic_the_same_however_often_the_window_is_used(
            rate in 1_u32..600,
            looks in prop::collection::vec(1_u64..5_000, 0..40),
        ) {
            let start = Instant::now();
            let end = start + ms(200_000);
            let mut often = Window::new(400);
            let mut once = Window::new(400);
            often.set_traffic(rate, start);
            once.set_traffic(rate, start);
            let mut at = 0;
            for look in looks {
                at += look;
                often.in_window(start + ms(at));
            }
            // Skipping can shift one request if the traffic alone exceeds the limit.
            let (a, b) = (often.in_window(end).1, once.in_window(end).1);
            prop_assert!(a.abs_diff(b) <= 1, "{a} {b}");
            let expected = usize::try_from(rate).unwrap().min(400);
            prop_assert!(a.abs_diff(expected) <= 1, "{a} {expected}");
        }
    }
}
