//! Rate limits: a true sliding window, so there is no boundary to burst at.
//!
//! Published: 400 requests a minute and brand over all keys and integrations; `/contacts/tags` 60 a minute;
//! `/segments` 100 a minute for GET and DELETE, 15 for POST and PUT.
//! Undocumented, chosen as the strictest reading: the smaller limits count on top of the brand's, methods that
//! are named together share a window, and a request counts whatever its answer is. A 429 itself does not count:
//! otherwise a client that is over the limit could never come back under it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::route::Limit;

/// How far a window looks back.
pub(crate) const SPAN: Duration = Duration::from_mins(1);

/// Requests a minute to `/segments` by GET and DELETE (published).
const SEGMENT_READS: usize = 100;
/// Requests a minute to `/segments` by POST and PUT (published).
const SEGMENT_WRITES: usize = 15;

/// One request that a window let in.
#[derive(Debug, Clone, Copy)]
struct Entry {
    at: Instant,
    own: bool,
}

/// Another integration's steady requests, counted when the window is next looked at.
#[derive(Debug)]
struct Traffic {
    every: Duration,
    next: Instant,
}

/// The requests of the last 60 s, and how many there may be.
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

    /// How long until there is room; `None` where there is.
    pub(crate) fn wait(&mut self, now: Instant) -> Option<Duration> {
        self.advance(now);
        if self.entries.len() < self.limit {
            return None;
        }
        let oldest = self.entries.front().map_or(now, |entry| entry.at);
        Some((oldest + SPAN).saturating_duration_since(now))
    }

    /// Counts a request of the client's.
    pub(crate) fn take(&mut self, now: Instant) {
        self.advance(now);
        self.entries.push_back(Entry { at: now, own: true });
        self.own += 1;
        self.peak = self.peak.max(self.own);
        self.peak_with_traffic = self.peak_with_traffic.max(self.entries.len());
    }

    /// Has another integration send `per_minute` requests from now on, evenly spread; 0 ends it.
    pub(crate) fn set_traffic(&mut self, per_minute: u32, now: Instant) {
        self.advance(now);
        self.traffic = SPAN.checked_div(per_minute).map(|every| Traffic { every, next: now });
    }

    /// The client's requests in the window, and everybody's.
    pub(crate) fn in_window(&mut self, now: Instant) -> (usize, usize) {
        self.advance(now);
        (self.own, self.entries.len())
    }

    /// The most requests of the client's that any 60 s held, and the most of everybody's.
    pub(crate) fn peaks(&self) -> (usize, usize) {
        (self.peak, self.peak_with_traffic)
    }

    /// The client's and the others' requests in each of the last 60 seconds, the oldest first.
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

    /// Forgets what left the window, after counting the traffic that came since the last look.
    fn advance(&mut self, now: Instant) {
        if let Some(mut traffic) = self.traffic.take() {
            traffic.skip_to(now);
            while traffic.next <= now {
                self.evict(traffic.next);
                // The other integration is held to the same limit.
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
    /// Leaves out what would be past the window already: a look after a night costs no more than one after a minute.
    fn skip_to(&mut self, now: Instant) {
        let past = now.saturating_duration_since(self.next).saturating_sub(SPAN);
        let steps = past.as_nanos().checked_div(self.every.as_nanos()).unwrap_or(0);
        let skipped = steps.saturating_mul(self.every.as_nanos());
        self.next += Duration::from_nanos(u64::try_from(skipped).unwrap_or(u64::MAX / 2));
    }
}

/// A brand's windows.
#[derive(Debug)]
pub(crate) struct Windows {
    /// Every request.
    pub(crate) all: Window,
    tags: Window,
    segment_reads: Window,
    segment_writes: Window,
}

impl Windows {
    pub(crate) fn new(per_minute: u32, tags_per_minute: u32) -> Self {
        let size = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        Self {
            all: Window::new(size(per_minute)),
            tags: Window::new(size(tags_per_minute)),
            segment_reads: Window::new(SEGMENT_READS),
            segment_writes: Window::new(SEGMENT_WRITES),
        }
    }

    /// Counts a request, or says how long to wait where a window is full; then none has counted it.
    pub(crate) fn admit(&mut self, limit: Limit, now: Instant) -> Result<(), Duration> {
        let narrow = match limit {
            Limit::Brand => None,
            Limit::Tags => Some(&mut self.tags),
            Limit::SegmentReads => Some(&mut self.segment_reads),
            Limit::SegmentWrites => Some(&mut self.segment_writes),
        };
        let mut windows: Vec<&mut Window> = [Some(&mut self.all), narrow].into_iter().flatten().collect();
        if let Some(wait) = windows.iter_mut().filter_map(|window| window.wait(now)).max() {
            return Err(wait);
        }
        for window in windows {
            window.take(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_again_sixty_seconds_after_it_was_taken() {
        let mut windows = Windows::new(2, 60);
        assert_eq!(windows.admit(Limit::Brand, Instant::now()), Ok(()));
        tokio::time::advance(ms(20_000)).await;
        assert_eq!(windows.admit(Limit::Brand, Instant::now()), Ok(()));
        tokio::time::advance(ms(39_999)).await;
        assert_eq!(windows.admit(Limit::Brand, Instant::now()), Err(ms(1)));
        tokio::time::advance(ms(1)).await;
        assert_eq!(windows.admit(Limit::Brand, Instant::now()), Ok(()));
        assert_eq!(windows.admit(Limit::Brand, Instant::now()), Err(ms(20_000)));
        assert_eq!(windows.all.peaks(), (2, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_no_boundary_to_burst_at() {
        // Half the limit late in one minute and half early in the next leave no room between them.
        let mut windows = Windows::new(400, 60);
        tokio::time::advance(ms(59_000)).await;
        for _ in 0..400 {
            assert_eq!(windows.admit(Limit::Brand, Instant::now()), Ok(()));
        }
        tokio::time::advance(ms(2_000)).await;
        assert_eq!(windows.admit(Limit::Brand, Instant::now()), Err(ms(58_000)));
    }

    #[tokio::test(start_paused = true)]
    async fn requests_spaced_evenly_at_the_limit_are_all_let_in() {
        let mut windows = Windows::new(400, 60);
        for _ in 0..2_000 {
            assert_eq!(windows.admit(Limit::Brand, Instant::now()), Ok(()));
            tokio::time::advance(ms(150)).await;
        }
        assert_eq!(windows.all.peaks(), (400, 400));
    }

    #[tokio::test(start_paused = true)]
    async fn the_narrow_limits_count_on_their_own_and_against_the_brand() {
        let mut windows = Windows::new(400, 60);
        let now = Instant::now();
        for (limit, size) in [(Limit::Tags, 60), (Limit::SegmentReads, 100), (Limit::SegmentWrites, 15)] {
            for _ in 0..size {
                assert_eq!(windows.admit(limit, now), Ok(()));
            }
            assert_eq!(windows.admit(limit, now), Err(SPAN), "{limit:?}");
        }
        assert_eq!(windows.all.in_window(now), (175, 175));
        for _ in 175..400 {
            assert_eq!(windows.admit(Limit::Brand, now), Ok(()));
        }
        assert_eq!(windows.admit(Limit::Brand, now), Err(SPAN));
    }

    #[tokio::test(start_paused = true)]
    async fn another_integrations_traffic_takes_its_share_and_ends() {
        let mut windows = Windows::new(400, 60);
        windows.all.set_traffic(200, Instant::now());
        tokio::time::advance(ms(3_600_000)).await;
        assert_eq!(windows.all.in_window(Instant::now()), (0, 200));
        for _ in 0..200 {
            assert_eq!(windows.admit(Limit::Brand, Instant::now()), Ok(()));
        }
        assert!(windows.admit(Limit::Brand, Instant::now()).is_err());
        assert_eq!(windows.all.peaks(), (200, 400));

        windows.all.set_traffic(0, Instant::now());
        tokio::time::advance(SPAN).await;
        assert_eq!(windows.all.in_window(Instant::now()), (0, 0));
    }

    proptest! {
        /// No 60 s ever hold more than the limit, and nobody is refused while they hold less.
        #[test]
        fn the_window_slides(limit in 1_usize..8, gaps in prop::collection::vec(0_u64..30_000, 1..120)) {
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

        /// Traffic is the same however often the window is looked at in between.
        #[test]
        fn traffic_does_not_depend_on_when_it_is_looked_at(
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
            // What was skipped can differ by the place of one request where the traffic alone is over the limit.
            let (a, b) = (often.in_window(end).1, once.in_window(end).1);
            prop_assert!(a.abs_diff(b) <= 1, "{a} {b}");
            let expected = usize::try_from(rate).unwrap().min(400);
            prop_assert!(a.abs_diff(expected) <= 1, "{a} {expected}");
        }
    }
}
