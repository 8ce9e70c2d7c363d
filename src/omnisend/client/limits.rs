//! The limits that a request falls under: the brand's own, and a narrower one of a few resources beside it.

use std::{num::NonZeroU32, sync::Arc};

use super::Patience;
use crate::{
    omnisend::{CallError, Pacer, Slot},
    scale,
};

/// Requests a minute to `/contacts/tags`, POST and DELETE together.
const TAGS: u32 = 60;
/// Requests a minute to `/segments` by GET.
const SEGMENT_READS: u32 = 100;
/// Requests a minute to `/segments` by POST.
const SEGMENT_WRITES: u32 = 15;

/// The limit that a request falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// The brand's own.
    Brand,
    /// That of changes of tags, and the brand's.
    Tags,
    /// That of reading segments, and the brand's.
    SegmentReads,
    /// That of writing segments, and the brand's.
    SegmentWrites,
}

/// A pacer for each limit of a connection.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) brand: Arc<Pacer>,
    tags: Pacer,
    segment_reads: Pacer,
    segment_writes: Pacer,
}

impl Limits {
    /// Over the brand's own pacer.
    pub(super) fn new(brand: Arc<Pacer>) -> Self {
        let pacer =
            |per_minute: u32| Pacer::new(NonZeroU32::new(scale::pace(per_minute)).unwrap_or(NonZeroU32::MIN));
        Self {
            brand,
            tags: pacer(TAGS),
            segment_reads: pacer(SEGMENT_READS),
            segment_writes: pacer(SEGMENT_WRITES),
        }
    }

    /// Waits until a request may leave under every limit that it falls under. A narrow one's slot comes first:
    /// waiting for it with one of the brand's would keep that from others.
    pub(super) async fn slot(&self, limit: Limit, patience: Patience) -> Result<Slot, CallError> {
        let narrow = self.narrow(limit);
        if let Some(narrow) = narrow {
            patience.lasts(narrow.next_slot())?;
            let _narrow = narrow.slot().await;
        }
        patience.lasts(self.brand.next_slot())?;
        let slot = self.brand.slot().await;
        if let Some(narrow) = narrow {
            narrow.left();
        }
        Ok(slot)
    }

    /// A request was answered with 429. Which of its limits was meant is not said.
    pub(super) fn throttled(&self, limit: Limit, wait: std::time::Duration) {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_change_of_tags_pays_its_own_limit_and_the_brands() {
        let limits = Limits::new(Arc::new(Pacer::new(NonZeroU32::new(400).unwrap())));
        let start = Instant::now();
        let mut tags = Vec::new();
        while start.elapsed() < Duration::from_mins(3) {
            let _ = limits.slot(Limit::Tags, Patience::default()).await.unwrap();
            tags.push(start.elapsed());
            // The brand's slots that are free meanwhile go to others.
            for _ in 0..5 {
                let _ = limits.slot(Limit::Brand, Patience::default()).await.unwrap();
            }
        }
        for (n, from) in tags.iter().enumerate() {
            let in_window = tags[n..].iter().take_while(|at| **at < *from + Duration::from_mins(1)).count();
            assert!(in_window <= 60, "{in_window} changes of tags in a minute");
        }
        assert!(tags.len() >= 177, "{} changes of tags in three minutes", tags.len());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_callers_time_is_not_begun() {
        let limits = Limits::new(Arc::new(Pacer::new(NonZeroU32::new(400).unwrap())));
        let patience =
            Patience { deadline: Some(Instant::now() + Duration::from_secs(2)), ..Patience::default() };
        assert!(limits.slot(Limit::Tags, patience).await.is_ok());
        let _ = limits.slot(Limit::SegmentWrites, patience).await.unwrap_err();
    }
}
