//! The rate limits of a brand.
//!
//! Published: 400 requests a minute for a brand, across all keys and integrations; 60 a minute to `/contacts/tags`; 100
//! a minute to `/segments` by GET and DELETE, and 15 by POST and PUT. Undocumented, chosen as the strictest reading:
//! the narrow limits count on top of the brand's, methods that are named together share a window, and a request counts
//! whatever its response is. A 429 itself does not count: otherwise a client over the limit would never get under it
//! again.

use std::time::Duration;

use tokio::time::Instant;

use crate::contract::Limit;
use crate::state::window::Window;

/// Requests a minute to `/segments` by GET and DELETE (published).
const SEGMENT_READS: usize = 100;
/// Requests a minute to `/segments` by POST and PUT (published).
const SEGMENT_WRITES: usize = 15;

/// A brand's windows.
#[derive(Debug)]
pub(crate) struct Windows {
    /// Counts every request.
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

    /// Counts a request. If a window is full, counts nothing and returns how long to wait.
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
    use super::*;
    use crate::state::window::SPAN;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_leaves_the_window_after_sixty_seconds() {
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
    async fn no_burst_across_a_minute_exceeds_the_limit() {
        // A fixed window would start again after 60 s and admit 400 more.
        let mut windows = Windows::new(400, 60);
        tokio::time::advance(ms(59_000)).await;
        for _ in 0..400 {
            assert_eq!(windows.admit(Limit::Brand, Instant::now()), Ok(()));
        }
        tokio::time::advance(ms(2_000)).await;
        assert_eq!(windows.admit(Limit::Brand, Instant::now()), Err(ms(58_000)));
    }

    #[tokio::test(start_paused = true)]
    async fn admits_requests_spaced_evenly_at_the_limit() {
        let mut windows = Windows::new(400, 60);
        for _ in 0..2_000 {
            assert_eq!(windows.admit(Limit::Brand, Instant::now()), Ok(()));
            tokio::time::advance(ms(150)).await;
        }
        assert_eq!(windows.all.peaks(), (400, 400));
    }

    #[tokio::test(start_paused = true)]
    async fn narrow_limits_count_against_the_limit_of_the_brand_too() {
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
    async fn traffic_of_another_integration_takes_its_share_until_it_stops() {
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
}
