//! Retry and wait policies: every delay and limit, each with its reason.

/// Redelivery of queue messages, and the limits of one invocation.
#[cfg(feature = "lambda")]
pub(crate) mod messages {
    use std::time::Duration;

    use jiff::SignedDuration;

    /// Receives after which a failing run is parked. The queue moves a message to the dead-letter queue after 10
    /// receives; a parked run is better, because it says why it stopped and can be resumed.
    pub(crate) const LAST_RECEIVE: u32 = 9;

    /// The delay before a failed message is delivered again. It doubles with each receive up to the longest delay: a
    /// failure that passes in seconds costs seconds, and a brand waits at most a quarter of an hour before its run is
    /// parked.
    const FIRST_DELAY: Duration = Duration::from_secs(5);
    const LONGEST_DELAY: Duration = Duration::from_mins(5);

    /// Time kept back at the end of an invocation, to let requests in flight finish and to write what was sent.
    pub(crate) const RESERVE: Duration = Duration::from_secs(15);

    /// How long Omnisend may take to process what was sent before it counts as unknown.
    pub(crate) const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(1);

    /// How long one settlement polls. Short, because an invocation that waits is paid for; the sweep settles again.
    pub(crate) const POLL_FOR: Duration = Duration::from_secs(45);

    /// Returns the delay before a message that failed on this receive is delivered again.
    pub(crate) fn delay_after(receives: u32) -> Duration {
        let doubled =
            2_u32.checked_pow(receives.saturating_sub(1)).and_then(|factor| FIRST_DELAY.checked_mul(factor));
        doubled.unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_delay_doubles_up_to_five_minutes() {
            let seconds = |receives| delay_after(receives).as_secs();
            let all: Vec<u64> = (1..=LAST_RECEIVE).map(seconds).collect();
            assert_eq!(all, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
            assert_eq!((seconds(0), seconds(u32::MAX)), (5, 300));
        }
    }
}

/// When the sweep acts on a run or a drop.
pub(crate) mod sweep {
    use std::ops::Range;

    use jiff::SignedDuration;

    /// The age at which a run without messages, or a drop without a run, counts as forgotten: its event or its process
    /// would have acted long before.
    pub(crate) const FORGOTTEN: SignedDuration = SignedDuration::from_mins(10);

    /// How long a run whose messages were sent may write nothing: it may wait behind another run of its brand.
    pub(crate) const SILENT: SignedDuration = SignedDuration::from_hours(1);

    /// How often a run is settled again once all its chunks are sent: with every sweep, which runs every 5 minutes.
    pub(crate) const SETTLE_AGAIN: SignedDuration = SignedDuration::from_mins(4);

    /// The age of a late drop. A drop older than a week was not missed just now; its run may already have been removed,
    /// as runs are after some months, and must not start again.
    pub(crate) const LATE_DROP: Range<SignedDuration> = FORGOTTEN..SignedDuration::from_hours(7 * 24);

    /// The period, in seconds, in which the sweep sends a run's messages at most once: the queue's deduplication window.
    pub(crate) const ATTEMPT_SECONDS: i64 = 300;
}
