//! Trying again: the one layer of it. The SDK's own is off, because it would hide that an earlier reply was lost,
//! and because two layers multiply.

use std::{error::Error, time::Duration};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::sleep;

use super::Failure;

const FIRST_DELAY: Duration = Duration::from_millis(100);
const LONGEST_DELAY: Duration = Duration::from_secs(5);
/// With the delays above, 11 to 23 s in all: throttling and a restart of something on the way pass in that time, and
/// it is far from the five minutes in which SQS knows a message again.
const RETRIES: usize = 7;

/// How often a call is tried again, and after how long.
#[derive(Debug)]
pub(in crate::ports) struct Patience(ExponentialBackoff);

impl Patience {
    pub(in crate::ports) fn new() -> Self {
        let delays = ExponentialBuilder::new()
            .with_min_delay(FIRST_DELAY)
            .with_max_delay(LONGEST_DELAY)
            .with_max_times(RETRIES)
            .with_jitter();
        Self(delays.build())
    }

    /// Waits for the time of the next attempt; or gives the failure back, if another would not help or there were
    /// enough.
    pub(in crate::ports) async fn wait(&mut self, failure: Failure) -> Result<(), Failure> {
        if !failure.is_passing() {
            return Err(failure);
        }
        let Some(delay) = self.0.next() else { return Err(failure) };
        tracing::debug!(error = %failure, delay.ms = delay.as_millis(), "aws call tried again");
        sleep(delay).await;
        Ok(())
    }
}

/// Makes a call until it succeeds, fails for good or was tried often enough. For calls that may be carried out
/// twice.
pub(in crate::ports) async fn patiently<T, E, C>(call: impl Fn() -> C) -> Result<T, Failure>
where
    E: ProvideErrorMetadata + Error + 'static,
    C: Future<Output = Result<T, SdkError<E>>>,
{
    let mut patience = Patience::new();
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(error) => patience.wait(error.into()).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends() {
        let (start, mut patience) = (Instant::now(), Patience::new());
        let mut tried = 0;
        while patience.wait(Failure::unanswered()).await.is_ok() {
            tried += 1;
        }
        assert_eq!(tried, RETRIES);
        let waited = start.elapsed();
        assert!(waited > Duration::from_secs(11) && waited < Duration::from_secs(24), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_final_waits_for_nothing() {
        let start = Instant::now();
        let refused = Failure::answered(403, Some("AccessDenied"), "");
        assert_eq!(Patience::new().wait(refused.clone()).await, Err(refused));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
