//! How often calls are retried and how long the product waits: every number in one place, with its reason.
//!
//! `crates/omnisend/src/retry.rs` decides which of Omnisend's answers are retried, and after how long.
//! `ports/aws/failure.rs` decides which of AWS's failures are temporary.

use std::time::Duration;

use omnisend::RetryPolicy;

// Calls to Omnisend.

/// Batches: an outage shorter than the client's default policy costs only time. After a longer one, the run is parked.
pub(crate) const UPLOAD: RetryPolicy = RetryPolicy::DEFAULT;

/// Requests for the outcomes of batches, and batches that are posted again: like [`UPLOAD`].
pub(crate) const SETTLE: RetryPolicy = RetryPolicy::DEFAULT;

/// Tag changes: like [`UPLOAD`].
pub(crate) const TAG: RetryPolicy = RetryPolicy::DEFAULT;

/// The canary: its finding is not worth minutes of waiting, because there is a safe default without it.
pub(crate) const CANARY: RetryPolicy = RetryPolicy::retries(3);

/// Segments: the report should not wait minutes for them.
pub(crate) const SEGMENTS: RetryPolicy = RetryPolicy::retries(3);

/// The check of earlier batches before a chunk: if it fails, the upload will meet the same failure and retry.
pub(crate) const HALT_CHECK: RetryPolicy = RetryPolicy::retries(1);

/// `connection test`: a person waits for it.
pub(crate) const CONNECTION_TEST: RetryPolicy = RetryPolicy::retries(2);

// Waits for Omnisend to process what it accepted.

/// The first wait for a batch that is not over. It doubles up to [`SETTLE_MAX_DELAY`].
pub(crate) const SETTLE_FIRST_DELAY: Duration = Duration::from_millis(500);

/// The longest wait. Published examples show minutes between a batch's creation and its end.
pub(crate) const SETTLE_MAX_DELAY: Duration = Duration::from_mins(1);

/// How often only the newest batch is polled before all batches are: an older batch may take longer.
pub(crate) const SETTLE_PROBES: u32 = 9;

/// The first wait for Omnisend to show the canary's change. It doubles.
pub(crate) const CANARY_FIRST_DELAY: Duration = Duration::from_millis(500);

/// How many more times the canary looks for its change: half a minute in all.
pub(crate) const CANARY_LOOKS: usize = 6;

/// How often a stage checks whether its run was canceled. Each check reads one object.
pub(crate) const CANCEL_CHECK: Duration = Duration::from_secs(5);

// Calls to AWS.

/// The first wait before a call to AWS is retried. It doubles up to [`AWS_MAX_DELAY`], and a random part of up to its
/// own length is added.
#[cfg(feature = "aws")]
pub(crate) const AWS_FIRST_DELAY: Duration = Duration::from_millis(100);

#[cfg(feature = "aws")]
pub(crate) const AWS_MAX_DELAY: Duration = Duration::from_secs(5);

/// With the waits above, 11 to 23 s in all: long enough for throttling or a server restart to pass, and well below the
/// 5 minutes in which SQS deduplicates messages.
#[cfg(feature = "aws")]
pub(crate) const AWS_RETRIES: usize = 7;

/// How long S3 may take until the first byte of its answer: long enough to send a part of 8 MiB over a slow line.
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

    /// The first delay before a failed message is delivered again. It doubles with each receive up to
    /// [`LONGEST_DELAY`]: a failure that passes in seconds costs seconds, and a brand waits about a quarter of an hour
    /// before its run is parked.
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

    /// How long after the last settlement a run is settled again, once all its chunks are sent. It is less than the 5
    /// minutes between two sweeps, so that every sweep settles.
    pub(crate) const SETTLE_AGAIN: SignedDuration = SignedDuration::from_mins(4);

    /// The age of a late drop. A drop older than a week was not missed just now: its run may already have been removed,
    /// as runs are after some months, and must not start again.
    pub(crate) const LATE_DROP: Range<SignedDuration> = FORGOTTEN..SignedDuration::from_hours(7 * 24);

    /// The period, in seconds, in which the sweep sends a run's messages at most once: the queue's deduplication window.
    pub(crate) const ATTEMPT_SECONDS: i64 = 300;
}
