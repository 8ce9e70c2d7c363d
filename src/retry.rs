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
