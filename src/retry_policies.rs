//! How often calls are retried and how long the product waits: every number in one place, each with its reason.
//!
//! Which of Omnisend's answers are retried, and after how long, is decided in `crates/omnisend/src/retry.rs`; which of
//! AWS's failures are temporary, in `ports/aws/failure.rs`.

use std::time::Duration;

use omnisend::RetryPolicy;

// Calls to Omnisend.

/// Batches: an outage that is shorter than the client's default policy costs only time. After that the run is parked.
pub(crate) const UPLOAD: RetryPolicy = RetryPolicy::DEFAULT;

/// Questions about batches, and batches that are sent again: like [`UPLOAD`].
pub(crate) const SETTLE: RetryPolicy = RetryPolicy::DEFAULT;

/// Tag changes: like [`UPLOAD`].
pub(crate) const TAG: RetryPolicy = RetryPolicy::DEFAULT;

/// The canary: what it finds out is not worth minutes, because there is a safe answer without it.
pub(crate) const CANARY: RetryPolicy = RetryPolicy::retries(3);

/// Segments: a report does not wait for minutes.
pub(crate) const SEGMENTS: RetryPolicy = RetryPolicy::retries(3);

/// The look at earlier batches before a chunk: if it fails, the upload meets the same failure and retries it.
pub(crate) const HALT_CHECK: RetryPolicy = RetryPolicy::retries(1);

/// `connection test`: a person waits for it.
pub(crate) const CONNECTION_TEST: RetryPolicy = RetryPolicy::retries(2);

// Waits for Omnisend to process what it took.

/// The first wait for a batch that is not over. It doubles up to [`SETTLE_MAX_DELAY`].
pub(crate) const SETTLE_FIRST_DELAY: Duration = Duration::from_millis(500);

/// The longest wait. Published examples show minutes between a batch's creation and its end.
pub(crate) const SETTLE_MAX_DELAY: Duration = Duration::from_mins(1);

/// How often the newest batch alone is asked for before all batches are listed: other batches may take longer.
pub(crate) const SETTLE_PROBES: u32 = 9;

/// The first wait for Omnisend to show the canary's change. It doubles.
pub(crate) const CANARY_FIRST_DELAY: Duration = Duration::from_millis(500);

/// How often the canary looks for its change again: half a minute in all.
pub(crate) const CANARY_LOOKS: usize = 6;

/// How often a stage looks whether its run was canceled: one read of an object each time.
pub(crate) const CANCEL_CHECK: Duration = Duration::from_secs(5);

// Calls to AWS.

/// The first wait before a call to AWS is repeated. It doubles up to [`AWS_MAX_DELAY`]; each wait has a random part of
/// up to its own length added.
#[cfg(feature = "aws")]
pub(crate) const AWS_FIRST_DELAY: Duration = Duration::from_millis(100);

#[cfg(feature = "aws")]
pub(crate) const AWS_MAX_DELAY: Duration = Duration::from_secs(5);

/// With the waits above, 11 to 23 s in all. Throttling and the restart of a server pass in that time, and it is well
/// below the 5 minutes in which SQS deduplicates messages.
#[cfg(feature = "aws")]
pub(crate) const AWS_RETRIES: usize = 7;

/// How long S3 may take to its answer's first byte: as long as sending a part of 8 MiB may take over a slow line.
#[cfg(feature = "aws")]
pub(crate) const AWS_BULK_TIMEOUT: Duration = Duration::from_mins(1);

/// How long SQS and Secrets Manager may take. With every retry, a message is sent again within 2 minutes, well below
/// the 5 minutes in which SQS deduplicates it.
#[cfg(feature = "aws")]
pub(crate) const AWS_CALL_TIMEOUT: Duration = Duration::from_secs(10);

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
