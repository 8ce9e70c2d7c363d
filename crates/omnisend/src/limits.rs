//! The rate limits that apply to a request: the brand's, and for some resources a narrower one as well.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use crate::{
    error::CallError,
    pacer::{Pacer, Slot},
    published::{SEGMENT_READS_PER_MINUTE, SEGMENT_WRITES_PER_MINUTE, TAG_CHANGES_PER_MINUTE},
    retry::CallOptions,
};

/// Which limits apply to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The brand's limit alone.
    Brand,
    /// The limit of tag changes, and the brand's.
    Tags,
    /// The limit of segment reads, and the brand's.
    SegmentReads,
    /// The limit of segment writes, and the brand's.
    SegmentWrites,
}

/// One pacer for each limit.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) brand: Arc<Pacer>,
    tags: Pacer,
    segment_reads: Pacer,
    segment_writes: Pacer,
}

impl Limits {
    /// Creates the limits of a brand. The narrower ones are multiplied by `narrow_limits_times`.
    pub(crate) fn new(brand: Arc<Pacer>, narrow_limits_times: NonZeroU32) -> Self {
        let pacer = |per_minute: NonZeroU32| Pacer::new(per_minute.saturating_mul(narrow_limits_times));
        Self {
            brand,
            tags: pacer(TAG_CHANGES_PER_MINUTE),
            segment_reads: pacer(SEGMENT_READS_PER_MINUTE),
            segment_writes: pacer(SEGMENT_WRITES_PER_MINUTE),
        }
    }

    /// Waits until every limit of a request allows it to leave. Waits for the narrower limit first: in the other order,
    /// the request would hold a slot of the brand that other requests could use.
    pub(crate) async fn slot(&self, limit: Limit, options: CallOptions) -> Result<Slot, CallError> {
        let narrow = self.narrow(limit);
        if let Some(narrow) = narrow {
            let _narrow = slot_in_time(narrow, options).await?;
        }
        let slot = slot_in_time(&self.brand, options).await?;
        if let Some(narrow) = narrow {
            narrow.left();
        }
        Ok(slot)
    }

    /// Records that Omnisend answered a request with 429. The answer does not say which limit was reached, so each of
    /// the request's limits slows down.
    pub(crate) fn throttled(&self, limit: Limit, wait: Duration) {
        self.brand.throttled(wait);
        if let Some(narrow) = self.narrow(limit) {
            narrow.throttled(wait);
        }
    }

    fn narrow(&self, limit: Limit) -> Option<&Pacer> {
        match limit {
            Limit::Brand => None,
            Limit::Tags => Some(&self.tags),
            Limit::SegmentReads => Some(&self.segment_reads),
            Limit::SegmentWrites => Some(&self.segment_writes),
        }
    }
}

async fn slot_in_time(pacer: &Pacer, options: CallOptions) -> Result<Slot, CallError> {
    if !options.allow(pacer.next_slot()) {
        return Err(CallError::OutOfTime);
    }
    Ok(pacer.slot().await)
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::{published::REQUESTS_PER_MINUTE, retry::RetryPolicy};

    fn limits() -> Limits {
        Limits::new(Arc::new(Pacer::new(REQUESTS_PER_MINUTE)), NonZeroU32::MIN)
    }

    #[tokio::test(start_paused = true)]
    async fn a_tag_change_counts_against_both_of_its_limits() {
        let limits = limits();
        let start = Instant::now();
        let mut tags = Vec::new();
        while start.elapsed() < Duration::from_mins(3) {
            let _ = limits.slot(Limit::Tags, CallOptions::default()).await.unwrap();
            tags.push(start.elapsed());
            // The brand's other slots remain free for other requests.
            for _ in 0..5 {
                let _ = limits.slot(Limit::Brand, CallOptions::default()).await.unwrap();
            }
        }
        for (n, from) in tags.iter().enumerate() {
            let in_window = tags[n..].iter().take_while(|at| **at < *from + Duration::from_mins(1)).count();
            assert!(in_window <= 60, "{in_window} tag changes in a minute");
        }
        assert!(tags.len() >= 177, "{} tag changes in 3 minutes", tags.len());
    }

    #[tokio::test(start_paused = true)]
    async fn starts_no_wait_that_ends_after_the_deadline() {
        let limits = limits();
        let options = RetryPolicy::DEFAULT.until(Some(Instant::now() + Duration::from_secs(2)));
        assert!(limits.slot(Limit::Tags, options).await.is_ok());
        assert!(matches!(limits.slot(Limit::SegmentWrites, options).await, Err(CallError::OutOfTime)));
    }
}
