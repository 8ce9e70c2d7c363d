//! Scales a run down, so that a test of many chunks, of long waits or of answers that never come takes seconds.
//!
//! With the feature `test-scale`, `OMNISEND_EXPORT_SCALE=chunk:500,wait:50,answer:10` cuts chunks of 500 contacts,
//! lets the client's own waits pass 50 times as fast, and waits a tenth of the usual time for an answer; with `pace:100`
//! the narrow limits beside the brand's, such as that of tags, are a hundred times as wide. What Omnisend asks to wait and
//! the brand's pace stay as they are. Without it, which is how releases are built, nothing
//! is scaled.

use std::{num::NonZeroU32, time::Duration};

use omnisend::Timing;

/// Contacts in a chunk.
pub(crate) fn chunk(contacts: u32) -> u32 {
    given("chunk").unwrap_or(contacts)
}

/// The API client's timing.
pub(crate) fn timing() -> Timing {
    let factor = |name| given(name).and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    let unscaled = Timing::default();
    Timing {
        attempt_timeout: unscaled.attempt_timeout / factor("answer").get(),
        waits_divided_by: factor("wait"),
        narrow_limits_times: factor("pace"),
    }
}

/// A wait that a stage itself decides on.
pub(crate) fn wait(wait: Duration) -> Duration {
    given("wait").map_or(wait, |n| wait / n)
}

/// What the variable says, if it says something.
#[cfg(feature = "test-scale")]
fn given(what: &str) -> Option<u32> {
    use std::sync::LazyLock;

    static SCALE: LazyLock<String> = LazyLock::new(|| crate::config::scale().unwrap_or_default());

    let named = SCALE.split(',').filter_map(|part| part.split_once(':')).find(|(name, _)| *name == what);
    named.and_then(|(_, n)| n.parse().ok()).filter(|n| *n > 0)
}

#[cfg(not(feature = "test-scale"))]
fn given(_what: &str) -> Option<u32> {
    None
}
