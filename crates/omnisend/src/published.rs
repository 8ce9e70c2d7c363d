//! The numbers that Omnisend publishes (API reference, 2026-03-15).

use std::{num::NonZeroU32, time::Duration};

/// The API's base URL.
pub const BASE_URL: &str = "https://api.omnisend.com/api";

/// The API's version, sent with every request. Omnisend refuses a retired one
/// ([`RefusalKind::RetiredVersion`](crate::RefusalKind::RetiredVersion)).
pub const VERSION: &str = "2026-03-15";

/// Requests a minute for one brand, across all of its keys and integrations.
pub const REQUESTS_PER_MINUTE: NonZeroU32 = per_minute(400);

/// The sliding window in which Omnisend counts requests.
pub(crate) const WINDOW: Duration = Duration::from_mins(1);

/// Requests a minute to `/contacts/tags`, POST and DELETE together.
pub(crate) const TAG_CHANGES_PER_MINUTE: NonZeroU32 = per_minute(60);

/// GET requests a minute to `/segments`.
pub(crate) const SEGMENT_READS_PER_MINUTE: NonZeroU32 = per_minute(100);

/// POST requests a minute to `/segments`.
pub(crate) const SEGMENT_WRITES_PER_MINUTE: NonZeroU32 = per_minute(15);

/// The most items in one `POST /batches`.
pub const MAX_BATCH_ITEMS: u32 = 100;

/// The most bytes that this client puts into one `POST /batches`: below the published limit of 1 MB.
pub const MAX_BATCH_BYTES: usize = 950_000;

/// The most batches in one page of a listing.
pub const MAX_LISTED: usize = 250;

/// The most segments in one page of a listing, according to the endpoint's own reference. The general page on paging
/// says 250.
pub(crate) const MAX_LISTED_SEGMENTS: usize = 50;

/// The most contacts in one request to `/contacts/tags`.
pub const MAX_TAGGED: usize = 250;

const fn per_minute(requests: u32) -> NonZeroU32 {
    match NonZeroU32::new(requests) {
        Some(requests) => requests,
        None => NonZeroU32::MIN,
    }
}
