//! Retries calls to AWS. This is the only layer that does: the SDK's own retries are off, because they would hide that
//! an earlier answer was lost, and because two layers multiply.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::sleep;

use super::failure::Failure;
use crate::retry_policies;

/// The retries that are left for one call.
#[derive(Debug)]
pub(in crate::ports) struct Retries(ExponentialBackoff);

impl Retries {
    pub(in crate::ports) fn new() -> Self {
        let delays = ExponentialBuilder::new()
            .with_min_delay(retry_policies::AWS_FIRST_DELAY)
            .with_max_delay(retry_policies::AWS_MAX_DELAY)
            .with_max_times(retry_policies::AWS_RETRIES)
            .with_jitter();
        Self(delays.build())
    }

    /// Waits until the call may be repeated. Returns the failure if a retry would not help, or if none is left.
    pub(in crate::ports) async fn wait(&mut self, failure: Failure) -> Result<(), Failure> {
        if !failure.is_temporary() {
            return Err(failure);
        }
        let Some(delay) = self.0.next() else { return Err(failure) };
        tracing::debug!(error = %failure, delay.ms = delay.as_millis(), "AWS call failed; retrying");
        sleep(delay).await;
        Ok(())
    }
}

/// Makes a call until it succeeds, fails permanently or has no retry left. For idempotent calls only.
pub(in crate::ports) async fn retried<T, E, C>(call: impl Fn() -> C) -> Result<T, Failure>
where
    E: ProvideErrorMetadata + Error + 'static,
    C: Future<Output = Result<T, SdkError<E>>>,
{
    let mut retries = Retries::new();
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => retries.wait(error.into()).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn gives_up_after_11_to_23_seconds() {
        let (start, mut retries) = (Instant::now(), Retries::new());
        let mut made = 0;
        while retries.wait(Failure::unanswered()).await.is_ok() {
            made += 1;
        }
        assert_eq!(made, retry_policies::AWS_RETRIES);
        let waited = start.elapsed();
        assert!(waited > Duration::from_secs(11) && waited < Duration::from_secs(24), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_wait_after_a_permanent_failure() {
        let start = Instant::now();
        let refused = Failure::answered(403, Some("AccessDenied"), "");
        assert_eq!(Retries::new().wait(refused.clone()).await, Err(refused));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
